"""`funnelkit store`: what is in an event store, its versions, and how it is kept in order."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from funnelkit.cli import options as opt  # noqa: TC001 - typer reads the annotations
from funnelkit.cli.help import Command

store = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Look into an event store, and keep it in order. Files come in by `import --store`.",
)


class StoreFormat(StrEnum):
    """How it is written."""

    table = "table"
    json = "json"


Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The store's folder.")]
FormatChoice = Annotated[
    StoreFormat, typer.Option("--format", "-f", help="How to write the answer.")
]


@store.command(cls=Command)
def info(
    folder: Folder,
    version: Annotated[
        int | None, typer.Option(metavar="N", help="Of this version. [default: the last]")
    ] = None,
    format: FormatChoice = StoreFormat.table,  # noqa: A002 - the option's name
    output: opt.Output = None,
) -> None:
    """Show what a store holds."""
    from funnelkit import api
    from funnelkit.cli.output import write
    from funnelkit.render.store import render_info

    write(render_info(api.store_info(folder, version=version), format=format.value), output)


@store.command(cls=Command)
def versions(
    folder: Folder,
    format: FormatChoice = StoreFormat.table,  # noqa: A002 - the option's name
    output: opt.Output = None,
) -> None:
    """List all versions.

    `report --store DIR --store-version N` reads one of them.
    """
    from funnelkit import api
    from funnelkit.cli.output import write
    from funnelkit.render.store import render_versions

    write(render_versions(api.store_versions(folder), format=format.value), output)


@store.command(cls=Command)
def compact(folder: Folder) -> None:
    """Bring small files together.

    All files of a month and a bucket of users become one, and reports get faster. No number
    changes. Earlier versions keep their files until `store vacuum` erases them.
    """
    from funnelkit import api
    from funnelkit.cli.output import say
    from funnelkit.cli.progress import working

    with working("Compacting"):
        done = api.store_compact(folder)
    if done.before == done.after:
        say([f"{folder}: nothing to compact in {done.before:,} files"])
    else:
        say([f"{folder}: version {done.version}, {done.before:,} files are {done.after:,} now"])


@store.command(cls=Command)
def vacuum(
    folder: Folder,
    keep: Annotated[
        str, typer.Option(metavar="7d", help="Versions that were the last one since then stay.")
    ] = "7d",
    dry_run: Annotated[  # noqa: FBT002 - a flag is given by its name
        bool, typer.Option("--dry-run", help="Only say what would be erased.")
    ] = False,
) -> None:
    """Erase what nobody needs.

    That is what only older versions need, what reports keep to be faster, and what killed
    imports left behind.
    """
    from datetime import timedelta

    from funnelkit import api
    from funnelkit.cli.output import say
    from funnelkit.render.store import size
    from funnelkit.specs.times import parse_window

    kept = timedelta(0) if keep in {"0", "0d"} else parse_window(keep, what="--keep")
    done = api.store_vacuum(folder, keep=kept, dry_run=dry_run)
    would = "would erase" if dry_run else "erased"
    say([f"{folder}: {would} {len(done.files):,} files, {size(done.size)}"])
    if done.versions:
        numbers = ", ".join(map(str, done.versions))
        say([f"cannot be read {'then' if dry_run else 'any more'}: version {numbers}"])


@store.command(cls=Command)
def forget(
    folder: Folder,
    user: Annotated[
        str,
        typer.Option(
            metavar="ID", help="A user_id, an amplitude_id, or an anonymous user's device_id."
        ),
    ],
) -> None:
    """Erase one user everywhere.

    All events go that bear the id, its Amplitude ID, or one that was merged with it. Versions
    that had such events cannot be read any more.
    """
    from funnelkit import api
    from funnelkit.cli.output import say
    from funnelkit.cli.progress import working

    with working("Erasing"):
        done = api.store_forget(folder, user)
    ids = ", ".join(map(str, done.amplitude_ids))
    what = f"erased {done.events:,} events of amplitude_id {ids}"
    files = f"{done.rewritten:,} files written anew, {done.erased:,} older files erased"
    say([f"{folder}: version {done.version}, {what}", files])
