"""docs/python.md is what the docstrings say."""

from __future__ import annotations

from python_page import python_page
from write_pages import PYTHON_PAGE

import funnelkit


def test_page_is_what_make_docs_writes():
    assert PYTHON_PAGE.read_text("utf-8") == python_page(), "run `make docs`"


def test_everything_that_is_exported_stands_on_the_page():
    page = PYTHON_PAGE.read_text("utf-8")
    for name in funnelkit.__all__:
        assert name.startswith("_") or f"### fk.{name}\n" in page or f"| `{name}` |" in page
