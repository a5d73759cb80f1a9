"""Rules as data: what is in doubt is refused when the rules are loaded."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from soxauto_assets.reconciliation import faults
from soxauto_assets.reconciliation.classes import CLASS_RULES, Category, ClassRule, Sign
from soxauto_assets.reconciliation.rulebook import RuleBook, load_rules
from soxauto_assets.reconciliation.thresholds import (
    THRESHOLDS,
    Level,
    Threshold,
    threshold_for,
    validate_thresholds,
)

BOOK = load_rules()


def refused(**changed: object) -> faults.RuleError:
    with pytest.raises(faults.RuleError) as caught:
        load_rules(replace(BOOK, **changed))  # type: ignore[arg-type]
    return caught.value


def with_rule(rule_id: str, **changed: object) -> tuple[ClassRule, ...]:
    return tuple(
        replace(rule, **changed) if rule.id == rule_id else rule  # type: ignore[arg-type]
        for rule in CLASS_RULES
    )


def test_the_digest_is_of_every_rule_and_of_nothing_else() -> None:
    assert BOOK.digest() == RuleBook().digest()
    changed = replace(BOOK, classes=with_rule("CL-VTC-RND", reason="another reason"))
    assert changed.digest() != BOOK.digest()


def test_every_rule_gives_its_reason() -> None:
    rules = (*BOOK.mapping, *BOOK.thresholds, *BOOK.classes, *BOOK.labels, *BOOK.bridges)
    assert [rule for rule in rules if len(rule.reason) < 5] == []


def test_a_mapping_with_an_account_twice_is_refused() -> None:
    doubled = (*BOOK.mapping[:-1], replace(BOOK.mapping[-1], accounts=("18304", "18412")))
    error = refused(mapping=doubled)
    assert isinstance(error, faults.OverlapError)
    assert "18412 is in the pools 18412 and 18304" in str(error)


def test_a_mapping_with_an_unknown_account_is_refused() -> None:
    error = refused(mapping=(*BOOK.mapping, replace(BOOK.mapping[0], id="x", accounts=("13006",))))
    assert isinstance(error, faults.UnknownAccountError)
    assert "13006" in str(error)


def test_a_mapping_that_leaves_an_account_out_is_refused() -> None:
    error = refused(mapping=BOOK.mapping[1:])
    assert isinstance(error, faults.GapError)
    assert "13003" in str(error)


def test_a_measure_that_the_report_does_not_have_is_refused() -> None:
    error = refused(mapping=(replace(BOOK.mapping[0], measure="amount"), *BOOK.mapping[1:]))
    assert "ipe_07 has no column amount" in str(error)


@pytest.mark.parametrize(
    "rule",
    [
        # The same words after the rule that takes them.
        replace(CLASS_RULES[3], id="LATE", priority=45),
        # Words that hold the earlier rule's phrase.
        replace(CLASS_RULES[3], id="LATE", priority=45, any_words=frozenset({"REFUND ORDER"})),
        # After the rule that takes every entry of its sign and user.
        replace(CLASS_RULES[3], id="LATE", priority=75, any_words=frozenset({"ANYTHING"})),
    ],
)
def test_a_rule_that_can_never_fire_is_refused(rule: ClassRule) -> None:
    error = refused(classes=(*CLASS_RULES, rule))
    assert isinstance(error, faults.UnreachableRuleError)
    assert "LATE can never fire" in str(error)


def test_a_class_table_that_leaves_entries_open_is_refused() -> None:
    error = refused(classes=tuple(rule for rule in CLASS_RULES if rule.id != "CL-NONE"))
    assert isinstance(error, faults.GapError)
    assert "positive entry by hand" in str(error)


def test_two_class_rules_of_one_priority_are_refused() -> None:
    error = refused(classes=with_rule("CL-VTC-RND", priority=220))
    assert isinstance(error, faults.OverlapError)


def test_a_phrase_that_is_no_words_is_refused() -> None:
    error = refused(classes=with_rule("CL-VTC-RND", any_words=frozenset({"MANUAL_RND"})))
    assert isinstance(error, faults.MalformedRuleError)


def test_a_label_rule_that_can_never_fire_is_refused() -> None:
    late = replace(BOOK.labels[0], id="PAYMENT_RECONCILES", values=("PAYMENT",), rank=2)
    error = refused(labels=(*BOOK.labels, late))
    assert isinstance(error, faults.UnreachableRuleError)
    elsewhere = replace(BOOK.labels[0], id="SELLERS", column="entity")
    assert isinstance(refused(labels=(elsewhere,)), faults.UnreachableRuleError)


def test_two_label_rules_that_share_a_value_are_refused() -> None:
    other = replace(BOOK.labels[0], id="OTHER", values=("PAYMENT", "NEW"), rank=2)
    assert isinstance(refused(labels=(*BOOK.labels, other)), faults.OverlapError)


def test_an_error_account_that_nothing_knows_is_refused() -> None:
    strange = (replace(BOOK.error_accounts[0], account="99999"),)
    assert isinstance(refused(error_accounts=strange), faults.UnknownAccountError)


@pytest.mark.parametrize("currency", ["", " ", "NGN"])
def test_a_threshold_without_a_currency_that_compares_is_refused(currency: str) -> None:
    error = refused(thresholds=(replace(THRESHOLDS[0], currency=currency), *THRESHOLDS[1:]))
    assert isinstance(error, faults.MissingCurrencyError)
    assert "TH-GROUP" in str(error)


def test_two_thresholds_of_equal_rank_are_refused() -> None:
    twin = replace(THRESHOLDS[-1], id="TWIN", amount=Decimal(1))
    error = refused(thresholds=(*THRESHOLDS, twin))
    assert isinstance(error, faults.OverlapError)


def test_a_level_without_a_general_threshold_is_refused() -> None:
    assert isinstance(refused(thresholds=THRESHOLDS[1:]), faults.GapError)


def test_a_scoped_threshold_needs_its_context() -> None:
    assert threshold_for(THRESHOLDS, Level.LINE, company="JM_EG").id == "TH-LINE"
    assert threshold_for(THRESHOLDS, Level.LINE, company="JM_EG", account="18412").id == (
        "TH-LINE-EG"
    )
    assert threshold_for(THRESHOLDS, Level.LINE, company="EC_KE", account="18412").id == "TH-LINE"


def test_the_company_of_a_threshold_goes_before_its_account_and_that_before_the_category() -> None:
    def rule(name: str, **scope: str) -> Threshold:
        return Threshold(name, Level.BUCKET, Decimal(1), "USD", "for the test", **scope)  # type: ignore[arg-type]

    rules = (
        *THRESHOLDS,
        rule("category", category="Usage", type="refund"),
        rule("account", account="18412"),
        rule("company", company="EC_KE"),
    )
    validate_thresholds(rules)
    context = {"account": "18412", "category": "Usage", "type": "refund"}
    assert threshold_for(rules, Level.BUCKET, company="EC_KE", **context).id == "company"
    assert threshold_for(rules, Level.BUCKET, company="JD_GH", **context).id == "account"
    assert threshold_for(rules, Level.BUCKET, category="Usage", type="refund").id == "category"


def test_every_sign_and_kind_of_user_has_a_last_rule() -> None:
    last = {rule.id for rule in CLASS_RULES if rule.asks_nothing_more}
    assert last == {"CL-ZERO", "CL-ISS-INT-OTHER", "CL-ISS-MAN-OTHER", "CL-USE-INT", "CL-NONE"}
    assert {rule.category for rule in CLASS_RULES} == set(Category)
    assert frozenset().union(*(rule.signs for rule in CLASS_RULES)) == frozenset(Sign)
