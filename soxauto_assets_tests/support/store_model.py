"""Any sequence of calls on a store does what the same calls do on a dictionary.

Here: the calls that every store takes. Not here: what can befall only one kind of store; its test
module adds rules for that.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from soxauto_assets.store.protocol import (
    ObjectExistsError,
    ObjectMissingError,
    ObjectStore,
    PreconditionFailedError,
    Receipt,
)

KEYS = st.sampled_from(["a-b", "a.b", "a/b", "a/c/d", "a0", "ü/x y", "z"])
CONTENTS = st.binary(max_size=40)
METADATA = st.dictionaries(st.sampled_from(["attempt", "x"]), st.text(max_size=5), max_size=2)
PREFIXES = st.sampled_from(["", "a", "a/", "a/b", "a/c", "a/c/", "ü/", "z", "nothing"])


@dataclass(frozen=True)
class Stored:
    version: str
    content: bytes
    metadata: dict[str, str]


class StoreAgainstDictionary(RuleBasedStateMachine):
    store: ObjectStore
    keeps_versions = False
    receipts: Bundle[Receipt] = Bundle("receipts")

    @initialize()
    def open_an_empty_store(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.open_store()
        self.model: dict[str, Stored] = {}

    def open_store(self) -> None:
        """Set ``self.store`` to an empty store; ``self.folder`` is a folder for it."""
        raise NotImplementedError

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def source(self, content: bytes, from_file: bool) -> Path | bytes:
        if not from_file:
            return content
        path = self.folder / "spool"
        path.write_bytes(content)
        return path

    @rule(target=receipts, key=KEYS, content=CONTENTS, metadata=METADATA, from_file=st.booleans())
    def create(self, key: str, content: bytes, metadata: dict[str, str], from_file: bool):
        try:
            receipt = self.store.create(key, self.source(content, from_file), metadata=metadata)
        except ObjectExistsError:
            assert key in self.model
            return multiple()
        assert key not in self.model
        self.model[key] = Stored(receipt.version, content, metadata)
        return receipt

    @rule(target=receipts, key=KEYS, content=CONTENTS, metadata=METADATA, seen=st.booleans())
    def replace(self, key: str, content: bytes, metadata: dict[str, str], seen: bool):
        stands = self.model[key].version if key in self.model else None
        expected = stands if seen else ("another" if stands is None else None)
        try:
            receipt = self.store.replace(key, content, expected_version=expected, metadata=metadata)
        except PreconditionFailedError:
            assert not seen
            return multiple()
        assert seen
        self.model[key] = Stored(receipt.version, content, metadata)
        return receipt

    @rule(receipt=receipts)
    def verify(self, receipt: Receipt) -> None:
        stands = self.model[receipt.key]
        same = hashlib.sha256(stands.content).hexdigest() == receipt.sha256
        same |= self.keeps_versions
        try:
            assert self.store.verify(receipt).sha256 == receipt.sha256
            assert same
        except ObjectMissingError:
            assert not same

    @rule(key=KEYS)
    def read(self, key: str) -> None:
        try:
            assert self.store.read(key) == self.model[key].content
        except ObjectMissingError:
            assert key not in self.model

    @rule(prefix=PREFIXES)
    def list(self, prefix: str) -> None:
        keys = sorted((key for key in self.model if key.startswith(prefix)), key=str.encode)
        assert [listed.key for listed in self.store.list(prefix)] == keys

    @invariant()
    def every_object_is_described_as_stored(self) -> None:
        infos = (self.store.info(listed.key) for listed in self.store.list(""))
        found = {
            info.key: (info.version, info.sha256, info.size, info.metadata)
            for info in infos
            if info is not None
        }
        assert found == {
            key: (
                stored.version,
                hashlib.sha256(stored.content).hexdigest(),
                len(stored.content),
                stored.metadata,
            )
            for key, stored in self.model.items()
        }
