"""The Jdash files that operations would export of the embedded warehouse, one a company.

They show each use of a voucher by its delivery, as the reports see it, and those that the ledger
booked on order and that are delivered later (``differences.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from soxauto_assets.catalog.scope import ROSTER
from soxauto_assets.demo.differences import WITHOUT_JDASH, uses_before_delivery
from soxauto_assets.period import Period

HEADER = "Voucher Id,Amount Used,Usage Date,Order Id,Customer Id,Status"
_FINREC = "AIG_Nav_Jumia_Reconciliation"
_USES = f"""
SELECT
    upper(rtrim(v."ID_COMPANY")), v."id",
    coalesce(s."MTR_COUPON_MONEY_VALUE", 0) + coalesce(s."MTR_SHIPPING_VOUCHER_DISCOUNT", 0),
    strftime(s."PACKAGE_DELIVERY_DATE"::TIMESTAMP, '%Y-%m-%d %H:%M:%S'), s."ORDER_NR"
FROM {_FINREC}.dbo."RPT_SOI" AS s
JOIN {_FINREC}.dbo."V_STORECREDITVOUCHER_CLOSING" AS v
    ON upper(rtrim(v."ID_COMPANY")) = upper(rtrim(s."ID_COMPANY"))
    AND upper(rtrim(v."code")) = upper(rtrim(s."VOUCHER_CODE"))
WHERE
    s."PACKAGE_DELIVERY_DATE" >= $since AND s."PACKAGE_DELIVERY_DATE" < $until
    AND coalesce(s."MTR_COUPON_MONEY_VALUE", 0) + coalesce(s."MTR_SHIPPING_VOUCHER_DISCOUNT", 0) > 0
ORDER BY ALL
"""


def jdash_files(databases: Mapping[str, Path], period: Period) -> dict[str, bytes]:
    """The content of each company's file for a month: the uses of a year up to its end.

    A company whose file nobody has brought is left out.
    """
    with duckdb.connect() as connection:
        for name, path in databases.items():
            connection.execute(f"ATTACH '{path}' AS \"{name}\" (READ_ONLY)")
        until = period.next_start
        since = until.replace(year=until.year - 1)
        uses = connection.execute(_USES, {"since": since, "until": until}).fetchall()
    lines: dict[str, list[str]] = {company.code: [HEADER] for company in ROSTER}
    for company, voucher, amount, moment, order in uses:
        if company in lines:
            lines[company].append(f"{voucher},{amount},{moment},{order or ''},,delivered")
    for company, voucher, amount, moment in uses_before_delivery(period):
        lines[company].append(f"{voucher},{amount},{moment},,,ordered")
    for company in WITHOUT_JDASH.get(period, ()):
        del lines[company]
    return {company: ("\n".join(rows) + "\n").encode() for company, rows in lines.items()}
