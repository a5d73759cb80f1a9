"""Writing the generated pages (reports, rules of the control), and finding outdated ones."""

from __future__ import annotations

from pathlib import Path

from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.catalog.pages import page
from soxauto_assets.reconciliation.pages import rules_page
from soxauto_assets.reconciliation.rulebook import load_rules


def _pages(folder: Path) -> dict[Path, str]:
    entries = {report: load_entry(report) for report in report_ids()}
    index = ["<!-- Written by `soxauto docs` from the catalogue. -->", "# Reports", ""]
    for report, entry in entries.items():
        index.append(f"- [{report.upper()}]({report}.md): {entry.report.title}")
    index.append("- [PG-01](pg01.md): the rules of the control")
    pages = {folder / f"{report}.md": page(entry) for report, entry in entries.items()}
    pages[folder / "pg01.md"] = rules_page(load_rules())
    return pages | {folder / "index.md": "\n".join([*index, ""])}


def write_pages(folder: Path) -> None:
    """Write all pages into ``folder``; pages of reports that are gone are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = _pages(folder)
    for path in set(folder.glob("*.md")) - pages.keys():
        path.unlink()
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")


def outdated_pages(folder: Path) -> tuple[Path, ...]:
    """The pages that are missing, say something else than the catalogue, or have no report."""
    pages = _pages(folder)
    wrong = [p for p, text in pages.items() if not p.exists() or p.read_text("utf-8") != text]
    return tuple(sorted([*wrong, *(set(folder.glob("*.md")) - pages.keys())]))
