"""Dagster's event log in SQLite, with connections that stay open.

Dagster's own class makes an engine, a connection and each statement's text anew for every event;
a month writes some thirteen hundred, which took a third of the time of `soxauto run`. This one
keeps them, and takes a quarter of that time (360 checks of 40 assets: 7 s of CPU instead of 28).

Here: the connections of the embedded default's event log, which ``dagster.yaml`` names. Not here:
tables and queries, which stay Dagster's, and the event log of a deployment, which is PostgreSQL.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData

from soxauto_assets.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

_INDEX = "index"
_MOST_SHARDS = 8
"""A run has a file of its own; of more runs than these, the one used longest ago is let go."""
_BUSY_SECONDS = 60
"""How long a writer waits for another process; as Dagster's own class does."""


class EventLog(SqliteEventLogStorage):
    """The event log below DAGSTER_HOME, where Dagster's own class would keep it."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._kept: OrderedDict[str, Engine] = OrderedDict()
        self._one_at_a_time = threading.Lock()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        """Nothing is to be configured."""
        return {}

    @classmethod
    def from_config_value(  # type: ignore[override]
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, str]
    ) -> EventLog:
        """The event log of the instance of DAGSTER_HOME.

        Where that is not set (`dg dev` makes an instance for the moment), of that in SOXAUTO_HOME:
        the same for all processes of one instance.
        """
        given = os.environ.get("DAGSTER_HOME")
        home = Path(given).expanduser() if given else Settings.load().home / "dagster"
        return cls(str(home / "history" / "runs"), inst_data)

    def run_connection(self, run_id: str | None = None) -> Any:
        """A transaction on the file of a run."""
        return self._transaction(str(run_id), lambda: super(EventLog, self).run_connection(run_id))

    def index_connection(self) -> AbstractContextManager[Connection]:
        """A transaction on the file of what is asked across runs."""
        return self._transaction(_INDEX, super().index_connection)

    @cached_property
    def supports_asset_checks(self) -> bool:
        """Whether the file has the table of checks: asked once, not at every check."""
        return bool(super().supports_asset_checks)

    def wipe(self) -> None:
        """Remove all events; the files of runs go, so nothing of them is kept open."""
        self._let_go()
        super().wipe()

    def dispose(self) -> None:
        """Close what is kept open."""
        self._let_go()
        super().dispose()

    def _let_go(self) -> None:
        with self._one_at_a_time:
            while self._kept:
                self._kept.popitem()[1].dispose()

    @contextmanager
    def _transaction(
        self, shard: str, first: Callable[[], AbstractContextManager[Connection]]
    ) -> Iterator[Connection]:
        with self._one_at_a_time:
            if shard not in self._kept:
                with first():  # makes the tables where there are none, against other processes
                    pass
                self._kept[shard] = self._engine(shard)
            self._kept.move_to_end(shard)
            while len(self._kept) > _MOST_SHARDS:
                self._kept.popitem(last=False)[1].dispose()
            with self._kept[shard].connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        from sqlalchemy import create_engine, event

        engine = create_engine(
            self.conn_string_for_shard(shard), connect_args={"timeout": _BUSY_SECONDS}
        )

        @event.listens_for(engine, "connect")
        def lightly(connection: Any, record: object) -> None:
            # A power cut may cost the last events, never the file; evidence stands elsewhere.
            connection.execute("PRAGMA synchronous = NORMAL")
            # The UI watches the file itself, which a write-ahead log alone does not change.
            connection.execute("PRAGMA wal_autocheckpoint = 1")

        return engine
