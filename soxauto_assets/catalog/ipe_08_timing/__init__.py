"""IPE_08_TIMING: inactive vouchers with orders still open at the cut-off (decision D12)."""
