"""IPE_REC_ERRORS: records that NAV refused, as of the extraction (decision D19)."""
