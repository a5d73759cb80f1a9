"""`soxauto serve …`: the commands of a container; what they do stands in ``serve.py``."""

from __future__ import annotations

from typing import Annotated

import typer

from soxauto_assets.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Serve in a container, on PostgreSQL: web server or daemon, until SIGTERM.",
)


@app.command()
def web(
    read_only: Annotated[
        bool, typer.Option("--read-only", help="For auditors: nothing can be started or changed.")
    ] = False,
) -> None:
    """Become Dagster's web server, on port 3000 of all addresses of the container.

    It has no login: only a load balancer that authenticates may reach it.
    """
    from soxauto_assets.entrypoints.serve import serve

    serve("web", Settings.load(), read_only=read_only)


@app.command()
def daemon() -> None:
    """Become Dagster's daemon: schedules, sensors, and a Fargate task for each run."""
    from soxauto_assets.entrypoints.serve import serve

    serve("daemon", Settings.load())


@app.command()
def health() -> None:
    """Exit code 0 when what this container serves is well, else 1."""
    from soxauto_assets.entrypoints.serve import is_well

    raise typer.Exit(0 if is_well(Settings.load()) else 1)
