"""Options that several commands share: how a funnel is defined, and where the answer goes.

`definition` has the former in a row.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

FUNNEL: Final = "What the funnel is"
COUNTED: Final = "Who is counted, and apart from whom"
DATES: Final = "When step 1 happens"
MEASURES: Final = "What is shown beside the counts"
OUTPUT: Final = "Events and output"
"""The headings of `--help`."""


class Order(StrEnum):
    """In which order steps happen."""

    this = "this"
    any = "any"
    exact = "exact"


class CountBy(StrEnum):
    """How often a unit counts."""

    uniques = "uniques"
    totals = "totals"


class Users(StrEnum):
    """Which users are counted."""

    active = "active"
    new = "new"
    new_on_first_day = "new-on-first-day"


class Interval(StrEnum):
    """How long a point of conversion over time is."""

    five_minutes = "5min"
    hour = "hour"
    day = "day"
    week = "week"
    month = "month"


class Resolution(StrEnum):
    """How fine times are compared."""

    second = "second"
    millisecond = "millisecond"


class Engine(StrEnum):
    """What reads the events."""

    duckdb = "duckdb"
    spark = "spark"


class Format(StrEnum):
    """How the answer is written."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"


class PageFormat(StrEnum):
    """How an answer is written that can be a page, too."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    html = "html"


class TraceFormat(StrEnum):
    """How a trace is written."""

    table = "table"
    json = "json"


class VerifyFormat(StrEnum):
    """How a verdict is written."""

    table = "table"
    json = "json"
    junit = "junit"
    github = "github"
    markdown = "markdown"
    html = "html"


Events = Annotated[
    list[str],
    typer.Argument(
        metavar="EVENTS...",
        help="Parquet, JSON lines, CSV (also .gz), or Amplitude's ZIP: files, folders, globs, or - "
        "for stdin; FILE.duckdb::TABLE; or the folder of an import or of an event store.",
    ),
]
EventsOrStore = Annotated[
    list[str] | None,
    typer.Argument(metavar="EVENTS...", help="As for `report`; none with --store."),
]
EngineChoice = Annotated[
    Engine,
    typer.Option(
        "--engine",
        help="What reads the events: duckdb on this machine, or Spark on many.",
        rich_help_panel=OUTPUT,
    ),
]
Master = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="The Spark cluster, as in spark://host:7077. [default: the processors of this "
        "machine]",
        rich_help_panel=OUTPUT,
    ),
]
ParquetEvents = Annotated[
    list[str], typer.Argument(metavar="EVENTS...", help="Parquet files, folders or globs.")
]
FunnelName = Annotated[
    str | None,
    typer.Option(
        metavar="FILE[:NAME]",
        help="A funnel of a TOML or JSON file, an Amplitude chart (JSON) or API query; options "
        "change it.",
        rich_help_panel=FUNNEL,
    ),
]
Steps = Annotated[
    str | None,
    typer.Option(
        metavar='"A > B"',
        help="The steps, in quotes; a step's filter: A[feature in (a, b)]; one of several: A | B; "
        "the second time: A[historical count is 2].",
        rich_help_panel=FUNNEL,
    ),
]
Step = Annotated[
    list[str] | None,
    typer.Option(
        metavar="STEP", help="One step; give the option once per step.", rich_help_panel=FUNNEL
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILTER",
        help='Filters step 1; "3: FILTER" filters step 3.',
        rich_help_panel=FUNNEL,
    ),
]
WhereEveryStep = Annotated[
    list[str] | None,
    typer.Option(metavar="FILTER", help="Filters every step.", rich_help_panel=FUNNEL),
]
WhereEveryEvent = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILTER",
        help="Events that fail it do not exist, whatever their part would be.",
        rich_help_panel=FUNNEL,
    ),
]
Window = Annotated[
    str | None,
    typer.Option(
        metavar="7d",
        help="Step 1 to the last step: s, m, h, d, w; or session. [default: 30d]",
        rich_help_panel=FUNNEL,
    ),
]
OrderChoice = Annotated[
    Order | None,
    typer.Option(
        "--order",
        help="Other events in between (this), any order, or none in between (exact). "
        "[default: this]",
        rich_help_panel=FUNNEL,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar='"A between 1 and 2"',
        help="What must not happen between two steps; without them between all.",
        rich_help_panel=FUNNEL,
    ),
]
OptionalStep = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Two funnels: with this step and without.", rich_help_panel=FUNNEL
    ),
]
CompareEvent = Annotated[
    list[str] | None,
    typer.Option(
        metavar='"2: B2"',
        help="One more funnel: another event in place of a step.",
        rich_help_panel=FUNNEL,
    ),
]
CustomEvent = Annotated[
    list[str] | None,
    typer.Option(metavar='"NAME = A | B"', help="What steps call ce:NAME.", rich_help_panel=FUNNEL),
]
Inactive = Annotated[
    list[str] | None,
    typer.Option(
        metavar="EVENT",
        help="An event type that is not active: the step _active leaves it out.",
        rich_help_panel=FUNNEL,
    ),
]
ResolutionChoice = Annotated[
    Resolution | None,
    typer.Option(
        "--resolution",
        help="How fine times are compared. [default: second]",
        rich_help_panel=FUNNEL,
    ),
]
Setting = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="How a rule is read on which Amplitude is silent; a wrong name lists them all.",
        rich_help_panel=FUNNEL,
    ),
]
CountByChoice = Annotated[
    CountBy | None,
    typer.Option(
        "--count-by",
        help="Each unit once, or each of its paths. [default: uniques]",
        rich_help_panel=COUNTED,
    ),
]
Unit = Annotated[
    str | None,
    typer.Option(
        metavar="user|session|PROPERTY",
        help="Count users, sessions (session_id, else 30 minutes of rest), or values: "
        "group.company.",
        rich_help_panel=COUNTED,
    ),
]
Hold = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PROPERTY",
        help="The same in all steps: each of its values counts.",
        rich_help_panel=COUNTED,
    ),
]
UsersChoice = Annotated[
    Users | None,
    typer.Option(
        "--users",
        help="All, or those whose first event lies in the dates. [default: active]",
        rich_help_panel=COUNTED,
    ),
]
Segment = Annotated[
    list[str] | None,
    typer.Option(
        metavar='"NAME: FILTER"',
        help="A series of its own, tested at step 1; also performed(A) >= 3 in 30d, cohort(FILE).",
        rich_help_panel=COUNTED,
    ),
]
GroupBy = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[N:]PROPERTY",
        help="A property of the event of step N; up to two of one step. [default: step 1]",
        rich_help_panel=COUNTED,
    ),
]
GroupLimit = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="So many groups. [default: 100; 500 of two properties]",
        rich_help_panel=COUNTED,
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="DATE", help="The first day, or an instant.", rich_help_panel=DATES
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="DATE", help="The last day; an instant is exclusive.", rich_help_panel=DATES
    ),
]
Last = Annotated[
    str | None,
    typer.Option(
        metavar="30d",
        help="So many whole days, and the one that is not over.",
        rich_help_panel=DATES,
    ),
]
Offset = Annotated[
    str | None,
    typer.Option(metavar="7d", help="Moves the last days back.", rich_help_panel=DATES),
]
ExcludeIncomplete = Annotated[
    bool | None,
    typer.Option(
        "--exclude-incomplete", help="Leave out the day that is not over.", rich_help_panel=DATES
    ),
]
ExcludeWeekday = Annotated[
    list[str] | None,
    typer.Option(metavar="sat,sun", help="Leave out days of the week.", rich_help_panel=DATES),
]
TimeOfDay = Annotated[
    str | None,
    typer.Option(
        metavar="09:00..17:00", help="Leave out other times of the day.", rich_help_panel=DATES
    ),
]
Timezone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE", help="The project's time zone. [default: UTC]", rich_help_panel=DATES
    ),
]
DataEnd = Annotated[
    str | None,
    typer.Option(
        metavar="INSTANT",
        help="Where the data ends. [default: its last event]",
        rich_help_panel=DATES,
    ),
]
IntervalChoice = Annotated[
    Interval | None,
    typer.Option("--interval", help="Conversion over time, by entry.", rich_help_panel=MEASURES),
]
TimeToConvert = Annotated[
    bool | None,
    typer.Option(
        "--time-to-convert", help="How the times are distributed.", rich_help_panel=MEASURES
    ),
]
Bins = Annotated[
    str | None,
    typer.Option(
        metavar="0s..1h/10s", help="The same in bins of your own.", rich_help_panel=MEASURES
    ),
]
Frequency = Annotated[
    bool | None,
    typer.Option(
        "--frequency", help="How often a step is done before the next.", rich_help_panel=MEASURES
    ),
]
Sum = Annotated[
    str | None,
    typer.Option(
        metavar="PROPERTY", help="The sum over the last step's events.", rich_help_panel=MEASURES
    ),
]
ByAge = Annotated[
    bool | None,
    typer.Option("--by-age", help="Conversion by the time since step 1.", rich_help_panel=MEASURES),
]
Store = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="An event store, in place of EVENTS.", rich_help_panel=OUTPUT),
]
StoreVersion = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="A version of the store. [default: the last]", rich_help_panel=OUTPUT
    ),
]
NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache",
        envvar="FUNNELKIT_NO_CACHE",
        help="Neither use nor keep what makes the next report on a store faster.",
        rich_help_panel=OUTPUT,
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="The store as it was then (UTC); a date is its end.",
        rich_help_panel=OUTPUT,
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        metavar="ROLE=COLUMN,...",
        help="Which column is what: user=uid,event=name,time=ts.",
        rich_help_panel=OUTPUT,
    ),
]
FormatChoice = Annotated[
    Format | None,
    typer.Option(
        "--format",
        "-f",
        help="How to write the answer. [default: as FILE ends, else table]",
        rich_help_panel=OUTPUT,
    ),
]
PageFormatChoice = Annotated[
    PageFormat | None,
    typer.Option(
        "--format",
        "-f",
        help="How to write the answer; html needs the extra charts. "
        "[default: as FILE ends, else table]",
        rich_help_panel=OUTPUT,
    ),
]
TraceFormatChoice = Annotated[
    TraceFormat,
    typer.Option("--format", "-f", help="How to write the answer.", rich_help_panel=OUTPUT),
]
VerifyFormatChoice = Annotated[
    VerifyFormat | None,
    typer.Option(
        "--format",
        "-f",
        help="How to write the answer; github also writes the step summary. [default: as FILE "
        "ends, else table]",
        rich_help_panel=OUTPUT,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to a file, not stdout.",
        rich_help_panel=OUTPUT,
    ),
]
Assert = Annotated[
    list[str] | None,
    typer.Option(
        "--assert",
        metavar='"conversion >= 30%"',
        help="Exit 1 unless it holds; may be given several times.",
        rich_help_panel=OUTPUT,
    ),
]
