"""The environment that a package records, read without git and without a network."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from soxauto_assets.evidence.canonical import canonical_json
from soxauto_assets.evidence.environment import (
    code_digest,
    commit,
    describe_environment,
    lock_digest,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def make(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_the_environment_can_be_written_and_names_what_made_the_package() -> None:
    found = describe_environment(
        {"SOXAUTO_STORE": "local"}, engine="DuckDB 2.0.0", environment={"PATH": "/bin"}
    )

    assert canonical_json(found)
    assert sorted(found) == [
        "image_digest",
        "libraries",
        "machine",
        "pandera",
        "product",
        "python",
        "release_tag",
        "settings",
        "source",
        "user",
    ]
    assert found["settings"] == {"SOXAUTO_STORE": "local"}
    assert found["source"] == {"engine": "DuckDB 2.0.0", "drivers": {}}


def test_the_image_and_the_release_that_ran_are_named_where_they_are_known() -> None:
    digest = f"sha256:{'0a' * 32}"
    named = describe_environment({"SOXAUTO_IMAGE_DIGEST": digest, "SOXAUTO_RELEASE": "1.4.0"})
    unnamed = describe_environment({"SOXAUTO_IMAGE_DIGEST": "", "SOXAUTO_RELEASE": ""})

    assert (named["image_digest"], named["release_tag"]) == (digest, "1.4.0")
    assert (unnamed["image_digest"], unnamed["release_tag"]) == (None, None)


def test_secrets_are_masked_and_switches_of_pandera_are_shown() -> None:
    found = describe_environment(
        {
            "AWS_SECRET_ACCESS_KEY": "hunter2",
            "SOXAUTO_TOKEN": "",
            "SOURCE": "Server=nav;Uid=sox;Pwd=hunter2;Encrypt=yes",
        },
        environment={"PANDERA_VALIDATION_ENABLED": "False", "HOME": "/root"},
    )

    assert found["settings"] == {
        "AWS_SECRET_ACCESS_KEY": "***",
        "SOXAUTO_TOKEN": "",
        "SOURCE": "Server=nav;Uid=sox;Pwd=***;Encrypt=yes",
    }
    assert found["pandera"] == {"PANDERA_VALIDATION_ENABLED": "False"}


def test_the_code_digest_is_that_of_the_files_as_sha256sum_lists_them(tmp_path: Path) -> None:
    make(tmp_path, {"b.py": "B", "a/query.sql": "A"})
    lines = "".join(
        f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n"
        for name, text in [("a/query.sql", "A"), ("b.py", "B")]
    )

    assert code_digest(tmp_path) == hashlib.sha256(lines.encode()).hexdigest()


def test_the_code_digest_changes_with_names_and_texts_and_with_nothing_else(
    tmp_path: Path,
) -> None:
    first = make(tmp_path / "1", {"b.py": "B", "a/query.sql": "A"})
    same = make(
        tmp_path / "2",
        {"a/query.sql": "A", "a/__pycache__/b.pyc": "x", ".DS_Store": "x", "b.py": "B"},
    )
    renamed = make(tmp_path / "3", {"c.py": "B", "a/query.sql": "A"})
    edited = make(tmp_path / "4", {"b.py": "B", "a/query.sql": "A "})

    assert code_digest(first) == code_digest(same)
    assert len({code_digest(folder) for folder in (first, renamed, edited)}) == 3


@pytest.mark.parametrize(
    "files",
    [
        {".git/HEAD": f"{COMMIT}\n"},
        {".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": f"{COMMIT}\n"},
        {
            ".git/HEAD": "ref: refs/heads/main\n",
            ".git/packed-refs": f"# pack-refs with: peeled\n{COMMIT} refs/heads/main\n",
        },
        {
            ".git": "gitdir: store/worktrees/here\n",
            "store/worktrees/here/HEAD": "ref: refs/heads/side\n",
            "store/worktrees/here/commondir": "../..\n",
            "store/refs/heads/side": f"{COMMIT}\n",
        },
    ],
    ids=["detached", "loose ref", "packed ref", "linked working tree"],
)
def test_the_commit_is_read_from_the_files_of_git(tmp_path: Path, files: dict[str, str]) -> None:
    assert commit(make(tmp_path, files)) == {"id": COMMIT, "from": "checkout"}


@pytest.mark.parametrize(
    "files",
    [
        {},
        {".git/HEAD": "ref: refs/heads/unborn\n"},
        {".git/HEAD": "nonsense\n"},
        {".git": "gitdir: /gone\n"},
    ],
)
def test_where_no_commit_is_known_none_is_claimed(tmp_path: Path, files: dict[str, str]) -> None:
    assert commit(make(tmp_path, files)) is None


def test_the_lock_file_is_named_by_its_digest(tmp_path: Path) -> None:
    assert lock_digest(tmp_path) is None
    make(tmp_path, {"requirements.lock": "dagster==1\n"})

    assert lock_digest(tmp_path) == hashlib.sha256(b"dagster==1\n").hexdigest()
