"""The versions of a store: what each was, which files it has, and whether it can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from funnelkit.events.store.state import actions, commits, state_in, version_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from funnelkit.events.store.state import Version


@dataclass(frozen=True, slots=True)
class Held:
    """A version and all files that belong to it, relative to the store's folder."""

    version: Version
    files: frozenset[str]
    readable: bool


def held_versions(folder: Path) -> Iterator[Held]:
    """Yield every version with its files, the oldest first.

    The log is played forward once, whatever the number of versions.
    """
    files: set[str] = set()
    side: tuple[str, ...] = ()
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    for number in commits(folder):
        done = list(actions(folder, number))
        for action in done:
            if "add" in action:
                files.add(unquote(action["add"]["path"]))
            if "remove" in action:
                files.discard(unquote(action["remove"]["path"]))
        state = state_in(folder, done)
        side = side if state is None else state.side_files
        own = frozenset(files).union(side)
        yield Held(version_in(number, done), own, own <= there)
