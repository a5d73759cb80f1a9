"""Dimensions: companies, accounts, customers, vendors, partners, rates; rows of no month.

They depend on the seed and on constants alone, but for rates, which have a row a month.

Here: the dimension rows. Not here: companies themselves (``companies.py``), accounts
(``ledger.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from soxauto_assets.demo.companies import CODES, COMPANIES
from soxauto_assets.demo.deposits import PARTNERS
from soxauto_assets.demo.drawing import (
    Whole,
    flags,
    numbered,
    texts,
    where,
)
from soxauto_assets.demo.items import CUSTOMER_TYPES
from soxauto_assets.demo.ledger import BUSLINES, GROUP_ACCOUNTS, local_account
from soxauto_assets.demo.marketplace import GROUPED_TYPES, VENDORS
from soxauto_assets.demo.receivables import CUSTOMERS, POSTING_GROUPS
from soxauto_assets.demo.rows import FINREC, FINREC_FDW, NAV, Sink

_EVERY: Whole = np.arange(len(COMPANIES), dtype=np.int64)
_NAMES = (
    "Aïcha N'Diaye",
    "محمد عبد الله",
    "O'Brien, Seán",
    'Chukwu "Emeka" Obi',
    "Société Générale d'Import, SARL",
    "Wanjiru Kamau",
    "فاطمة الزهراء",
    "Jean-Baptiste Kouassi\n(agence Plateau)",
    "Fatou Sow ",
    "Mensah & Sons Ltd",
)


def write_dimensions(sink: Sink) -> None:
    """Write every dimension but the rates."""
    _write_companies(sink)
    _write_accounts(sink)
    _write_customers(sink)
    _write_marketplace(sink)
    _write_partners(sink)


def _write_companies(sink: Sink) -> None:
    sink.add(
        FINREC_FDW + "Dim_Company",
        {
            "Company_Code": _strings(CODES),
            "Company_Name": _strings(company.name for company in COMPANIES),
            "Company_Country": _strings(company.country for company in COMPANIES),
            "Opco/Central_?": _strings(company.kind for company in COMPANIES),
            "Is_Active?": flags(_whole(company.active for company in COMPANIES)),
            "Flg_In_Conso_Scope": flags(_whole(company.consolidated for company in COMPANIES)),
        },
    )
    countries: Mapping[str, str] = {
        **{company.country: company.country_name for company in COMPANIES},
        "AE": "United arab emirates (the)",
        "US": "United States of America",
    }
    sink.add(
        FINREC_FDW + "Dim_Country",
        {"Country_Code": _strings(countries), "Country_Name": _strings(countries.values())},
    )
    lines = tuple(line for line in BUSLINES if line and line != "rtl")
    company = np.repeat(_EVERY, len(lines))
    line = np.tile(np.arange(len(lines), dtype=np.int64), len(CODES))
    sink.add(
        FINREC_FDW + "Dim_Busline",
        {
            "Company_Code": texts(CODES, company),
            "Busline_Code": texts(lines, line),
            "Busline_Vertical_Name_1": texts(("Physical goods", "Services"), line // 2),
            "Busline_Vertical_Name_2": texts(("Détail", "Marketplace", "Food, fresh"), line),
            "Busline_Vertical_Name_3": texts((None, "Third party", None), line),
        },
    )


def _write_accounts(sink: Sink) -> None:
    accounts = len(GROUP_ACCOUNTS)
    rows = [
        (code, local_account(index, account, variant), account)
        for index, code in enumerate(CODES)
        for account in range(accounts)
        for variant in range(2)
    ]
    group = _whole(account for _, _, account in rows)
    sink.add(
        FINREC_FDW + "Dim_ChartOfAccounts",
        {
            "Company_Code": _strings(code for code, _, _ in rows),
            "G/L_Account_No": _strings(local for _, local, _ in rows),
            "Group_COA_Account_no": texts([number for number, _ in GROUP_ACCOUNTS], group),
            "Group_COA_Account_Name": texts([name for _, name in GROUP_ACCOUNTS], group),
        },
    )
    # A local account that nothing books to and that rolls up to nothing.
    sink.add(
        FINREC_FDW + "Dim_ChartOfAccounts",
        {"Company_Code": _strings(CODES), "G/L_Account_No": _strings(["0000"] * len(CODES))},
    )
    sink.add(
        FINREC + "GDOC_IFRS_Tabular_Mapping",
        {
            "Level_4_Code": _strings(number for number, _ in GROUP_ACCOUNTS),
            "Level_1_Name": _strings(
                "Assets" if number < "18" else "Liabilities" for number, _ in GROUP_ACCOUNTS
            ),
            "Level_2_Name": _strings(["Current, short term"] * accounts),
            "Level_3_Name": _strings(name for _, name in GROUP_ACCOUNTS),
        },
    )
    groups = len(POSTING_GROUPS)
    sink.add(
        NAV + "Customer Posting Group",
        {
            "id_company": texts(CODES, np.repeat(_EVERY, groups)),
            "Code": _strings([code for code, _, _ in POSTING_GROUPS] * len(CODES)),
            "Receivables Account": _strings(
                local_account(index, _account(number), variant)
                for index in range(len(CODES))
                for _, number, variant in POSTING_GROUPS
            ),
        },
    )


def _account(number: str) -> int:
    return [known for known, _ in GROUP_ACCOUNTS].index(number)


def _write_customers(sink: Sink) -> None:
    company = np.repeat(_EVERY, CUSTOMERS)
    customer = np.tile(np.arange(1, CUSTOMERS + 1, dtype=np.int64), len(CODES))
    # The last ones are missing from the master: their entries have no name.
    known = customer <= CUSTOMERS - 5
    company, customer = company[known], customer[known]
    group = customer % len(POSTING_GROUPS)
    sink.add(
        NAV + "Customers",
        {
            "id_company": texts(CODES, company),
            "No_": numbered("C", 100_000 + customer),
            "Name": texts((*_NAMES, None), customer % 11),
            "Busline Code": texts(BUSLINES, customer % len(BUSLINES)),
            "Automatically integrated": flags(where(customer % 3 == 0, 1, 0)),
            "Customer Posting Group": texts([code for code, _, _ in POSTING_GROUPS], group),
            "Stream": texts(("B2C", "B2B, key accounts", None), customer % 3),
        },
    )
    types = [kind for kind in CUSTOMER_TYPES if kind not in ("b2c", "Employee")]
    sink.add(
        FINREC + "RPT_DIM_BOB_CUSTOMER_TYPE",
        {
            "Bob_Customer_Type": _strings(types),
            "Customer_Type_L1": _strings(["Consumer", "Business", "Agent, JForce"]),
        },
    )


def _write_marketplace(sink: Sink) -> None:
    company = np.repeat(_EVERY, VENDORS)
    vendor = np.tile(np.arange(VENDORS, dtype=np.int64), len(CODES))
    sink.add(
        FINREC + "RPT_VENDORS",
        {
            "ID_company": texts(CODES, company),
            "BOB_ID_Vendor": numbered("", vendor),
            "Is_Global": flags(where(vendor % 4 == 0, 1, 0)),
        },
    )
    kinds = len(GROUPED_TYPES)
    kind = np.tile(np.arange(kinds, dtype=np.int64), len(CODES))
    sink.add(
        FINREC + "GDOC_DIM_ASG_V2",
        {
            "ID_Company": texts(CODES, np.repeat(_EVERY, kinds)),
            **{
                name: texts([row[position] for row in GROUPED_TYPES], kind)
                for position, name in enumerate(
                    ("SC_ASG_Name", "ASG_Level_1", "ASG_Level_2", "ASG_Level_3", "ASG_Level_4")
                )
            },
        },
    )


def _write_partners(sink: Sink) -> None:
    """Partners, hubs and banks: one each, but for the partners whose names say otherwise."""
    hubs: list[tuple[str, str | None]] = [(name, f"Provider of {name}") for name in PARTNERS]
    hubs += [("Two Hubs Ltd", "A second provider"), ("DHL Express", None), ("dhl express ", "DHL")]
    partners: list[tuple[str, str | None, str | None]] = [
        (name, "3PL" if index % 2 else "Hub", f"SP-{index:03d}")
        for index, name in enumerate(PARTNERS)
    ]
    partners += [("Two Hubs Ltd", "Wallet", "SP-001"), ("Hub Nord", None, None)]
    banks: list[tuple[str, str | None, str | None]] = [
        (f"BANK-{index:03d}", f"SP-{index:03d}", f"BPG-{index % 4}")
        for index in range(len(PARTNERS) - 1)
    ]
    # A provider with two accounts, one with the account that the report leaves out, one whose
    # posting group is unknown.
    banks += [
        ("BANK-100", "SP-008", "bpg-2"),
        ("BANK-101", "SP-002", "BPG-X"),
        ("BANK-102", "SP-003", "BPG-UNKNOWN"),
        ("BANK-103", "", "BPG-1"),
    ]
    _write_for_every_company(
        sink,
        FINREC + "RPT_HUBS_3PL_MAPPING",
        ("ID_COMPANY", "NODE", "SERVICE_PROVIDER"),
        hubs,
    )
    _write_for_every_company(
        sink,
        FINREC + "RPT_COLLECTIONPARTNERS",
        ("ID_Company", "Name", "Type", "ERP_Name"),
        partners,
    )
    _write_for_every_company(
        sink,
        NAV + "Bank Accounts",
        ("ID_Company", "No_", "Service Provider No_", "Bank Account Posting Group"),
        banks,
    )
    _write_for_every_company(
        sink,
        NAV + "Bank Account Posting Group",
        ("ID_Company", "Code", "G_L Bank Account No_"),
        [
            ("BPG-0", "10010"),
            ("BPG-1", "10020"),
            ("BPG-2", "10030"),
            ("BPG-3", None),
            ("BPG-X", "10058"),
        ],
    )


def _write_for_every_company(
    sink: Sink, full_name: str, names: tuple[str, ...], rows: Sequence[tuple[str | None, ...]]
) -> None:
    sink.add(
        full_name,
        {
            names[0]: texts(CODES, np.repeat(_EVERY, len(rows))),
            **{
                name: _strings([row[position] for row in rows] * len(CODES))
                for position, name in enumerate(names[1:])
            },
        },
    )


def _strings(values: Iterable[str | None]) -> pa.Array:
    return pa.array(list(values), pa.string())


def _whole(values: Iterable[int]) -> Whole:
    return np.array(list(values), dtype=np.int64)
