"""The verifier stands alone: no other room, no Dagster, no cloud, no network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from soxauto_assets_tests.support.packages import published, sample

_SCRIPT = """
import json, socket, sys

def refused(*args, **kwargs):
    raise OSError("the network is off")

socket.socket.connect = socket.getaddrinfo = socket.create_connection = refused
from pathlib import Path
from soxauto_assets.verify import verify_package
after_import = set(sys.modules)
report = verify_package(Path(sys.argv[1]))
print(json.dumps([report.verdict.value, sorted(after_import), sorted(sys.modules)]))
"""


def test_the_verifier_imports_no_other_room_and_needs_no_network(tmp_path: Path) -> None:
    folder = published(sample(tmp_path), tmp_path / "store")
    answer = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(folder)], capture_output=True, check=True, text=True
    )
    verdict, after_import, at_the_end = json.loads(answer.stdout)

    assert verdict == "VERIFIED"
    rooms = {name for name in at_the_end if name.startswith("soxauto_assets")}
    assert {name for name in rooms if not name.startswith("soxauto_assets.verify")} == {
        "soxauto_assets"
    }
    heavy = {"dagster", "boto3", "polars", "pandera", "sqlglot"}
    assert heavy & set(at_the_end) == set()
    # Reading bytes and documents needs the standard library alone.
    assert {"duckdb", "pyarrow", "numpy"} & set(after_import) == set()


_ALONE = """
import sys
from importlib.machinery import PathFinder

class OnlyCryptography(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        spec = super().find_spec(name, path, target)
        top = name.partition(".")[0]
        installed = spec is not None and "site-packages" in str(spec.origin)
        return None if installed and top not in ("cryptography", "cffi", "_cffi_backend") else spec

sys.meta_path = [f for f in sys.meta_path if f is not PathFinder] + [OnlyCryptography]
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from soxauto_assets.verify import verify_package
print(verify_package(Path(sys.argv[1])).verdict.value)
"""


def test_the_integrity_tier_needs_no_other_library_than_cryptography(tmp_path: Path) -> None:
    folder = published(sample(tmp_path), tmp_path / "store")
    product = Path(__file__).parents[2]
    answer = subprocess.run(
        [sys.executable, "-c", _ALONE, str(folder), str(product)],
        capture_output=True,
        check=True,
        text=True,
    )

    assert answer.stdout == "NOT RECOMPUTED\n"
