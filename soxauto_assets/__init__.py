"""SOXauto PG-01: monthly SOX evidence for control C-PG-1, as Dagster assets.

The rooms of the package and the one direction in which they may import each other are
listed in ``docs/architecture.md`` and enforced by import-linter (``pyproject.toml``).
"""
