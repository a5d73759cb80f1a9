"""``python -m soxauto_assets.warehouse.lint``: print the findings; exit 1 where there are any."""

from __future__ import annotations

import sys

from soxauto_assets.warehouse.lint import lint_catalog


def main() -> int:
    """Print every finding as ``file:line: rule: message``; 0 only where there is none."""
    findings = lint_catalog()
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
