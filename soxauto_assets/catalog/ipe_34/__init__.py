"""IPE_34: refunds without return and returns without refund (decision D17)."""
