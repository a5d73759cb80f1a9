"""The rows of a re-performance, asked anew: today's data, the differences, and both extracts.

Own SQL on purpose (semi- and anti-joins), not the full outer join that made the differences. Not
here: what the statement says of them (``reperformance.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from soxauto_assets.verify.content_digest import NoContentDigestError, statement_of
from soxauto_assets.verify.figures import columns_of, connected, quoted
from soxauto_assets.verify.findings import Findings

if TYPE_CHECKING:
    from soxauto_assets.verify.reperformance import Result, SideClaim

_DIGITS = 80


def check_rows(folder: Path, result: Result, original: Path | None, findings: Findings) -> None:
    """Ask of every figure whether the rows bear it out; ``original`` is what was run again."""
    after, differences = folder / "data/reperformed.parquet", folder / "differences.parquet"
    errors = (pa.ArrowException, NoContentDigestError, OSError, duckdb.Error, KeyError)
    with findings.guarded("rows", "Parquet files that can be read", *errors):
        statement = (folder / "data/content-digest.txt").read_bytes().decode("utf-8", "replace")
        found = statement_of(after)
        findings.judge("data/content-digest.txt", statement == found, "that of the data", "another")
        _check_digest("today", result.after, found, findings)
        files = {"after": after, "differences": differences}
        if original is not None:
            _check_digest("in the package", result.before, statement_of(original), findings)
            files["before"] = original
        types = dict(columns_of(after))
        with connected(files) as connection:
            rows = _Rows(connection, result, types)
            rows.check_side("today", "after", result.after, findings)
            rows.check_classes(findings)
            if original is not None:
                rows.check_side("in the package", "before", result.before, findings)
                rows.compare_again(findings)


def _check_digest(where: str, side: SideClaim, statement: str, findings: Findings) -> None:
    findings.compare(
        f"content digest {where}",
        side.content_digest,
        hashlib.sha256(statement.encode()).hexdigest(),
    )


class _Rows:
    """Questions to the rows."""

    def __init__(self, connection: Any, result: Result, types: Mapping[str, str]) -> None:
        self._connection = connection
        self._result = result
        self._types = types

    def check_side(self, where: str, view: str, side: SideClaim, findings: Findings) -> None:
        """Count and totals of one extract, and its keys that several rows have."""
        names = self._result.amounts
        sums = "".join(f", coalesce(sum({quoted(name)}), 0)" for name in names)
        rows, *totals = self._one(f"SELECT count(*){sums} FROM {view}")
        findings.compare(f"row count {where}", side.rows, rows)
        for name, found in zip(names, totals, strict=True):
            claimed = side.totals.get(name, "none")
            findings.judge(f"total of {name} {where}", Decimal(claimed) == found, claimed, found)
        keys = ", ".join(self._key(name, "") for name in self._result.primary_key)
        (twice,) = self._one(
            f"SELECT count(*) FROM (SELECT 1 FROM {view} GROUP BY {keys} HAVING count(*) > 1)"
        )
        findings.compare(f"keys used twice {where}", side.duplicate_keys, twice)

    def check_classes(self, findings: Findings) -> None:
        """The figures of each class, from the rows that are listed as different."""
        sums = "".join(
            f", coalesce(sum({quoted(f'after_{name}')}), 0)"
            f", coalesce(sum({quoted(f'before_{name}')}), 0)"
            for name in self._result.amounts
        )
        listed = {}
        for name, number, *found in self._connection.execute(
            f"SELECT class, count(*){sums} FROM differences GROUP BY class ORDER BY class"
        ).fetchall():
            with localcontext(prec=_DIGITS):
                listed[name] = (number, [a - b for a, b in zip(*[iter(found)] * 2, strict=True)])
        strange = ", ".join(sorted(set(listed) - set(self._result.classes)))
        findings.judge("classes of differences.parquet", not strange, "known ones", strange)
        for name, (rows, amounts) in self._result.classes.items():
            number, found = listed.get(name, (0, [Decimal(0)] * len(self._result.amounts)))
            findings.compare(f"rows {name}", rows, number)
            for amount, value in zip(self._result.amounts, found, strict=True):
                claimed = amounts.get(amount, "0")
                findings.judge(f"{amount} {name}", Decimal(claimed) == value, claimed, value)

    def compare_again(self, findings: Findings) -> None:
        """Both extracts anew; every row that differs must be listed, and no other."""
        result = self._result
        if result.before.duplicate_keys or result.after.duplicate_keys:
            findings.note("comparing the rows anew", "not by key, for keys are used twice")
            return
        same_key = " AND ".join(
            f"{self._key(name, 'b.')} IS NOT DISTINCT FROM {self._key(name, 'a.')}"
            for name in result.primary_key
        )
        names = [quoted(name) for name in self._types]
        differ = " OR ".join(f"a.{name} IS DISTINCT FROM b.{name}" for name in names)
        keys = ", ".join(quoted(name) for name in result.primary_key)

        def amounts(before: str, after: str) -> str:
            return "".join(f", {_of(before, name)} , {_of(after, name)}" for name in result.amounts)

        def keyed(side: str) -> str:
            return ", ".join(f"{side}.{quoted(name)}" for name in result.primary_key)

        again = (
            f"SELECT 'added', {keyed('a')}{amounts('', 'a')} FROM after a WHERE NOT EXISTS "
            f"(SELECT 1 FROM before b WHERE {same_key}) UNION ALL "
            f"SELECT 'removed', {keyed('b')}{amounts('b', '')} FROM before b WHERE NOT EXISTS "
            f"(SELECT 1 FROM after a WHERE {same_key}) UNION ALL "
            f"SELECT 'changed', {keyed('a')}{amounts('b', 'a')} FROM after a JOIN before b "
            f"ON {same_key} WHERE {differ}"
        )
        listed = "SELECT class, {}{} FROM differences".format(
            ", ".join(quoted(f"key_{name}") for name in result.primary_key),
            "".join(
                f", {quoted(f'before_{name}')}, {quoted(f'after_{name}')}"
                for name in result.amounts
            ),
        )
        (unlisted,) = self._one(f"SELECT count(*) FROM (({again}) EXCEPT ALL ({listed}))")
        (invented,) = self._one(f"SELECT count(*) FROM (({listed}) EXCEPT ALL ({again}))")
        findings.compare(f"rows that differ and are not listed, by {keys}", 0, unlisted)
        findings.compare("rows that are listed and do not differ so", 0, invented)

    def _key(self, name: str, table: str) -> str:
        """Texts are compared without case and without trailing blanks (decision D29)."""
        column = f"{table}{quoted(name)}"
        return f"lower(rtrim({column}, ' '))" if self._types[name] == "text" else column

    def _one(self, sql: str) -> tuple[Any, ...]:
        (row,) = self._connection.execute(sql).fetchall()
        found: tuple[Any, ...] = row
        return found


def _of(table: str, name: str) -> str:
    return f"{table}.{quoted(name)}" if table else "NULL"
