"""The verifier as a program of its own: what ``verify.pyz``, which every package carries, runs.

``python verify.pyz PACKAGE --trust FILE --checkpoint FILE --log FOLDER --sign-off FILE`` needs
Python 3.11 and ``cryptography``; with ``duckdb`` and ``pyarrow`` installed it also recomputes the
figures. Here: arguments and exit codes.
Not here: anything of the verification, which is the same as in ``soxauto verify``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from soxauto_assets.verify.archive import verify_zip
from soxauto_assets.verify.findings import VerificationReport
from soxauto_assets.verify.kept import NotGivenError, kept_checkpoints
from soxauto_assets.verify.package import verify_package
from soxauto_assets.verify.report import EXIT_CODES, as_json, as_text
from soxauto_assets.verify.trust import TrustFileError, read_trust

_NOT_UNDERSTOOD = 2
_EPILOG = (
    "Exit code: 0 everything holds; 1 something differs, the first is named; 2 the command could "
    "not be run; 3 integrity holds, nothing was recomputed (duckdb or pyarrow is not installed); "
    "4 the time stamp is pending."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify the package that the arguments name and print what was found; the exit code."""
    parser = argparse.ArgumentParser(
        prog="verify.pyz",
        description="Verify a package of evidence from its own files: no network, no account.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "package",
        metavar="PACKAGE",
        type=Path,
        nargs="?",
        help="folder or ZIP of the package; without it, the folder that this file lies in",
    )
    parser.add_argument(
        "--trust", metavar="FILE", type=Path, help="your trust file: whose signatures count"
    )
    parser.add_argument(
        "--checkpoint",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a checkpoint of the log that you kept; may be given again",
    )
    parser.add_argument(
        "--log",
        metavar="FOLDER",
        type=Path,
        help="today's log, for --checkpoint; else the one that stands above the package",
    )
    parser.add_argument(
        "--sign-off",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a sign-off that is to be about this package; may be given again",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    given = parser.parse_args(arguments)
    package = given.package or Path(sys.argv[0]).resolve().parent
    if not package.exists():
        parser.error(f"there is no {package}; nothing was verified")
    try:
        trust = None if given.trust is None else read_trust(given.trust)
        kept = kept_checkpoints(given.checkpoint, given.log, package)
    except TrustFileError as error:
        print(f"The trust file cannot be used: {error}.", file=sys.stderr)
        return _NOT_UNDERSTOOD
    except NotGivenError as error:
        print(error, file=sys.stderr)
        return _NOT_UNDERSTOOD

    def verify(folder: Path) -> VerificationReport:
        return verify_package(folder, trust, sign_offs=given.sign_off, kept=kept)

    report = verify_zip(package, verify) if package.is_file() else verify(package)
    print(json.dumps(as_json(report), indent=2) if given.json else as_text(report))
    return EXIT_CODES[report.verdict]


if __name__ == "__main__":
    sys.exit(main())
