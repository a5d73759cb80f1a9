"""IPE_11: marketplace revenue accrued and not closed on a statement (decision D14)."""
