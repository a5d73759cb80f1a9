"""`soxauto sql`: a statement of the catalogue as text, for a person to run by hand."""

from __future__ import annotations

from soxauto_assets.catalog.loader import load_entry
from soxauto_assets.catalog.parameters import values_for
from soxauto_assets.entrypoints.choices import chosen_reports
from soxauto_assets.errors import PermanentError
from soxauto_assets.period import Period
from soxauto_assets.warehouse.binding import markers
from soxauto_assets.warehouse.protocol import Statement
from soxauto_assets.warehouse.ssms import ssms_text


class UnknownControlError(PermanentError):
    """A control is named that the report does not have."""


def printed_statement(report: str, period: Period, *, control: str | None, for_ssms: bool) -> str:
    """The query of a report, or one of its controls; raises UnknownReport- or -ControlError."""
    entry = load_entry(chosen_reports([report])[0])
    name, text = f"{entry.report.id}/query", entry.query
    if control is not None:
        found = {one.name: one.sql for one in entry.controls}
        if control not in found:
            raise UnknownControlError(
                f"{entry.report.id} has no control {control!r}.",
                remedy=f"Choose from: {', '.join(found)}.",
            )
        name, text = f"{entry.report.id}/controls/{control}", found[control]
    if not for_ssms:
        return text
    values = values_for(entry.report, period)
    return ssms_text(Statement(name, text, {n: values[n] for n in markers(text) if n in values}))
