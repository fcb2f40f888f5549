"""Sending, against a server on this machine that answers as it is told."""

import gzip
import json
import re
import socket
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from funnelkit.errors import CouldNotCheck, DefinitionError
from funnelkit.events.simulation import sending, simulate
from funnelkit.events.simulation.credentials import ApiKey
from funnelkit.events.simulation.sending import ATTEMPTS, Delivery, Limits, deliver, endpoint

SECRET = "d0c7e5f1a2b3"
HANG_UP = "hang up"
HANG_UP_AFTER_STORING = "hang up after storing"


class Amplitude(ThreadingHTTPServer):
    """Stores events as Amplitude would; `answers` come first, then 200 for everything.

    An answer is a status, the text of a 200, both, or a way to hang up.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = []
        self.most_events = 2000
        self.stored = {}
        self.seen = []
        self.headers = {}
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        request = json.loads(body)
        server = self.server
        server.seen.append((self.path, request["api_key"], len(request["events"]), self.headers))
        answer = server.answers.pop(0) if server.answers else 200
        if len(request["events"]) > server.most_events:
            answer = 413
        if answer in (200, HANG_UP_AFTER_STORING):
            for event in request["events"]:
                server.stored.setdefault((event["device_id"], event["insert_id"]), event)
        if answer in (HANG_UP, HANG_UP_AFTER_STORING):
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        text = f"as told, key {request['api_key']}".encode()
        status = answer if isinstance(answer, int) else 200
        if answer == 200:
            told = {"code": 200, "events_ingested": len(request["events"])}
            text = json.dumps(told).encode()
        elif isinstance(answer, bytes):
            text = answer
        elif isinstance(answer, tuple):
            status, text = answer
        self.send_response(status)
        for name, value in server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        self.server.seen.append(("GET", "", 0, {}))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def amplitude():
    with Amplitude() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def store():
    return simulate(seed=1, days=2)


@pytest.fixture
def small_requests(monkeypatch):
    monkeypatch.setattr(sending, "HTTP_V2", Limits(events=100, size=900_000))


def send(store, server, **options):
    pauses = []
    delivery = deliver(store, ApiKey(SECRET), server.url, sleep=pauses.append, **options)
    return delivery, pauses


def test_every_event_arrives_once_with_what_it_carries(store, amplitude):
    told = []
    delivery = store.send(api_key=SECRET, url=amplitude.url, progress=told.append)
    assert delivery.events == sum(told) == store.event_count == len(amplitude.stored)
    path, key, _, headers = amplitude.seen[0]
    assert (path, key, headers["Content-Type"]) == ("/2/httpapi", SECRET, "application/json")
    arrived = Counter(event["event_type"] for event in amplitude.stored.values())
    assert arrived == Counter(store.events["event_type"])
    viewed = next(e for e in amplitude.stored.values() if e["event_type"] == "ProductViewed")
    assert {"productId", "price"} <= set(viewed["event_properties"])


def test_requests_keep_to_the_limits(amplitude):
    store = simulate(seed=1)
    assert send(store, amplitude)[0].requests == -(-store.event_count // 1000)
    assert max(events for _, _, events, _ in amplitude.seen) == 1000
    amplitude.seen.clear()
    amplitude.url += "/batch"
    assert send(store, amplitude)[0].requests == -(-store.event_count // 1999)
    assert {path for path, *_ in amplitude.seen} == {"/batch"}


def test_requests_keep_to_their_size_too(store, amplitude, monkeypatch):
    monkeypatch.setattr(sending, "HTTP_V2", Limits(events=1000, size=10_000))
    delivery, _ = send(store, amplitude)
    assert delivery.requests > 10
    assert delivery.events == len(amplitude.stored) == store.event_count


@pytest.mark.usefixtures("small_requests")
@pytest.mark.parametrize("trouble", [429, 503, 500, 502, 504, HANG_UP, HANG_UP_AFTER_STORING])
def test_passing_trouble_loses_and_doubles_nothing(store, amplitude, trouble):
    amplitude.answers = [200, trouble, trouble, 200, trouble]
    delivery, pauses = send(store, amplitude)
    assert delivery.events == len(amplitude.stored) == store.event_count
    assert pauses == [1, 2, 1]


def test_pauses_double_up_to_half_a_minute_and_then_it_gives_up(store, amplitude):
    amplitude.answers = [429] * 100
    pauses = []
    with pytest.raises(CouldNotCheck, match=f"gave up after {ATTEMPTS} attempts: 429"):
        deliver(store, ApiKey(SECRET), amplitude.url, sleep=pauses.append)
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_server_may_ask_for_a_longer_pause(store, amplitude):
    amplitude.headers = {"Retry-After": "7"}
    amplitude.answers = [429]
    assert send(store, amplitude)[1] == [7]
    amplitude.headers = {"Retry-After": "99999"}
    amplitude.answers = [503]
    assert send(store, amplitude)[1] == [60]
    amplitude.headers = {"Retry-After": "Fri, 31 Dec 2027 23:59:59 GMT"}
    amplitude.answers = [503]
    assert send(store, amplitude)[1] == [1]


def test_what_is_too_large_is_halved(store, amplitude):
    amplitude.most_events = 60
    delivery, pauses = send(store, amplitude)
    assert delivery.events == len(amplitude.stored) == store.event_count
    assert pauses == []


def test_one_event_that_is_too_large_ends_it(store, amplitude):
    amplitude.most_events = 0
    with pytest.raises(CouldNotCheck, match="refused the events: 413"):
        send(store, amplitude)


@pytest.mark.usefixtures("small_requests")
@pytest.mark.parametrize("answer", [400, 401, 403, 404])
def test_a_refusal_ends_it_and_says_how_to_resume(store, amplitude, answer):
    amplitude.answers = [200, 200, answer]
    with pytest.raises(CouldNotCheck, match=f"refused the events: {answer}") as caught:
        send(store, amplitude)
    assert "--resume-from 200 " in str(caught.value)
    assert len(amplitude.stored) == 200
    delivery, _ = send(store, amplitude, resume_from=200)
    assert delivery.events == store.event_count - 200
    assert len(amplitude.stored) == store.event_count


@pytest.mark.usefixtures("small_requests")
def test_resuming_from_the_start_doubles_nothing(store, amplitude):
    amplitude.answers = [200, 200, HANG_UP_AFTER_STORING, 400]
    with pytest.raises(CouldNotCheck, match="200 events were accepted"):
        send(store, amplitude)
    send(store, amplitude)
    assert len(amplitude.stored) == store.event_count


@pytest.mark.usefixtures("small_requests")
def test_a_chunk_that_was_sent_is_left_out(store, amplitude, monkeypatch):
    monkeypatch.setattr("funnelkit.events.simulation.chunks.CHUNK", 64)
    delivery, _ = send(store, amplitude, resume_from=130)
    assert delivery.events == len(amplitude.stored) == store.event_count - 130
    assert min(event["event_id"] for event in amplitude.stored.values()) == 131


def test_identify_calls_go_with_their_event(amplitude, monkeypatch):
    monkeypatch.setattr(sending, "HTTP_V2", Limits(events=3, size=900_000))
    store = simulate(seed=1, days=1, identify=True)
    delivery, _ = send(store, amplitude)
    assert delivery.events == store.event_count
    sessions = sum(len(part.user) for part in store.sessions)
    assert len(amplitude.stored) == store.event_count + sessions
    assert max(events for _, _, events, _ in amplitude.seen) <= 3


@pytest.mark.usefixtures("small_requests")
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"success",
        b"<html>Log in to the hotel's network</html>",
        b"null",
        b"[200]",
        b"{}",
        b'{"code": 200}',
        b'{"code": 200, "events_ingested": "100"}',
        b'{"code": true, "events_ingested": 100}',
        b'{"code": 400, "events_ingested": 100}',
        b'{"code": 200, "events_ingested": 100',
        b"[" * 9_000,
        b"\xff\xfe",
        (204, b""),
        (201, b'{"code": 200, "events_ingested": 100}'),
        (202, b"accepted"),
    ],
)
def test_an_answer_that_does_not_say_what_amplitude_says_is_no_success(store, amplitude, answer):
    amplitude.answers = [200, answer]
    with pytest.raises(CouldNotCheck, match="not answer as Amplitude does") as caught:
        send(store, amplitude)
    assert "--resume-from 100 " in str(caught.value)
    assert len(amplitude.seen) == 2
    assert len(str(caught.value)) < 1_000


@pytest.mark.usefixtures("small_requests")
@pytest.mark.parametrize("ingested", [0, 1, 99, 101])
def test_an_answer_for_another_number_of_events_is_no_success(store, amplitude, ingested):
    amplitude.answers = [f'{{"code": 200, "events_ingested": {ingested}}}'.encode()]
    with pytest.raises(CouldNotCheck, match=f"took {ingested} of 100 events") as caught:
        send(store, amplitude)
    assert "0 events were accepted" in str(caught.value)


def test_a_server_need_not_count_identify_calls(amplitude):
    store = simulate(seed=1, days=1, identify=True)
    only_events = f'{{"code": 200, "events_ingested": {store.event_count}}}'.encode()
    amplitude.answers = [only_events]
    assert send(store, amplitude)[0] == Delivery(events=store.event_count, requests=1)


@pytest.mark.parametrize(
    "answer", [(400, b"\x1b[2J\x1b]0;t\x07\xe2\x80\xaered\r\nnext"), b"\x1b[2J"]
)
def test_an_answer_commands_no_terminal(store, amplitude, answer):
    amplitude.answers = [answer]
    with pytest.raises(CouldNotCheck) as caught:
        send(store, amplitude)
    assert "[2J" in str(caught.value)
    assert all(line.isprintable() for line in str(caught.value).splitlines())


def test_a_key_at_the_edge_of_what_is_shown_of_an_answer_is_hidden_whole(store, amplitude):
    for before in range(480, 500):
        amplitude.answers = [(400, b"x" * before + SECRET.encode())]
        with pytest.raises(CouldNotCheck) as caught:
            send(store, amplitude)
        assert SECRET[:1] not in str(caught.value).partition("400 x")[2].partition("\n")[0]


@pytest.mark.parametrize("resume_from", ["a", 1.5, True, None])
def test_a_start_that_is_no_number_is_refused(store, amplitude, resume_from):
    with pytest.raises(DefinitionError, match="'resume_from' is a whole number"):
        send(store, amplitude, resume_from=resume_from)


def test_a_start_beyond_the_end_is_refused(store, amplitude):
    with pytest.raises(DefinitionError, match=f"there are only {store.event_count:,} events"):
        send(store, amplitude, resume_from=store.event_count + 1)
    assert send(store, amplitude, resume_from=store.event_count)[0] == Delivery(0, 0)


def test_a_redirect_is_a_refusal(store, amplitude):
    amplitude.headers = {"Location": f"{amplitude.url}/elsewhere"}
    for status in (301, 302, 303, 307):
        amplitude.answers = [status]
        with pytest.raises(CouldNotCheck, match=f"refused the events: {status}"):
            send(store, amplitude)
    assert "GET" not in {path for path, *_ in amplitude.seen}


def test_the_key_shows_in_no_error(store, amplitude):
    for answers in ([400], [429] * 100):
        amplitude.answers = answers
        with pytest.raises(CouldNotCheck) as caught:
            send(store, amplitude)
        assert "as told, key (the key)" in str(caught.value)
        assert SECRET not in str(caught.value) + repr(caught.value)
        assert caught.value.__suppress_context__


def test_nobody_there_is_said_after_all_attempts(store):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(CouldNotCheck, match=r"no answer \(.*refused"):
        deliver(store, ApiKey(SECRET), url, sleep=lambda _: None)


def test_a_proxy_is_not_asked_for_this_machine(store, amplitude, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert send(store, amplitude)[0].events == store.event_count


def test_events_without_insert_ids_are_not_sent(amplitude):
    with pytest.raises(DefinitionError, match="would count them twice"):
        send(simulate(days=1, insert_id=False), amplitude)
    assert amplitude.seen == []


def test_a_negative_start_is_refused(store, amplitude):
    with pytest.raises(DefinitionError, match="resume_from is 0 or more"):
        send(store, amplitude, resume_from=-1)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/2/httpapi"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/2/httpapi"),
        ("https://api.eu.amplitude.com/batch", "https://api.eu.amplitude.com/batch"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
    ],
)
def test_a_bare_host_gets_the_usual_path(url, found):
    assert endpoint(url) == found


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8080", "ftp://a/b", "file:///etc/passwd", "http://", "http://a:b", "http://["],
)
def test_what_is_no_server_is_refused(url):
    with pytest.raises(DefinitionError, match="address"):
        endpoint(url)


def test_a_password_in_the_address_is_refused_without_showing_it():
    with pytest.raises(DefinitionError, match="no name and password") as caught:
        endpoint(f"https://me:{SECRET}@example.com")
    assert not re.search(SECRET, str(caught.value))
