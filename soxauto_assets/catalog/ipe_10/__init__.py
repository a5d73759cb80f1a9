"""IPE_10: customer prepayments still held at the cut-off (decision D13)."""
