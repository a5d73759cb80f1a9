"""A log that was changed is found out; an intact one tells by itself what happened."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soxauto_assets.evidence.canonical import canonical_json, parse_canonical
from soxauto_assets.verify import Verification
from soxauto_assets.verify.log_files import levels_of, tile_name, tiles_of
from soxauto_assets.verify.trust import read_trust
from soxauto_assets_tests.support.folders import quick_folder
from soxauto_assets_tests.support.keys import KeySigner, trusted_key
from soxauto_assets_tests.support.logs import REPORTS, SIGNER, entry, story, verified, written

HIDDEN = entry(
    5000, "opened", report="ipe_07", period="2024-09", attempt="20241004_192000Z-00000000"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    with quick_folder() as root:
        yield root


@pytest.fixture
def log(folder: Path) -> Path:
    return written(folder / "store", story())


def test_an_intact_log_tells_what_is_current_and_why(log: Path) -> None:
    result = verified(log)

    assert (result.report.first_difference, result.report.verdict) == (
        None,
        Verification.VERIFIED,
    )
    assert result.story is not None
    assert [(c.report, c.period) for c in result.story.current] == [
        (report, month) for report in REPORTS for month in ("2024-08", "2024-09")
    ]
    assert result.story.current[0].why == (
        "moved by entry 4, the last of 1; 2 attempts; closed PASS by entry 5"
    )
    assert len(result.story.attempts) == 8
    assert result.story.missing == ()


def _at_once(order: str) -> list[bytes]:
    """A log of two attempts at a month, ``a`` before ``b``: each letter is their next entry."""
    made = [entry(0, "catalogue", reports=[{"id": "ipe_07", "sha256": "ab" * 32}])]
    left = {name: iter(("opened", "current", "closed")) for name in "ab"}
    for name in order:
        kind, number = next(left[name]), len(made)
        fields: dict[str, object] = {
            "report": "ipe_07",
            "period": "2024-08",
            "attempt": f"20241001_08000{'ab'.index(name)}Z-00000000",
        }
        sha256 = f"{'ab'.index(name):064x}"
        if kind == "current":
            fields["manifest_sha256"] = sha256
        if kind == "closed":
            fields |= {
                "verdict": "PASS",
                "manifest": {"key": "manifest.json", "sha256": sha256},
                "envelope_sha256": sha256,
            }
        made.append(entry(number, kind, **fields))
    return made


@pytest.mark.parametrize("order", ["aaabbb", "ababab", "abbaab", "abbbaa", "baabba"])
def test_of_two_attempts_at_once_the_newer_is_current_however_their_moves_are_entered(
    folder: Path, order: str
) -> None:
    result = verified(written(folder / "store", _at_once(order)))
    assert result.report.verdict is Verification.VERIFIED
    assert result.story is not None
    assert [c.attempt for c in result.story.current] == ["20241001_080001Z-00000000"]


def test_a_move_back_to_an_attempt_that_was_closed_or_began_later_is_found(folder: Path) -> None:
    a_first = _at_once("aaabbb")
    closed_before = [*a_first[:2], a_first[3], *a_first[4:], a_first[2]]  # a: opened, closed, moved
    began_after = _at_once("bbbaaa")
    for number, entries in enumerate((closed_before, began_after)):
        report = verified(written(folder / f"store {number}", entries)).report
        assert report.verdict is Verification.DIFFERS
        assert [f.name for f in report.checks if not f.ok and f.name.endswith("order")] == [
            "current of ipe_07 2024-08, order"
        ]


def test_a_month_that_was_never_attempted_is_missing(log: Path) -> None:
    result = verified(log, last="2024-10")

    assert result.report.first_difference == (
        "expected reports without a package that passed: expected none of 6; "
        "found ipe_07 2024-10, ipe_08 2024-10."
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda e: [*e, HIDDEN, entry(9000, "hold")],
         "attempts that were opened and never closed: "),
        (lambda e: [one for one in e if b'"opened"' not in one or b"2024-08" in one],
         "attempts that were closed and never opened: "),
        (lambda e: [one for one in e if b'"current"' not in one or b"2024-08" in one],
         "current of ipe_07 2024-09, passed later: "),
        (lambda e: [one.replace(b'"PASS"', b'"FAIL"') for one in e],
         "current of ipe_07 2024-08, entry 4: "),
        (lambda e: [*e, e[-1].replace(b'"PASS"', b'"FAIL"')],
         f"entry {len(story())}: expected another record"),
        (lambda e: [*e, entry(77, "closed", **(parse_canonical(e[-1])["fields"]))],
         "attempts that were closed twice: "),
        (lambda e: [*e, b"no record"], f"entry {len(story())}, the text: "),
    ],
    ids=["hidden", "unopened", "overlooked", "failed", "contradicted", "twice", "unreadable"],
)  # fmt: skip
def test_a_signed_log_whose_story_does_not_hold_is_told(
    folder: Path, change: Callable[[list[bytes]], list[bytes]], told: str
) -> None:
    result = verified(written(folder / "store", change(story())))

    assert (result.report.first_difference or "").startswith(told)


def test_only_a_key_with_the_role_of_the_log_counts_where_there_is_a_trust_file(
    log: Path, folder: Path
) -> None:
    path = folder / "trust.toml"
    for roles, verdict in (
        ('["log"]', Verification.VERIFIED),
        ('["package"]', Verification.DIFFERS),
    ):
        path.write_text(trusted_key(SIGNER, roles=roles))
        assert verified(log, trust=read_trust(path)).report.verdict is verdict


# -- a log that was rewritten by somebody who has its key: only a kept checkpoint tells


def _other(one: bytes) -> bytes:
    document = parse_canonical(one)
    return canonical_json({**document, "fields": {**document["fields"], "reason": "another"}})


REWRITES: dict[str, Callable[[list[bytes], int], list[bytes]]] = {
    "a leaf replaced": lambda e, n: [*e[:n], _other(e[n]), *e[n + 1 :]],
    "truncated": lambda e, n: e[: max(1, n)],
    "forked": lambda e, n: [*e[:n], *(_other(one) for one in e[n:])],
    "a leaf left out": lambda e, n: [*e[:n], *e[n + 1 :]],
    "two leaves in another order": lambda e, n: [*e[:-2], e[-1], e[-2]],
    "rolled back and gone on": lambda e, n: [*e[: max(1, n)], *(_other(o) for o in e)],
}


@pytest.mark.parametrize("kind", REWRITES)
def test_a_log_that_was_rewritten_and_signed_again_does_not_extend_the_kept_checkpoint(
    folder: Path, kind: str
) -> None:
    entries = story()
    kept = (written(folder / "kept", entries) / "checkpoint").read_bytes()
    for number in (0, 7, len(entries) - 1):
        rewritten = written(folder / f"rewritten {number}", REWRITES[kind](entries, number))
        report = verified(rewritten, kept=[kept]).report

        assert report.verdict is Verification.DIFFERS
        assert any(not f.ok and f.name.startswith("kept checkpoint") for f in report.checks)
    longer = written(folder / "longer", [*entries, entry(900, "hold")])
    assert verified(longer, kept=[kept]).report.verdict is Verification.VERIFIED


def test_a_kept_checkpoint_by_another_key_or_of_another_log_is_told(
    log: Path, folder: Path
) -> None:
    forged = (written(folder / "forged", story(), KeySigner(8)) / "checkpoint").read_bytes()
    path = folder / "trust.toml"
    path.write_text(trusted_key(SIGNER, roles='["log"]'))
    report = verified(log, kept=[forged], trust=read_trust(path)).report
    assert [f.found for f in report.checks if f.name.endswith("entries, signature")] == [
        f"by {KeySigner(8).key.key_id[:8]}…, a key that is not known here"
    ]
    other = (written(folder / "other", [entry(5, "hold")]) / "checkpoint").read_bytes()
    assert verified(log, kept=[other]).report.verdict is Verification.DIFFERS


# -- files that were changed by somebody who has no key


def files_of(size: int) -> list[str]:
    """The files that a log of that size is verified from."""
    names = ["checkpoint"]
    for level in levels_of(size):
        names += [tile_name(level, index, width) for index, width in tiles_of(level, size)]
    names += [tile_name("entries", index, width) for index, width in tiles_of(0, size)]
    return names


def mutate(log: Path, names: list[str], chance: random.Random) -> str:
    """Change one file so that its bytes are others, or gone; what was done."""
    path = log / chance.choice(names)
    content = path.read_bytes()
    kind = chance.choice(["flip", "cut", "grow", "remove", "swap"])
    path.unlink()
    if kind == "flip":
        at = chance.randrange(len(content))
        path.write_bytes(content[:at] + bytes([content[at] ^ (1 << chance.randrange(8))])
                         + content[at + 1 :])  # fmt: skip
    elif kind == "cut":
        path.write_bytes(content[: chance.randrange(len(content))])
    elif kind == "grow":
        path.write_bytes(content + chance.randbytes(chance.randrange(1, 40)))
    elif kind == "swap":
        others = [name for name in names if log / name != path]
        path.write_bytes((log / chance.choice(others)).read_bytes())
    return f"{kind} {path.relative_to(log)}"


def tampered(rounds: int, root: Path) -> list[str]:
    """The mutations that were not detected."""
    entries = [*story(), *(entry(1000 + n, "hold") for n in range(300))]
    log, chance = written(root / "intact", entries), random.Random(4)
    names, missed = files_of(len(entries)), []
    for number in range(rounds):
        copy = root / f"copy {number}"
        shutil.copytree(
            log, copy, ignore=shutil.ignore_patterns("leaf"), copy_function=os.link
        )  # what is changed is replaced
        done = mutate(copy, names, chance)
        if verified(copy).report.verdict is not Verification.DIFFERS:
            missed.append(done)
        shutil.rmtree(copy)
    return missed


def test_every_random_change_of_the_files_of_a_log_is_detected(folder: Path) -> None:
    assert tampered(60, folder) == []


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_thousands_of_random_changes_of_the_files_of_a_log_are_detected(folder: Path) -> None:
    missed = tampered(3000, folder)
    print(f"log: 3000 changes of files, {3000 - len(missed)} detected")
    assert missed == []
