"""The verifier that a package carries: one file, alone, on another machine, without a network."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from soxauto_assets.evidence.verifier_file import verifier_file
from soxauto_assets_tests.support.held import held
from soxauto_assets_tests.support.packages import published, sample

_NO_NETWORK = """
import socket

def refused(*args, **kwargs):
    raise OSError("the network is off")

socket.socket.connect = socket.getaddrinfo = socket.create_connection = refused
"""
_INSTALLED = """
from importlib.util import find_spec
print([bool(find_spec(name)) for name in ("duckdb", "soxauto_assets", "cryptography")])
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with nothing installed but cryptography, and no network."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "python"], check=True)
    (site,) = (folder / "python").glob("lib/python*/site-packages")
    for name in ("cryptography", "cffi", "_cffi_backend"):
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (site / source.name).symlink_to(source)
    (site / "sitecustomize.py").write_text(_NO_NETWORK)
    return folder / "python" / "bin" / "python"


def _carried(tmp_path: Path) -> Path:
    """A package that was made elsewhere, copied, with the verifier that it carries."""
    folder = published(sample(tmp_path), tmp_path / "store")
    copy = tmp_path / "copied" / folder.name
    shutil.copytree(folder, copy)
    return copy


def _run(python: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-I", *arguments], capture_output=True, text=True, cwd="/", check=False
    )


def test_the_file_in_a_package_verifies_it_with_nothing_but_cryptography(
    elsewhere: Path, tmp_path: Path
) -> None:
    package = _carried(tmp_path)
    assert _run(elsewhere, "-c", _INSTALLED).stdout == "[False, False, True]\n"

    done = _run(elsewhere, package / "verify.pyz")
    as_json = _run(elsewhere, package / "verify.pyz", package, "--json")

    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("NOT RECOMPUTED")
    assert json.loads(as_json.stdout)["verdict"] == "NOT RECOMPUTED"


def test_the_file_names_what_was_changed(elsewhere: Path, tmp_path: Path) -> None:
    package = _carried(tmp_path)
    log = package / "log.jsonl"
    log.chmod(0o644)
    log.write_bytes(log.read_bytes() + b"\n")

    done = _run(elsewhere, package / "verify.pyz", package)

    assert (done.returncode, "log.jsonl" in done.stdout) == (1, True)


def test_the_file_asks_for_kept_checkpoint_sign_offs_and_trust(
    elsewhere: Path, tmp_path: Path
) -> None:
    """The whole integrity tier, in one file, with nothing but cryptography."""
    made = held(tmp_path, [sample(tmp_path)])[0]
    (tmp_path / "kept").write_bytes(made.kept)
    verifier = made.folder / "verify.pyz"
    given = ["--trust", tmp_path / "trust.toml", "--checkpoint", tmp_path / "kept"]
    for path in made.sign_offs:
        given += ["--sign-off", path]

    done = _run(elsewhere, verifier, made.folder, *given)

    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("NOT RECOMPUTED: its figures were not computed anew")
    for told in (
        "kept checkpoint of 4 entries",
        "preparer Amina Diallo",
        "seal.json",
        "log: entry",
    ):
        assert told in done.stdout

    checkpoint = made.log / "checkpoint"
    checkpoint.unlink()
    checkpoint.write_bytes(made.kept.replace(b"\n4\n", b"\n3\n"))
    found = _run(elsewhere, verifier, made.folder, *given)
    assert (found.returncode, found.stdout.splitlines()[0][:7]) == (1, "DIFFERS")
    elsewhere_log = _run(elsewhere, verifier, made.folder, *given, "--log", tmp_path / "nothing")
    assert (elsewhere_log.returncode, "name it with --log" in elsewhere_log.stderr) == (2, True)


def test_what_is_not_there_is_not_verified(elsewhere: Path, tmp_path: Path) -> None:
    file = tmp_path / "verify.pyz"
    file.write_bytes(verifier_file())

    done = _run(elsewhere, file, tmp_path / "nothing")

    assert (done.returncode, "nothing was verified" in done.stderr) == (2, True)


def test_one_release_makes_one_file() -> None:
    first = verifier_file()
    verifier_file.cache_clear()
    assert verifier_file() == first
