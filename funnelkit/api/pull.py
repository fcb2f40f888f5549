"""Events from Amplitude's Export API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funnelkit.amplitude_api import Credentials
    from funnelkit.amplitude_api.export import Pulled, Watcher


def pull(
    folder: str | Path,
    *,
    start: str,
    end: str | None = None,
    region: str = "us",
    url: str | None = None,
    keys: str | Path | Credentials | None = None,
    max_wait: str = "15m",
    watcher: Watcher | None = None,
) -> Pulled:
    """Fetch the exports of an Amplitude project into a folder; return what was fetched.

    Hours that the folder has are not fetched again, so an interrupted call is simply repeated.
    The files are zips as Amplitude's Export API gives them (specification C1).

    Args:
        folder: where the zips go; a project has a folder of its own.
        start: the first day or hour, `2024-01-05` or `2024-01-05T14`, in UTC, of the time at which
            Amplitude received the events (server_upload_time).
        end: the last day or hour, included; by default the last hour that is available.
        region: us or eu.
        url: another server, instead of a region.
        keys: a file with api_key and secret_key; by default the environment variables
            AMPLITUDE_API_KEY and AMPLITUDE_SECRET_KEY.
        max_wait: how long one request may wait because of Amplitude's limits (429).
        watcher: is told how far it is.

    Raises:
        CouldNotCheck: an hour is missing in the end: wrong keys, limits, no answer.
        DefinitionError: an argument is wrong, or the folder cannot be written.
        DataError: the folder's ledger cannot be understood.
    """
    from funnelkit.amplitude_api import Amplitude, Credentials, base_url, find_credentials
    from funnelkit.amplitude_api.export import Export, Quiet
    from funnelkit.amplitude_api.hours import parse_hour
    from funnelkit.specs.times import parse_window

    first = parse_hour(start, what="from")
    last = None if end is None else parse_hour(end, what="to", last=True)
    watcher = watcher or Quiet()
    amplitude = Amplitude(
        keys if isinstance(keys, Credentials) else find_credentials(keys),
        base_url(region, url),
        max_wait=parse_window(max_wait, what="max-wait"),
        tell=watcher.say,
    )
    return Export(amplitude, Path(folder), watcher).pull(first, last)
