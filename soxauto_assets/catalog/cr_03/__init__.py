"""CR_03: general ledger entries of the year on the controlled accounts (decision D18)."""
