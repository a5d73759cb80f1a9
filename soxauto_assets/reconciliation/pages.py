"""The page of the control's rules, written from the tables that it runs by."""

from __future__ import annotations

from collections.abc import Sequence

from soxauto_assets.reconciliation.classes import REVERSAL_IDS, ClassRule
from soxauto_assets.reconciliation.rulebook import RuleBook

_Row = Sequence[object]


def rules_page(book: RuleBook) -> str:
    """Every rule with its reason, in Markdown; the digest is the one in the control's packages."""
    parts = [
        "<!-- Written by `soxauto docs` from soxauto_assets/reconciliation. -->",
        "# Rules of the control PG-01",
        "",
        f"Version {book.version}, SHA-256 `{book.digest()}`.",
        *_table(
            "Account mapping: expected balance = sign x measure",
            ("accounts", "family", "report", "measure", "rows", "sign", "confirmed", "reason"),
            [
                (
                    ", ".join(pool.accounts),
                    pool.family,
                    pool.report,
                    pool.measure,
                    pool.rows.value,
                    pool.sign,
                    "yes" if pool.confirmed else "**no**",
                    pool.reason,
                )
                for pool in book.mapping
            ],
        ),
        *_table(
            "Thresholds: equal to it is to be investigated",
            ("id", "judges", "amount", "company", "account", "reason"),
            [
                (
                    rule.id,
                    rule.level.value,
                    f"{rule.amount} {rule.currency}",
                    rule.company or "any",
                    rule.account or "any",
                    rule.reason,
                )
                for rule in book.thresholds
            ],
        ),
        *_table(
            "Classes of entries on 18412: the first rule that takes an entry decides",
            ("id", "takes", "category", "type", "reason"),
            [
                *((id, "reversals", "see reason", "see reason", why) for id, why in _REVERSALS),
                *(
                    (rule.id, _takes(rule), rule.category.value, _type(rule), rule.reason)
                    for rule in sorted(book.classes, key=lambda rule: rule.priority)
                ),
            ],
        ),
        "",
        f"Integrated are the users {', '.join(book.integration_users)}; all others post by hand. "
        f"A liability are vouchers with the uses {', '.join(book.liable_uses)}.",
        *_table(
            "Bridges, in the order in which they run",
            ("id", "what it explains", "pools", "needs", "reason"),
            [
                (b.id, b.title, ", ".join(b.pools), ", ".join(b.needs), b.reason)
                for b in book.bridges
            ],
        ),
        *_table(
            "Integration errors: where NAV would have booked",
            ("source system", "account", "effect", "reason"),
            [(e.source_system, e.account, e.effect, e.reason) for e in book.error_accounts],
        ),
        *_table(
            "Labels of open items",
            ("id", "report", "column", "values", "debit", "credit", "reason"),
            [
                (r.id, r.report, r.column, ", ".join(r.values), r.debit, r.credit, r.reason)
                for r in sorted(book.labels, key=lambda rule: rule.rank)
            ],
        ),
        "",
    ]
    return "\n".join(parts)


_REVERSALS = tuple(REVERSAL_IDS.items())


def _table(title: str, heads: Sequence[str], rows: Sequence[_Row]) -> list[str]:
    lines = ["", f"## {title}", "", _line(heads), _line(["---"] * len(heads))]
    return lines + [_line(row) for row in rows]


def _line(cells: _Row) -> str:
    return (
        "| "
        + " | ".join("" if cell is None else str(cell).replace("|", "\\|") for cell in cells)
        + " |"
    )


def _takes(rule: ClassRule) -> str:
    """What the rule asks for, in words."""
    asked = [" or ".join(sorted(sign.name.lower() for sign in rule.signs))]
    if rule.manual is not None:
        asked.append("by hand" if rule.manual else "integrated")
    if rule.balancing:
        asked.append(f"balanced by {rule.balancing}")
    if rule.document_type:
        asked.append(f"document type {rule.document_type}")
    if rule.any_words:
        asked.append("text has " + " or ".join(sorted(rule.any_words)))
    if rule.all_words:
        asked.append("text has " + " and ".join(sorted(rule.all_words)))
    if rule.prefixes:
        asked.append("document begins with " + " or ".join(sorted(rule.prefixes)))
    return ", ".join(asked)


def _type(rule: ClassRule) -> str:
    return rule.type.value if rule.source.name == "RULE" else f"of {rule.source.value}"
