"""Steps, filters, segments and properties, read from text in the grammar of `language.lark`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from funnelkit.errors import DefinitionError
from funnelkit.model import Cohort, Filter, Performed, Property, Segment, Step
from funnelkit.specs.quoting import EscapeError, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STEP_NUMBER: Final = re.compile(r"\s*([0-9]{1,9})\s*:")
QUOTED: Final = re.compile(
    r"""\s*("[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*')\s*""", re.DOTALL
)
_NAMED: Final = re.compile(QUOTED.pattern + r""":|\s*([^"':][^:]*):""", re.DOTALL)


class Where(NamedTuple):
    """Filters, and the 1-based step that they belong to; None is what the option stands for."""

    step: int | None
    filters: tuple[Filter, ...]


def parse_steps(text: str | Sequence[str]) -> tuple[Step, ...]:
    """Return the steps of `A[x is 1] > B | C > D`, or of one text for each step.

    `>`, `->` and `→` separate steps, `|` separates the events of one step, filters stand in
    brackets after the event. A bare name may hold blanks and begin with a `[…]`; any other is
    quoted.

    Raises:
        DefinitionError: the text breaks the grammar, or a single step is empty or several.
    """
    if isinstance(text, str):
        return _steps(text)
    steps: list[Step] = []
    wrong: list[str] = []
    for number, one in enumerate(text, 1):
        try:
            steps.append(parse_step(one, what=f"step {number}"))
        except DefinitionError as error:
            wrong.append(str(error))
    if wrong or not steps:
        raise DefinitionError("\n".join(wrong) or "a funnel needs at least one step")
    return tuple(steps)


def parse_step(text: str, *, what: str) -> Step:
    """Return the only step of a text; `what` names it in messages.

    Raises:
        DefinitionError: the text breaks the grammar, or holds several steps.
    """
    first, *more = _steps(text, what=what)
    if more:
        raise DefinitionError(
            f"{what} holds {1 + len(more)} steps: {text.strip()}\n"
            '  Give each step by itself, or all of them as one text: "A > B". '
            "A `>` that belongs to a name is quoted."
        )
    return first


def parse_filters(text: str, *, what: str = "filter") -> tuple[Filter, ...]:
    """Return the filters of `feature in (a, b) and user.plan is not (none)`; all must hold.

    Raises:
        DefinitionError: the text breaks the grammar; `what` names it in the message.
    """
    from funnelkit.specs.parser import parse

    return cast("tuple[Filter, ...]", parse(text, "filters", what=what))


def parse_where(text: str) -> Where:
    """Return the filters of `feature is a`, or of `3: feature is a` with their step.

    The filter of a numbered step may stand in quotes of its own: `3:"feature is a"`.

    Raises:
        DefinitionError: the step is 0, or the filter breaks the grammar.
    """
    numbered = STEP_NUMBER.match(text)
    if numbered is None:
        return Where(None, parse_filters(text))
    step, rest = int(numbered[1]), text[numbered.end() :]
    if step == 0:
        raise DefinitionError(f"steps are counted from 1; got step 0 in {text!r}")
    if QUOTED.fullmatch(rest):
        rest = unquoted(rest.strip())
    return Where(step, parse_filters(rest, what=f"filter of step {step}"))


def parse_segment(text: str) -> Segment:
    """Return the segment of `NAME: conditions`; no condition after the colon means everybody.

    Raises:
        DefinitionError: the name is missing, or the conditions break the grammar.
    """
    named = _NAMED.match(text)
    quoted, bare = named.groups() if named else (None, None)
    name = unquoted(quoted) if quoted else (bare or "").strip()
    if named is None or not name or (bare and name == "gp"):  # `gp:plan is x` has no name
        raise DefinitionError(
            f"a segment has a name, a colon and a filter, as in `mobile: platform in (iOS, "
            f"Android)`; got {text!r}"
        )
    return parse_conditions(text[named.end() :], name=name)


def parse_conditions(text: str, *, name: str) -> Segment:
    """Return the segment of that name whose conditions stand in `text`; none means everybody.

    A condition is a filter, `performed(EVENT | EVENT) >= 3`, perhaps with `in 30d` or `ever`, or
    `cohort(FILE)` or `not cohort(FILE)`. All must hold.

    Raises:
        DefinitionError: the text breaks the grammar.
    """
    if not text.strip():
        return Segment(name)
    from funnelkit.specs.parser import parse

    found = parse(text, "conditions", what=f"condition of segment {name!r}")
    return Segment(
        name,
        filters=tuple(one for one in found if isinstance(one, Filter)),
        performed=tuple(one for one in found if isinstance(one, Performed)),
        cohorts=tuple(one for one in found if isinstance(one, Cohort)),
    )


def parse_property(text: str) -> Property:
    """Return the property of `feature`, `user.plan`, `gp:plan`, `user."a b"` or `group.company`.

    Raises:
        DefinitionError: the text is not one property.
    """
    from funnelkit.specs.parser import parse

    return cast("Property", parse(text, "property", what="property"))


def apply_where(steps: tuple[Step, ...], wheres: Iterable[Where]) -> tuple[Step, ...]:
    """Return the steps with each filter added to its step, or to step 1 where none is named.

    Raises:
        DefinitionError: there is no such step.
    """
    found = list(steps)
    for step, filters in wheres:
        number = 1 if step is None else step
        if not 1 <= number <= len(found):
            raise DefinitionError(
                f"a filter is meant for step {number}, but the funnel has {len(found)} steps"
            )
        found[number - 1] = found[number - 1].where(*filters)
    return tuple(found)


def _steps(text: str, *, what: str = "steps") -> tuple[Step, ...]:
    from funnelkit.specs.parser import parse

    return cast("tuple[Step, ...]", parse(text, "steps", what=what))


def unquoted(quoted: str) -> str:
    """Return what stands between the quotes."""
    try:
        return unquote(quoted)
    except EscapeError as error:
        raise DefinitionError(f"cannot read {quoted}: {error}") from None
