"""The parser that lark builds from `language.lark`, and the records it makes.

lark takes about 50 ms to import and to build the tables, so this module is imported late.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from funnelkit.model import NONE, EventSelector, Filter, Property, Step
from funnelkit.specs.quoting import EscapeError, unquote
from funnelkit.specs.syntax_errors import pointing, syntax_error

if TYPE_CHECKING:
    from funnelkit.model import Operator

LONGEST: Final = 1_000_000
"""Characters of a definition; more is a file passed by mistake."""


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
    except _BadEscape as error:
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
        start=["steps", "filters", "property"],
        maybe_placeholders=False,
        transformer=_Records(),
    )


class _BadEscape(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, error: EscapeError, *, position: int) -> None:
        super().__init__(str(error))
        self.position = position


@v_args(inline=True)
class _Records(Transformer[Token, Any]):
    """Turns each rule of the grammar into a record of `model`."""

    def steps(self, *steps: Step) -> tuple[Step, ...]:
        return steps

    def step(self, *events: EventSelector) -> Step:
        return Step(events)

    def event(self, name: Token, filters: tuple[Filter, ...] = ()) -> EventSelector:
        return EventSelector(_text(name), filters)

    def filters(self, *filters: Filter) -> tuple[Filter, ...]:
        return filters

    def compared(self, prop: Property, operator: Operator, *values: str) -> Filter:
        return Filter(prop, operator, values)

    def presence(self, prop: Property, operator: Token) -> Filter:
        return Filter(prop, "is not" if operator.type == "IS_SET" else "is", (NONE,))

    def property(self, *parts: Token) -> Property:
        return Property(_text(parts[-1]), "event" if len(parts) == 1 else "user")

    def operator(self, operator: Token) -> Operator:
        return cast("Operator", operator.type.lower().replace("_", " "))

    def value(self, value: Token) -> str:
        return _text(value)


def _text(token: Token) -> str:
    if token.type == "NONE":
        return NONE
    if token.type != "QUOTED":
        return str(token)
    try:
        return unquote(token)
    except EscapeError as error:
        raise _BadEscape(error, position=(token.start_pos or 0) + error.position) from None
