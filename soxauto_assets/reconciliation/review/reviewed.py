"""What is reviewed: a sealed package of the control, read back file by file against its manifest.

The manifest's SHA-256 names it. It covers every figure, the rules, and the manifests of the
packages that the control has read, so that an answer given to it is given to exactly these.

Here: finding and reading it. Not here: what is asked about it (``items.py``).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.standing import find_package
from soxauto_assets.reconciliation.collation import collected
from soxauto_assets.reconciliation.summary import CONTROL_ID
from soxauto_assets.store.layout import MANIFEST, AttemptAddress, attempts_prefix
from soxauto_assets.store.protocol import ObjectDamagedError

if TYPE_CHECKING:
    from soxauto_assets.period import Period
    from soxauto_assets.store.protocol import ObjectStore

DATA = "data/extract.parquet"
TABLES = "attachments/tables/"
Row = Mapping[str, Any]


class NothingToReviewError(PermanentError):
    """A month has no control whose figures could be reviewed."""


@dataclass(frozen=True)
class Reviewed:
    """One sealed control of a month.

    ``lines`` are the rows of the summary (``summary.py``), in its order. ``tables`` are those of
    the package by name, ``checks`` and ``sources`` what the package says of them, ``rules`` the
    document of the rule book. ``ended`` is UTC, as text.
    """

    address: AttemptAddress
    manifest_sha256: str
    verdict: str
    cause: str | None
    who: str
    ended: str
    lines: tuple[Row, ...]
    tables: Mapping[str, pl.DataFrame | pl.LazyFrame]
    checks: tuple[Row, ...]
    rules: Row
    rules_digest: str
    sources: Mapping[str, str]

    @property
    def period(self) -> Period:
        """The month."""
        return self.address.period

    def table(self, name: str) -> pl.DataFrame | None:
        """A table of the package; None where the control did not make it."""
        found = self.tables.get(name)
        return None if found is None else found.lazy().collect()

    def greatest(self, name: str, most: int) -> tuple[pl.DataFrame, int] | None:
        """A table, and how many rows of it are left out where it has more than ``most``.

        Those of the greatest amounts (``amount`` or ``effect``) then come first. None as above.
        """
        found = self.tables.get(name)
        if found is None:
            return None
        rows = found.lazy()
        height = int(collected(rows.select(pl.len())).item())
        amounts = [name for name in ("amount", "effect") if name in rows.collect_schema()]
        if height <= most:
            return rows.collect(), 0
        if not amounts:
            return rows.head(most).collect(), height - most
        # Millions of rows: only one column of all of them is held at once.
        first = (
            collected(rows.select(pl.col(amounts[0]).abs().alias("size")))
            .with_row_index("place")
            .sort("size", descending=True, maintain_order=True)
            .head(most)
            .select("place")
            .with_row_index("rank")
        )
        kept = collected(rows.with_row_index("place").join(first.lazy(), on="place"))
        return kept.sort("rank").drop("place", "rank"), height - most

    @property
    def group_threshold(self) -> Decimal:
        """USD at or over which all that is unexplained together is to be investigated (D22)."""
        (rule,) = (rule for rule in self.rules["thresholds"] if rule["id"] == "TH-GROUP")
        return Decimal(rule["amount"])

    @property
    def unexplained_usd(self) -> Decimal:
        """The sum of all unexplained amounts, absolute, in USD; not rounded."""
        from soxauto_assets.reconciliation.amounts import added, in_usd

        return added(
            abs(in_usd(line["unexplained"], line["rate"]))
            for line in self.lines
            if line["unexplained"] is not None and line["rate"] is not None
        )


def newest_control(evidence: ObjectStore, period: Period) -> AttemptAddress | None:
    """The newest attempt at the control of a month that has a package, whatever it says."""
    keys = (listed.key for listed in evidence.list(attempts_prefix(CONTROL_ID, period)))
    found = [
        address
        for key in keys
        if key.endswith(f"/{MANIFEST}")
        and (address := AttemptAddress.parse(key)) is not None
        and key == address.key(MANIFEST)
    ]
    return max(found, default=None)


def read_newest(evidence: ObjectStore, period: Period) -> Reviewed:
    """The newest control of a month; raises NothingToReviewError and ObjectDamagedError."""
    address = newest_control(evidence, period)
    if address is None:
        raise NothingToReviewError(
            f"{period} has no package of the control.",
            remedy=f"Make one with `soxauto pg01 --period {period}`.",
        )
    return read_reviewed(evidence, address)


def read_reviewed(evidence: ObjectStore, address: AttemptAddress) -> Reviewed:
    """The control of the package at ``address``.

    Raises NothingToReviewError where the attempt ended before it had figures, ObjectDamagedError
    where a file is not the one that the manifest names.
    """
    standing = find_package(evidence, address)
    if standing is None:
        raise NothingToReviewError(
            f"{address.prefix} has no package.", remedy="See `soxauto status`."
        )
    manifest = evidence.read(address.key(MANIFEST))
    statement = json.loads(manifest)
    predicate = statement["predicate"]
    digests = {file["name"]: file["digest"]["sha256"] for file in statement["subject"]}
    folder = predicate["folder"]
    if predicate["data"] is None:
        raise NothingToReviewError(
            f"The control of {address.period} ended before it had figures: {predicate['cause']}",
            remedy=f"Mend the cause, then run `soxauto pg01 --period {address.period}` again.",
        )

    def content(name: str) -> bytes:
        found = evidence.read(address.key(name))
        if hashlib.sha256(found).hexdigest() != digests.get(name):
            raise ObjectDamagedError(
                f"{address.key(name)} is not the file that its manifest names.",
                remedy="Run `soxauto verify` on the package; restore it from a backup.",
            )
        return found

    def document(name: str) -> Any:
        return json.loads(content(folder + name))

    def table(name: str) -> pl.LazyFrame:
        return pl.scan_parquet(io.BytesIO(content(name)))

    rules = document("attachments/rules.json")
    below = folder + TABLES
    return Reviewed(
        address=address,
        manifest_sha256=hashlib.sha256(manifest).hexdigest(),
        verdict=predicate["verdict"],
        cause=predicate["cause"],
        who=predicate["attempt"]["who"],
        ended=predicate["attempt"]["ended"],
        lines=tuple(table(folder + DATA).collect().to_dicts()),
        tables={
            name.removeprefix(below).removesuffix(".parquet"): table(name)
            for name in digests
            if name.startswith(below)
        },
        checks=tuple(document("checks.json")["checks"]),
        rules=rules["rules"],
        rules_digest=rules["digest"],
        sources=document("lineage.json")["sources"],
    )
