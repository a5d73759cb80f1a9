"""From settings to the real parts: which warehouse is read and where the stores are.

Here: the one place that binds the demonstration warehouse. Not here: the resources' protocols
(``assets/resources.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.assets.alerts import AlertSink
from soxauto_assets.assets.io_manager import ReportIOManager
from soxauto_assets.assets.partitions import FIRST_PERIOD, last_closed_period
from soxauto_assets.assets.progress import Listener, Listeners, LogListener
from soxauto_assets.assets.resources import (
    AttemptSettings,
    InputsResource,
    StateResource,
    WarehouseResource,
)
from soxauto_assets.automation.alerting import FolderSink
from soxauto_assets.automation.logs import JsonLogListener, log_as_json
from soxauto_assets.automation.metrics import (
    CloudWatchMetrics,
    EmbeddedMetrics,
    Metrics,
    MetricsListener,
    NoMetrics,
)
from soxauto_assets.automation.sns import SnsSink
from soxauto_assets.aws import AwsAccess
from soxauto_assets.period import Period
from soxauto_assets.settings import Settings
from soxauto_assets.store.s3_address import Retention, S3Address, S3Options
from soxauto_assets.tables.athena import Athena
from soxauto_assets.tables.glue import GlueTables
from soxauto_assets.tables.places import AthenaTables, TablePlace
from soxauto_assets.tables.redshift import RedshiftTables

if TYPE_CHECKING:
    from soxauto_assets.demo.plan import DemoPlan
    from soxauto_assets.evidence.signing import Signer
    from soxauto_assets.warehouse.protocol import Warehouse


PROBE_LOGIN_SECONDS = 8
PROBE_STATEMENT_SECONDS = 15
"""Of each of the two questions: together with their logins under Dagster's minute for a tick."""


class DemonstrationWarehouse(WarehouseResource):
    """The embedded warehouse: built in ``folder`` on first use, through month ``through``.

    ``seed`` and ``size`` are those of the settings; ``memory_mib`` bounds the engine.
    """

    folder: str
    through: str
    seed: int
    size: float
    memory_mib: int

    def warehouse(self) -> Warehouse:
        """The warehouse, built first where it is missing; that takes some seconds, once."""
        from soxauto_assets.demo.warehouse import demo_warehouse

        return demo_warehouse(
            Path(self.folder),
            through=Period.parse(self.through),
            plan=self._plan(),
            memory_limit_mib=self.memory_mib,
        )

    def databases(self) -> Mapping[str, Path]:
        """The DuckDB file of each database, built first where it is missing."""
        from soxauto_assets.demo.build import ensure_demo

        through = Period.parse(self.through)
        return ensure_demo(Path(self.folder), through=through, plan=self._plan())

    def _plan(self) -> DemoPlan:
        from soxauto_assets.demo.plan import DemoPlan

        return DemoPlan(seed=self.seed, size=self.size)


def secret_of(settings: Settings) -> Callable[[], str]:
    """What gives the connection string of SQL Server: the setting, or else the secret, anew."""
    if settings.db_connection_string is not None:
        return settings.db_connection_string.get_secret_value
    from soxauto_assets.warehouse.secrets import secret_reader

    return secret_reader(settings.db_secret, settings.aws_region, settings.aws_endpoint)


class SqlServerSource(WarehouseResource):
    """NAV BI on SQL Server; the fields are those of the settings.

    Dagster shows the configuration of a resource, so the connection string is none of it: it is
    read from the environment, or from Secrets Manager, when a session is opened.
    """

    odbc_driver_path: str | None
    isolation: str
    login_seconds: int
    statement_seconds: int

    def warehouse(self) -> Warehouse:
        """The warehouse; it connects when a session is opened."""
        return self._within(self.login_seconds, self.statement_seconds)

    def probe_warehouse(self) -> Warehouse:
        """The same, with time-outs that fit into the minute that a schedule's tick has."""
        return self._within(
            min(self.login_seconds, PROBE_LOGIN_SECONDS),
            min(self.statement_seconds, PROBE_STATEMENT_SECONDS),
        )

    def _within(self, login_seconds: int, statement_seconds: int) -> Warehouse:
        from soxauto_assets.warehouse.sqlserver import Isolation, SqlServerWarehouse

        driver = self.odbc_driver_path
        return SqlServerWarehouse(
            secret_of(Settings.load()),
            name="NAV BI (SQL Server)",
            odbc_driver_path=None if driver is None else Path(driver),
            isolation=Isolation(self.isolation),
            login_seconds=login_seconds,
            statement_seconds=statement_seconds,
        )


def warehouse_resource(settings: Settings) -> WarehouseResource:
    """The source of the reports that the settings name."""
    if settings.warehouse == "sqlserver":
        path = settings.odbc_driver_path
        return SqlServerSource(
            odbc_driver_path=None if path is None else str(path),
            isolation=settings.isolation,
            login_seconds=settings.login_timeout_seconds,
            statement_seconds=settings.statement_timeout_seconds,
        )
    return DemonstrationWarehouse(
        folder=str(settings.home / "demo"),
        through=str(last_closed_period(settings)),
        seed=settings.demo_seed,
        size=settings.demo_size,
        memory_mib=settings.engine_memory_mib,
    )


def store_url(settings: Settings, name: str) -> str:
    """The address of the results, evidence, state or inputs store."""
    if settings.store == "s3":
        return _s3_address(settings, name).text
    return (settings.home / name).resolve().as_uri()


def signer_of(settings: Settings) -> Signer:
    """The product's own key, which signs packages and the log's checkpoints."""
    from soxauto_assets.evidence.signing import open_signer

    return open_signer(
        settings.signing_key, keys_folder=settings.home / "keys", region=settings.aws_region
    )


def _s3_address(settings: Settings, name: str) -> S3Address:
    beside_results = settings.state_bucket or settings.s3_results_bucket
    bucket, folder = {
        "results": (settings.s3_results_bucket, ""),
        "evidence": (settings.s3_evidence_bucket, ""),
        "state": (beside_results, "state"),
        "inputs": (beside_results, "inputs"),
    }[name]
    options = S3Options(
        region=settings.aws_region,
        endpoint=settings.aws_endpoint,
        kms_key=settings.s3_kms_key,
        retention=Retention(settings.s3_retention_days, settings.s3_retention_mode)
        if name == "evidence"
        else None,
        tries=settings.s3_tries,
    )
    return S3Address(bucket, f"{settings.s3_prefix}/{folder}".strip("/"), options)


def alert_sink(settings: Settings) -> AlertSink:
    """Who takes alerts: the topic of the settings, or else a folder."""
    if settings.alert_topic is not None:
        return SnsSink(topic=settings.alert_topic, endpoint=settings.aws_endpoint)
    return FolderSink(folder=str(settings.home / "alerts"))


def athena_tables(settings: Settings) -> AthenaTables | None:
    """The results as tables in Glue and Athena; None where the settings make none."""
    if settings.store != "s3" or settings.tables == "off":
        return None
    access = AwsAccess(settings.aws_region, settings.aws_endpoint)
    results = _s3_address(settings, "results")
    return AthenaTables(
        GlueTables(access, settings.athena_database, results.url, FIRST_PERIOD),
        Athena(
            access,
            settings.athena_database,
            settings.athena_workgroup,
            settings.athena_output_location,
            settings.athena_timeout_seconds,
            settings.athena_scan_limit_mib,
            settings.s3_kms_key,
        ),
    )


def redshift_tables(settings: Settings) -> RedshiftTables | None:
    """The results copied into Redshift; None where the settings name none."""
    if settings.store != "s3" or settings.redshift_target is None:
        return None
    assert settings.redshift_role is not None  # Settings.load
    return RedshiftTables(
        AwsAccess(settings.aws_region, settings.aws_endpoint),
        settings.redshift_target,
        settings.redshift_database,
        settings.redshift_schema,
        settings.redshift_role,
        _s3_address(settings, "results").url,
        settings.redshift_timeout_seconds,
        settings.redshift_secret,
    )


def table_places(settings: Settings) -> tuple[TablePlace, ...]:
    """Every place where published results are tables, by the settings."""
    return tuple(p for p in (athena_tables(settings), redshift_tables(settings)) if p is not None)


def metrics(settings: Settings) -> Metrics:
    """Where figures of attempts go."""
    match settings.metrics:
        case "emf":
            return EmbeddedMetrics()
        case "put":
            return CloudWatchMetrics(AwsAccess(settings.aws_region, settings.aws_endpoint))
    return NoMetrics()


def listeners(settings: Settings, first: Listener | None = None) -> Listener:
    """Who hears of attempts: ``first`` (by default Dagster's log), metrics, and a log of JSON."""
    heard: list[Listener] = [first or LogListener(settings.log_level)]
    if settings.metrics != "off":
        heard.append(MetricsListener(metrics(settings)))
    if settings.log_format == "json":
        log_as_json(settings.log_level)
        heard.append(JsonLogListener())
    return Listeners(*heard)


def resources(settings: Settings) -> Mapping[str, object]:
    """The resources of the definitions, for these settings."""
    return {
        "report_io": ReportIOManager(
            results_url=store_url(settings, "results"),
            evidence_url=store_url(settings, "evidence"),
        ),
        "state": StateResource(url=store_url(settings, "state")),
        "inputs": InputsResource(url=store_url(settings, "inputs")),
        "warehouse": warehouse_resource(settings),
        "alerts": alert_sink(settings),
        "metrics": metrics(settings),
        "attempt_settings": AttemptSettings(
            source_tries=settings.source_tries,
            lease_seconds=settings.lease_seconds,
            scratch_folder=str(settings.home / "scratch"),
            ui_url=settings.ui_url,
            pages_url=settings.pages_url,
            signing_key=settings.signing_key,
            keys_folder=str(settings.home / "keys"),
            aws_region=settings.aws_region,
            aws_endpoint=settings.aws_endpoint,
            tsa_url=settings.tsa_url,
            shown={variable: value for variable, value, _, _ in settings.table()},
        ),
    }
