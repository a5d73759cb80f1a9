"""The embedded warehouse: a deterministic synthetic NAV BI with planted errors."""
