"""IPE_12: packages delivered against cash and not reconciled (decision D15)."""
