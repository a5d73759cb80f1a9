"""CR_05a: rates of the Algerian company's currency table, for information (decision D7)."""
