"""Event stores: what is in them, their versions, and how they are kept in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.errors import DataError, DefinitionError

if TYPE_CHECKING:
    import os
    from datetime import datetime, timedelta
    from pathlib import Path

    from funnelkit.events.store.compaction import Compacted
    from funnelkit.events.store.forgetting import Forgotten
    from funnelkit.events.store.place import StoreVersion
    from funnelkit.events.store.profile import StoreInfo
    from funnelkit.events.store.vacuum import Vacuumed
    from funnelkit.events.store.versions import Held


def store(
    folder: str | os.PathLike[str],
    *,
    version: int | None = None,
    as_of: str | datetime | None = None,
    cache: bool = True,
) -> StoreVersion:
    """Return a version of an event store, to be given to `report` and all that takes events.

    Args:
        folder: where the store is.
        version: its number; by default the last one.
        as_of: the version that was the last one at a time (ISO 8601, UTC; a date is its end).
        cache: whether what a report selects is kept in the store's folder for the next report.

    Raises:
        DefinitionError: both are given, or `as_of` is no time.
        DataError: there is no store.
    """
    from funnelkit.events.store.place import StoreVersion

    moment = None if as_of is None else _moment(as_of)
    return StoreVersion(_checked(folder), version, moment, cache=cache)


def store_info(folder: str | os.PathLike[str], *, version: int | None = None) -> StoreInfo:
    """Return what is in a version of a store: events, times, files, bytes.

    Raises:
        DataError: there is no store.
    """
    from funnelkit.events.store.profile import info

    return info(_checked(folder), version)


def store_versions(folder: str | os.PathLike[str]) -> list[Held]:
    """Return all versions of a store, the oldest first, and whether each can still be read.

    Raises:
        DataError: there is no store.
    """
    from funnelkit.events.store.versions import held_versions

    return list(held_versions(_checked(folder)))


def store_compact(folder: str | os.PathLike[str]) -> Compacted:
    """Make one file of all files of a month and bucket; no number changes.

    Raises:
        DataError: there is no store, or it cannot be written.
    """
    from funnelkit.events.store.compaction import compact

    return compact(_checked(folder))


def store_vacuum(
    folder: str | os.PathLike[str], *, keep: timedelta | None = None, dry_run: bool = False
) -> Vacuumed:
    """Erase files that only versions from before `keep` need, of killed imports, and of reports.

    Raises:
        DataError: there is no store, or it cannot be written.
    """
    from funnelkit.events.store.vacuum import KEEP, vacuum

    return vacuum(_checked(folder), keep=KEEP if keep is None else keep, dry_run=dry_run)


def store_forget(folder: str | os.PathLike[str], user: str) -> Forgotten:
    """Erase a user from every version: by user_id, amplitude_id, or device_id if anonymous.

    Raises:
        DataError: there is no store, nobody has this id, or the store cannot be written.
    """
    from funnelkit.events.store.forgetting import forget

    if not user:
        raise DefinitionError("--user is empty; give a user_id, an amplitude_id or a device_id")
    return forget(_checked(folder), user)


def _checked(folder: str | os.PathLike[str]) -> Path:
    from funnelkit.events.store.place import local
    from funnelkit.events.store.state import is_store

    path = local(folder)
    if not path.exists():
        raise DataError(f"there is no folder {path}")
    if not is_store(path):
        raise DataError(f"{path} is no event store: it has no _delta_log")
    return path


def _moment(text: str | datetime) -> datetime:
    """Return an instant; a day stands for its end."""
    from datetime import UTC, datetime, timedelta

    from funnelkit.specs.times import parse_moment

    found = parse_moment(text, what="--as-of") if isinstance(text, str) else text
    if not isinstance(found, datetime):
        return datetime(found.year, found.month, found.day, tzinfo=UTC) + timedelta(days=1)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
