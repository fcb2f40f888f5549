"""The query of the Dashboard REST API, `GET /api/2/funnels` (specification B2)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.model import Measures, Period, Property, Settings
from funnelkit.specs.amplitude import writing
from funnelkit.specs.amplitude.dates import api_dates, read_day
from funnelkit.specs.amplitude.events import event_object, read_event
from funnelkit.specs.amplitude.groups import Place, one_group_by
from funnelkit.specs.amplitude.objects import Faults, built, choice, compact, items, lookback
from funnelkit.specs.amplitude.properties import property_key, read_property
from funnelkit.specs.amplitude.segments import conditions_of, distinct, read_conditions
from funnelkit.specs.amplitude.words import (
    INTERVALS,
    MODES,
    NUMBER_OF_INTERVAL,
    USERS,
    WORD_OF_ORDER,
    read_window,
)
from funnelkit.specs.documents import unique_keys
from funnelkit.specs.problems import Table, text
from funnelkit.specs.text import format_window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model import CustomEvent, Funnel, GroupBy, Order, Segment
    from funnelkit.specs.amplitude.events import Event
    from funnelkit.specs.amplitude.objects import Path

KEYS: Final = (
    "e", "start", "end", "mode", "n", "i", "s", "g", "cs", "limit", "nthTimeLookbackWindow",
)  # fmt: skip
"""The parameters, in the order of the specification and of what is written."""

REPEATED: Final = {"e", "s", "g"}
PATH: Final = "/api/2/funnels"
MOST_GROUPS: Final = 100
"""The groups that the API tells apart if nothing is said, of two properties as well."""

OPERATORS: Final = {
    "is", "is not", "contains", "does not contain", "less", "less or equal", "greater",
    "greater or equal", "set is", "set is not",
}  # fmt: skip
"""The operators that the API's page names; charts have more (A7)."""

_DAY: Final = timedelta(days=1)
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}")
_LINE_BREAK: Final = re.compile(r"[\r\n]+[ \t]*")  # no part of an address; people wrap them
_ADDRESS: Final = re.compile(r"https?://[^/?#]*(?P<path>[^?#]*)", re.IGNORECASE)


def funnel_from_query(
    query: str,
    *,
    source: str = "the query",
    timezone: str = "UTC",
    custom_events: tuple[CustomEvent, ...] = (),
    settings: Settings | None = None,
) -> Funnel:
    """Return the funnel of a query, or of a whole address with one.

    The query does not say the project's `timezone`, nor what the custom events are that it names.
    Segments have no names there: they are called "Segment 1" and so on.

    Raises:
        DefinitionError: with a line for every parameter that is wrong, or that a funnel cannot
            represent.
    """
    faults = Faults(source)
    settings = settings or Settings()
    found = _parameters(query, source, faults)
    single = {key: values[0] for key, values in found.items() if key not in REPEATED}
    table = Table(single, known=None, path=(), problems=faults)
    if "e" not in found:
        faults.add(("e",), 'missing; each step is an event: e={"event_type":"ProductViewed"}')
    for key in ("start", "end"):
        if key not in single:
            faults.add((key,), "missing; a day is written YYYYMMDD")
    events = [read_event(value, path, faults) for path, value in _objects(found, "e", faults)]
    order: Any = table.read("mode", choice(MODES, "the mode"), "this")
    table.read("nthTimeLookbackWindow", lambda value: lookback(_number(value)), None)
    interval = table.read("i", lambda value: choice(INTERVALS, "i")(_number(value)), None)
    return built(
        faults,
        source=source,
        custom_events=custom_events,
        steps=tuple(event.step for event in events if event),
        segments=_segments(found, faults, over_time=interval is not None),
        period=Period(table.read("start", read_day, None), table.read("end", read_day, None)),
        timezone=timezone,
        window=_window(table, order, settings),
        order=order,
        users=table.read("n", choice(USERS, "n"), "active"),
        group_by=_group_by(found, table, faults, events),
        measures=Measures(interval=interval),
        settings=settings,
    )


def query_from_funnel(funnel: Funnel) -> str:
    """Return the query that asks the API what the funnel asks, encoded, without the address.

    `funnel_from_query` reads it back, but for names and the time zone.

    Raises:
        UnsupportedError: with a line for everything that the API has no words for.
    """
    writing.refuse(
        chain(writing.unsaid(funnel, api_dates, _segment_lists), _unsaid(funnel)), form="query"
    )
    by, interval = funnel.group_by, funnel.measures.interval
    pairs = [("e", _json(_event_of(funnel, number))) for number in range(1, len(funnel.steps) + 1)]
    pairs += api_dates(funnel)
    pairs += [("mode", WORD_OF_ORDER[funnel.order]), ("n", funnel.users)]
    if interval is not None:
        pairs.append(("i", str(NUMBER_OF_INTERVAL[interval])))
    pairs += [("s", _json(conditions)) for conditions in _segment_lists(funnel)]
    if by is not None and _at_entry(by):
        pairs.append(("g", property_key(by.properties[0])))
    if funnel.window is not None:
        pairs.append(("cs", str(funnel.window // timedelta(seconds=1))))
    if by is not None and (by.limit or by.most != MOST_GROUPS):
        pairs.append(("limit", str(by.most)))
    if any(step.historical_count for step in funnel.steps):
        pairs.append(("nthTimeLookbackWindow", "365"))
    return urlencode(pairs, quote_via=quote, safe="")


def _parameters(query: str, source: str, faults: Faults) -> dict[str, list[str]]:
    """Return the values of every parameter of a query or an address."""
    query = _LINE_BREAK.sub("", query.strip())
    address = _ADDRESS.match(query)
    if address is not None:
        if address["path"].rstrip("/") != PATH:
            raise DefinitionError(f"{source}: funnels are asked at {PATH}; got {address['path']!r}")
        if "#" in query:
            raise DefinitionError(f"{source}: what follows # is not sent; in a name, write it %23")
        query = query[address.end() :]
    try:
        pairs = parse_qsl(
            query.removeprefix("?"), keep_blank_values=True, strict_parsing=True, errors="strict"
        )
    except ValueError as error:  # a part without =, or bytes that are not UTF-8
        raise DefinitionError(f"{source}: {error}; a query is e={{…}}&e={{…}}&start=…") from None
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    for key, values in found.items():
        if key not in KEYS:
            hint = did_you_mean(key, KEYS) or f" Known: {', '.join(KEYS)}."
            faults.add((key,), f"a funnel cannot represent this, {compact(values[0])}.{hint}")
        elif key not in REPEATED and len(values) > 1:
            faults.add((key,), f"it stands {len(values)} times; got {', '.join(values)}")
    return found


def _objects(
    found: dict[str, list[str]], key: str, faults: Faults
) -> Iterator[tuple[Path, object]]:
    """Yield what the values of a repeated parameter hold as JSON, with their places."""
    for index, value in enumerate(found.get(key, [])):
        path = (f"{key}[{index}]",)
        try:
            yield path, json.loads(value, object_pairs_hook=unique_keys)
        except (ValueError, RecursionError) as error:
            faults.add(path, f"no JSON: {error}; got {compact(value)}")
        except DefinitionError as error:
            faults.add(path, str(error))


def _number(value: object) -> int:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    raise DefinitionError(f"expected a whole number, got {compact(value)}")


def _segments(
    found: dict[str, list[str]], faults: Faults, *, over_time: bool
) -> tuple[Segment, ...]:
    segments = []
    for (name,), value in _objects(found, "s", faults):
        table = Table({name: value}, known=None, path=(), problems=faults)
        conditions = read_conditions(items(table, name), faults, over_time=over_time)
        segments.append((None, conditions))
    return distinct(segments)


def _window(table: Table, order: Order, settings: Settings) -> timedelta | None:
    window: timedelta | None = table.read("cs", lambda value: read_window(_number(value)), None)
    if window is None or order != "any" or settings.api_any_order_window == "as given":
        return window
    return max(window // _DAY, 1) * _DAY


def _group_by(
    found: dict[str, list[str]], table: Table, faults: Faults, events: list[Event | None]
) -> GroupBy | None:
    limit = table.read("limit", _limit, None)
    names = Table(
        {f"g[{index}]": name for index, name in enumerate(found.get("g", []))},
        known=None,
        path=(),
        problems=faults,
    )
    read = [names.read(key, _user_property, None) for key in names.values]
    places = [Place(("g",), tuple(prop for prop in read if prop))]
    places += [
        Place((f"e[{index}]", "group_by"), event.group_by, index + 1)
        for index, event in enumerate(events)
        if event
    ]
    by = one_group_by(places, faults, limit=limit)
    # Two properties have 500 groups in a chart, but 100 in the API.
    return by if by is None or by.most <= MOST_GROUPS or limit else replace(by, limit=MOST_GROUPS)


def _limit(value: object) -> int:
    limit = _number(value)
    if not 1 <= limit <= 1000:  # noqa: PLR2004
        raise DefinitionError(f"the API shows 1 to 1000 groups; got {limit}")
    return limit


def _user_property(value: object) -> Property:
    return read_property(text(value), scope="user")


def _unsaid(funnel: Funnel) -> Iterator[str]:
    """Yield what a chart has words for, but not the API."""
    window = format_window(funnel.conversion_window)
    refused = {
        "hold: the API holds no property constant": bool(funnel.hold),
        "exclusions: the API excludes no events": bool(funnel.exclusions),
        "resolution = millisecond: the API compares whole seconds":
            funnel.resolution == "millisecond",
        "users = new on first day: the API knows active and new": funnel.users not in USERS,
        "group_by: the API groups by a property only where there is one segment":
            funnel.group_by is not None and len(funnel.segments) > 1,
        f"window = {window}: in any order the API rounds it down to whole days":
            funnel.order == "any"
            and funnel.settings.api_any_order_window == "whole days"
            and bool(funnel.conversion_window % _DAY),
    }  # fmt: skip
    yield from (reason for reason, is_so in refused.items() if is_so)
    if isinstance(funnel.unit, Property):
        yield f"unit = {funnel.unit.name}: the API counts users"
    for segment in funnel.segments:
        for condition in segment.filters:
            if condition.property.scope == "event":
                yield (
                    f"segment {segment.name!r}: the API tests no event property there, as "
                    f"{condition.property.name!r}; filter step 1"
                )
    filters = chain(
        chain.from_iterable(selector.filters for selector in funnel.selectors()),
        chain.from_iterable(segment.filters for segment in funnel.segments),
    )
    for op in sorted({condition.op for condition in filters} - OPERATORS):
        yield f"the operator {op!r}: the API's page does not name it"


def _event_of(funnel: Funnel, number: int) -> dict[str, Any]:
    step, by = funnel.steps[number - 1], funnel.group_by
    here = by is not None and by.step == number and not _at_entry(by)
    grouped = by.properties if by is not None and here else ()
    return event_object(step.events[0], historical_count=step.historical_count, group_by=grouped)


def _segment_lists(funnel: Funnel) -> list[list[dict[str, Any]]]:
    return [conditions_of(segment) for segment in funnel.segments]


def _at_entry(by: GroupBy) -> bool:
    """Whether `g` can say it: one property of the user or a group, at step 1."""
    return by.step == 1 and len(by.properties) == 1 and by.properties[0].scope != "event"


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
