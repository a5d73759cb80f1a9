"""What the template promises against what AWS says of it: the differences, in words.

A promised mapping must be contained in the one found, for AWS adds defaults. Lists must hold the
same items in any order, none more: one more statement or rule is one more right. Policies and the
variables of an environment must be equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

EXACT = {"Variables", "PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument", "Policies"}
"""Properties in which something more than was promised is a difference too."""
_ABSENT = "(not there)"


@dataclass(frozen=True)
class Difference:
    """One setting that is not as promised; both values as text."""

    setting: str
    promised: str
    found: str


def differences(
    promised: Any, found: Any, path: str = "", *, exact: bool = False
) -> Iterator[Difference]:
    """Every difference below ``path``; none means that ``found`` is as promised."""
    if isinstance(promised, Mapping) and isinstance(found, Mapping):
        there = {_key(name): value for name, value in found.items()}
        for name, value in promised.items():
            below = f"{path}.{name}" if path else str(name)
            if _key(name) not in there:
                yield Difference(below, _text(value), _ABSENT)
                continue
            strictly = exact or name in EXACT
            yield from differences(value, there[_key(name)], below, exact=strictly)
        if exact:
            known = {_key(name) for name in promised}
            for name, value in found.items():
                if _key(name) not in known:
                    yield Difference(f"{path}.{name}", _ABSENT, _text(value))
        return
    if isinstance(promised, list) and isinstance(found, list):
        left = list(found)
        for item in promised:
            same = next((one for one in left if not any(differences(item, one, exact=exact))), None)
            if same is None:
                yield Difference(path, _text(item), _text(left) if left else _ABSENT)
            else:
                left.remove(same)
        if len(found) > len(promised):
            for item in left:
                yield Difference(path, _ABSENT, _text(item))
        return
    if _scalar(promised) != _scalar(found):
        yield Difference(path, _text(promised), _text(found))


def policy(document: Any) -> Any:
    """A policy in one form: what may be one text or a list of them is a sorted list."""
    if isinstance(document, str):
        document = json.loads(document)
    statements = document.get("Statement", [])
    return {
        **document,
        "Statement": [
            {
                name: _in_one_form(value)
                if name in ("Action", "Resource", "NotAction", "NotResource")
                else _principal(value)
                if name == "Principal"
                else _conditions(value)
                if name == "Condition"
                else value
                for name, value in statement.items()
            }
            for statement in (statements if isinstance(statements, list) else [statements])
        ],
    }


def _in_one_form(value: Any) -> list[str]:
    return sorted(map(str, value if isinstance(value, list) else [value]))


def _principal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {kind: _in_one_form(names) for kind, names in value.items()}
    return value


def _conditions(value: Mapping[str, Any]) -> Any:
    return {
        operator: {key: _in_one_form(values) for key, values in keys.items()}
        for operator, keys in value.items()
    }


def _key(name: Any) -> str:
    """Some interfaces write ``Name`` and some ``name``; CloudFormation always the first."""
    text = str(name)
    return text[:1].upper() + text[1:]


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _text(value) if isinstance(value, list | Mapping) else str(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
