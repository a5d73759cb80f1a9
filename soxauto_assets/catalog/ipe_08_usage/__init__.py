"""IPE_08_USAGE: store credit used, by voucher code and month of delivery (decision D11)."""
