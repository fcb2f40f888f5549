"""What `--setting` means."""

import pytest

from funnelkit.errors import DefinitionError, fold
from funnelkit.model.settings import setting_choices
from funnelkit.specs.settings import choose, parse_setting


@pytest.mark.parametrize("separator", ["-", "_", " "])
def test_every_choice_can_be_typed_without_blanks(separator):
    for name, choices in setting_choices().items():
        for choice in choices:
            typed = f"{name.replace('_', separator)}={choice.replace(' ', separator)}"
            assert parse_setting(typed) == (name, choice)


def test_no_two_choices_are_spelt_alike():
    assert len({fold(name) for name in setting_choices()}) == len(setting_choices())
    for choices in setting_choices().values():
        assert len({fold(choice) for choice in choices}) == len(choices)


def test_blanks_and_case_do_not_matter():
    assert parse_setting(" Any-Order-Steps = ANY ") == ("any_order_steps", "any")


def test_an_unknown_name_has_near_names():
    with pytest.raises(DefinitionError, match=r"no setting 'second'. Did you mean 'seconds'"):
        choose("second", "round")


@pytest.mark.parametrize("text", ["seconds", "colour=blue", ""])
def test_where_nothing_is_near_every_setting_is_listed(text):
    with pytest.raises(DefinitionError) as raised:
        parse_setting(text)
    for name, choices in setting_choices().items():
        assert f"{name}: {', '.join(choices)}" in str(raised.value)


def test_an_unknown_choice_is_told_the_others():
    with pytest.raises(DefinitionError, match="seconds is one of floor, round; got 'up'"):
        choose("seconds", "up")
