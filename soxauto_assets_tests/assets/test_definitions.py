import subprocess
import sys

import dagster as dg
import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from soxauto_assets.assets.control_assets import PARTS
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.definitions import build
from soxauto_assets.settings import Settings

HEAVY = (
    "boto3", "botocore", "duckdb", "numpy", "pandas", "pandera", "polars", "pyarrow", "pyodbc",
    "sqlalchemy", "sqlglot",
)  # fmt: skip


@pytest.fixture(scope="module")
def definitions():
    return build(Settings.load({}))


def _described(definitions):
    graph = definitions.resolve_asset_graph()
    assets = {}
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        assets[key.to_user_string()] = {
            "group": node.group_name,
            "from": sorted(parent.to_user_string() for parent in node.parent_keys),
            "owners": sorted(node.owners),
            "kinds": sorted(node.kinds),
            "tags": {k: v for k, v in sorted(node.tags.items()) if "kind/" not in k},
            "checks": sorted(check.name for check in graph.get_check_keys_for_assets({key})),
            "pools": sorted(node.pools or ()),
            "partitions": None
            if node.partitions_def is None
            else type(node.partitions_def).__name__,
        }
    repository = definitions.get_repository_def()
    return {
        "assets": assets,
        "jobs": sorted(name for name in repository.job_names if not name.startswith("__")),
        "schedules": {s.name: s.cron_schedule for s in repository.schedule_defs},
        "sensors": sorted(s.name for s in repository.sensor_defs),
    }


def test_the_whole_definitions_are_the_reviewed_ones(definitions, snapshot):
    assert _described(definitions) == snapshot.use_extension(JSONSnapshotExtension)


def test_every_report_is_a_path_from_source_tables_to_a_package(definitions):
    graph = definitions.resolve_asset_graph()
    reports = {key.path[0] for key in graph.materializable_asset_keys} - {"pg01"}
    assert len(reports) == 14
    for report in reports:
        evidence = graph.get(dg.AssetKey([report, "evidence"]))
        assert evidence.parent_keys == {dg.AssetKey([report, "validated"])}
        validated = graph.get(dg.AssetKey([report, "validated"]))
        assert validated.parent_keys == {dg.AssetKey([report, "extract"])}
        sources = graph.get(dg.AssetKey([report, "extract"])).parent_keys
        assert sources, report
        assert all(graph.get(source).is_external for source in sources)


def test_every_report_leads_to_the_package_of_the_control_by_its_parts(definitions):
    graph = definitions.resolve_asset_graph()

    def parents(part):
        keys = graph.get(dg.AssetKey(["pg01", part])).parent_keys
        return {key.to_user_string() for key in keys}

    assert parents("ledger") == {"cr_03/validated", "cr_04/validated"}
    assert parents("fx") == {"cr_05/validated"}
    assert parents("variance") == {"pg01/ledger", "pg01/targets", "pg01/fx"}
    assert parents("movements") == {"pg01/ledger", "pg01/fx"}
    upstream, waiting = set(), {dg.AssetKey(["pg01", "review"])}
    assert parents("review") == {"pg01/evidence"}
    while waiting:
        key = waiting.pop()
        upstream.add(key.to_user_string())
        if key.path[0] == "pg01":
            waiting |= graph.get(key).parent_keys
    assert {f"{report}/validated" for report in report_ids()} <= upstream
    assert {f"pg01/{part}" for part in PARTS} <= upstream


def test_the_schedules_run_in_the_zone_and_on_the_days_of_the_settings():
    definitions = build(
        Settings.load({"SOXAUTO_TIME_ZONE": "Africa/Lagos", "SOXAUTO_HEARTBEAT_DAY": "7"})
    )
    schedules = definitions.get_repository_def().schedule_defs
    assert {s.name: (s.cron_schedule, s.execution_timezone) for s in schedules} == {
        "close_month_on_the_first": ("0 8 1-7 * *", "Africa/Lagos"),
        "close_month_after_close": ("0 8 * * 1-5", "Africa/Lagos"),
    }


def test_loading_handler_and_definitions_imports_no_data_library():
    """The function is there as soon as the definitions are: it needs nothing beside them."""
    code = (
        "import sys, soxauto_assets.entrypoints.lambda_handler, soxauto_assets.definitions;"
        f"print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert loaded.stdout.split() == []
