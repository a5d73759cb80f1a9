"""WHERE TO: results, evidence, state and inputs stores behind one protocol."""
