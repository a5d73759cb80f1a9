"""The answers to a review: what they are, how they are kept, and what still blocks a sign-off.

``review/<YYYY-MM>/<stamp>-<digest>.json`` in the inputs store, and the workbook that held them
under the same name with ``.xlsx``; both create-only. Every import stays, with who, when and the
workbook's SHA-256; of those given to the same control the newest counts.

Here: keeping and finding answers. Not here: taking them out of a workbook (``reading.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.canonical import (
    NotCanonicalError,
    canonical_json,
    parse_canonical,
    parse_utc,
    utc_text,
)
from soxauto_assets.reconciliation.review.items import Item, items
from soxauto_assets.store.protocol import ObjectDamagedError, ObjectExistsError

if TYPE_CHECKING:
    from soxauto_assets.period import Period
    from soxauto_assets.reconciliation.review.reviewed import Reviewed
    from soxauto_assets.store.protocol import ObjectStore

KIND = "soxauto-review-answers:1"


@dataclass(frozen=True)
class Answer:
    """What a person says to an item; texts are "" where nothing was said."""

    owner: str = ""
    explanation: str = ""
    action: str = ""
    due: date | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said."""
        return self == Answer()

    @property
    def lacks(self) -> tuple[str, ...]:
        """What a needed answer still lacks."""
        fields = (("owner", self.owner), ("explanation", self.explanation))
        return tuple(name for name, text in fields if not text)


@dataclass(frozen=True)
class Import:
    """One workbook that was read back.

    ``manifest_sha256`` names the control that it answers, ``workbook_sha256`` the file,
    ``who`` is ``user@host``, ``at`` aware UTC. ``answers`` are those that are not empty;
    ``carried`` are the items among them whose answer was given to an earlier control of the month
    and is confirmed with this import as it stood.
    """

    period: Period
    attempt: str
    manifest_sha256: str
    workbook_sha256: str
    who: str
    at: datetime
    answers: Mapping[str, Answer]
    carried: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """The key of both of its objects, without their endings."""
        stamp = f"{self.at.astimezone(UTC):%Y%m%d_%H%M%S_%fZ}"
        return f"{_prefix(self.period)}{stamp}-{self.workbook_sha256[:8]}"


def _prefix(period: Period) -> str:
    return f"review/{period}/"


def keep(
    inputs: ObjectStore,
    state: ObjectStore,
    reviewed: Reviewed,
    answers: Mapping[str, Answer],
    workbook: bytes,
    *,
    who: str,
    at: datetime,
    offered: Mapping[str, Answer] | None = None,
) -> Import:
    """Store the answers and the workbook they stood in, and record it in the journal.

    ``at`` is aware. ``offered`` are answers to an earlier control (``carry_over.py``).
    The workbook is stored first: answers without it would prove nothing.
    """
    given = {item: answer for item, answer in sorted(answers.items()) if not answer.is_empty}
    made = Import(
        reviewed.period,
        reviewed.address.attempt,
        reviewed.manifest_sha256,
        hashlib.sha256(workbook).hexdigest(),
        who,
        at,
        given,
        tuple(item for item, answer in given.items() if (offered or {}).get(item) == answer),
    )
    try:
        inputs.create(f"{made.stem}.xlsx", workbook)
    except ObjectExistsError:
        if inputs.read(f"{made.stem}.xlsx") != workbook:
            raise
    document = _document(made)
    inputs.create(f"{made.stem}.json", canonical_json(document))
    fields = {name: value for name, value in document.items() if name not in ("answers", "carried")}
    counted: dict[str, object] = {
        "answers": len(given),
        "carried": len(made.carried),
        "key": f"{made.stem}.json",
    }
    journal.record(state, journal.RecordKind.REVIEW, fields | counted, at=at, once=made.stem)
    return made


def history(inputs: ObjectStore, period: Period) -> tuple[Import, ...]:
    """Every import of a month, the oldest first; raises ObjectDamagedError."""
    keys = [listed.key for listed in inputs.list(_prefix(period)) if listed.key.endswith(".json")]
    return tuple(_read(inputs, key, period) for key in sorted(keys))


def newest(inputs: ObjectStore, reviewed: Reviewed) -> Import | None:
    """The answers that count: the newest given to this very control, or None."""
    given = [one for one in history(inputs, reviewed.period) if _answers(one, reviewed)]
    return given[-1] if given else None


def _answers(one: Import, reviewed: Reviewed) -> bool:
    return one.manifest_sha256 == reviewed.manifest_sha256


@dataclass(frozen=True)
class Standing:
    """How far the review of a control has come: each item with its answer."""

    reviewed: Reviewed
    newest: Import | None
    answered: tuple[tuple[Item, Answer], ...]

    @property
    def blockers(self) -> tuple[str, ...]:
        """Why the control cannot be signed off yet, one sentence an item; empty where it can."""
        return tuple(
            f"{item.company} {item.accounts} ({item.subject}) lacks {' and '.join(answer.lacks)}."
            for item, answer in self.answered
            if item.needed and answer.lacks
        )


def standing(inputs: ObjectStore, reviewed: Reviewed) -> Standing:
    """The items of the control with the answers that count."""
    last = newest(inputs, reviewed)
    answers = {} if last is None else last.answers
    return Standing(
        reviewed, last, tuple((item, answers.get(item.id, Answer())) for item in items(reviewed))
    )


def _document(made: Import) -> dict[str, object]:
    return {
        "kind": KIND,
        "period": str(made.period),
        "attempt": made.attempt,
        "manifest_sha256": made.manifest_sha256,
        "workbook_sha256": made.workbook_sha256,
        "who": made.who,
        "at": utc_text(made.at),
        "carried": list(made.carried),
        "answers": {
            item: {
                "owner": answer.owner,
                "explanation": answer.explanation,
                "action": answer.action,
                "due": None if answer.due is None else answer.due.isoformat(),
            }
            for item, answer in made.answers.items()
        },
    }


def _read(inputs: ObjectStore, key: str, period: Period) -> Import:
    try:
        document = parse_canonical(inputs.read(key))
        if (document["kind"], document["period"]) != (KIND, str(period)):
            raise ValueError(document["kind"])
        answers = {
            item: Answer(
                given["owner"],
                given["explanation"],
                given["action"],
                None if given["due"] is None else date.fromisoformat(given["due"]),
            )
            for item, given in document["answers"].items()
        }
        found = Import(
            period,
            document["attempt"],
            document["manifest_sha256"],
            document["workbook_sha256"],
            document["who"],
            parse_utc(document["at"]),
            answers,
            tuple(document.get("carried", ())),  # imports of before had none
        )
    except (NotCanonicalError, KeyError, TypeError, ValueError) as error:
        raise ObjectDamagedError(
            f"The answers {key} of the inputs store cannot be read.",
            remedy="Restore them from a backup, or import the workbook beside them again.",
        ) from error
    return found
