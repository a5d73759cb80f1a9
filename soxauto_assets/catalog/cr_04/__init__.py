"""CR_04: ledger balances at the cut-off and at the opening of the year (decision D18)."""
