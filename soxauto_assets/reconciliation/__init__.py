"""PG-01: target values against the ledger, and what explains the difference; see ``control.py``."""
