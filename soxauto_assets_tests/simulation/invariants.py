"""What must hold in a world after one recovery, whatever befell it, and what at each write.

Here: the questions, asked of the objects themselves. Not here: how a world came to be.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.journal import RecordKind
from soxauto_assets.evidence.lifecycle import CLOSED, OPENED, AttemptVerdict
from soxauto_assets.evidence.log_keeping import LOGGED
from soxauto_assets.period import Period
from soxauto_assets.store.layout import (
    ENVELOPE,
    EXTRACT,
    LOG_PROOF,
    MANIFEST,
    SEAL,
    VALIDATED,
    AttemptAddress,
    current_key,
)
from soxauto_assets.verify.envelope import check_signature, read_envelope
from soxauto_assets.verify.log import verify_log
from soxauto_assets.verify.log_files import read_entries
from soxauto_assets_tests.simulation.durable import Disk, Held, MemoryStore
from soxauto_assets_tests.simulation.world import LAST_MONTH, PUBLIC, REPORT, World

_MOVE = ("alerts/sending/", "current/", "catalogue.json", "log/checkpoint")
"""Keys whose objects are replaced, beside leases; all others keep their first bytes."""
_PASS = AttemptVerdict.PASS.value


def problems(world: World, before: World) -> list[str]:
    """What does not hold in a world after its recovery; ``before`` is as it was begun."""
    return [problem for question in _QUESTIONS for problem in question(world, before)]


def verdicts(world: World) -> tuple[str, ...]:
    """What the packages of a world say, the oldest attempt first."""
    evidence = world.disks["evidence"].objects
    return tuple(_verdict(evidence[about.key(MANIFEST)]) for about in _packaged(world))


def watched(world: World) -> list[str]:
    """Ask of each write, from now on, whether its order is right; what was not."""
    found: list[str] = []

    def watch(store: str, key: str, held: Held) -> None:
        name = key.rpartition("/")[2]
        if store == "results" and key.startswith("current/"):
            period = Period.parse(held.metadata["period"])
            about = AttemptAddress(REPORT, period, held.metadata["attempt"])
            manifest = world.disks["evidence"].objects.get(about.key(MANIFEST))
            if manifest is None or manifest.sha256 != held.metadata["manifest-sha256"]:
                found.append(f"{about.attempt} became current before its package stood")
            elif _verdict(manifest) != _PASS:
                found.append(f"{about.attempt} became current, and its package says FAIL")
            past = world.disks["results"].objects.get(about.key(VALIDATED))
            if past is None or past.sha256 != held.sha256:
                found.append(f"{about.attempt} became current with data that was not validated")
        if store == "state" and key.startswith("attempts/") and name == CLOSED:
            about = _address(key)
            closed = _document(held.content)
            manifest = world.disks["evidence"].objects.get(about.key(MANIFEST))
            if manifest is None or manifest.sha256 != closed["manifest"]["sha256"]:
                found.append(f"{about.attempt} was closed without its package")
            if closed["verdict"] != _PASS and not _alerts(world.disks["state"], about):
                found.append(f"{about.attempt} was closed as failed before anybody was told")

    for disk in world.disks.values():
        disk.watch = watch
    return found


def _each_attempt_has_one_package(world: World, before: World) -> Iterator[str]:
    state, evidence = world.disks["state"].objects, world.disks["evidence"].objects
    opened = {_address(key) for key in state if key.endswith(f"/{OPENED}")}
    packaged = {_address(key) for key in evidence if key.endswith(f"/{ENVELOPE}")}
    if opened != packaged:
        yield f"opened and packages differ: {sorted(a.attempt for a in opened ^ packaged)}"
    for about in sorted(opened & packaged):
        manifest, closed = evidence.get(about.key(MANIFEST)), state.get(about.key(CLOSED))
        if manifest is None or closed is None:
            yield f"{about.attempt} is not closed"
            continue
        said = _document(closed.content)
        if (said["verdict"], said["manifest"]["sha256"]) != (_verdict(manifest), manifest.sha256):
            yield f"{about.attempt} was closed with another package"


def _no_half_package(world: World, before: World) -> Iterator[str]:
    evidence = world.disks["evidence"].objects
    for about in _packaged(world):
        if before.disks["evidence"].objects.get(about.key(ENVELOPE)):
            continue  # bytes that stood before are compared as such
        manifest = evidence[about.key(MANIFEST)]
        envelope = read_envelope(evidence[about.key(ENVELOPE)].content)
        if envelope.payload != manifest.content:
            yield f"{about.attempt}: the manifest is not what its envelope signs"
        check_signature(envelope, PUBLIC.public_key)
        listed = {
            about.key(file["name"]): file["digest"]["sha256"]
            for file in _document(manifest.content)["subject"]
        }
        beside = {about.key(name) for name in (MANIFEST, ENVELOPE, LOG_PROOF, SEAL)}
        there = {
            key: held.sha256
            for key, held in evidence.items()
            if key.startswith(about.prefix) and key not in beside
        }
        if there != listed:
            yield f"{about.attempt}: its files are not those that its manifest lists"
        missing = [name for name in sorted(beside) if name not in evidence]
        if missing:
            yield f"{about.attempt}: {', '.join(missing)} was not written"


def _no_failure_is_untold(world: World, before: World) -> Iterator[str]:
    state = world.disks["state"]
    for about in _packaged(world):
        failed = _verdict(world.disks["evidence"].objects[about.key(MANIFEST)]) != _PASS
        told = _alerts(state, about)
        if failed and not told & set(world.received):
            yield f"{about.attempt} failed, and nobody was told"
    outbox = _names(state, "alerts/outbox/")
    for alert in sorted(outbox - _names(state, "alerts/sent/")):
        yield f"the alert {alert} was not sent"
    for alert in sorted(outbox - set(world.received)):
        yield f"the alert {alert} was not received"


def _whoever_raises_has_told(world: World, before: World) -> Iterator[str]:
    """An attempt that cannot be closed is told at once, unless outbox and topic both fail."""
    state = world.disks["state"]
    for about, error in world.raised:
        if about is None:
            continue
        told = _alerts(state, about) | {one for one in world.received if about.attempt in one}
        if not told and about.attempt not in world.said:
            yield f"{about.attempt} raised {type(error).__name__}, and nobody was told"


def _doubles_have_a_cause(world: World, before: World) -> Iterator[str]:
    doubles = len(world.received) - len(set(world.received))
    faults = sum(len(computer.process.struck) for computer in world.computers)
    if doubles > faults:
        yield f"{doubles} alerts were sent twice, by {faults} faults"


def _what_stood_stands(world: World, before: World) -> Iterator[str]:
    """The last good month, and everything else that was there, byte for byte."""
    for name, disk in world.disks.items():
        for key, sha256 in disk.first.items():
            movable = key.startswith(_MOVE) or key.endswith("/lease.json")
            if key not in disk.objects:
                yield f"{name}: {key} is gone"
            elif not movable and disk.objects[key].sha256 != sha256:
                yield f"{name}: {key} was overwritten"
        for key, held in before.disks[name].objects.items():
            now = disk.objects.get(key)
            if key.startswith("current/") and now is None:
                yield f"{name}: {key} is gone"
            elif key.startswith(_untouched(before)) and now != held:
                yield f"{name}: {key} of the last good month was touched"


def _one_is_current(world: World, before: World) -> Iterator[str]:
    results = world.disks["results"].objects
    passed: dict[str, AttemptAddress] = {}
    for about in _packaged(world):
        if _verdict(world.disks["evidence"].objects[about.key(MANIFEST)]) == _PASS:
            passed[str(about.period)] = about
    currents = {key for key in results if key.startswith("current/")}
    if currents != {current_key(a.report, a.period) for a in passed.values()}:
        yield f"current are {sorted(currents)}"
        return
    for about in passed.values():
        held = results[current_key(about.report, about.period)]
        manifest = world.disks["evidence"].objects[about.key(MANIFEST)]
        data = _document(manifest.content)["predicate"]["data"]
        said = {
            "attempt": about.attempt,
            "content-digest": data["content_digest"],
            "manifest-sha256": manifest.sha256,
            "sha256": held.sha256,
        }
        if not said.items() <= held.metadata.items():
            yield f"current is not {about.attempt}, the newest that passed"
        for name in (EXTRACT, VALIDATED):
            if results[about.key(name)].sha256 != held.sha256:
                yield f"current does not hold the {name} of {about.attempt}"


def _the_log_holds(world: World, before: World) -> Iterator[str]:
    evidence, state = world.disks["evidence"], world.disks["state"]

    def read(name: str) -> bytes:
        held = evidence.objects.get(f"log/{name}")
        if held is None:
            raise FileNotFoundError(name)
        return held.content

    answer = verify_log(read, keys=[PUBLIC.public_key])
    for finding in answer.report.checks:
        # A month whose report failed has none, and the log is right to say so.
        if not finding.ok and finding.name != "expected reports without a package that passed":
            yield f"the log: {finding.words}"
    if answer.checkpoint is None:
        return
    kept = before.disks["evidence"].objects.get("log/checkpoint")
    entries = list(read_entries(read, answer.checkpoint.size))
    logged = [entry["id"] for entry in map(_document, entries)]
    if len(set(logged)) != len(logged):
        yield "the log has a record twice"
    store = MemoryStore(state, lambda: world.time, world.scratch)
    wanted = {record.id for record in journal.read(store) if record.kind in LOGGED}
    if wanted != set(logged):
        yield f"the log lacks {sorted(wanted - set(logged))}, or has more than happened"
    assert kept is None or answer.checkpoint.size >= 1
    happened = {(RecordKind.OPENED.value, about.attempt) for about in _packaged(world)} | {
        (RecordKind.CLOSED.value, about.attempt) for about in _packaged(world)
    }
    told = {
        (entry["kind"], entry["fields"].get("attempt"))
        for entry in map(_document, entries)
        if entry["kind"] in ("opened", "closed")
    }
    if told != happened:
        yield "the log does not tell of every opening and closing"


_QUESTIONS: tuple[Callable[[World, World], Iterator[str]], ...] = (
    _each_attempt_has_one_package,
    _no_half_package,
    _no_failure_is_untold,
    _whoever_raises_has_told,
    _doubles_have_a_cause,
    _what_stood_stands,
    _one_is_current,
    _the_log_holds,
)


@functools.lru_cache(maxsize=500)
def _document(content: bytes) -> Any:
    return json.loads(content)


def _packaged(world: World) -> list[AttemptAddress]:
    evidence = world.disks["evidence"].objects
    return sorted(_address(key) for key in evidence if key.endswith(f"/{MANIFEST}"))


def _address(key: str) -> AttemptAddress:
    about = AttemptAddress.parse(key)
    assert about is not None
    return about


def _verdict(manifest: Held) -> str:
    return str(_document(manifest.content)["predicate"]["verdict"])


def _names(disk: Disk, prefix: str) -> set[str]:
    return {
        key.removeprefix(prefix).removesuffix(".json")
        for key in disk.objects
        if key.startswith(prefix)
    }


def _alerts(state: Disk, about: AttemptAddress) -> set[str]:
    return {name for name in _names(state, "alerts/outbox/") if about.attempt in name}


def _untouched(before: World) -> tuple[str, ...]:
    return (
        f"current/{REPORT}/month={LAST_MONTH}/",
        f"attempts/{REPORT}/{LAST_MONTH}/",
    )


def digest(world: World) -> str:
    """One SHA-256 over all objects of a world: the same seed gives the same one."""
    lines = [
        f"{held.sha256} {name} {key}\n"
        for name, disk in sorted(world.disks.items())
        for key, held in sorted(disk.objects.items())
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
