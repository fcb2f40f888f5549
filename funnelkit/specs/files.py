"""Files of named funnels, in TOML or JSON.

    [project]
    timezone = "Europe/Berlin"          # the default of every funnel below

    [columns]
    user = "visitor_id"                 # as --columns

    [custom_events]                     # defined once; steps call it "ce:Big Spender"
    "Big Spender" = "OrderCompleted[price > 99] | Subscribed"

    [funnels.checkout]
    description = "From the product page to the order"
    steps = "ProductViewed[feature in (a, b)] > ProductAdded > OrderCompleted"
    window = "30d"
    from = 2020-04-02
    to = 2020-05-01
    segments = { mobile = "platform in (iOS, Android)", web = "platform is Web" }
    expect = [1177, 638, 417]

    [funnels.checkout.settings]
    seconds = "round"

A file of one funnel, `checkout.funnel.toml`, may leave out `[funnels.NAME]`: its keys stand at the
top, and it is called as the file. Instead of steps, `definition` may name the file of an Amplitude
chart, or be a query of its API. `events` says where the events are, and `[expect]` what
`funnelkit verify` is to find (verification/expect_table.py).

JSON has the same keys. The options of the command line are keys of the same name: where,
where_every_step, where_every_event, timezone, window, order, count_by, unit, users, hold, exclude,
group_by, group_limit, resolution, optional_step, compare_event; for dates last, offset,
exclude_incomplete, exclude_weekday, time_of_day; for measures interval, time_to_convert, bins,
frequency, sum, by_age. What can be given several times is a list. `inactive_events = [...]`, of the
file or of a funnel, names the events that are not active; `custom_events` and `segments` are
tables. The file of a cohort is relative to this file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from os.path import isfile, join
from pathlib import Path
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.specs.amplitude.definitions import is_chart, is_query, read_chart
from funnelkit.specs.documents import read_document
from funnelkit.specs.problems import Problems, Table, shown, text, texts
from funnelkit.specs.readers import READERS, checked
from funnelkit.specs.tables import FUNNEL_KEYS, Surroundings, read_custom_events, read_funnel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from funnelkit.model import CustomEvent, Funnel, Settings

COLUMN_KEYS: Final = (
    "user", "device", "session", "event", "time", "properties",
    "amplitude_id", "user_id", "device_id", "session_id", "event_type", "event_time", "event_id",
    "uuid", "insert_id", "event_properties", "user_properties",
)  # fmt: skip
"""What a column can be; the events have the same list."""

SHARED_KEYS: Final = ("project", "columns", "events")
DOCUMENT_KEYS: Final = (*SHARED_KEYS, "custom_events", "inactive_events", "funnels")
ENTRY_KEYS: Final = ("description", "definition", "events", *FUNNEL_KEYS, "expect")
"""What a funnel can have."""

SINGLE: Final = ".funnel"
"""How the name of a file of one funnel ends, before `.toml`."""

_OF_THE_FILE: Final = {"project", "columns"}

_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelEntry:
    """A funnel and what its file says beside the definition.

    `columns` says which column is what, as `--columns`; `expect` is one count a step, or else
    `expect_table` is the table of what is expected as it stands there; `events` are paths, those of
    the file's folder made whole; `source` is the file.
    """

    name: str
    funnel: Funnel
    columns: Mapping[str, str] | None = None
    expect: tuple[int, ...] | None = None
    expect_table: Mapping[str, object] | None = None
    events: tuple[str, ...] = ()
    description: str | None = None
    source: Path | None = None


def load_funnels(
    path: str | Path,
    *,
    custom_events: tuple[CustomEvent, ...] = (),
    settings: Settings | None = None,
) -> dict[str, FunnelEntry]:
    """Return the funnels of a TOML or JSON file by name, in the order of the file.

    A chart of Amplitude's is a funnel under its name, or else that of the file; `custom_events`
    define the events that it only names, `settings` say how it is read.

    Raises:
        DefinitionError: the file cannot be read, or with a line for everything that is wrong in
            it: file, key, value, and the nearest valid word.
    """
    source = Path(path)
    problems = Problems(str(path))
    content = read_document(source)
    if is_chart(content):
        chart = read_chart(content, source, custom_events=custom_events, settings=settings)
        name = chart.name or source.stem
        return {name: FunnelEntry(name=name, funnel=chart, source=source)}
    single = isinstance(content, dict) and not {"steps", "definition"}.isdisjoint(content)
    known = (*SHARED_KEYS, *ENTRY_KEYS) if single else DOCUMENT_KEYS
    document = Table(content, known=known, path=(), problems=problems)
    project = _table(document, "project", known=("timezone",))
    timezone = project.read("timezone", checked("timezone", text), "UTC")
    around = Surroundings(
        timezone=timezone,
        custom_events=read_custom_events(document),
        inactive_events=document.read("inactive_events", READERS["inactive_events"], ()),
        folder=str(source.parent) if source.parent.name or source.parent.anchor else "",
    )
    if settings is not None:
        around = replace(around, settings=settings)
    columns = _table(document, "columns", known=COLUMN_KEYS)
    names = {role: columns.read(role, _column, "") for role in columns.values} or None
    if single:
        own = Table(
            {key: value for key, value in document.values.items() if key not in _OF_THE_FILE},
            known=None,
            path=(),
            problems=problems,
        )
        tables = [(source.stem.removesuffix(SINGLE), own)]
    else:
        funnels = _table(document, "funnels", known=None)
        if document.is_table and not document.values.get("funnels"):
            problems.add((), "it holds no funnel; a funnel is a table [funnels.NAME] with steps")
        tables = [
            (
                name,
                Table(
                    values, known=ENTRY_KEYS, path=(*funnels.path, name), problems=funnels.problems
                ),
            )
            for name, values in funnels.values.items()
        ]
    events = document.read("events", texts, ())
    read = [
        _entry(name, table, around=around, columns=names, events=events, source=source)
        for name, table in tables
    ]
    problems.check()
    return {entry.name: entry for entry in read if entry is not None}


def load_funnel(
    reference: str | Path,
    *,
    custom_events: tuple[CustomEvent, ...] = (),
    settings: Settings | None = None,
) -> Funnel:
    """Return the funnel of `FILE:NAME`, of a file of Amplitude's chart, or of an API query.

    Args:
        reference: `"shop.funnel.toml:checkout"`, `"chart.json"`, or the query or whole address of
            `GET /api/2/funnels`.
        custom_events: what the custom events are that a chart or a query only names.
        settings: how a chart or a query is read, where Amplitude's documentation is silent.

    Raises:
        DefinitionError: there is no such funnel, or something is wrong or cannot be represented.
    """
    return select_funnel(str(reference), custom_events=custom_events, settings=settings).funnel


def select_funnel(
    reference: str,
    *,
    custom_events: tuple[CustomEvent, ...] = (),
    settings: Settings | None = None,
) -> FunnelEntry:
    """Return the funnel of `FILE:NAME`; the name may be left out where the file has only one.

    An address, or a query with `e={…}`, is a query of Amplitude's API.

    Raises:
        DefinitionError: there is no such file or funnel, or the file has something wrong in it.
    """
    if is_query(reference):
        from funnelkit.specs.amplitude.rest import funnel_from_query

        asked = funnel_from_query(reference, custom_events=custom_events, settings=settings)
        return FunnelEntry(name="query", funnel=asked)
    path, name = _split(reference)
    entries = load_funnels(path, custom_events=custom_events, settings=settings)
    if name is None:
        if len(entries) > 1:
            names = ", ".join(entries)
            raise DefinitionError(f"{path} has several funnels; write {path}:NAME, of {names}")
        return next(iter(entries.values()))
    if name not in entries:
        hint = did_you_mean(name, entries) or f" It has {', '.join(entries)}."
        raise DefinitionError(f"{path} has no funnel {name!r}.{hint}")
    return entries[name]


def _entry(
    name: str,
    table: Table,
    *,
    around: Surroundings,
    columns: Mapping[str, str] | None,
    events: tuple[str, ...],
    source: Path,
) -> FunnelEntry | None:
    description = table.read("description", text, None)
    value = table.values.get("expect")
    expect = None if isinstance(value, dict) else table.read("expect", _counts, None)
    events = table.read("events", texts, events)
    base = table.read("definition", lambda one: _definition(text(one), around, source), None)
    if base is None and "definition" in table.values:
        return None
    funnel = read_funnel(table, name=name, around=around, base=base)
    if funnel is None:
        return None
    if expect is not None and len(expect) != len(funnel.steps):
        counts = f"got {len(expect)} counts for {len(funnel.steps)} steps"
        table.problems.add((*table.path, "expect"), f"one count for each step; {counts}")
    return FunnelEntry(
        name=name,
        funnel=funnel,
        columns=columns,
        expect=expect,
        expect_table=value if isinstance(value, dict) else None,
        events=tuple(
            one if one == "-" else join(around.folder, one)  # noqa: PTH118 - as it is
            for one in events
        ),
        description=description,
        source=source,
    )


def _definition(reference: str, around: Surroundings, source: Path) -> Funnel:
    """Return the funnel of a query, or of the chart in a file beside `source`."""
    if is_query(reference):
        from funnelkit.specs.amplitude.rest import funnel_from_query

        asked = funnel_from_query(
            reference,
            timezone=around.timezone,
            custom_events=around.custom_events,
            settings=around.settings,
        )
        return replace(asked, window=asked.conversion_window)  # the API's own default
    path = source.parent / reference
    content = read_document(path)
    if not is_chart(content):
        raise DefinitionError(f"{path} is no chart of Amplitude's")
    return read_chart(content, path, custom_events=around.custom_events, settings=around.settings)


def _split(reference: str) -> tuple[Path, str | None]:
    """Return the file and the name; colons may stand in both, and after a Windows drive."""
    if isfile(reference):  # noqa: PTH113 - Path.is_file refuses a long text
        return Path(reference), None
    first = 2 if _DRIVE.match(reference) else 0
    colons = [place for place, letter in enumerate(reference) if letter == ":" and place >= first]
    for place in colons:
        if isfile(reference[:place]):  # noqa: PTH113
            return Path(reference[:place]), reference[place + 1 :]
    end = colons[-1] if colons else len(reference)
    return Path(reference[:end]), None


def _table(document: Table, key: str, *, known: Iterable[str] | None) -> Table:
    return Table(
        document.values.get(key, {}),
        known=None if known is None else tuple(known),
        path=(key,),
        problems=document.problems,
    )


def _column(value: object) -> str:
    name = text(value)
    if not name:
        raise DefinitionError("a column needs a name")
    return name


def _counts(value: object) -> tuple[int, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise DefinitionError(f"expected a list of counts, one for each step, got {shown(value)}")
    return tuple(_count(part.strip() if isinstance(part, str) else part) for part in parts)


def _count(value: object) -> int:
    if isinstance(value, str) and re.fullmatch("[0-9]{1,18}", value):
        return int(value)
    if type(value) is int and value >= 0:
        return value
    raise DefinitionError(f"expected a count, got {shown(value)}")
