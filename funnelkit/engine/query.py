"""The SELECT of a funnel: which events play which part, as `sql/select.sql` asks it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from funnelkit.engine.events_sql import EventConditions
from funnelkit.engine.history import History, on_first_day
from funnelkit.engine.labels import SEPARATOR, label_text, numbered_labels
from funnelkit.engine.rules import pairs_of, rules_of
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.engine.units import (
    null_count,
    numbers_sessions,
    unit_key,
    user_key,
    with_sessions,
)
from funnelkit.events.properties import PropertyType, columns_beside, expression
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import IDENTIFY_CALLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.engine.labels import Numbers
    from funnelkit.engine.merged import Merged
    from funnelkit.engine.rules import Rules
    from funnelkit.engine.units import UnitKey
    from funnelkit.events.store.selections import SelectionFolder
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel

NARROW_BITS = 8


@dataclass(frozen=True, slots=True)
class Span:
    """The times of events that can play a part: in [`start`, `end`), microseconds; None is open."""

    start: int | None
    end: int | None

    def meets(self, first: int, last: int) -> bool:
        """Tell whether any of the events from `first` to `last` may be in it."""
        return (self.start is None or last >= self.start) and (self.end is None or first < self.end)

    def conditions(self, table: EventTable, bind: Parameters) -> Iterator[str]:
        """Yield the conditions that an event is in it."""
        if self.start is not None:
            yield _at_or_after(self.start, table, bind)
        if self.end is not None:
            yield f"NOT {_at_or_after(self.end, table, bind)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The composed SELECT and what its rows mean.

    The columns are unit, us, mask, flags where `flagged`, label where the funnel is grouped and
    amount where a property is summed. A label is a text, or NULL where the event does not fit the
    grouped step; where `labels` numbers the texts, it is their number, or -1. `lacks_user_id` is
    the flag of step-1 events without a `user_id`; where the file can say it without a look at each
    event, `all_lack_user_id` does instead. `user` is the key of an event's user; with
    `looks_around` all events of a user have to be read together, since what one of them counts for
    depends on the others; else no event outside of `span` matters. `files` are those that are read;
    `buckets` are lists of them, no unit in two but those of `merged` users, and what is selected
    from each may be kept in `selections`.
    """

    funnel: Funnel
    rules: Rules
    sql: str
    bind: Parameters
    us: str
    flagged: bool
    unit: UnitKey
    lacks_user_id: int | None
    all_lack_user_id: bool
    ties: str
    user: str
    looks_around: bool
    span: Span
    labels: Numbers | None = None
    files: tuple[str, ...] = ()
    buckets: tuple[tuple[str, ...], ...] = ()
    merged: Merged | None = None
    selections: SelectionFolder | None = None

    def of_bucket(self, files: Sequence[str]) -> Query:
        """Return the query that reads only these files, ids as they are; its values are its own."""
        own = self if self.merged is None else self.merged.others
        bind = Parameters()
        everything = list(self.files)
        bind.values = {
            name: list(files) if value == everything else value
            for name, value in self.bind.values.items()
        }
        return replace(own, bind=bind, files=tuple(files), buckets=(), selections=self.selections)

    @property
    def values(self) -> dict[str, Any]:
        """The values of the placeholders in `sql`."""
        return self.bind.used_in(self.sql)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, but for those of a close look."""
        found = ["unit", "us", "mask"]
        found += ["flags"] if self.flagged else []
        found += ["label"] if self.rules.grouped_at is not None else []
        found += ["amount"] if self.rules.summed else []
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseLook:
    """Every event of some users, whether it plays a part or not, with more columns.

    `users` are exact keys (see `user_key`), '' is nobody, whose events have no id. After the other
    columns comes `part`, which tells whether the funnel needs the event, and then `columns`, SQL
    whose values are bound in `bind`.
    """

    users: tuple[str, ...]
    columns: tuple[str, ...]
    bind: Parameters


def compose(
    funnel: Funnel,
    table: EventTable,
    connection: DuckDBPyConnection,
    *,
    exact: bool,
    closely: CloseLook | None = None,
    scattered: bool = False,
    numbered: bool = True,
    alike: Query | None = None,
) -> Query:
    """Return the SELECT of the rows that a funnel needs, or of a close look at some users.

    With `exact` users are told apart by the text of their ids, else by a number (see `UnitKey`).
    Rows that are `scattered` are read piece by piece: where it matters which of several events at
    one microsecond comes first, they have one more column, `tie`, by which they can be sorted.
    Labels are `numbered` where that can be done, and is allowed. Placeholders and numbers of labels
    are those of the query `alike`, where there is one.
    """
    sharing = closely or alike
    bind = Parameters() if sharing is None else sharing.bind
    rules = rules_of(funnel)
    us = _microseconds(rules, table)
    conditions = EventConditions(funnel, table, bind, when_new=on_first_day(funnel, us, bind))
    user = user_key(table, connection, exact=exact)
    base = table.relation(bind)
    if closely is not None:
        keys = bind.bind(list(closely.users))
        base = f"(SELECT * FROM {base} WHERE coalesce({user}, '') IN (SELECT unnest({keys})))"
    sessions = numbers_sessions(funnel, table, connection)
    if sessions or funnel.minds_every_event:
        base = f"(SELECT * FROM {base} WHERE {no_identify_call(table)})"
    if sessions:  # before any event is left out, which would part sessions or join them
        base = with_sessions(base, table, user=user)
    history = History(
        funnel=funnel,
        table=table,
        conditions=conditions,
        bind=bind,
        user=user,
        us=us,
        ties=ties(table, funnel),
        base=base,
    )
    unit = unit_key(
        funnel, table, history.relation(), connection, bind, exact=exact, numbered=sessions
    )
    wide = "BIGINT" if max(len(funnel.steps), rules.flag_bits) > NARROW_BITS else "UTINYINT"
    flags = list(_segment_flags(funnel, history, conditions))
    lacks, all_lack = None, table.user_id is None
    missing = (
        None if table.user_id is None or exact else null_count(table, table.user_id, connection)
    )
    if missing is not None and missing == table.rows:
        all_lack = True
    elif table.user_id is not None and missing != 0:
        lacks = max(1, len(funnel.segments))
        flags.append(f"CASE WHEN {quote_identifier(table.user_id)} IS NULL THEN {1 << lacks} END")
    bars, wanted = _bars(funnel, rules, conditions, wide=wide)
    if bars:
        flags.append(f"fk_bars::BIGINT * {1 << rules.shift}")
    if rules.count_by == "totals":
        kind = f"hash({quote_identifier(table.event_type)}) % {1 << rules.kind_bits}"
        flags.append(f"CAST({kind} AS BIGINT) * {1 << rules.kind_shift}")
    flag_sum = " + ".join(f"coalesce({flag}, 0)" for flag in flags)
    span = _span(funnel, rules)
    needed = " AND ".join([wanted, unit.present, *span.conditions(table, bind)])
    labels = None if alike is None else alike.labels
    if alike is None and numbered and not (exact or scattered):
        labels = _numbers(funnel, table, bind, connection)
    label = _label(funnel, table, bind, labels)
    beside = "" if closely is None else ", ".join(["", f"{needed} AS part", *closely.columns])
    if scattered and rules.must_settle:
        beside = f", create_sort_key(row({history.ties}), 'ASC NULLS LAST') AS tie"
    sql = read_sql("select").format(
        unit=unit.sql,
        us=us,
        mask=_mask(funnel, history, conditions, wide=wide),
        bars=bars,
        flags=f",\n    CAST({flag_sum} AS {wide}) AS flags" if flags else "",
        label=label,
        amount=_amount(funnel, table, bind),
        beside=beside,
        events=unit.relation,
        condition=needed if closely is None else unit.present,
    )
    return Query(
        funnel=funnel,
        rules=rules,
        sql=sql,
        bind=bind,
        us=us,
        flagged=bool(flags),
        unit=unit,
        lacks_user_id=lacks,
        all_lack_user_id=all_lack,
        ties=history.ties,
        user=user,
        looks_around=sessions or history.looks_around(),
        span=span,
        labels=labels,
        files=table.files,
    )


def no_identify_call(table: EventTable) -> str:
    """Return the condition that a line is an event, and no call that sets properties (A0)."""
    names = ", ".join(f"'{name}'" for name in IDENTIFY_CALLS)
    event_type = f"CAST({quote_identifier(table.event_type)} AS VARCHAR)"
    return f"coalesce({event_type} NOT IN ({names}), true)"


def _microseconds(rules: Rules, table: EventTable) -> str:
    """Return the SQL of the time: half a tick later where times are rounded, not cut (A10, G1)."""
    us = table.microseconds()
    return f"({us} + {rules.added})" if rules.added else us


def _segment_flags(funnel: Funnel, history: History, conditions: EventConditions) -> Iterator[str]:
    """Yield the bit of each segment, or one for everybody where not everybody may enter."""
    everybody = [*history.at_an_open_time()]
    if funnel.users != "active":
        everybody.append(history.is_new())
    if not funnel.segments and everybody:
        yield f"CASE WHEN {' AND '.join(everybody)} THEN 1 END"
    for number, segment in enumerate(funnel.segments):
        tests = [conditions.passes(segment.filters), *history.passes(segment, number), *everybody]
        yield f"CASE WHEN {' AND '.join(tests)} THEN {1 << number} END"


def _mask(funnel: Funnel, history: History, conditions: EventConditions, *, wide: str) -> str:
    """Return the SQL of the bits of the steps that an event fits (specification A7, A8)."""
    plain = [
        (step.events, 1 << k)
        for k, step in enumerate(funnel.steps)
        if step.historical_count is None
    ]
    counted = [
        (history.nth_time(k), 1 << k)
        for k, step in enumerate(funnel.steps)
        if step.historical_count is not None
    ]
    return conditions.bits(plain, wide=wide, more=counted)


def _bars(
    funnel: Funnel, rules: Rules, conditions: EventConditions, *, wide: str
) -> tuple[str, str]:
    """Return the column of the pairs of steps that an event bars, and which events are wanted."""
    if rules.every:
        return "", "true"
    every = (1 << (rules.steps - 1)) - 1
    if rules.order == "exact":
        bits = conditions.bits([], wide=wide, more=[(conditions.is_active(), every)])
    elif funnel.exclusions:
        pairs = [(exclusion.events, pairs_of(exclusion, funnel)) for exclusion in funnel.exclusions]
        bits = conditions.bits(pairs, wide=wide)
    else:
        return "", "fk_mask > 0"
    return f",\n        {bits} AS fk_bars", "(fk_mask > 0 OR fk_bars > 0)"


def _numbers(
    funnel: Funnel, table: EventTable, bind: Parameters, connection: DuckDBPyConnection
) -> Numbers | None:
    """Return the numbers of the labels, where they are few and quick to list."""
    by = funnel.group_by
    return None if by is None else numbered_labels(by.properties, table, bind, connection)


def _label(funnel: Funnel, table: EventTable, bind: Parameters, numbers: Numbers | None) -> str:
    """Return the column of the group's label: a number, or a text."""
    by = funnel.group_by
    if by is None:
        return ""
    fits = f"fk_mask & {1 << (by.step - 1)} > 0"
    if numbers is not None:
        return f",\n    CASE WHEN {fits} THEN {numbers.sql} ELSE -1 END AS label"
    texts = [label_text(prop, table, bind) for prop in by.properties]
    text = f" || {bind.bind(SEPARATOR)} || ".join(texts)
    return f",\n    CASE WHEN {fits} THEN {text} END AS label"


def _amount(funnel: Funnel, table: EventTable, bind: Parameters) -> str:
    """Return the column of the numbers to be summed (A11i).

    What is no number counts 0, text that filters take for one counts, a list counts its sum.
    """
    prop = funnel.measures.sum_of
    if prop is None:
        return ""
    value = expression(table, prop, bind)
    match value.type:
        case PropertyType.NUMBER:
            number = f"fk_finite(CAST({value.sql} AS DOUBLE))"
        case PropertyType.TEXT:
            number = f"fk_number({value.sql})"
        case PropertyType.JSON:
            number = f"list_sum(list_transform(fk_texts({value.sql}), lambda t: fk_number(t)))"
        case _:
            number = "NULL"
    last = 1 << (len(funnel.steps) - 1)
    amount = f"CASE WHEN fk_mask & {last} > 0 THEN coalesce({number}, 0) ELSE 0 END"
    return f",\n    CAST({amount} AS DOUBLE) AS amount"


def _span(funnel: Funnel, rules: Rules) -> Span:
    """Return when events are neither too early nor too late to play a part."""
    start, end = funnel.period.bounds(funnel.timezone)
    tick, settings = rules.tick, rules.settings
    if start is not None:
        if rules.order == "any" and settings.any_order_before_range == "allowed":
            start -= funnel.window_microseconds
        elif rules.order != "any":
            start = start // tick * tick
        start -= rules.added
    if end is not None:
        end += funnel.window_microseconds + tick - rules.added
    return Span(start, end)


def _at_or_after(us: int, table: EventTable, bind: Parameters) -> str:
    if table.time_kind == "timestamp":  # in this form whole row groups of a file can be left out
        return f"({quote_identifier(table.time)} >= make_timestamp({bind.bind(us)}::BIGINT))"
    return f"({table.microseconds()} >= {bind.bind(us)})"


def ties(table: EventTable, *funnels: Funnel) -> str:
    """Return the order of events at the same microsecond: by ids, then by what they say.

    What stands in columns of its own counts where one of the funnels asks for it.
    """
    ids = (table.event_id, table.uuid, table.insert_id, table.event_type)
    said = (table.event_properties, table.user_properties)
    terms = [quote_identifier(column) for column in ids if column]
    asked = (prop for funnel in funnels for prop in funnel.properties())
    beside = dict.fromkeys(column for prop in asked for column in columns_beside(table, prop))
    terms += [f"CAST({quote_identifier(column)} AS VARCHAR)" for column in said if column]
    terms += [f"CAST({quote_identifier(column)} AS VARCHAR)" for column in beside]
    return ", ".join(terms)
