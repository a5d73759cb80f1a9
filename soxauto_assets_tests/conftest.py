"""Settings of the whole suite, and what test modules of several rooms share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from soxauto_assets_tests.support.folders import quick_folder

# Two shared cores: how long an example takes says nothing of the code.
settings.register_profile("soxauto", deadline=None)
settings.load_profile("soxauto")


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small embedded warehouse, through the last closed month."""
    from soxauto_assets_tests.support.command import whole_demo

    return whole_demo(tmp_path_factory)


@pytest.fixture(scope="session")
def new_folder() -> Iterator[Callable[[], Path]]:
    """Makes folders where syncing costs nothing; they are gone at the end."""
    with ExitStack() as kept:
        yield lambda: kept.enter_context(quick_folder())
