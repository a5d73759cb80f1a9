"""What the tests of this room share: folders, and the small embedded warehouse."""

from soxauto_assets_tests.support.command import demo_folder, new_folder

__all__ = ["demo_folder", "new_folder"]
