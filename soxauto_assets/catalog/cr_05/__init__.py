"""CR_05: closing rates of the companies' currencies against the US dollar (decision D7)."""
