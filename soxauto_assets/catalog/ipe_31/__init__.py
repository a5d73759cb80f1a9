"""IPE_31: collection items open at the cut-off, by collection partner (decision D16)."""
