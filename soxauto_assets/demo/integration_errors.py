"""The fifteen error views: what NAV refused, as it stands today; rows of no month."""

from __future__ import annotations

import zlib

import numpy as np

from soxauto_assets.catalog.sources_errors import ERROR_VIEWS
from soxauto_assets.demo.companies import CODES, ROSTER_SIZE
from soxauto_assets.demo.drawing import amounts, numbered, texts, where
from soxauto_assets.demo.rows import Sink

ROWS = 24
"""Rows of each view."""
_MESSAGES = (
    "The customer C100007 does not exist.",
    "Posting date is not within your range, of allowed posting dates",
    'Le champ "Busline Code" est vide',
    "الحساب غير موجود",
    "Dimension value\nis blocked.",
)
# The roster, and two companies that are not consolidated: they are left out and counted.
_OWNERS = (*CODES[:ROSTER_SIZE], "EC_CM", "AT_TN", "ec_ng ")
_FOREIGN = ("EC_CM", "AT_TN")
_ON_VOUCHERS = ("V_REC_JFORCE_PAYOUTS_ERRORS", "V_REC_CUSTOMER_REFUNDS_ERRORS")
"""What NAV would book on the voucher account: the embedded ledger lacks none of it in scope."""


def write_integration_errors(seed: int, sink: Sink) -> None:
    """Write every view; some records stand there twice, with the same or another amount."""
    for view in ERROR_VIEWS:
        company, identifier, amount, status = (column.name for column in view.columns)
        random = np.random.default_rng([seed, zlib.crc32(view.name.encode())])
        position = np.arange(ROWS, dtype=np.int64)
        # The last two repeat the ones before them.
        record = where(position >= ROWS - 2, position - 2, position)
        units = random.integers(-5_000_000, 50_000_000, ROWS)
        units[ROWS - 1] = units[ROWS - 3]
        units[0] = 0
        owners = _FOREIGN if view.name in _ON_VOUCHERS else _OWNERS
        sink.add(
            view.full_name,
            {
                company: texts(owners, record % len(owners)),
                identifier: numbered("ERR-", 5_000 + record),
                amount: amounts(units),
                status: texts(_MESSAGES, record % len(_MESSAGES)),
            },
        )
