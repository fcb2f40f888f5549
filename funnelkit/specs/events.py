"""What is made of events beside steps: exclusions, custom events, and events to compare with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from funnelkit.errors import DefinitionError
from funnelkit.model import CUSTOM, ComparedEvent, CustomEvent, EventSelector, Exclusion
from funnelkit.specs.steps import QUOTED, STEP_NUMBER, parse_step, unquoted

if TYPE_CHECKING:
    from collections.abc import Collection

_BETWEEN: Final = re.compile(r"""\bbetween\b[^]["'|]*$""", re.IGNORECASE)
_MISSPELT: Final = re.compile(
    r"\S+\s+(?:steps?\s+)?[0-9]{1,9}\s+and\s+(?:step\s+)?[0-9]{1,9}\s*$", re.IGNORECASE
)
"""What ends like two steps, without the word before them."""
_STEPS: Final = re.compile(
    r"between\s+(?:steps?\s+)?([0-9]{1,9})\s+and\s+(?:step\s+)?([0-9]{1,9})\s*", re.IGNORECASE
)
_NAMED: Final = re.compile(QUOTED.pattern + r"""=|\s*([^"'=][^=]*)=""", re.DOTALL)


def parse_events(text: str, *, what: str = "events") -> tuple[EventSelector, ...]:
    """Return the events of `A[x is 1] | B`: any one of them will do.

    Raises:
        DefinitionError: the text breaks the grammar; `what` names it in the message.
    """
    from funnelkit.specs.parser import parse

    return cast("tuple[EventSelector, ...]", parse(text, "events", what=what))


def parse_exclusion(text: str) -> Exclusion:
    """Return the exclusion of `A[x is 1] | B between 1 and 2`; without steps, between all.

    An event with the word between in its name is quoted.

    Raises:
        DefinitionError: the text breaks the grammar, or what follows `between` is no two steps.
    """
    found = _BETWEEN.search(text) or _MISSPELT.search(text)
    if found is None:
        return Exclusion(parse_events(text, what="exclusion"))
    steps = _STEPS.fullmatch(found[0])
    if steps is None:
        from funnelkit.specs.syntax_errors import pointing

        raise pointing(
            text,
            position=found.start(),
            problem="after `between` stand two steps",
            what="exclusion",
            hint="Write Refund between 1 and 2; an event with this word in its name is quoted.",
        )
    events = parse_events(text[: found.start()], what="exclusion")
    return Exclusion(events, (int(steps[1]), int(steps[2])))


def parse_custom_event(text: str) -> CustomEvent:
    """Return the custom event of `NAME = A | B[x is 1]`; steps call it `ce:NAME`.

    Raises:
        DefinitionError: the name is missing, or the events break the grammar.
    """
    named = _NAMED.match(text)
    quoted, bare = named.groups() if named else (None, None)
    name = unquoted(quoted) if quoted else (bare or "").strip()
    if named is None or not name:
        raise DefinitionError(
            "a custom event has a name, an equals sign and its events, as in "
            f"`Big Spender = Order[price > 99] | Subscribe`; got {text!r}"
        )
    return custom_event(name, text[named.end() :])


def custom_event(name: str, text: str) -> CustomEvent:
    """Return the custom event of that name, whose events stand in `text`.

    Raises:
        DefinitionError: the events break the grammar, or one is a custom event itself.
    """
    return CustomEvent(name, parse_events(text, what=f"custom event {name!r}"))


def parse_compared_event(text: str) -> ComparedEvent:
    """Return the event of `2: B[x is 1]`, and the step in whose place it stands.

    Raises:
        DefinitionError: the step is missing, or the event breaks the grammar.
    """
    numbered = STEP_NUMBER.match(text)
    if numbered is None:
        raise DefinitionError(
            f"an event is compared with that of a step, as in `2: ProductAdded`; got {text!r}"
        )
    event = parse_step(text[numbered.end() :], what="compared event")
    return ComparedEvent(int(numbered[1]), event)


def used(
    custom_events: Collection[CustomEvent], selectors: Collection[EventSelector]
) -> tuple[CustomEvent, ...]:
    """Return those of the custom events that one of the selectors names."""
    names = {selector.event_type for selector in selectors}
    return tuple(custom for custom in custom_events if CUSTOM + custom.name in names)
