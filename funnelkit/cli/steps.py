"""`--steps "A > B"`, or `--step A --step B`: one of the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Sequence


def steps_of(steps: str | None, step: Sequence[str] | None) -> str | list[str] | None:
    """Return what was given of the two options; None where neither was.

    Raises:
        DefinitionError: both were given.
    """
    if steps is not None and step:
        raise DefinitionError("give --steps or --step, not both")
    return list(step) if step else steps
