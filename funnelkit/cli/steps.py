"""`--steps "A > B"`, or `--step A --step B`: one of the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.model import Funnel


def steps_of(steps: str | None, step: Sequence[str] | None) -> str | list[str] | None:
    """Return what was given of the two options; None where neither was.

    Raises:
        DefinitionError: both were given.
    """
    if steps is not None and step:
        raise DefinitionError("give --steps or --step, not both")
    return list(step) if step else steps


def eaten_steps(funnel: Funnel, events: Sequence[str], columns: str | None) -> list[str]:
    """Return a warning where the shell took the `>` of unquoted steps for itself.

    A file that the shell just made is suspect; it is a step if the events know its name.
    """
    from funnelkit.specs.shell import eaten_by_shell

    if eaten_by_shell(funnel.steps) is None:
        return []
    known: Sequence[str] | None = None
    if "-" not in events:  # what came through stdin cannot be read a second time
        from funnelkit.engine.doubts import event_types
        from funnelkit.events.sources import open_events

        with open_events(events, columns=columns) as table:
            known = event_types(table)
    warning = eaten_by_shell(funnel.steps, events=known)
    return [] if warning is None else [f"warning: {warning}"]
