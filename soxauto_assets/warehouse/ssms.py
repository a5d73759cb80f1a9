"""A statement as text for SQL Server Management Studio: DECLAREs and expanded lists.

An auditor who runs it by hand gets what the product gets. The body is the catalogue's own text;
only the list and table markers are written out, for T-SQL variables hold neither.

Here: that text. Not here: anything that is sent to a server by the product (``binding.py``).
"""

from __future__ import annotations

from datetime import date, datetime

from soxauto_assets.catalog.parameters import Scalar
from soxauto_assets.warehouse.binding import bind_named, tsql_type
from soxauto_assets.warehouse.protocol import Statement
from soxauto_assets.warehouse.scanner import Kind, scan


def ssms_text(statement: Statement) -> str:
    """The statement ready to run; raises the errors of ``binding.bind_named``."""
    bound = bind_named(statement)
    scalars = {name: value for name, value in bound.parameters.items() if name in statement.values}
    body = "".join(
        _literal(bound.parameters[stretch.text[1:]])
        if stretch.kind is Kind.PARAMETER and stretch.text[1:] not in scalars
        else stretch.text
        for stretch in scan(bound.text)
    )
    lines = [f"-- {statement.name}, for SQL Server Management Studio"]
    lines += [
        f"DECLARE @{name} {tsql_type(value)} = {_literal(value)};"
        for name, value in scalars.items()
    ]
    return "\n".join(lines) + "\n\n" + body.rstrip() + "\n"


def _literal(value: Scalar) -> str:
    # The forms with T, or for DATE and DATETIME2, are read alike under every language setting.
    if isinstance(value, datetime):
        return f"'{value.isoformat()}'"
    if isinstance(value, date):
        return f"'{value.isoformat()}'"
    if isinstance(value, int):
        return str(value)
    quoted = value.replace("'", "''")
    return f"N'{quoted}'"
