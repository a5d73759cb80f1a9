"""Dagster: partitions, IO manager, the attempt, the factory of assets and checks."""
