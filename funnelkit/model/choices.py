"""A check that every record makes: is a value one of those there are?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence


def check_choice(what: str, value: object, choices: Sequence[str]) -> None:
    """Raise `DefinitionError` unless `value` is one of `choices`."""
    if value not in choices:
        hint = did_you_mean(str(value), choices)
        raise DefinitionError(f"{what} is one of {', '.join(choices)}; got {value!r}.{hint}")
