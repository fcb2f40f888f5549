"""What can be said about a funnel, key by key: from text, or a plain value, to a record.

The keys are those of a funnel table. Each reader takes what may stand in a file or be given in
Python, a record of `model` included, and raises `DefinitionError` for everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, get_args

from funnelkit.errors import DefinitionError, did_you_mean, fold
from funnelkit.model import (
    ANY_EVENT,
    Bins,
    ComparedEvent,
    CountBy,
    CustomEvent,
    EventSelector,
    Exclusion,
    Filter,
    Funnel,
    GroupBy,
    Interval,
    Order,
    Property,
    Resolution,
    Segment,
    Settings,
    Step,
    Users,
)
from funnelkit.model.choices import check_choice
from funnelkit.specs.days import parse_bins, parse_days, parse_time_of_day, parse_weekdays
from funnelkit.specs.events import parse_compared_event, parse_custom_event, parse_exclusion
from funnelkit.specs.problems import WrongKindError, shown, text
from funnelkit.specs.settings import choose, chosen_once, parse_setting
from funnelkit.specs.steps import (
    STEP_NUMBER,
    Where,
    parse_filters,
    parse_property,
    parse_segment,
    parse_steps,
    parse_where,
)
from funnelkit.specs.text import UNIT_WORDS, format_property
from funnelkit.specs.times import parse_moment, parse_window

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, time

    from funnelkit.model import Unit, Weekday

T = TypeVar("T")
_ANYTHING: Final = Funnel(steps=(Step((EventSelector(ANY_EVENT),)),))

Window = timedelta | Literal["session"]


def several(reader: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    """Return a reader of one value or a list of them; all that are wrong make one error."""

    def read(value: object) -> tuple[T, ...]:
        found, wrong = [], []
        for one in value if isinstance(value, (list, tuple)) else [value]:
            try:
                found.append(reader(one))
            except WrongKindError:
                raise
            except DefinitionError as error:
                wrong.append(str(error))
        if wrong:
            raise DefinitionError("\n".join(wrong))
        return tuple(found)

    return read


def checked(field: str, reader: Callable[[object], Any]) -> Callable[[object], Any]:
    """Return a reader that also lets the record `Funnel` check the value of its field."""

    def read(value: object) -> Any:
        found = reader(value)
        replace(_ANYTHING, **{field: found})
        return found

    return read


def _either(kind: type[T], parse: Callable[[str], T], words: str) -> Callable[[object], T]:
    """Return a reader of text, or of a value that is what the text would become."""

    def read(value: object) -> T:
        if isinstance(value, kind):
            return value
        if isinstance(value, str):
            return parse(value)
        raise WrongKindError(f"expected {words}, got {shown(value)}")

    return read


def _choice(what: str, choices: tuple[str, ...]) -> Callable[[object], str]:
    """Return a reader of one of the choices; blanks, hyphens and underscores are all alike."""

    def read(value: object) -> str:
        word = text(value)
        found = [choice for choice in choices if fold(choice) == fold(word)]
        check_choice(what, found[0] if found else word, choices)
        return found[0]

    return read


def _steps(value: object) -> tuple[Step, ...]:
    steps: tuple[Step, ...]
    if isinstance(value, str):
        steps = parse_steps(value)
    elif isinstance(value, (list, tuple)) and all(isinstance(step, Step) for step in value):
        steps = tuple(value)
    elif isinstance(value, (list, tuple)):
        steps = parse_steps([text(step) for step in value])
    else:
        raise WrongKindError(f"expected text in quotes or a list of steps, got {shown(value)}")
    replace(_ANYTHING, steps=_ANYTHING.steps * len(steps))  # custom events are not known here
    return steps


def _where(value: object) -> Where:
    return Where(None, (value,)) if isinstance(value, Filter) else parse_where(text(value))


def _filters(value: object) -> tuple[Filter, ...]:
    return (value,) if isinstance(value, Filter) else parse_filters(text(value))


def _every(value: object) -> tuple[Filter, ...]:
    return tuple(chain.from_iterable(several(_filters)(value)))


def _moment(value: object) -> date | datetime:
    if isinstance(value, date):  # as is a datetime; TOML has both
        return value
    if isinstance(value, str):
        return parse_moment(value)
    raise WrongKindError(f"expected a date, got {shown(value)}")


def _window(value: object) -> Window:
    if isinstance(value, str) and fold(value) == "session":
        return "session"
    if isinstance(value, timedelta):
        found = value
    elif isinstance(value, str) or type(value) is int:
        # A bare number is the likely mistake, and `parse_window` knows what to say.
        found = parse_window(str(value))
    else:
        raise WrongKindError(f"expected a duration as in '7d', got {shown(value)}")
    replace(_ANYTHING, window=found)
    return found


def _days(what: str) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, str) or type(value) is int:
            return parse_days(str(value), what=what)
        raise WrongKindError(f"expected days as in '30d', got {shown(value)}")

    return read


def _weekdays(value: object) -> tuple[Weekday, ...]:
    days = chain.from_iterable(several(lambda one: parse_weekdays(text(one)))(value))
    return tuple(dict.fromkeys(days))


def _time_of_day(value: object) -> tuple[time | None, time | None]:
    return parse_time_of_day(text(value))


def _unit(value: object) -> Unit | Property:
    if isinstance(value, Property):
        return value
    word = text(value).strip()
    name = UNIT_WORDS.get(fold(word))
    if name is None:
        return parse_property(word)
    if word != name:
        raise DefinitionError(
            f"unit is user, session or a property; got {word!r}.{did_you_mean(word, [name])} "
            "A property of this name is quoted."
        )
    return "user" if name == "user" else "session"


_property = _either(Property, parse_property, "the name of a property")


def _group_by(value: object) -> GroupBy:
    if isinstance(value, GroupBy):
        return value
    found = several(_grouped)(value)
    steps = {step for step, _ in found}
    if len(steps) > 1:
        raise DefinitionError(
            "a funnel is grouped at one step: both properties belong to the same one; got "
            f"{' and '.join(f'step {step}' for step in sorted(steps))}"
        )
    return GroupBy(tuple(prop for _, prop in found), *steps)


def _grouped(value: object) -> tuple[int, Property]:
    numbered = STEP_NUMBER.match(value) if isinstance(value, str) else None
    if numbered is None:
        return 1, _property(value)
    return int(numbered[1]), parse_property(numbered.string[numbered.end() :])


def _whole(value: object) -> int:
    if type(value) is int:
        return value
    raise WrongKindError(f"expected a whole number, got {shown(value)}")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise WrongKindError(f"expected true or false, got {shown(value)}")


def read_settings(value: object) -> dict[str, str]:
    """Return chosen settings by name: of `NAME=VALUE`, several of them, or a mapping."""
    if isinstance(value, Settings):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(choose(text(name), text(choice)) for name, choice in value.items())
    return chosen_once(several(lambda one: parse_setting(text(one)))(value))


def _hold(value: object) -> tuple[Property, ...]:
    held = several(_property)(value)
    for place, prop in enumerate(held):
        if prop in held[:place]:
            raise DefinitionError(f"the property {format_property(prop)} is held twice")
    return held


read_segments = several(_either(Segment, parse_segment, "text in quotes"))
read_custom_events = several(_either(CustomEvent, parse_custom_event, "text in quotes"))

READERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "steps": _steps,
    "where": several(_where),
    "where_every_step": _every,
    "where_every_event": _every,
    "segments": read_segments,
    "from": _moment,
    "to": _moment,
    "last": _days("last"),
    "offset": _days("offset"),
    "exclude_incomplete": _flag,
    "exclude_weekday": _weekdays,
    "time_of_day": _time_of_day,
    "timezone": checked("timezone", text),
    "window": _window,
    "order": _choice("order", get_args(Order)),
    "count_by": _choice("count_by", get_args(CountBy)),
    "unit": _unit,
    "users": _choice("users", get_args(Users)),
    "hold": _hold,
    "exclude": several(_either(Exclusion, parse_exclusion, "text in quotes")),
    "group_by": _group_by,
    "group_limit": _whole,
    "resolution": _choice("resolution", get_args(Resolution)),
    "optional_step": _whole,
    "compare_event": several(_either(ComparedEvent, parse_compared_event, "text in quotes")),
    "custom_events": read_custom_events,
    "inactive_events": several(text),
    "interval": _choice("interval", get_args(Interval)),
    "time_to_convert": _flag,
    "bins": _either(Bins, parse_bins, "text in quotes"),
    "frequency": _flag,
    "sum": _property,
    "by_age": _flag,
    "settings": read_settings,
}
"""What reads each key, in the order in which the keys are written."""
