"""Packages changed at random, by the two declared lists of ``support/mutations.py``.

What alters a package is found, all of it; what is neutral is accepted and told; and packages that
nobody touched raise no alarm. A few hundred here, ten thousand in `make prove`.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from soxauto_assets.evidence.package import PackageContents
from soxauto_assets.evidence.papers.making import papers
from soxauto_assets.verify import Verification
from soxauto_assets_tests.support.folders import quick_folder
from soxauto_assets_tests.support.forger import Forger, NothingToChangeError
from soxauto_assets_tests.support.held import Held, held
from soxauto_assets_tests.support.mutations import ALTERING, NEUTRAL, TIME
from soxauto_assets_tests.support.packages import Row, failed, sample
from soxauto_assets_tests.support.tsa import Tsa
from soxauto_assets_tests.verify.test_intact_packages import SHAPES
from soxauto_assets_tests.verify.test_other_implementations import validator

TOLD = {
    "ZIP container": "ZIP",
    "unsigned attributes of the time stamp": "time.tsr, unsigned attributes",
}
"""The finding by which the verifier says that it saw something neutral."""


@dataclass(frozen=True)
class Scene:
    """Intact packages of many shapes, and who changes them."""

    root: Path
    intact: list[Held]
    foreign: Tsa
    expired: Tsa


def scene(root: Path, shapes: list[str]) -> Scene:
    tsa, foreign, expired = (
        Tsa(root / name, expired=name == "expired") for name in ("tsa", "foreign", "expired")
    )
    contents = [SHAPES[shape](root / f"contents {shape}") for shape in shapes]
    intact = held(root, contents, tsa)
    for one in intact:
        report = one.verified()
        assert (report.first_difference, report.verdict) == (None, Verification.VERIFIED)
    return Scene(root, intact, foreign, expired)


@pytest.fixture(scope="module")
def small() -> Iterator[Scene]:
    with quick_folder() as root:
        yield scene(root, ["PASS", "interrupted", "FAIL for a lost row"])


def mutated(
    here: Scene, mutations: dict[str, Any], count: int, first: int = 0
) -> Iterator[tuple[str, str, Held]]:
    """So many copies, each changed by one mutation of the list, by turns: (which, what, copy)."""
    forger = Forger(here.intact[0], here.foreign, here.expired, Random(0))
    names, number = list(mutations), first
    while count:
        number += 1
        name = names[number % len(names)]
        forger.chance = Random(number)
        one, forger.other = forger.chance.sample(here.intact, 2)
        copy = one.copied(here.root / "copy")
        try:
            done = mutations[name](copy, forger)
            yield name, f"{done} (number {number})", copy
            count -= 1
        except NothingToChangeError:
            pass
        finally:
            shutil.rmtree(copy.root)


def undetected(here: Scene, count: int) -> tuple[Counter[str], list[str]]:
    """How many alterations of each kind were made, and those that the verifier did not find."""
    made: Counter[str] = Counter()
    missed = []
    for name, done, copy in mutated(here, ALTERING, count):
        made[name] += 1
        report = copy.verified()
        if report.verdict is not Verification.DIFFERS or not report.first_difference:
            missed.append(f"{name}: {done}: {report.verdict.value}")
    return made, missed


def test_whatever_alters_a_package_is_found(small: Scene) -> None:
    made, missed = undetected(small, 300)

    assert missed == []
    assert set(made) == set(ALTERING)


def refused(here: Scene, count: int) -> list[str]:
    """The neutral changes that were not accepted, or not told."""
    wrong = []
    for name, done, copy in mutated(here, NEUTRAL, count):
        archive = copy.root / "package.zip"
        report = copy.verified(archive if archive.exists() else None)
        told = TOLD[name] in {finding.name for finding in report.checks}
        if report.verdict is not Verification.VERIFIED or not told:
            wrong.append(f"{name}: {done}: {report.first_difference}")
    return wrong


def test_what_is_neutral_is_accepted_and_told(small: Scene) -> None:
    assert refused(small, 16) == []


def test_a_package_without_the_time_stamp_that_it_claims_is_never_verified(small: Scene) -> None:
    copy = small.intact[0].copied(small.root / "without time")
    (copy.folder / TIME).unlink()

    assert copy.verified().verdict is Verification.TIME_PENDING


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_ten_thousand_alterations_are_found_all_of_them() -> None:
    with quick_folder() as root:
        here = scene(root, list(SHAPES))
        made, missed = undetected(here, 10_000)
        wrong = refused(here, 500)
    print("\ntampering: 10,000 alterations of 13 shapes,", f"{10_000 - len(missed)} detected")
    for name, count in sorted(made.items()):
        print(f"  {count:>5} {name}")
    print(f"neutral: 500 changes, {500 - len(wrong)} accepted and told")
    assert (missed, wrong) == ([], [])


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_a_thousand_intact_packages_of_many_shapes_raise_no_alarm() -> None:
    """Four of five have no workpaper and no page, which take most of a package's time."""
    alarms, verified, schema = [], 0, validator("3")
    for batch in range(50):
        with quick_folder() as root:
            chance, made = Random(batch), papers if batch % 5 == 0 else _no_papers
            tsa = Tsa(root / "tsa") if batch % 2 else None
            contents = [random_contents(root / f"{n}", chance) for n in range(20)]
            for number, one in enumerate(held(root, contents, tsa, papers=made)):
                report = one.verified()
                verified += 1
                schema.validate(json.loads((one.folder / "manifest.json").read_bytes()))
                if report.verdict is not Verification.VERIFIED:
                    alarms.append(f"{batch} {number}: {report.first_difference}")
    print(
        f"\nintact: {verified} packages of many shapes, {len(alarms)} false alarms; "
        "the published schema holds for each"
    )
    assert (alarms, verified) == ([], 1000)


def _no_papers(*_: object, **__: object) -> tuple[dict[str, bytes], tuple[str, ...]]:
    return {}, ("no paper could be made (of a test)",)


def random_contents(folder: Path, chance: Random) -> PackageContents:
    """One of the declared shapes, or a PASS of rows of any kind; with retries now and then."""
    if chance.random() < 0.5:
        contents = SHAPES[chance.choice(list(SHAPES))](folder)
    else:
        rows = tuple(
            _row(100 + number, chance) for number in range(chance.choice([0, 1, 2, 30, 500]))
        )
        contents = sample(folder, rows)
        if not rows:
            contents = failed(failed(contents, "contract"), "witnesses")
    if chance.random() < 0.3:
        retries = tuple(f"The line broke {n}." for n in range(chance.randrange(4)))
        contents = replace(contents, retries=retries)
    if chance.random() < 0.3:
        contents = replace(contents, who=chance.choice(["كريم@host", "a" * 200, 'o\'neil "x"\n']))
    return contents


def _row(number: int, chance: Random) -> Row:
    letters = "".join(chr(chance.choice([9, 10, 34, 65, 233, 1603, 0x1F600])) for _ in range(9))
    cents = Decimal(chance.randrange(-(10**36), 10**36))
    return (
        chance.choice(["EC_KE", "EC_NG", "JM_EG"]),
        number,
        date(2024, 9, 30) - timedelta(days=chance.randrange(9000)),
        chance.choice([None, "", letters]),
        cents.scaleb(-20) if chance.random() < 0.5 else Decimal(chance.randrange(-9, 9)),
        chance.choice([None, datetime(1900, 1, 1), datetime(2024, 9, 2, 3, 4, 5, 999_999)]),
        chance.choice([None, True, False]),
    )
