"""Controls to review, made without a store: every status, a bridge with its proof."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from soxauto_assets.reconciliation.control import Control
from soxauto_assets.reconciliation.review.reviewed import Reviewed
from soxauto_assets.reconciliation.summary import CONTROL_ID, summary
from soxauto_assets.reconciliation.tables import control_tables
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets_tests.reconciliation.months import (
    BOOK,
    PERIOD,
    balance,
    control,
    entry,
    jdash,
    quiet_month,
    voucher,
)

ADDRESS = AttemptAddress(CONTROL_ID, PERIOD, "20241001_080000Z-0f3a91c2")
MANIFEST = "3f" * 32


def reviewed(found: Control, manifest: str = MANIFEST) -> Reviewed:
    """The control as it is read back from its package."""
    return Reviewed(
        ADDRESS,
        manifest,
        verdict="PASS" if found.passes else "FAIL",
        cause=None if found.passes else "2 of the checks failed: complete, explained.",
        who="someone@somewhere",
        ended="2024-10-01T08:00:07.000000Z",
        lines=tuple(summary(found).to_pylist()),
        tables=control_tables(found),
        checks=({"name": "complete", "title": "No line lacks anything", "verdict": "FAIL",
                 "cause": "1 finding"},),
        rules=BOOK.as_document(),
        rules_digest=BOOK.digest(),
        sources={"cr_03": "attempt 20241001_070000Z-00000000"},
    )  # fmt: skip


def colourful() -> Reviewed:
    """``colourful_control``, as it is read back from its package."""
    return reviewed(colourful_control())


def colourful_control() -> Control:
    """EC_KE 18412 explained, 18350 to be investigated, 18304 odd; EC_NG's vouchers incomplete."""
    month = quiet_month(
        rate="131.80191929",
        ipe_08=[voucher("1", 250000, 0, is_active=False)],
        cr_03=[
            entry(1, "-1318019.33", group_coa_account_no="18350"),
            entry(2, "65900.9599", group_coa_account_no="18304"),
        ],
        cr_04=[balance("18350", "-1318019.33"), balance("18304", "65900.9599")],
    )
    used = jdash(("1", 250000, datetime(2024, 9, 12)))
    files = {code: rows for code, rows in month.jdash.items() if code != "EC_NG"}
    return control(replace(month, jdash=files | {"EC_KE": used}))


def many(companies: int) -> Reviewed:
    """A control of as many companies, each as the last of ``colourful``."""
    one = colourful()
    lines = [line for line in one.lines if line["company"] == "EC_KE"]
    return replace(
        one,
        lines=tuple(
            {**line, "company": f"C_{number:02}", "unexplained_usd": Decimal(number)}
            for number in range(companies)
            for line in lines
        ),
        tables={},
    )
