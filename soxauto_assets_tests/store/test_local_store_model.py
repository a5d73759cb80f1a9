"""Any sequence of calls on a folder does what the same calls do on a dictionary."""

from __future__ import annotations

import shutil

from hypothesis import HealthCheck, settings
from hypothesis.stateful import consumes, rule

from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import ObjectDamagedError, Receipt
from soxauto_assets_tests.support.store_model import StoreAgainstDictionary


class LocalStoreAgainstDictionary(StoreAgainstDictionary):
    store: LocalStore

    def open_store(self) -> None:
        self.copies = 0
        self.root = self.folder / "store"
        self.store = LocalStore(self.root, name="results")

    @rule(receipt=consumes(StoreAgainstDictionary.receipts))
    def damage_and_restore(self, receipt: Receipt) -> None:
        stands = self.model[receipt.key]
        path = self.store.local_path(receipt.key)
        path.chmod(0o644)
        path.write_bytes(stands.content + b"!")
        for use in (lambda: self.store.read(receipt.key), lambda: self.store.verify(receipt)):
            try:
                use()
                raise AssertionError("the damage went unnoticed")
            except ObjectDamagedError:
                pass
        path.write_bytes(stands.content)

    @rule()
    def open_again(self) -> None:
        self.store = LocalStore(self.root, name="results")

    @rule()
    def move_to_a_copy(self) -> None:
        if not self.root.exists():
            return
        self.copies += 1
        copy = self.folder / f"copy {self.copies}"
        shutil.copytree(self.root, copy, copy_function=shutil.copyfile)
        self.root = copy
        self.store = LocalStore(copy, name="results")


TestLocalStoreAgainstDictionary = LocalStoreAgainstDictionary.TestCase
TestLocalStoreAgainstDictionary.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
