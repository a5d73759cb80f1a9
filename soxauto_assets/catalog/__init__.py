"""WHAT is extracted: one folder a report, the roster, and the declared source schema.

A report folder holds ``query.sql``, ``controls.sql``, ``schema.py`` and ``report.py``. Nothing
in this room reads a warehouse, writes a file or imports a data library.
"""
