"""Who writes where: data goes to stdout or to a file, as the same bytes; talk goes to stderr."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from funnelkit.events.store.place import StoreVersion

ENDINGS: Final = {"table": "txt", "markdown": "md", "junit": "xml"}
"""How the files of a format end, where not by its name."""


def write(text: str | bytes, output: Path | None = None) -> bool:
    """Write data, text as UTF-8, to the file, or to stdout; return whether anybody still reads.

    A reader that left (`| head`) is no error: there is just nothing more to say to it.

    Raises:
        DefinitionError: the file or stdout cannot be written.
    """
    content = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
    if output is not None:
        try:
            output.write_bytes(content)
        except OSError as error:
            raise DefinitionError(f"cannot write {output}: {error.strerror}") from error
        return True
    if sys.stdout is None:
        raise DefinitionError("cannot write to stdout: it is closed; write to a file with -o FILE")
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence()
        return False
    except OSError as error:
        silence()
        raise DefinitionError(f"cannot write to stdout: {error.strerror}") from error
    return True


def silence() -> None:
    """Let stdout go nowhere from now on: Python would complain once more when it ends."""
    if sys.stdout is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def say(lines: Iterable[str]) -> None:
    """Say something to the user, line by line."""
    for line in lines:
        if sys.stderr is not None:
            print(line, file=sys.stderr)  # noqa: T201 - stderr is talk


def form_of(chosen: str | None, output: Path | None, *, known: Iterable[str]) -> str:
    """Return the format: the chosen one of the known, else as the file's name ends, else table.

    Raises:
        DefinitionError: a Parquet file is to hold something else, or the ending is of no format.
    """
    ending = "" if output is None else output.suffix.removeprefix(".").lower()
    endings = {ENDINGS.get(form, str(form)): str(form) for form in known}
    if chosen is not None:
        if ending == "parquet" in endings:
            raise DefinitionError(f"-o {output} is a Parquet file: leave out --format {chosen}")
        return str(chosen)
    if ending and ending not in endings:
        names = ", ".join(f".{one}" for one in endings)
        raise DefinitionError(
            f"-o {output}: no format ends in .{ending}, but in {names}; or choose with --format"
        )
    return endings.get(ending, "table")


def check_output(
    output: Path | None,
    events: Iterable[str] | StoreVersion = (),
    definition: Mapping[str, Any] | None = None,
    *,
    funnels: Iterable[str | None] = (),
    files: Iterable[Path | None] = (),
    option: str = "-o",
) -> None:
    """Refuse to write the answer over a file that it comes from.

    `definition` has the options that define the funnel, `funnels` more funnels as `--funnel` takes
    them, and `files` whatever else is read. `option` is what named the file.

    Raises:
        DefinitionError: `output` is one of the files that are read, or the definition cannot be.
    """
    if output is None or not output.exists():
        return
    if any(_same(output, file) for file in _event_files(events)):
        raise DefinitionError(f"{option} {output} would overwrite the events that are read")
    for file in (*files, *_definition_files(definition or {}, funnels)):
        if file is not None and _same(output, file):
            raise DefinitionError(f"{option} {output} would overwrite {file}, which is read")


def _same(output: Path, file: str | Path) -> bool:
    return Path(file).exists() and output.samefile(file)


def _event_files(events: Iterable[str] | StoreVersion) -> Iterator[Path]:
    from funnelkit.events.files import find_files
    from funnelkit.events.remote import is_remote
    from funnelkit.events.store.place import StoreVersion

    for source in [events.folder] if isinstance(events, StoreVersion) else events:
        if source != "-" and not is_remote(source):
            yield from find_files(source)


def _definition_files(
    definition: Mapping[str, Any], funnels: Iterable[str | None]
) -> Iterator[str | Path | None]:
    """Yield the files of the funnels, and of the cohorts in their segments."""
    from funnelkit.specs.define import project_of
    from funnelkit.specs.files import select_funnel
    from funnelkit.specs.steps import parse_segment

    project = {name: definition.get(name) for name in ("custom_event", "setting")}
    custom_events, settings = project_of(project)
    segments = [parse_segment(text) for text in definition.get("segment") or ()]
    for reference in (definition.get("funnel"), *funnels):
        if reference is not None:
            entry = select_funnel(reference, custom_events=custom_events, settings=settings)
            yield entry.source
            segments += entry.funnel.segments
    for segment in segments:
        yield from (cohort.path for cohort in segment.cohorts)
