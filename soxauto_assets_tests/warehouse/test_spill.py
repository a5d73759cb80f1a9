"""A spill folder is one session's own, and goes with it, also after a kill."""

import signal
import subprocess
import sys

import pytest

from soxauto_assets.warehouse.spill import spill_session


def test_each_session_has_a_folder_of_its_own_that_goes_with_it(tmp_path):
    with spill_session(tmp_path) as one, spill_session(tmp_path) as two:
        assert one != two
        (one / "spilled.tmp").write_bytes(b"x")
        assert one.is_dir()
        assert two.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_goes_when_the_session_fails(tmp_path):
    with pytest.raises(RuntimeError), spill_session(tmp_path):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_killed_process_is_removed_and_that_of_a_live_one_is_not(tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from soxauto_assets.warehouse.spill import spill_session\n"
        "with spill_session(Path(sys.argv[1])) as f:\n"
        "    (f / 'spilled.tmp').write_bytes(b'x'); print(f, flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    (folder,) = [process.stdout.readline().strip()]
    with spill_session(tmp_path):
        assert {folder} < {str(path) for path in tmp_path.iterdir()}
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [str(path) for path in tmp_path.iterdir()] == [folder]
    with spill_session(tmp_path) as mine:
        assert list(tmp_path.iterdir()) == [mine]
