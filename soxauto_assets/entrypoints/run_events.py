"""What the events of a Dagster run in this process say of how it ended.

Here: reading events. Not here: what a command makes of it (``close_month.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg


def was_stopped(result: dg.ExecuteInProcessResult) -> bool:
    """Whether a signal ended the run; Dagster says so nowhere but in the reason of its failure."""
    from dagster._core.events import RunFailureReason

    return any(
        event.is_job_failure
        and event.job_failure_data.failure_reason is RunFailureReason.UNEXPECTED_TERMINATION
        for event in result.all_events
    )


def step_failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """The reports whose step failed in Dagster, each with the message of its error.

    Dagster wraps an error in its own; below those, the outermost one is made for people.
    """
    causes = {}
    for event in result.all_events:
        if event.is_step_failure and event.step_key is not None:
            error = event.step_failure_data.error
            while (
                error is not None
                and error.cause is not None
                and (error.cls_name or "").startswith("Dagster")
            ):
                error = error.cause
            causes[event.step_key] = (
                "no error was recorded" if error is None else error.message.strip()
            )
    return causes
