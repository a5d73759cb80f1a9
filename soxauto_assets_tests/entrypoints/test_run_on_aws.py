"""The same command with settings alone changed: stores in S3, alerts to SNS, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import boto3

from soxauto_assets.store.s3 import S3Store
from soxauto_assets.verify.findings import Verification
from soxauto_assets.verify.package import verify_package
from soxauto_assets_tests.support.command import Home
from soxauto_assets_tests.support.s3_server import REGION, s3_server


def test_a_report_is_closed_in_buckets_with_settings_alone_changed(
    new_folder: Callable[[], Path], demo_folder: Path, tmp_path: Path
) -> None:
    home = Home(new_folder() / "home", demo_folder)
    with s3_server() as server:
        sns = boto3.client("sns", region_name=REGION, endpoint_url=server.endpoint)
        topic = sns.create_topic(Name="sox-alerts")["TopicArn"]
        results, evidence = server.bucket(), server.bucket(locked_days=1)
        cloud = {
            "SOXAUTO_STORE": "s3",
            "AWS_REGION": REGION,
            "SOXAUTO_AWS_ENDPOINT": server.endpoint,
            "S3_RESULTS_BUCKET": results,
            "S3_EVIDENCE_BUCKET": evidence,
            "SOXAUTO_S3_PREFIX": "pg01",
            "SOXAUTO_ALERT_TOPIC": topic,
        }
        closed = home.soxauto("run", "--period", "2024-09", "--report", "cr_05", **cloud)
        assert closed.code == 0, closed.err
        status = home.soxauto("status", "--period", "2024-09", **cloud)
        assert "PASS" in status.out
        failed = home.soxauto("run", "--period", "2024-05", "--report", "cr_05", **cloud)
        assert failed.code == 1
        keys = {
            info.key for info in S3Store(server.address(results, "pg01"), name="results").list("")
        }
        assert "current/cr_05/month=2024-09/data.parquet" in keys
        assert "current/cr_05/month=2024-05/data.parquet" not in keys
        packages = S3Store(server.address(evidence, "pg01"), name="evidence")
        verdicts = {}
        for period in ("2024-09", "2024-05"):
            folder = tmp_path / period
            prefix = f"attempts/cr_05/{period}/"
            for info in packages.list(prefix):
                file = folder / info.key.removeprefix(prefix).split("/", 1)[1]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(packages.read(info.key))
            report = verify_package(folder)
            verdicts[period] = (report.verdict, report.claim and report.claim.verdict)
        assert verdicts == {
            "2024-09": (Verification.VERIFIED, "PASS"),
            "2024-05": (Verification.VERIFIED, "FAIL"),
        }
        assert any(key.startswith("state/alerts/sent/report-failed.cr_05.2024-05") for key in keys)
    assert not (home.folder / "results").exists(), "nothing of it stands in a local store"
    assert not (home.folder / "alerts").exists()
