"""`funnelkit import`: other people's files as a folder of events."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from funnelkit.cli import options as opt  # noqa: TC001 - typer reads the annotations


class InsertIdClock(StrEnum):
    """Which clock measures the seven days of an insert_id."""

    received = "received"
    event = "event"


class SummaryFormat(StrEnum):
    """How the summary is written."""

    table = "table"
    json = "json"


Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE...",
        help="Export ZIPs, .json.gz, merged users, warehouse tables (Parquet, CSV, JSON), HTTP V2 "
        "JSON, other products' exports: files, folders or globs, s3://, too; FILE.duckdb::TABLE.",
    ),
]
SourceSql = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="A SELECT for DuckDB; its rows are events. SOURCE may be a database."
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="EVENTS", help="The folder of events to add to."),
]
Store = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="An event store to add to, in place of a folder of events."),
]
Buckets = Annotated[
    int | None,
    typer.Option(metavar="N", help="Into how many parts a new store divides users. [default: 16]"),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="The format, if keys do not tell: amplitude, http, segment, rudderstack, ga4, "
        "mixpanel, posthog.",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first line that is no event.")]
Rejects = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Where rejected lines go. [default: EVENTS/_import/rejects-N.jsonl]"
    ),
]
Clock = Annotated[
    InsertIdClock,
    typer.Option(help="What measures the 7 days in which a second insert_id is a copy."),
]
Form = Annotated[SummaryFormat, typer.Option("--format", "-f", help="How to write the summary.")]


def import_(
    source: Sources = None,
    *,
    output: Folder = None,
    store: Store = None,
    buckets: Buckets = None,
    source_sql: SourceSql = None,
    as_: As = None,
    columns: opt.Columns = None,
    strict: Strict = False,
    rejects: Rejects = None,
    insert_id_clock: Clock = InsertIdClock.received,
    format: Form = SummaryFormat.table,  # noqa: A002 - the option's name
) -> None:
    """Import Amplitude exports, warehouse tables and HTTP events into a folder.

    The same file twice, or exports that overlap, change nothing. Other commands read the folder.
    """
    from funnelkit import api
    from funnelkit.api.importing import source_bytes
    from funnelkit.cli.output import say, write
    from funnelkit.cli.progress import reading
    from funnelkit.render.import_ import render_import

    with reading("Importing", total=lambda: source_bytes(source or ())) as advance:
        result = api.import_events(
            source or (),
            output,
            source_sql=source_sql,
            store=store,
            buckets=buckets,
            waiting=lambda: say([f"{store} is being written; waiting for its turn"]),
            as_=as_,
            columns=columns,
            strict=strict,
            rejects=rejects,
            insert_id_clock=insert_id_clock.value,
            progress=advance,
        )
    write(render_import(result, format=format.value))
    say(f"note: {note}" for note in result.notes)
    if result.known_files:
        known = "1 file was" if result.known_files == 1 else f"{result.known_files} files were"
        say([f"note: {known} imported before and changed nothing"])
    if result.rejects is not None:
        say([f"warning: rejected lines are in {result.rejects}, with file, line and reason"])
