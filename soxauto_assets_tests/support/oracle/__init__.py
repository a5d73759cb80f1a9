"""An oracle for the fourteen reports: what each must hold, computed in plain Python.

Written from the Decisions (domain reference, section 0, with the formulas of section 2), not
from the catalogue's SQL, so that an error of the SQL cannot be an error of the oracle too.
Rows are dictionaries from canonical column to Python value; amounts are exact Decimals, flags
are bool, days are date, stamps are naive datetime. The order of rows means nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Context, Inexact, InvalidOperation, localcontext
from typing import Any

from soxauto_assets_tests.support.oracle.balances import cr_04, cr_05, cr_05a
from soxauto_assets_tests.support.oracle.collection import ipe_31
from soxauto_assets_tests.support.oracle.integration_errors import ipe_rec_errors
from soxauto_assets_tests.support.oracle.ledger import cr_03, ipe_07
from soxauto_assets_tests.support.oracle.orders import ipe_10, ipe_12, ipe_34
from soxauto_assets_tests.support.oracle.scope import Month
from soxauto_assets_tests.support.oracle.sellers import ipe_11
from soxauto_assets_tests.support.oracle.source import EmbeddedSource, LiteralSource, Source
from soxauto_assets_tests.support.oracle.vouchers import ipe_08, ipe_08_timing, ipe_08_usage

__all__ = ["REPORTS", "EmbeddedSource", "LiteralSource", "Month", "Source", "expected_rows"]

REPORTS: Mapping[str, Callable[[Source, Month], list[dict[str, Any]]]] = {
    "cr_03": cr_03,
    "cr_04": cr_04,
    "cr_05": cr_05,
    "cr_05a": cr_05a,
    "ipe_07": ipe_07,
    "ipe_08": ipe_08,
    "ipe_08_timing": ipe_08_timing,
    "ipe_08_usage": ipe_08_usage,
    "ipe_10": ipe_10,
    "ipe_11": ipe_11,
    "ipe_12": ipe_12,
    "ipe_31": ipe_31,
    "ipe_34": ipe_34,
    "ipe_rec_errors": ipe_rec_errors,
}


def expected_rows(report_id: str, source: Source, month: Month) -> list[dict[str, Any]]:
    """The rows that the extract of ``report_id`` for ``month`` must hold, in no order.

    Raises decimal.Inexact rather than round: DECIMAL(38, 20) needs more digits than Python's
    default context has.
    """
    with localcontext(Context(prec=90, traps=[Inexact, InvalidOperation])):
        return REPORTS[report_id](source, month)
