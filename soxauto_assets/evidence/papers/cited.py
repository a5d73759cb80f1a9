"""Values with the place that they come from: a file of the package and the path in it.

Here: reading documents by path, so that what is shown and what is cited cannot differ. The paths
are JSONPath (RFC 9535). Not here: which values are shown (``view.py``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MANIFEST = "manifest.json"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Cited:
    """A value, the file that holds it (beside the paper), and the path to it in the file.

    ``path`` is empty where the whole file is meant; ``found`` False where the file has no such
    value, which is shown as nothing.
    """

    value: Any
    file: str
    path: str
    found: bool = True

    def at(self, *steps: str | int) -> Cited:
        """The value some steps further down; one that is not there is not found."""
        value, path, found = self.value, self.path, self.found
        for step in steps:
            path += _step(step)
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                value, found = None, False
        return Cited(value, self.file, path, found)

    def items(self) -> Iterator[Cited]:
        """The members of a list, or of a mapping in the order of its names, one by one."""
        value = self.value or ()
        for step in sorted(value) if isinstance(value, Mapping) else range(len(value)):
            yield self.at(step)

    def names(self) -> tuple[str, ...]:
        """The names of a mapping, in their order; none of anything else."""
        return tuple(sorted(self.value)) if isinstance(self.value, Mapping) else ()

    @property
    def text(self) -> str:
        """The value for people, exactly as the file has it."""
        return shown(self.value)

    @property
    def origin(self) -> str:
        """``checks.json $.checks[3].found``."""
        return f"{self.file} {self.path}".rstrip()


class Documents:
    """The documents of a package by name, and the manifest that will list them."""

    def __init__(self, files: Mapping[str, bytes], predicate: object, *, folder: str) -> None:
        """``predicate`` is the manifest's; ``folder`` is where the documents stand below it."""
        self._files = files
        self._up = "../" * folder.count("/")
        self._read: dict[str, Any] = {MANIFEST: {"predicate": predicate}}

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def names(self) -> tuple[str, ...]:
        """The names of all documents."""
        return tuple(sorted(self._files))

    def names_below(self, folder: str) -> bool:
        """Whether any document stands in the folder, or under this very name."""
        return any(name.startswith(folder) for name in self._files)

    def at(self, name: str, *steps: str | int) -> Cited:
        """The value in a JSON document; nothing is found in one that the package lacks."""
        if name not in self._read:
            content = self._files.get(name)
            self._read[name] = None if content is None else json.loads(content)
        return Cited(self._read[name], name, "$", name in self._files or name == MANIFEST).at(
            *steps
        )

    def manifest(self, *steps: str | int) -> Cited:
        """The value in the manifest's predicate."""
        return self.at(MANIFEST, "predicate", *steps)

    def lines(self, name: str) -> tuple[str, ...]:
        """The lines of a text, none where the package lacks it."""
        return tuple(self._files.get(name, b"").decode("utf-8", "replace").splitlines())

    def link(self, name: str) -> str:
        """The relative address of a file, as seen from the papers."""
        return (self._up if name == MANIFEST else "") + name


def shown(value: object) -> str:
    """A value of a document as text: nothing is rounded, and nothing is left out."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {shown(value[name])}" for name in sorted(value))
    return str(value)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _NAME.fullmatch(step):
        return f".{step}"
    escaped = step.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{escaped}']"
