"""IPE_08: vouchers issued up to the cut-off and what was used of them (decision D10)."""
