"""Settings by name, as they are typed: `any-order-steps=listed`, `seconds = round`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError, did_you_mean, fold
from funnelkit.model.settings import setting_choices

if TYPE_CHECKING:
    from collections.abc import Iterable


def parse_setting(text: str) -> tuple[str, str]:
    """Return the name and the choice of `NAME=VALUE`, spelt as the model spells them.

    Raises:
        DefinitionError: there is no such setting, or it has no such choice; all are listed.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise DefinitionError(f"a setting is NAME=VALUE; got {text!r}.{_all()}")
    return choose(name.strip(), value.strip())


def choose(name: str, value: str) -> tuple[str, str]:
    """Return both as the model spells them; blanks, hyphens and underscores are all alike.

    Raises:
        DefinitionError: there is no such setting, or it has no such choice.
    """
    choices = setting_choices()
    found = [known for known in choices if fold(known) == fold(name)]
    if not found:
        hint = did_you_mean(name, choices) or _all()
        raise DefinitionError(f"there is no setting {name!r}.{hint}")
    values = [known for known in choices[found[0]] if fold(known) == fold(value)]
    if not values:
        raise DefinitionError(
            f"the setting {found[0]} is one of {', '.join(choices[found[0]])}; got {value!r}"
        )
    return found[0], values[0]


def chosen_once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the choice of each setting.

    Raises:
        DefinitionError: a setting is given two choices.
    """
    chosen: dict[str, str] = {}
    for name, value in pairs:
        if chosen.setdefault(name, value) != value:
            raise DefinitionError(f"the setting {name} is given twice: {chosen[name]} and {value}")
    return chosen


def _all() -> str:
    lines = (f"\n  {name}: {', '.join(choices)}" for name, choices in setting_choices().items())
    return f" Settings, the default first:{''.join(lines)}"
