"""Answers that were given to an earlier control of a month, offered again after it was run anew.

An answer binds to the digest of what was reviewed, so none counts for another control. Where the
item that it answered is the same to the last figure, it is offered: the exported workbook holds
it, marked, and it counts once a person has brought that workbook back. What has changed is asked
again.

Here: which answers are offered. Not here: keeping answers (``answers.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soxauto_assets.errors import SoxautoError
from soxauto_assets.reconciliation.review.answers import Answer, Import, history, newest
from soxauto_assets.reconciliation.review.items import items
from soxauto_assets.reconciliation.review.reviewed import read_reviewed
from soxauto_assets.reconciliation.summary import CONTROL_ID
from soxauto_assets.store.layout import AttemptAddress

if TYPE_CHECKING:
    from soxauto_assets.reconciliation.review.reviewed import Reviewed
    from soxauto_assets.store.protocol import ObjectStore


@dataclass(frozen=True)
class Offer:
    """Answers of an earlier import, by item; ``asked_again`` counts those that fit no longer."""

    source: Import
    answers: Mapping[str, Answer]
    asked_again: int

    @property
    def said(self) -> str:
        """Where they come from, for people."""
        given = self.source
        return f"given by {given.who} on {given.at:%Y-%m-%d} to the control {given.attempt}"


def offer(inputs: ObjectStore, evidence: ObjectStore, reviewed: Reviewed) -> Offer | None:
    """The answers that are offered for a control; None where there are none.

    None too where the control has answers of its own: what was said to it is what is meant.
    """
    if newest(inputs, reviewed) is not None:
        return None
    before = history(inputs, reviewed.period)
    if not before:
        return None
    last = before[-1]
    address = AttemptAddress(CONTROL_ID, reviewed.period, last.attempt)
    try:
        earlier = read_reviewed(evidence, address)
    except SoxautoError:
        return None  # what it answered can no longer be shown to be the same
    if earlier.manifest_sha256 != last.manifest_sha256:
        return None
    return fitting(last, earlier, reviewed)


def fitting(last: Import, earlier: Reviewed, reviewed: Reviewed) -> Offer | None:
    """Those answers of ``last`` to ``earlier`` whose items stand in ``reviewed`` unchanged."""
    answered = {item.id: item for item in items(earlier) if item.id in last.answers}
    same = {
        item.id: last.answers[item.id] for item in items(reviewed) if answered.get(item.id) == item
    }
    return Offer(last, same, len(last.answers) - len(same)) if same else None
