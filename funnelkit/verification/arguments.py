"""What is to be verified is told from the events by what the files hold."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from funnelkit.errors import DefinitionError
from funnelkit.specs.amplitude.definitions import is_chart
from funnelkit.verification.lock import ENDING, is_lock
from funnelkit.verification.saved import is_saved_answer

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["funnels", "answer", "lock", "events"]

FUNNEL_ENDING: Final = ".funnel.toml"
_NOT_OURS: Final = {"node_modules", "__pycache__", "venv"}
LARGEST_ANSWER: Final = 64 * 2**20
"""Bytes; a larger JSON or CSV file holds events."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What stands on the command line: files of funnels, answers of Amplitude, locks, and events.

    `were_given` is false where nothing was, and every `*.funnel.toml` below the current folder is
    meant.
    """

    funnels: tuple[Path, ...] = ()
    answers: tuple[Path, ...] = ()
    locks: tuple[Path, ...] = ()
    events: tuple[str, ...] = ()

    @property
    def has_files(self) -> bool:
        """Whether there is anything but events."""
        return bool(self.funnels or self.answers or self.locks)


def told_apart(arguments: Iterable[str | Path], *, folders_hold_events: bool = False) -> Arguments:
    """Return the arguments by what they are.

    A file is to be verified if its name ends in `.toml` or `.lock.json`, or if it is JSON or CSV
    that holds a chart, funnels, or a saved answer of Amplitude's; a folder, if there is a
    `*.funnel.toml` in it. Everything else is events.

    Raises:
        DefinitionError: a funnel of a file is named, as in `shop.toml:checkout`.
    """
    found: dict[Kind, list[Any]] = {"funnels": [], "answer": [], "lock": [], "events": []}
    for argument in arguments:
        path = Path(argument)
        file, colon, name = str(argument).rpartition(":")
        if colon and file.endswith(".toml") and not path.exists():
            raise DefinitionError(f"{argument}: choose a funnel of {file} with -k {name}")
        if not folders_hold_events and _is_folder(path):
            files = funnel_files(path)
            if files:
                found["funnels"] += files
                continue
        kind = kind_of(path)
        found[kind].append(str(argument) if kind == "events" else path)
    return Arguments(
        funnels=tuple(found["funnels"]),
        answers=tuple(found["answer"]),
        locks=tuple(found["lock"]),
        events=tuple(found["events"]),
    )


def funnel_files(folder: Path) -> list[Path]:
    """Return every `*.funnel.toml` below a folder, in order; hidden folders are not looked into."""
    found: list[Path] = []
    for name, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if one not in _NOT_OURS and one[0] != ".")
        found += [Path(name, one) for one in sorted(files) if one.endswith(FUNNEL_ENDING)]
    return sorted(found)


def kind_of(path: Path) -> Kind:
    """Return what a path names: funnels, an answer of Amplitude's, a lock, or events."""
    name = path.name.lower()
    if name.endswith(".toml"):
        return "funnels"
    if name.endswith(ENDING):
        return "lock"
    content = _content(path) if name.endswith((".json", ".csv", ".txt")) else None
    if content is None:
        return "events"
    return "answer" if is_saved_answer(content) else _kind_of_json(content)


def _content(path: Path) -> str | None:
    """Return the text of a file, if it is one that is small enough."""
    try:
        if path.is_file() and path.stat().st_size <= LARGEST_ANSWER:
            return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError):
        pass
    return None


def _kind_of_json(content: str) -> Kind:
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError):
        return "events"
    if not isinstance(document, dict) or "event_type" in document:
        return "events"
    if is_lock(document):
        return "lock"
    if "data" in document or "error" in document:
        return "answer"  # about something else, or an error of Amplitude's: reading it says so
    is_funnels = isinstance(document.get("funnels"), dict)
    return "funnels" if is_chart(document) or is_funnels else "events"


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
