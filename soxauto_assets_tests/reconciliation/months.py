"""Small months for tests: reports with the columns that the control reads, and telling defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import polars as pl

from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.control import Control, reconcile
from soxauto_assets.reconciliation.month import Month
from soxauto_assets.reconciliation.rulebook import load_rules
from soxauto_assets.warehouse.arrow import arrow_schema

PERIOD = Period(2024, 9)
BOOK = load_rules()
BATCH, PERSON = "jumia\\NAV31AFR.BATCH.SRVC ", "JUMIA\\A.PERSON"
Row = Mapping[str, object]


def report(report_id: str, rows: Iterable[Row]) -> pl.LazyFrame:
    """The report with these rows; columns that a row does not give are null."""
    entry = load_entry(report_id)
    schema = pl.from_arrow(arrow_schema(entry.columns).empty_table()).schema  # type: ignore[union-attr]
    full = [{name: row.get(name) for name in schema} for row in rows]
    assert all(set(row) <= set(schema) for row in rows), report_id
    return pl.DataFrame(full, schema=schema, orient="row").lazy()


def entry(number: int, amount: object, text: str = "", **more: object) -> Row:
    """An entry of CR_03 on the voucher account of EC_KE, by hand."""
    return {
        "id_company": "EC_KE",
        "entry_no": number,
        "group_coa_account_no": "18412",
        "posting_date": date(2024, 9, 3),
        "document_no": "DOC-1",
        "document_description": text,
        "amount": Decimal(str(amount)),
        "user_id": PERSON,
        **more,
    }


def voucher(number: str, face: object, used: object = 0, **more: object) -> Row:
    """A refund voucher of IPE_08, created in the period, live and inactive as given."""
    left = Decimal(str(face)) - Decimal(str(used))
    return {
        "id_company": "EC_KE",
        "id": number,
        "code": f"RF-{number}",
        "business_use": "refund",
        "is_active": True,
        "discount_amount": Decimal(str(face)),
        "to_date": datetime(2025, 6, 30),
        "created_at": datetime(2024, 9, 2),
        "totalamountused": Decimal(str(used)),
        "totalremainingamount": left,
        **more,
    }


def balance(account: str, amount: object, company: str = "EC_KE", role: str = "closing") -> Row:
    """A balance of CR_04."""
    return {
        "id_company": company,
        "group_coa_account_no": account,
        "balance_role": role,
        "balance_at_date": Decimal(str(amount)),
    }


def jdash(*rows: tuple[str, object, datetime]) -> pl.LazyFrame:
    """A Jdash file: voucher, amount, moment."""
    return pl.LazyFrame(
        {
            "voucher_id": [row[0] for row in rows],
            "amount_used": [Decimal(str(row[1])) for row in rows],
            "usage_date": [row[2] for row in rows],
        },
        schema={
            "voucher_id": pl.String,
            "amount_used": pl.Decimal(38, 4),
            "usage_date": pl.Datetime("us"),
        },
    )


def quiet_month(rate: object = 100, **reports: Iterable[Row]) -> Month:
    """A month whose every balance is zero and agrees, at one rate; ``reports`` replace rows.

    The rows of ``cr_04`` that are given replace those of the same company, account and role.
    """
    given = {report_id: list(rows) for report_id, rows in reports.items()}
    balances = {
        (company, account, role): balance(account, 0, company, role)
        for company in BOOK.companies
        for pool in BOOK.mapping
        for account in pool.accounts
        for role in ("opening", "closing")
    }
    for row in given.pop("cr_04", []):
        balances[row["id_company"], row["group_coa_account_no"], row["balance_role"]] = row  # type: ignore[index]
    rows: dict[str, list[Row]] = {
        "cr_04": list(balances.values()),
        "cr_05": [
            {"company_code": company, "fx_rate": Decimal(str(rate))} for company in BOOK.companies
        ],
    }
    for report_id in (
        "cr_03",
        "ipe_07",
        "ipe_08",
        "ipe_08_usage",
        "ipe_10",
        "ipe_11",
        "ipe_12",
        "ipe_31",
        "ipe_34",
        "ipe_rec_errors",
    ):
        rows[report_id] = []
    rows |= given
    return Month(
        PERIOD,
        {report_id: report(report_id, some) for report_id, some in rows.items()},
        dict.fromkeys(BOOK.companies, jdash()),
        errors_state=PERIOD,
    )


def without(month: Month, *names: str) -> Month:
    """The month without these reports."""
    return replace(month, reports={k: v for k, v in month.reports.items() if k not in names})


def control(month: Month) -> Control:
    return reconcile(month, BOOK)
