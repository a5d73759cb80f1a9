"""All rules of the control as one value: validated when loaded, hashed into the evidence.

Here: putting the tables together. Not here: the tables (``mapping.py``, ``thresholds.py``,
``classes.py``, ``labels.py``, ``bridge_rules.py``).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum

from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.catalog.scope import ROSTER, Company
from soxauto_assets.reconciliation.bridge_rules import (
    BRIDGES,
    BUSINESS_LINE_LEAST,
    ERROR_ACCOUNTS,
    JDASH,
    BridgeRule,
    ErrorAccount,
    validate_bridges,
)
from soxauto_assets.reconciliation.classes import (
    BUCKET_TYPE,
    CLASS_RULES,
    INTEGRATION_USERS,
    REVERSAL_IDS,
    TYPE_OF_USE,
    ClassRule,
    VoucherType,
    validate_classes,
)
from soxauto_assets.reconciliation.faults import MalformedRuleError
from soxauto_assets.reconciliation.labels import LABEL_RULES, LabelRule, validate_labels
from soxauto_assets.reconciliation.mapping import (
    MAPPING,
    NON_MARKETING_USES,
    Pool,
    validate_mapping,
)
from soxauto_assets.reconciliation.thresholds import THRESHOLDS, Threshold, validate_thresholds

VERSION = "2026-11-2"
"""To be raised with every change of a rule: year, month, count."""


@dataclass(frozen=True)
class RuleBook:
    """Every rule that a figure of the control depends on."""

    version: str = VERSION
    roster: tuple[Company, ...] = ROSTER
    mapping: tuple[Pool, ...] = MAPPING
    liable_uses: tuple[str, ...] = NON_MARKETING_USES
    thresholds: tuple[Threshold, ...] = THRESHOLDS
    classes: tuple[ClassRule, ...] = CLASS_RULES
    integration_users: tuple[str, ...] = INTEGRATION_USERS
    labels: tuple[LabelRule, ...] = LABEL_RULES
    bridges: tuple[BridgeRule, ...] = BRIDGES
    error_accounts: tuple[ErrorAccount, ...] = ERROR_ACCOUNTS
    business_line_least: Decimal = BUSINESS_LINE_LEAST

    @property
    def companies(self) -> tuple[str, ...]:
        """The codes of the roster, in its order."""
        return tuple(company.code for company in self.roster)

    def pool(self, id: str) -> Pool:
        """The pool ``id``; KeyError where there is none."""
        for pool in self.mapping:
            if pool.id == id:
                return pool
        raise KeyError(id)

    def as_document(self) -> dict[str, object]:
        """All rules as plain values, in the order of the tables; sets are sorted."""
        document = plain_rules(self)
        assert isinstance(document, dict)
        return document | {
            "type_of_use": plain_rules(TYPE_OF_USE),
            "bucket_type": plain_rules(BUCKET_TYPE),
            "reversals": dict(REVERSAL_IDS),
        }

    def digest(self) -> str:
        """SHA-256 (hex) of the document: it changes with anything that changes a figure."""
        text = json.dumps(
            self.as_document(), sort_keys=True, ensure_ascii=False, separators=(",", ":")
        )
        return hashlib.sha256(text.encode()).hexdigest()


def load_rules(book: RuleBook | None = None) -> RuleBook:
    """The rules of the control, or ``book``, validated; raises a RuleError."""
    book = RuleBook() if book is None else book
    columns = {
        report: tuple(column.name for column in load_entry(report).columns)
        for report in report_ids()
    }
    validate_mapping(book.mapping)
    for pool in book.mapping:
        if pool.report is not None and pool.measure not in columns.get(pool.report, ()):
            raise MalformedRuleError(
                "reconciliation/mapping.py", f"{pool.report} has no column {pool.measure}."
            )
    validate_thresholds(book.thresholds)
    validate_classes(book.classes)
    validate_labels(book.labels, columns)
    validate_bridges(book.bridges, book.error_accounts, book.mapping, {*columns, JDASH})
    for values, what in (
        (book.liable_uses, "a use of vouchers is not in lower case, or stands there twice."),
        (tuple(user.lower() for user in book.integration_users), "an integration user is twice."),
    ):
        if len(set(values)) != len(values) or any(v != v.strip().lower() or not v for v in values):
            raise MalformedRuleError("reconciliation/rulebook.py", what)
    return book


def plain_rules(value: object) -> object:
    """A rule, or a table of them, as values that JSON can hold."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, frozenset | set):
        return sorted(plain_rules(item) for item in value)  # type: ignore[type-var]
    if isinstance(value, tuple | list):
        return [plain_rules(item) for item in value]
    if isinstance(value, dict):
        return {
            str(key.value if isinstance(key, VoucherType) else key): plain_rules(item)
            for key, item in value.items()
        }
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain_rules(getattr(value, field.name)) for field in fields(value)}
    return value
