"""The parser that lark builds from `language.lark`, and the records it makes.

lark takes about 20 ms to import, and 30 more to build its tables where they were not kept, so this
module is imported late.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from funnelkit.errors import DefinitionError
from funnelkit.model import (
    NONE,
    Cohort,
    EventSelector,
    Filter,
    HistoricalCount,
    Performed,
    Property,
    Scope,
    Step,
)
from funnelkit.specs.quoting import EscapeError, unquote
from funnelkit.specs.syntax_errors import pointing, syntax_error
from funnelkit.specs.times import parse_window

if TYPE_CHECKING:
    from datetime import timedelta

    from funnelkit.model import Operator
    from funnelkit.model.events import CountOperator
    from funnelkit.model.segments import Comparison

LONGEST: Final = 1_000_000
"""Characters of a definition; more is a file passed by mistake."""

_SCOPES: Final[dict[str, Scope]] = {"USER": "user", "GROUP": "group"}
_COMPARISONS: Final[dict[str, Comparison]] = {
    "is": "=", "is not": "!=", "less": "<", "less or equal": "<=", "greater": ">",
    "greater or equal": ">=",
}  # fmt: skip


def parse(text: str, start: str, *, what: str) -> Any:
    """Return what `text` means, read from the rule `start`; errors call the text `what`.

    Raises:
        DefinitionError: the text does not follow the grammar; the message points at the place.
    """
    _check_characters(text, what=what)
    parser = _parser()
    try:
        return parser.parse(text, start=start)
    except UnexpectedInput as error:
        position = error.pos_in_stream
        if position is None or getattr(error, "token", None) == "":
            position = len(text.rstrip())
        accepted = error.interactive_parser.accepts()  # type: ignore[no-untyped-call]
        raise syntax_error(text, position=position, accepted=accepted, what=what) from None
    except _Misfit as error:
        raise pointing(text, position=error.position, problem=str(error), what=what) from None


def _check_characters(text: str, *, what: str) -> None:
    if len(text) > LONGEST:
        raise pointing(text, position=0, problem=f"longer than {LONGEST:,} characters", what=what)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        problem = "this is not text in UTF-8"
        raise pointing(text, position=error.start, problem=problem, what=what) from None


@cache
def _parser() -> Lark:
    return Lark.open(
        "language.lark",
        rel_to=__file__,
        parser="lalr",
        start=["steps", "events", "filters", "conditions", "property"],
        maybe_placeholders=False,
        transformer=_Records(),
        cache=_tables(),
    )


def _tables() -> str | bool:
    """Return the file that keeps the parser's tables, beside the bytecode of this module.

    lark makes it anew for another grammar, lark or Python, and goes without where it may not write.
    """
    if sys.dont_write_bytecode:
        return False
    return str(Path(cache_from_source(__file__)).with_suffix(".lark"))


class _Misfit(Exception):  # noqa: N818 - never leaves this module
    """What follows the grammar and still means nothing."""

    def __init__(self, problem: object, *, position: int | None) -> None:
        super().__init__(str(problem))
        self.position = position or 0


class _Historical(NamedTuple):
    """A historical count, and where it stands."""

    asked: HistoricalCount
    position: int | None


class _Event(NamedTuple):
    """An event, and the historical counts in its brackets: these belong to its step."""

    selector: EventSelector
    historical: tuple[_Historical, ...]


@v_args(inline=True)
class _Records(Transformer[Token, Any]):
    """Turns each rule of the grammar into a record of `model`."""

    def steps(self, *steps: Step) -> tuple[Step, ...]:
        return steps

    def step(self, *events: _Event) -> Step:
        historical = [count for event in events for count in event.historical]
        if len(historical) > 1:
            raise _Misfit(
                "a step has one historical count at most", position=historical[1].position
            )
        count = historical[0].asked if historical else None
        return Step(tuple(event.selector for event in events), count)

    def events(self, *events: _Event) -> tuple[EventSelector, ...]:
        for event in events:
            for _, position in event.historical:
                raise _Misfit("a historical count belongs to a step", position=position)
        return tuple(event.selector for event in events)

    members = events

    def event(self, name: Token, *conditions: Filter | _Historical) -> _Event:
        filters = (one for one in conditions if isinstance(one, Filter))
        historical = (one for one in conditions if isinstance(one, _Historical))
        return _Event(EventSelector(_text(name), tuple(filters)), tuple(historical))

    def historical(self, operator: CountOperator, number: Token) -> _Historical:
        try:
            count = HistoricalCount(operator, int(number))
        except DefinitionError as error:
            raise _Misfit(error, position=number.start_pos) from None
        return _Historical(count, number.start_pos)

    def filters(self, *filters: Filter) -> tuple[Filter, ...]:
        return filters

    conditions = filters

    def performed(self, events: tuple[EventSelector, ...], *rest: str) -> Performed:
        found: dict[str, Any] = {}
        for part in rest:
            kind = part.type if isinstance(part, Token) else "comparison"
            if kind == "comparison":
                found["op"] = _COMPARISONS[part]
            elif kind == "NUMBER":
                found["count"] = int(part)
            elif isinstance(part, Token) and kind == "DURATION":
                found["within"] = _duration(part)
            elif kind == "EVER":
                found["ever"] = True
        return Performed(events, **found)

    def cohort(self, kind: Token, path: Token) -> Cohort:
        return Cohort(_text(path), inside=kind.type == "COHORT")

    def compared(self, prop: Property, operator: Operator, *values: str) -> Filter:
        return Filter(prop, operator, values)

    def presence(self, prop: Property, operator: Token) -> Filter:
        return Filter(prop, "is not" if operator.type == "IS_SET" else "is", (NONE,))

    def property(self, *parts: Token) -> Property:
        return Property(_text(parts[-1]), _SCOPES.get(parts[0].type, "event"))

    def operator(self, operator: Token) -> str:
        return "is" if operator.type == "IN" else operator.type.lower().replace("_", " ")

    count_operator = operator

    def value(self, value: Token) -> str:
        return _text(value)


def _duration(token: Token) -> timedelta:
    try:
        return parse_window(str(token), what="duration")
    except DefinitionError as error:
        raise _Misfit(error, position=token.start_pos) from None


def _text(token: Token) -> str:
    if token.type == "NONE":
        return NONE
    if token.type != "QUOTED":
        return str(token)
    try:
        return unquote(token)
    except EscapeError as error:
        raise _Misfit(error, position=(token.start_pos or 0) + error.position) from None
