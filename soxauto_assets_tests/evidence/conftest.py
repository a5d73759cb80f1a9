"""Quick folders, and papers that are made once, for all tests of this room."""

from soxauto_assets_tests.support.quick import papers_made_once, tmp_path

__all__ = ["papers_made_once", "tmp_path"]
