"""A patient client: it waits where Amplitude asks it to, and asks again after what passes.

Everything is read, nothing is written, so every request can be repeated. The keys travel in one
header, which no redirect takes along to another server.
"""

from __future__ import annotations

import http.client
import io
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from funnelkit.amplitude_api.answers import error_text, seconds_to_wait
from funnelkit.amplitude_api.credentials import printable
from funnelkit.errors import CouldNotCheck, DefinitionError, those_there_are

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from funnelkit.amplitude_api.credentials import Credentials

REGIONS: Final = {"us": "https://amplitude.com", "eu": "https://analytics.eu.amplitude.com"}
"""Where the API of a region is (specification B1)."""

MAX_WAIT: Final = timedelta(minutes=15)
ATTEMPTS: Final = 5
TIMEOUT: Final = 300.0  # seconds without a byte: a large export takes minutes to begin
PIECE: Final = 1 << 20
READ: Final = 10_000  # bytes of an error's text
LONGEST_PAUSE: Final = 300.0  # seconds; the limits count over five minutes
FIRST_PAUSE: Final = 15.0

KEYS: Final = frozenset({401, 403})
TOO_MANY: Final = 429
TOO_SLOW: Final = 504
PASSING: Final = frozenset({408, 500, 502, 503, TOO_SLOW})
OWN_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})

Query = str | tuple[tuple[str, str], ...]
"""A query: the text behind the question mark, or names and values."""


class Refused(CouldNotCheck):
    """An answer other than the one asked for, with its HTTP `status`."""

    exit_code: ClassVar[int] = 5

    def __init__(self, message: str, status: int) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.status = status


class Limited(Refused):
    """429: the limit of requests is reached, and the wait would be longer than allowed."""


class WrongKeys(Refused):
    """401 or 403."""


class GaveUp(CouldNotCheck):
    """No whole answer after several attempts; `begun` if something came, so that less might."""

    def __init__(self, message: str, *, begun: bool) -> None:
        """Keep whether something came."""
        super().__init__(message)
        self.begun = begun


class _Cut(Exception):  # noqa: N818 - an accident of the network, caught here
    """The answer broke off, or there was none."""

    def __init__(self, message: str, *, begun: bool) -> None:
        """Keep whether something came."""
        super().__init__(message)
        self.begun = begun


@dataclass(frozen=True, slots=True)
class Fetched:
    """A text that Amplitude gave, and when and from where."""

    text: str
    fetched_at: datetime
    """When the answer was complete, in UTC."""
    url: str
    """What was asked, without keys."""

    def json(self) -> Any:
        """Return the text as JSON.

        Raises:
            CouldNotCheck: it is none: the page of a proxy, for example.
        """
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            start = " ".join(self.text[:60].split())
            raise CouldNotCheck(f"{self.url} answers no JSON, but {start!r}") from None


def base_url(region: str = "us", url: str | None = None) -> str:
    """Return where the API is: of the region, unless a URL is given.

    Raises:
        DefinitionError: there is no such region, or the URL is no http or https address.
    """
    if url is None:
        if region not in REGIONS:
            raise DefinitionError(f"no region {region!r}.{those_there_are(region, list(REGIONS))}")
        return REGIONS[region]
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise DefinitionError(f"not a server's address: {error}") from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise DefinitionError(f"a server's address looks like http://127.0.0.1:8080; got {url!r}")
    if parts.username is not None:
        raise DefinitionError("a server's address has no name and password in it")
    return url.rstrip("/").removesuffix("/api/2/export")


class Amplitude:
    """One project of Amplitude, or of a server that answers as Amplitude does.

    Args:
        credentials: the project's keys.
        url: where the API is; see `base_url`.
        max_wait: how long one request may wait at most because of limits (429).
        tell: is told, as a sentence, what is waited for and what is asked again.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        credentials: Credentials,
        url: str = REGIONS["us"],
        *,
        max_wait: timedelta = MAX_WAIT,
        tell: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Connect to nothing yet."""
        self.url = base_url(url=url)
        self.credentials = credentials
        self._max_wait = max_wait.total_seconds()
        self._tell = tell
        self._sleep = sleep
        parts = urllib.parse.urlsplit(self.url)
        own = parts.hostname in OWN_HOSTS
        if parts.scheme == "http" and not own:
            tell(f"warning: the keys travel to {parts.netloc} unencrypted; use https")
        direct = (urllib.request.ProxyHandler({}),) if own else ()
        self._opener = urllib.request.build_opener(*direct)

    def get(self, path: str, query: Query = ()) -> Fetched:
        """Return what the server answers, as text.

        Raises:
            CouldNotCheck: it refuses (`Refused`), or does not answer after several attempts.
        """
        body = io.BytesIO()
        self.download(path, query, body)
        text = body.getvalue().decode("utf-8", "replace")
        return Fetched(text, datetime.now(UTC), self._address(path, query))

    def download(
        self,
        path: str,
        query: Query,
        into: BinaryIO,
        *,
        advance: Callable[[int], None] = lambda _: None,
        whole: Callable[[], str | None] = lambda: None,
        give_up_on: frozenset[int] = frozenset(),
    ) -> None:
        """Write what the server answers to an empty file; an attempt that fails is taken back.

        Args:
            path: what is asked for, from the slash.
            query: and how.
            into: is written from its beginning, and cut before each attempt.
            advance: is told how many bytes arrived; fewer than none when they are taken back.
            whole: says, once everything is written, what is wrong with it; None if nothing is.
            give_up_on: statuses to report at once that are otherwise asked again.

        Raises:
            CouldNotCheck: it refuses (`Refused`), or does not answer after several attempts.
            OSError: the file cannot be written.
        """
        address, waited = self._address(path, query), 0.0
        problem, begun, failures = "", False, 0
        while failures < ATTEMPTS:
            if failures:
                pause = 2.0 ** (failures - 1)
                self._tell(f"{problem}; asking again in {pause:.0f} s")
                self._sleep(pause)
            into.seek(0)
            into.truncate()
            try:
                self._receive(address, into, advance)
                if (fault := whole()) is None:
                    return
                advance(-into.tell())
                problem, begun = fault, True
            except _Cut as cut:
                advance(-into.tell())
                problem, begun = str(cut), cut.begun
            except urllib.error.HTTPError as error:
                with error:
                    refused = self._refused(error)
                    asked = seconds_to_wait(error.headers)
                if isinstance(refused, Limited):
                    waited += self._wait(refused, asked, waited)
                    continue
                if refused.status not in PASSING or refused.status in give_up_on:
                    raise refused from None
                problem, begun = str(refused), refused.status == TOO_SLOW
            failures += 1
        raise GaveUp(f"gave up after {ATTEMPTS} attempts: {problem}", begun=begun)

    def _address(self, path: str, query: Query) -> str:
        text = query if isinstance(query, str) else urllib.parse.urlencode(query)
        return f"{self.url}{path}?{text}" if text else f"{self.url}{path}"

    def _receive(self, address: str, into: BinaryIO, advance: Callable[[int], None]) -> None:
        from funnelkit import __version__

        request = urllib.request.Request(  # noqa: S310 - http or https, see `base_url`
            address, headers={"User-Agent": f"funnelkit/{__version__}"}
        )
        request.add_unredirected_header("Authorization", self.credentials.authorization)
        try:
            answer = self._opener.open(request, timeout=TIMEOUT)
        except urllib.error.HTTPError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise _Cut(
                f"{self._host} does not answer ({self._reason(error)})", begun=False
            ) from None
        with answer:
            expected = answer.headers.get("Content-Length")
            written = 0
            while piece := self._piece(answer):
                into.write(piece)
                written += len(piece)
                advance(len(piece))
            if expected is not None and expected.isdecimal() and written != int(expected):
                raise _Cut(
                    f"the connection to {self._host} broke off after {written:,} of "
                    f"{int(expected):,} bytes",
                    begun=True,
                )

    def _piece(self, answer: Any) -> bytes:
        try:
            return bytes(answer.read(PIECE))
        except (OSError, http.client.HTTPException) as error:
            raise _Cut(
                f"the connection to {self._host} broke off ({self._reason(error)})", begun=True
            ) from None

    @property
    def _host(self) -> str:
        return urllib.parse.urlsplit(self.url).netloc

    def _reason(self, error: Exception) -> str:
        inner = error.reason if isinstance(error, urllib.error.URLError) else error
        return printable(str(inner), self.credentials) or type(inner).__name__

    def _refused(self, error: urllib.error.HTTPError) -> Refused:
        try:
            said = error_text(error.read(READ), self.credentials)
        except (OSError, http.client.HTTPException):
            said = ""
        status = error.code
        told = f"{self._host} answers {status}" + (f": {said}" if said else "")
        if status in KEYS:
            return WrongKeys(
                f"{told}. It does not accept these keys: they may be of another project, or of "
                "the other region (--region us, --region eu)",
                status,
            )
        return (Limited if status == TOO_MANY else Refused)(told, status)

    def _wait(self, limited: Limited, asked: float | None, waited: float) -> float:
        """Wait as the server asks, else longer each time; return how long.

        Raises:
            Limited: that would be longer, all in all, than `max_wait`.
        """
        left = self._max_wait - waited
        pause = asked if asked is not None else min(max(FIRST_PAUSE, waited), LONGEST_PAUSE, left)
        pause = max(pause, 1.0)
        if pause > left:
            wish = f", which asks to wait {asked:.0f} s" if asked is not None else ""
            raise Limited(
                f"{limited}{wish}; waiting is limited to {self._max_wait:.0f} s (--max-wait)",
                limited.status,
            )
        self._tell(f"{limited}; waiting {pause:.0f} s")
        self._sleep(pause)
        return pause
