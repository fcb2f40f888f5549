"""Which version of which store is meant."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DefinitionError
from funnelkit.events.remote import is_address
from funnelkit.events.store.state import is_store

if TYPE_CHECKING:
    from datetime import datetime

    from funnelkit.events.table import EventTable

NO_CACHE: Final = "FUNNELKIT_NO_CACHE"
NO: Final = frozenset({"", "0", "false", "f", "no", "n", "off"})
"""What the variable says where somebody wants the cache, as the command line reads it."""


@dataclass(frozen=True, slots=True)
class StoreVersion:
    """A version of an event store: the last one, the one of a number, or that of a time.

    Whatever takes events takes this. The same version always gives the same answer. With `cache`
    reports keep in the store's folder what they select, so that the next one is faster, unless the
    environment has `FUNNELKIT_NO_CACHE=1`.
    """

    folder: Path
    version: int | None = None
    as_of: datetime | None = None
    cache: bool = True

    def __post_init__(self) -> None:
        if self.version is not None and self.as_of is not None:
            raise DefinitionError("a store is read by version or as of a time, not by both")

    def open(self) -> EventTable:
        """Return the version as an event table."""
        from funnelkit.events.store.reading import open_store

        cache = self.cache and os.environ.get(NO_CACHE, "").lower() in NO
        return open_store(self.folder, self.version, self.as_of, cache=cache)


def local(folder: str | os.PathLike[str]) -> Path:
    """Return the folder of a store, which is on this machine.

    Raises:
        DefinitionError: it is an address, which a path would be made of.
    """
    text = os.fspath(folder)
    if is_address(text):
        raise DefinitionError(
            f"{text}: a store is a folder of this machine, and no address; copy it here to read "
            "it, or write it here and copy it there"
        )
    return Path(folder)


def store_of(source: object) -> StoreVersion | None:
    """Return the store that a source of events is; None where it is none.

    Raises:
        DefinitionError: a store stands beside other sources.
    """
    if isinstance(source, StoreVersion):
        return source
    if isinstance(source, (list, tuple)):
        found = [store_of(each) for each in source]
        stores = [each for each in found if each is not None]
        if stores and len(found) > 1:
            raise DefinitionError(
                f"{stores[0].folder} is a store, which is read by itself; import other events into "
                "it, or read its Parquet files"
            )
        return stores[0] if stores else None
    if not isinstance(source, (str, os.PathLike)):
        return None
    path = Path(source)
    return StoreVersion(path) if is_store(path) else None
