"""Where the events are: files, or a version of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def events_of(
    events: list[str] | None,
    *,
    store: Path | None,
    store_version: int | None,
    as_of: str | None,
    no_cache: bool = False,
    required: bool,
) -> Any:
    """Return the events that a command reads, as `open_events` takes them.

    Raises:
        DefinitionError: there are none, or a store and other events.
        DataError: there is no such store.
    """
    from dataclasses import replace
    from datetime import UTC, datetime

    from funnelkit.cli.output import say
    from funnelkit.errors import DefinitionError
    from funnelkit.events.store.place import store_of

    if store is not None and events:
        raise DefinitionError("give EVENTS or --store DIR, not both")
    if store is None and not events:
        if required:
            raise DefinitionError("give the events: EVENTS..., or --store DIR")
        if store_version is not None or as_of is not None:
            raise DefinitionError("--store-version and --as-of need --store DIR")
        return None
    if store_version is None and as_of is None and store is None:
        found = store_of(events) if no_cache else None
        return events if found is None else replace(found, cache=False)
    named = str(store) if store is not None else (events or [""])[0]
    if len(events or ()) > 1:
        raise DefinitionError("--store-version and --as-of read one store; there are more EVENTS")
    from funnelkit import api

    found = api.store(named, version=store_version, as_of=as_of, cache=not no_cache)
    if found.as_of is not None and found.as_of > datetime.now(UTC):
        still = "what is imported until then will count, too. --store-version keeps a number"
        say([f"note: --as-of {as_of} is not over yet: {still}"])
    return found
