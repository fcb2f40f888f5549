"""Simulated events to Amplitude, or to a server that speaks its HTTP API V2 or Batch API.

Requests that fail for the moment are sent again: nothing counts twice, because each event carries
an insert_id that belongs to its seed and scenario, and the server ignores one it knows
(specification A13: for 7 days). For the same reason an interrupted run can simply be repeated.
"""

from __future__ import annotations

import gzip
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from funnelkit.amplitude_api.credentials import printable
from funnelkit.errors import CouldNotCheck, DefinitionError
from funnelkit.events.simulation.answer import Answer
from funnelkit.events.simulation.payload import event_objects
from funnelkit.events.simulation.settings import setting_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from funnelkit.events.simulation.credentials import ApiKey
    from funnelkit.events.simulation.simulation import Simulation

ATTEMPTS: Final = 9
LONGEST_PAUSE: Final = 30.0
TIMEOUT: Final = 30.0
PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
TOO_LARGE: Final = 413
SUCCESS: Final = 200
REDIRECT: Final = 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a server accepted."""

    events: int
    requests: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that goes into one request: events, and bytes before compression."""

    events: int
    size: int


HTTP_V2: Final = Limits(events=1_000, size=900_000)  # of less than 2,000 and 1 MB (D1)
BATCH: Final = Limits(events=1_999, size=15_000_000)  # of 2,000 and 20 MB (D2)

Bundle = list[bytes]
"""An event as JSON, preceded by the identify call that goes with it, if there is one."""


def deliver(
    simulation: Simulation,
    key: ApiKey,
    url: str,
    *,
    resume_from: int = 0,
    progress: Callable[[int], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Delivery:
    """Send all events in the order of time; see `Simulation.send`."""
    if not simulation.scenario.insert_id:
        raise DefinitionError(
            "events without insert_id are not sent: a repeated request would count them twice"
        )
    resume_from = setting_of("resume_from", resume_from)
    if resume_from < 0:
        raise DefinitionError(f"resume_from is 0 or more; got {resume_from}")
    if resume_from > simulation.event_count:
        raise DefinitionError(
            f"resume_from leaves out {resume_from:,} events, but there are only "
            f"{simulation.event_count:,} events"
        )
    server = Server(endpoint(url), key, sleep)
    limits = BATCH if server.url.endswith("/batch") else HTTP_V2
    sent = 0
    for batch in _batches(_bundles(simulation, resume_from), limits):
        try:
            for part in server.post(batch):
                sent += part
                if progress is not None:
                    progress(part)
        except CouldNotCheck as error:
            accepted = sent + resume_from
            raise CouldNotCheck(
                f"{error}\n{accepted:,} events were accepted; to go on, run the same again with "
                f"--resume-from {accepted} (resume_from={accepted} in Python)"
            ) from None
    return Delivery(sent, server.requests)


def endpoint(url: str) -> str:
    """Return the address to post to; a bare host gets the path of the HTTP API V2.

    Raises:
        DefinitionError: this is no http or https address, or it holds a name and password.
    """
    try:
        parts = urllib.parse.urlsplit(url if isinstance(url, str) else "")
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise DefinitionError(f"not a server's address: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise DefinitionError(f"a server's address looks like http://127.0.0.1:8080; got {url!r}")
    if parts.username is not None:
        raise DefinitionError("a server's address has no name and password in it")
    return parts._replace(path=parts.path if parts.path.strip("/") else "/2/httpapi").geturl()


def _bundles(simulation: Simulation, skip: int) -> Iterator[Bundle]:
    bundle: Bundle = []
    for chunk in simulation.chunks():
        if skip >= len(chunk.events):
            skip -= len(chunk.events)
            continue
        for event in event_objects(chunk):
            bundle.append(json.dumps(event, separators=(",", ":")).encode())
            if event["event_type"] != "$identify":
                if skip:
                    skip -= 1
                else:
                    yield bundle
                bundle = []


def _batches(bundles: Iterator[Bundle], limits: Limits) -> Iterator[list[Bundle]]:
    batch: list[Bundle] = []
    objects = size = 0
    for bundle in bundles:
        added = sum(len(text) + 1 for text in bundle)
        if batch and (objects + len(bundle) > limits.events or size + added > limits.size):
            yield batch
            batch, objects, size = [], 0, 0
        batch.append(bundle)
        objects += len(bundle)
        size += added
    if batch:
        yield batch


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET without events, and look like a success."""

    def redirect_request(self, *_: Any) -> None:
        """Refuse."""


class Server:
    """One server, asked patiently."""

    def __init__(self, url: str, key: ApiKey, sleep: Callable[[float], None]) -> None:
        """Take the address to post to."""
        self.url = url
        self.requests = 0
        self._key = key
        self._sleep = sleep
        host = urllib.parse.urlsplit(url).hostname
        own = host in ("127.0.0.1", "localhost", "::1")
        direct = (urllib.request.ProxyHandler({}),) if own else ()
        self._opener = urllib.request.build_opener(_NoRedirect, *direct)

    def post(self, batch: Sequence[Bundle]) -> Iterator[int]:
        """Send a batch, in halves where it is too large; yield how many events were accepted.

        Raises:
            CouldNotCheck: the server refuses, or does not answer after many attempts.
        """
        objects = sum(map(len, batch))
        problem, wait = "", 0.0
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(max(wait, min(2.0 ** (attempt - 1), LONGEST_PAUSE)))
            try:
                answer = self._request(batch)
            except (OSError, http.client.HTTPException) as error:
                problem, wait = f"no answer ({printable(_reason(error), self._key)})", 0.0
                continue
            # The specification does not say whether an identify call counts: both will do.
            if answer.ingested in (len(batch), objects):
                yield len(batch)
                return
            problem, wait = answer.shown(self._key), answer.wait
            if answer.status == TOO_LARGE and len(batch) > 1:
                middle = len(batch) // 2
                yield from self.post(batch[:middle])
                yield from self.post(batch[middle:])
                return
            if answer.status not in PASSING:
                raise CouldNotCheck(f"{self.url} {_refusal(answer, objects)}: {problem}")
        raise CouldNotCheck(f"{self.url}: gave up after {ATTEMPTS} attempts: {problem}")

    def _request(self, batch: Sequence[Bundle]) -> Answer:
        events = b",".join(text for bundle in batch for text in bundle)
        key = json.dumps(self._key.reveal()).encode()
        body = gzip.compress(b'{"api_key":' + key + b',"events":[' + events + b"]}", mtime=0)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        request = urllib.request.Request(self.url, body, headers, method="POST")  # noqa: S310 - http or https, see `endpoint`
        self.requests += 1
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return Answer.read(answer.status, answer.headers, answer)
        except urllib.error.HTTPError as error:
            with error:
                return Answer.read(error.code, error.headers, error)


def _refusal(answer: Answer, sent: int) -> str:
    if answer.ingested is not None:
        return f"took {answer.ingested:,} of {sent:,} events"
    if SUCCESS <= answer.status < REDIRECT:
        return 'did not answer as Amplitude does, with {"code":200,"events_ingested":…}'
    return "refused the events"


def _reason(error: Exception) -> str:
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    return str(inner) or type(inner).__name__
