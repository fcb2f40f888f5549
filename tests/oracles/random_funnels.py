"""Random funnels and random logs that are small, crowded and full of ties.

A funnel is drawn by hypothesis, so that it shrinks. A log comes from a seed and holds many users,
because reading a file costs more than counting it: each user is a case of its own. Values on
which the specification is silent (arrays under `greater`, say) are left out.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import strategies as st
from reference_funnel import Event

from funnelkit.model import (
    CustomEvent,
    EventSelector,
    Exclusion,
    Filter,
    Funnel,
    GroupBy,
    HistoricalCount,
    Measures,
    Performed,
    Period,
    Property,
    Segment,
    Settings,
    Step,
)
from funnelkit.model.settings import setting_choices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ZONES = ("UTC", "America/Los_Angeles", "Asia/Kolkata")
FRACTIONS = (0, 0, 1, 999, 1_000, 100_000, 400_000, 999_999)

MISSING = object()
MIXED = (MISSING, None, "x", "X", "y", "xy", "3", "/a/b", "a/b/c", 3, 36, 3.5, True, False,
         "true", "True", ["x", "y"], ["Y"], [3, "x"], [True])  # fmt: skip
PROPERTIES: dict[str, tuple[Any, ...]] = {
    "p": MIXED,
    "n": (MISSING, 9, 10, 10.5, -2, 100),
    "d": (MISSING, "2024-01-09", "2024-01-10", "2024-01-10T08:00:00", "2023-12-31"),
    "a": (MISSING, ["x"], ["x", "y"], ["y", "x"], [3, "x", "y"], [3]),
    "g": (MISSING, None, "x", "3", 3, True, "true", "a > b", "[/x]", 'say "x"'),
}
TYPED: dict[str, tuple[Any, ...]] = {
    "text": tuple(value for value in MIXED if value is MISSING or isinstance(value, str)),
    "number": (MISSING, 3.0, 36.0, 3.5, -1e16),
    "boolean": (MISSING, True, False),
    "list": (MISSING, ["x", "y"], ["Y"], ["3", "x"]),
}
"""Values of `p` where it is a column of one type; the other properties then have one too."""

ONE_TYPE: dict[str, tuple[Any, ...]] = PROPERTIES | {
    "n": (MISSING, 9.0, 10.0, 10.5, -2.0, 100.0),
    "a": (MISSING, ["x"], ["x", "y"], ["y", "x"], ["3", "x", "y"], ["3"]),
    "g": (MISSING, "x", "3", "true", "a > b", "[/x]", 'say "x"'),
}

EVENT_TYPES = ("A", "A", "B", "B", "C", "_all")
COUNTING = (
    "seconds", "any_order_steps", "any_order_window", "any_order_before_range",
    "exact_order_interrupted_by", "totals_pairing", "hold_missing", "excluded_drop_off",
    "is_not_on_missing", "historical_count_step_one",
)  # fmt: skip
"""Settings that change counts."""

FILTERS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("p", ("is", "is not"), ("x", "X", "3", "3.0", "36", "3.5", "true", "True", "(none)", "x%")),
    ("p", ("contains", "does not contain"), ("X", "a/", "3", "rU", "%", "_")),
    ("p", ("has prefix", "does not have prefix"), ("x", "/A", "3", "t", "%")),
    ("p", ("glob match", "glob does not match"), ("*", "**", "/*", "a/*", "a/**", "[x-y]*",
                                                  "[!x]", "x?", "*.*")),
    ("n", ("less", "less or equal", "greater", "greater or equal"), ("9", "10", "10.5", "-1e1")),
    ("d", ("less", "less or equal", "greater", "greater or equal"), ("2024-01-10", "2024-01-09")),
    ("a", ("set is", "set is not", "set contains", "set does not contain"), ("x", "y", "3")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pace:
    """How far apart events lie: crowded into seconds, or spread over hours for session gaps."""

    unit_seconds: int
    session_ids: tuple[int, ...] | None


PACES = (
    Pace(1, (1_704_000_000_001, 1_704_000_000_002, -1)),
    Pace(600, None),
)


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    name, ops, values = draw(st.sampled_from(FILTERS))
    several = st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)
    prop = Property(name, draw(st.sampled_from(["event", "user"])))
    return Filter(prop, draw(st.sampled_from(ops)), tuple(draw(several)))


def few_filters() -> st.SearchStrategy[tuple[Filter, ...]]:
    plain: st.SearchStrategy[tuple[Filter, ...]] = st.just(())
    return plain | plain | st.lists(filters(), min_size=1, max_size=2).map(tuple)


def selectors(names: Sequence[str] = EVENT_TYPES) -> st.SearchStrategy[EventSelector]:
    return st.builds(EventSelector, st.sampled_from(names), few_filters())


def steps(*, counted: bool = False) -> st.SearchStrategy[Step]:
    one_or_two = st.lists(selectors(), min_size=1, max_size=2) | selectors().map(lambda one: [one])
    if not counted:
        return one_or_two.map(lambda found: Step(tuple(found)))
    counts = st.builds(
        HistoricalCount, st.sampled_from(["is", "is not", "greater", "less"]), st.integers(1, 3)
    )
    return st.builds(Step, one_or_two.map(tuple), st.none() | st.none() | counts)


def properties(names: Sequence[str] = ("g",)) -> st.SearchStrategy[Property]:
    return st.builds(Property, st.sampled_from(names), st.sampled_from(["event", "user"]))


@st.composite
def exclusions(draw: st.DrawFn, steps: int) -> Exclusion:
    events = draw(st.lists(selectors(["X", "A", "C", "_all"]), min_size=1, max_size=2))
    between = None
    if steps > 2 and draw(st.booleans()):
        first = draw(st.integers(1, steps - 1))
        between = (first, draw(st.integers(first + 1, steps)))
    return Exclusion(tuple(events), between)


@st.composite
def segments(draw: st.DrawFn, pace: Pace, number: int) -> Segment:
    within = timedelta(seconds=draw(st.integers(1, 5)) * pace.unit_seconds)
    performed = st.builds(
        Performed,
        selectors(["A", "B", "X", "_all"]).map(lambda one: (one,)),
        st.sampled_from([">=", "=", "<", "!="]),
        st.integers(0, 3),
        st.sampled_from([None, within]),
    )
    found = draw(st.just([]) | st.just([]) | performed.map(lambda one: [one]))
    return Segment(f"segment {number}", draw(few_filters()), tuple(found))


def start_of(zone: str) -> datetime:
    """The instant around which all events lie: a midnight in the zone."""
    return datetime(2024, 1, 2, tzinfo=ZoneInfo(zone))


@st.composite
def periods(draw: st.DrawFn, zone: str, pace: Pace) -> Period:
    moment = st.integers(-4, 8).map(
        lambda seconds: (
            start_of(zone).replace(tzinfo=None) + timedelta(seconds=seconds * pace.unit_seconds)
        )
    )
    nothing = st.none()
    start = draw(nothing | st.just(date(2024, 1, 2)) | moment)
    end = draw(nothing | st.just(date(2024, 1, 1)) | st.just(date(2024, 1, 2)) | moment)
    first, last = Period(start, end).bounds(zone)
    if first is not None and last is not None and first >= last:
        return Period(start)
    return Period(start, end)


@st.composite
def plain_funnels(draw: st.DrawFn, pace: Pace) -> Funnel:
    """This order, users: what plain SQL can say, and the base of all others."""
    zone = draw(st.sampled_from(ZONES))
    return Funnel(
        steps=tuple(draw(st.lists(steps(), min_size=1, max_size=5))),
        period=draw(periods(zone, pace)),
        timezone=zone,
        window=timedelta(seconds=draw(st.sampled_from([1, 2, 3, 5, 30])) * pace.unit_seconds),
        resolution=draw(st.sampled_from(["second", "second", "millisecond"])),
    )


@st.composite
def funnels(
    draw: st.DrawFn, pace: Pace, *, units: Sequence[str | Property] = ("user", "user", "session")
) -> Funnel:
    """Funnels with segments and groups, in this order, counted by uniques."""
    plain = draw(plain_funnels(pace))
    several = draw(st.integers(0, 2))
    step = draw(st.just(1) | st.integers(1, len(plain.steps)))
    both = st.lists(properties(("g", "p")), min_size=1, max_size=2, unique=True).map(tuple)
    return replace(
        plain,
        segments=tuple(draw(segments(pace, number)) for number in range(several)),
        unit=draw(st.sampled_from(units)),
        group_by=draw(st.none() | both.map(lambda found: GroupBy(found, step))),
    )


@st.composite
def all_funnels(draw: st.DrawFn, pace: Pace) -> Funnel:
    """Funnels with everything that the definition can say and that counts."""
    base = draw(funnels(pace, units=("user", "user", "session", Property("g"), Property("a"))))
    order = draw(st.sampled_from(["this", "this", "exact", "any"]))
    counted = order == "this" and draw(st.booleans())
    found = base.steps[:4]
    if counted:
        found = tuple(draw(st.lists(steps(counted=True), min_size=1, max_size=4)))
    excluded = st.lists(exclusions(len(found)), min_size=1, max_size=2).map(tuple)
    held = st.lists(properties(("g", "a")), min_size=1, max_size=2, unique=True).map(tuple)
    weekdays = st.lists(st.sampled_from(["monday", "tuesday"]), min_size=1, max_size=1).map(tuple)
    clock = st.sampled_from([None, time(0, 0, 2), time(23, 59, 59), time(1)])
    period = base.period
    if draw(st.integers(0, 3)) == 0:
        first, last = draw(clock), draw(clock)
        period = replace(
            period,
            without_weekdays=draw(st.just(()) | weekdays),
            from_time=first,
            to_time=None if first == last else last,
        )
    custom = CustomEvent(
        "either", tuple(draw(st.lists(selectors(["A", "B"]), min_size=1, max_size=2)))
    )
    if draw(st.integers(0, 3)) == 0:
        found = (*found[:-1], Step((EventSelector("ce:either", draw(few_filters())),)))
    by = base.group_by
    is_total = order != "any" and draw(st.integers(0, 3)) == 0
    is_any = order == "any"
    changed = draw(st.integers(0, 2)) == 0
    exclude = len(found) > 1 and draw(st.integers(0, 2)) == 0
    settings = {
        name: draw(st.sampled_from(choices))
        for name, choices in setting_choices().items()
        if changed and name in COUNTING and not (exclude and name == "exact_order_interrupted_by")
    }
    if by is not None:
        any_step = is_any and settings.get("any_order_steps") == "any"
        by = replace(by, step=1 if any_step else min(by.step, len(found)))
    interval = st.sampled_from(["5min", "hour", "day", "week"])
    return replace(
        base,
        steps=found,
        period=period,
        order=order,
        count_by="totals" if is_total else "uniques",
        hold=draw(st.just(()) | st.just(()) | held),
        users=draw(st.sampled_from(["active", "active", "active", "new", "new on first day"])),
        exclusions=draw(excluded) if exclude else (),
        group_by=by,
        event_filters=draw(st.just(()) | st.just(()) | few_filters()),
        custom_events=(custom,),
        inactive_events=draw(st.sampled_from([(), ("B",), ("X", "A")])),
        measures=Measures(
            interval=draw(st.none() | interval),
            frequency=not is_any and draw(st.booleans()),
        ),
        settings=Settings(**settings),
    )


def random_log(
    seed: int, users: int, pace: Pace, zone: str, *, typed: str | None = None
) -> list[Event]:
    """Return the events of many users, in no order; the same arguments give the same log.

    With `typed` each property has values of one type; it names that of `p`.
    """
    chance = random.Random(seed)
    properties = ONE_TYPE | {"p": TYPED[typed]} if typed else PROPERTIES
    start = (start_of(zone) - EPOCH) // MICROSECOND
    log = []
    for user in range(users):
        moments = [
            start
            + chance.randint(-3, chance.choice([0, 3, 8])) * pace.unit_seconds * 1_000_000
            + chance.choice(FRACTIONS)
            for _ in range(chance.randint(1, 8))
        ]
        log += [
            Event(
                user=f"u{user}",
                time=moment,
                event_type=chance.choice(
                    ["A", "A", "A", "B", "B", "B", "C", "X", "X", "$identify"]
                ),
                event_properties=random_properties(chance, properties),
                user_properties=random_properties(chance, properties),
                session_id=chance.choice(pace.session_ids) if pace.session_ids else None,
                event_id=number,
            )
            for number, moment in enumerate(moments, len(log))
        ]
    chance.shuffle(log)
    return log


def random_properties(
    chance: random.Random, properties: dict[str, tuple[Any, ...]]
) -> dict[str, Any]:
    drawn = {name: chance.choice(values) for name, values in properties.items()}
    return {name: value for name, value in drawn.items() if value is not MISSING}


def write_log(log: Iterable[Event], path: Path) -> Path:
    """Write the events as lines of Amplitude's export."""
    with path.open("w", encoding="utf-8") as lines:
        for event in log:
            moment = EPOCH + timedelta(microseconds=event.time)
            session = {} if event.session_id is None else {"session_id": event.session_id}
            line = {
                "user_id": event.user,
                "event_type": event.event_type,
                "event_time": moment.strftime("%Y-%m-%d %H:%M:%S.%f"),
                "event_id": event.event_id,
                "event_properties": event.event_properties,
                "user_properties": event.user_properties,
            }
            lines.write(json.dumps(line | session) + "\n")
    return path


def write_typed_log(log: Iterable[Event], path: Path, *, typed: str) -> Path:
    """Write the events as Parquet with STRUCT columns of properties."""
    types = {"text": pl.String, "number": pl.Float64, "boolean": pl.Boolean}
    types["list"] = pl.List(pl.String)
    properties = pl.Struct(
        {
            "p": types[typed],
            "n": pl.Float64,
            "d": pl.String,
            "a": pl.List(pl.String),
            "g": pl.String,
        }
    )
    schema = {
        "user_id": pl.String,
        "event_type": pl.String,
        "event_time": pl.Int64,
        "event_id": pl.Int64,
        "session_id": pl.Int64,
        "event_properties": properties,
        "user_properties": properties,
    }
    rows = [
        (
            event.user,
            event.event_type,
            event.time,
            event.event_id,
            event.session_id,
            dict.fromkeys(ONE_TYPE) | event.event_properties,
            dict.fromkeys(ONE_TYPE) | event.user_properties,
        )
        for event in log
    ]
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    frame.with_columns(pl.col("event_time").cast(pl.Datetime("us"))).write_parquet(path)
    return path


def culprit(log: Sequence[Event], differs: Callable[[list[Event]], object]) -> str:
    """Return the events of the first user whose log alone already differs, for the message."""
    for user in sorted({str(event.user) for event in log}):
        mine = [event for event in log if event.user == user]
        if not differs(mine):
            continue
        for event in sorted(mine, key=lambda event: event.time):
            rest = [other for other in mine if other is not event]
            if rest and differs(rest):
                mine = rest
        mine.sort(key=lambda event: (event.time, event.event_id))
        return "\n".join(map(str, mine)) + f"\n{differs(mine)}"
    return "no single user differs alone"


def plainer(funnel: Funnel, *, sessions: bool) -> Funnel:
    """Return what the plain SQL statement can express of the funnel."""
    by = funnel.group_by
    return replace(
        funnel,
        steps=tuple(Step(step.events) for step in funnel.steps),
        segments=tuple(replace(each, performed=()) for each in funnel.segments),
        period=Period(funnel.period.start, funnel.period.end),
        order="this" if funnel.order == "any" else funnel.order,
        count_by="uniques",
        unit=funnel.unit if funnel.unit == "session" and sessions else "user",
        users="active",
        hold=(),
        exclusions=(),
        group_by=None if by is None else replace(by, step=1),
        measures=Measures(),
        settings=Settings(),
    )
