"""Options that several commands share: how a funnel is defined, and where the answer goes."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Unit(StrEnum):
    """What is counted."""

    user = "user"
    session = "session"


class Resolution(StrEnum):
    """How fine times are compared."""

    second = "second"
    millisecond = "millisecond"


class Format(StrEnum):
    """How the answer is written."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"


class VerifyFormat(StrEnum):
    """How a verdict is written."""

    table = "table"
    json = "json"


Events = Annotated[
    list[str],
    typer.Argument(
        metavar="EVENTS...",
        help="Parquet, JSON lines or CSV (also .gz): files, folders, globs, or - for stdin.",
    ),
]
ParquetEvents = Annotated[
    list[str], typer.Argument(metavar="EVENTS...", help="Parquet files, folders or globs.")
]
Steps = Annotated[
    str | None,
    typer.Option(
        metavar='"A > B"', help="The steps, in quotes; a step's filter: A[feature in (a, b)]."
    ),
]
Step = Annotated[
    list[str] | None, typer.Option(metavar="STEP", help="One step; give the option once per step.")
]
FunnelName = Annotated[
    str | None,
    typer.Option(metavar="FILE:NAME", help="A funnel of a TOML or JSON file; options change it."),
]
Where = Annotated[
    list[str] | None,
    typer.Option(metavar="FILTER", help='Filters step 1; "3: FILTER" filters step 3.'),
]
WhereEveryStep = Annotated[
    list[str] | None, typer.Option(metavar="FILTER", help="Filters every step.")
]
Segment = Annotated[
    list[str] | None,
    typer.Option(metavar='"NAME: FILTER"', help="A series of its own, tested at step 1."),
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="DATE", help="First day of step 1, or an instant."),
]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="DATE", help="Last day of step 1; an instant is exclusive."),
]
Timezone = Annotated[
    str | None, typer.Option(metavar="ZONE", help="The project's time zone. [default: UTC]")
]
Window = Annotated[
    str | None,
    typer.Option(metavar="7d", help="Step 1 to the last step: s, m, h, d, w. [default: 30d]"),
]
UnitChoice = Annotated[
    Unit | None,
    typer.Option("--unit", help="Count users, or sessions (session_id, else 30 minutes of rest)."),
]
GroupBy = Annotated[
    str | None, typer.Option(metavar="PROPERTY", help="A property of the step-1 event.")
]
ResolutionChoice = Annotated[
    Resolution | None,
    typer.Option("--resolution", help="How fine times are compared. [default: second]"),
]
Columns = Annotated[
    str | None,
    typer.Option(
        metavar="ROLE=COLUMN,...", help="Which column is what: user=uid,event=name,time=ts."
    ),
]
FormatChoice = Annotated[Format, typer.Option("--format", "-f", help="How to write the answer.")]
VerifyFormatChoice = Annotated[
    VerifyFormat, typer.Option("--format", "-f", help="How to write the answer.")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not stdout.")
]
Assert = Annotated[
    list[str] | None,
    typer.Option(
        "--assert",
        metavar='"conversion >= 30%"',
        help="Exit 1 unless it holds; may be given several times.",
    ),
]
