"""Every setting stands on the page of rules, with its choices, the default first."""

from pathlib import Path

import pytest

from funnelkit.model.settings import setting_choices

PAGE = (Path(__file__).parents[2] / "docs" / "semantics.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "choices"), setting_choices().items())
def test_the_page_of_rules_names_the_setting_and_its_choices(name, choices):
    assert PAGE.count(f"`{name}` = `{choices[0]}`") == 1
    paragraph = PAGE.partition(f"`{name}` = ")[2].partition("|\n")[0]
    assert all(f"`{choice}`" in paragraph for choice in choices)
