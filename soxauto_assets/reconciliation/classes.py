"""The rules by which entries on the voucher account are classified (D21, sections 7.1 to 7.5).

A rule names words, not parts of words: a text is cut into words at everything that is neither
letter nor digit, so ``EXPR STR CRDT`` meets ``EXPR_STR CRDT 123`` and never ``EXPRESS``.

Here: the table and its validation. Not here: applying it (``classification.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import product

from soxauto_assets.reconciliation.faults import (
    GapError,
    MalformedRuleError,
    OverlapError,
    UnreachableRuleError,
)

_TABLE = "reconciliation/classes.py"


class Sign(Enum):
    """The sign of an entry's amount; issuance is a credit, negative."""

    NEGATIVE = -1
    ZERO = 0
    POSITIVE = 1


class Category(Enum):
    """What an entry does to the voucher liability."""

    ISSUANCE = "Issuance"
    USAGE = "Usage"
    EXPIRED = "Expired"
    CANCELLATION = "Cancellation"
    VTC = "VTC"
    UNCLASSIFIED = "Unclassified"


class VoucherType(Enum):
    """The canonical types (D21)."""

    REFUND = "Refund"
    APOLOGY = "Apology"
    JFORCE = "JForce"
    STORE_CREDIT = "Store Credit"
    JPAY = "Jpay Store Credit"
    UNKNOWN = "Unknown"


class Source(Enum):
    """Where the type of a rule's entries comes from."""

    RULE = "the rule"
    VOUCHER = "the voucher in IPE_08, by id, then by code"
    COUNTER_ENTRY = "category and type of the entry with the opposite amount"


@dataclass(frozen=True)
class ClassRule:
    """One rule. What is empty or None asks nothing; all that is given must hold.

    ``any_words`` holds phrases of which one must be in the text, ``all_words`` phrases that must
    all be. ``prefixes`` are country codes that the document number begins with, followed by no
    letter. The texts are upper case.
    """

    id: str
    priority: int
    category: Category
    type: VoucherType
    reason: str
    signs: frozenset[Sign]
    manual: bool | None = None
    any_words: frozenset[str] = frozenset()
    all_words: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()
    document_type: str | None = None
    balancing: str | None = None
    source: Source = Source.RULE

    @property
    def asks_nothing_more(self) -> bool:
        """Whether sign and user alone decide."""
        return not (
            self.any_words
            or self.all_words
            or self.prefixes
            or self.document_type
            or self.balancing
        )

    def takes_all_of(self, other: ClassRule) -> bool:
        """Whether every entry that ``other`` would take is one that this rule takes."""
        return (
            self.signs >= other.signs
            and self.manual in (None, other.manual)
            and (not self.any_words or self._met_by_words_of(other))
            and self.all_words <= other.all_words
            and (not self.prefixes or (bool(other.prefixes) and self.prefixes >= other.prefixes))
            and self.document_type in (None, other.document_type)
            and self.balancing in (None, other.balancing)
        )

    def _met_by_words_of(self, other: ClassRule) -> bool:
        """Whether a text that has the other's words surely has one of this rule's."""

        def met(phrase: str) -> bool:
            return any(f" {own} " in f" {phrase} " for own in self.any_words)

        by_any = bool(other.any_words) and all(met(phrase) for phrase in other.any_words)
        return by_any or any(met(phrase) for phrase in other.all_words)


INTEGRATION_USERS: tuple[str, ...] = ("JUMIA/NAV31AFR.BATCH.SRVC",)
"""Users whose entries are integrated; all others post by hand. Upper case, with slashes (D21)."""

_COUNTRIES = frozenset({"NG", "EG", "KE", "GH", "CI", "IC", "MA", "TN", "ZA", "UG", "SN", "DZ"})
_OUT = frozenset({Sign.POSITIVE})
_IN = frozenset({Sign.NEGATIVE})


def _rules() -> Iterator[ClassRule]:
    category, kind = Category, VoucherType
    yield ClassRule(
        "CL-ZERO",
        10,
        category.UNCLASSIFIED,
        kind.UNKNOWN,
        "an amount of zero does nothing to the liability",
        frozenset({Sign.ZERO}),
    )
    yield ClassRule(
        "CL-VTC-BANK",
        20,
        category.VTC,
        kind.REFUND,
        "paid out by hand against a bank account (7.1 step 1)",
        _OUT,
        manual=True,
        balancing="BANK ACCOUNT",
    )
    # 7.5: a credit whose text names an end or a use takes one back, and is no issuance.
    yield ClassRule(
        "CL-BACK-TEXT",
        30,
        category.UNCLASSIFIED,
        kind.UNKNOWN,
        "a credit whose text names an end or a use of a voucher takes one back (7.5)",
        _IN,
        any_words=frozenset(
            {
                "EXPR",
                "MANUAL RND",
                "PYT GTB",
                "VOUCHER ACCRUAL",
                "ITEM PRICE CREDIT",
                "ITEM SHIPPING FEE",
                "ITEMPRICECREDIT",
                "VOUCHER APPLICATION TO",
            }
        ),
        source=Source.COUNTER_ENTRY,
    )
    yield ClassRule(
        "CL-ISS-INT-REFUND",
        40,
        category.ISSUANCE,
        kind.REFUND,
        "integrated credit that names a refund (7.1 step 2)",
        _IN,
        manual=False,
        any_words=frozenset({"REFUND", "RF"}),
    )
    yield ClassRule(
        "CL-ISS-INT-APOLOGY",
        50,
        category.ISSUANCE,
        kind.APOLOGY,
        "integrated credit that names a commercial gesture (7.1 step 2)",
        _IN,
        manual=False,
        any_words=frozenset({"COMMERCIAL GESTURE"}),
    )
    yield ClassRule(
        "CL-ISS-INT-JFORCE",
        60,
        category.ISSUANCE,
        kind.JFORCE,
        "integrated credit with the tag of agents' payouts (7.1 step 2)",
        _IN,
        manual=False,
        any_words=frozenset({"PYT"}),
    )
    yield ClassRule(
        "CL-ISS-INT-OTHER",
        70,
        category.ISSUANCE,
        kind.UNKNOWN,
        "integrated credit whose text names no type (7.1 step 2)",
        _IN,
        manual=False,
    )
    # 7.5: a text that says refund beats the document's prefix.
    yield ClassRule(
        "CL-ISS-MAN-REFUND",
        80,
        category.ISSUANCE,
        kind.REFUND,
        "credit by hand that names a refund (7.1 step 3)",
        _IN,
        manual=True,
        any_words=frozenset({"REFUND", "RFN", "RF"}),
    )
    yield ClassRule(
        "CL-ISS-MAN-APOLOGY",
        90,
        category.ISSUANCE,
        kind.APOLOGY,
        "credit by hand that names an apology (7.1 step 3)",
        _IN,
        manual=True,
        any_words=frozenset({"COMMERCIAL", "CXP", "APOLOGY"}),
    )
    yield ClassRule(
        "CL-ISS-MAN-JFORCE",
        100,
        category.ISSUANCE,
        kind.JFORCE,
        "credit by hand with the tag of agents' payouts (7.1 step 3)",
        _IN,
        manual=True,
        any_words=frozenset({"PYT"}),
    )
    yield ClassRule(
        "CL-ISS-MAN-JPAY",
        110,
        category.ISSUANCE,
        kind.JPAY,
        "credit by hand to the group's wallet (7.4)",
        _IN,
        manual=True,
        any_words=frozenset({"JUMIA JP APP STORE CREDIT"}),
    )
    yield ClassRule(
        "CL-ISS-MAN-STORE",
        120,
        category.ISSUANCE,
        kind.STORE_CREDIT,
        "credit by hand on a document of a country (7.1 step 3)",
        _IN,
        manual=True,
        prefixes=_COUNTRIES,
    )
    yield ClassRule(
        "CL-ISS-MAN-OTHER",
        130,
        category.ISSUANCE,
        kind.UNKNOWN,
        "credit by hand whose text names no type (7.1 step 3)",
        _IN,
        manual=True,
    )
    yield ClassRule(
        "CL-CAN-INT",
        140,
        category.CANCELLATION,
        kind.APOLOGY,
        "integrated debit of a voucher accrual (7.1 step 4)",
        _OUT,
        manual=False,
        any_words=frozenset({"VOUCHER ACCRUAL"}),
    )
    yield ClassRule(
        "CL-USE-INT",
        150,
        category.USAGE,
        kind.UNKNOWN,
        "every other integrated debit is a use (7.1 step 4)",
        _OUT,
        manual=False,
        source=Source.VOUCHER,
    )
    for position, (name, type_, phrases) in enumerate(
        (
            ("APOLOGY", kind.APOLOGY, {"EXPR APLGY", "EXPR APOLOGY"}),
            ("JFORCE", kind.JFORCE, {"EXPR JFORCE"}),
            ("STORE", kind.STORE_CREDIT, {"EXPR STR CRDT", "EXPR STR CREDIT"}),
            ("REFUND", kind.REFUND, {"EXPR RFN"}),
            ("OTHER", kind.UNKNOWN, {"EXPR"}),
        )
    ):
        yield ClassRule(
            f"CL-EXP-{name}",
            160 + 10 * position,
            category.EXPIRED,
            type_,
            "debit by hand with an expiry code, in either spelling (7.1 step 5, D21)",
            _OUT,
            manual=True,
            any_words=frozenset(phrases),
        )
    yield ClassRule(
        "CL-VTC-RND",
        210,
        category.VTC,
        kind.REFUND,
        "debit by hand that names a manual refund (7.1 step 6)",
        _OUT,
        manual=True,
        any_words=frozenset({"MANUAL RND"}),
    )
    yield ClassRule(
        "CL-VTC-GTB",
        220,
        category.VTC,
        kind.REFUND,
        "debit by hand with a payout tag and the bank's name (7.1 step 6, D21)",
        _OUT,
        manual=True,
        all_words=frozenset({"PYT", "GTB"}),
    )
    yield ClassRule(
        "CL-CAN-MEMO",
        230,
        category.CANCELLATION,
        kind.STORE_CREDIT,
        "debit by hand by credit memo (7.1 step 7)",
        _OUT,
        manual=True,
        document_type="CREDIT MEMO",
    )
    yield ClassRule(
        "CL-USE-MAN",
        240,
        category.USAGE,
        kind.UNKNOWN,
        "use that Nigeria books by hand (7.1 step 8)",
        _OUT,
        manual=True,
        any_words=frozenset({"ITEMPRICECREDIT"}),
        source=Source.VOUCHER,
    )
    yield ClassRule(
        "CL-NONE",
        250,
        category.UNCLASSIFIED,
        kind.UNKNOWN,
        "debit by hand whose text, document and balancing account meet no rule",
        _OUT,
        manual=True,
    )


CLASS_RULES: tuple[ClassRule, ...] = tuple(_rules())

REVERSAL_BY_LINK = "CL-REV-LINK"
REVERSAL_BY_AMOUNT = "CL-REV-AMOUNT"
REVERSAL_NOT_LINKED = "CL-REV-NONE"
REVERSAL_IDS: dict[str, str] = {
    REVERSAL_BY_LINK: "the class of the entry that it reverses, by link (D21)",
    REVERSAL_BY_AMOUNT: (
        "the one class of the earlier entries with the opposite amount, of the same company, "
        "voucher and document (D21)"
    ),
    REVERSAL_NOT_LINKED: "reversal not linked: the entry that it takes back is not known (D21)",
}
"""The rules of reversals come before all others; each takes its class from another entry."""

TYPE_OF_USE: dict[str, VoucherType] = {
    "refund": VoucherType.REFUND,
    "apology_v2": VoucherType.APOLOGY,
    "jforce": VoucherType.JFORCE,
    "store_credit": VoucherType.STORE_CREDIT,
    "jpay_store_credit": VoucherType.JPAY,
}
"""The canonical type of a voucher's use, in lower case; every other use is Unknown."""

BUCKET_TYPE: dict[VoucherType, str] = {
    VoucherType.REFUND: "refund",
    VoucherType.APOLOGY: "apology",
    VoucherType.JFORCE: "jforce",
    VoucherType.STORE_CREDIT: "store_credit",
    # One label with store credit: expiry and cancellation codes do not tell them apart.
    VoucherType.JPAY: "store_credit",
    VoucherType.UNKNOWN: "unknown",
}
"""The labels under which ledger and operations meet (7.6)."""


def validate_classes(rules: Sequence[ClassRule]) -> None:
    """Raise a RuleError where the table leaves a case open, or a rule can never fire.

    OverlapError: an id or a priority twice. UnreachableRuleError: an earlier rule takes all.
    GapError: entries of a sign and kind of user that no last rule takes. MalformedRuleError.
    """
    ids: set[str] = set(REVERSAL_IDS)
    priorities: dict[int, str] = {}
    for rule in rules:
        if rule.id in ids:
            raise OverlapError(_TABLE, f"the id {rule.id} stands there twice.")
        ids.add(rule.id)
        if rule.priority in priorities:
            raise OverlapError(
                _TABLE,
                f"{priorities[rule.priority]} and {rule.id} have the priority {rule.priority}.",
            )
        priorities[rule.priority] = rule.id
        if not rule.reason.strip() or not rule.signs:
            raise MalformedRuleError(_TABLE, f"{rule.id} needs a reason and a sign.")
        for phrase in rule.any_words | rule.all_words | rule.prefixes:
            if phrase != " ".join(words(phrase)) or not phrase:
                raise MalformedRuleError(
                    _TABLE, f"{phrase!r} of {rule.id} is not words in upper case, single blanks."
                )
    ordered = sorted(rules, key=lambda rule: rule.priority)
    for position, rule in enumerate(ordered):
        for earlier in ordered[:position]:
            if earlier.takes_all_of(rule):
                raise UnreachableRuleError(
                    _TABLE, f"{rule.id} can never fire: {earlier.id} takes all of its entries."
                )
    for sign, manual in product(Sign, (True, False)):
        if not any(
            rule.asks_nothing_more and sign in rule.signs and rule.manual in (None, manual)
            for rule in ordered
        ):
            by = "by hand" if manual else "integrated"
            raise GapError(_TABLE, f"no rule takes every {sign.name.lower()} entry {by}.")


def words(text: str) -> list[str]:
    """The words of a text in upper case: runs of letters and digits."""
    return "".join(c if c.isalnum() else " " for c in text.upper()).split()
