"""docs/why.md lists every kind of reading that is tried, and no other."""

from __future__ import annotations

import re
from typing import get_args

from console_blocks import REPOSITORY

from funnelkit.verification.reconciliation.reading import Family


def test_every_kind_of_reading_has_its_line_in_the_table():
    page = (REPOSITORY / "docs" / "why.md").read_text("utf-8")
    table = page.partition("## What is tried")[2].partition("\n## ")[0]
    kinds = re.findall(r"^\| ([a-z ]+) \|", table, re.MULTILINE)
    assert sorted(kinds) == sorted(["kind", *get_args(Family)])
