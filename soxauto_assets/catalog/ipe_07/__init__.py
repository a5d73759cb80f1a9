"""IPE_07: open customer ledger entries at the cut-off, with their age (decision D9)."""
