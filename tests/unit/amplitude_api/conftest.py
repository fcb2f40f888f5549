"""A server on this machine that answers as Amplitude's API does (specification B1, C1)."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import socket
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from funnelkit.amplitude_api import Amplitude, Credentials

API_KEY, SECRET = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
HANG_UP = "hang up before an answer"
CUT = "hang up in the middle of the body"
CUT_UNSAID = "hang up in the middle of a body whose length was not said"
BROKEN = "a whole body with a wrong byte"


def error_body(status, details):
    """Return an error as Amplitude writes it."""
    metadata = {"details": details}
    error = {"http_code": status, "type": "unspecified", "message": "Unspecified Error"}
    return json.dumps({"error": {**error, "metadata": metadata}}).encode()


class Server(ThreadingHTTPServer):
    """Has events by the hour; `answers` are what it does to the next requests instead.

    An answer is one of the accidents above, a status, or a status with headers and a body.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.events = {}
        self.answers = []
        self.most_hours = 24
        self.slow_above = 24
        self.asked = []
        self.texts = {}
        self.seen = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def export(self, start, end):
        """Return status and body for a range of hours."""
        first, last = (datetime.fromisoformat(f"{side}:00") for side in (start, end))
        hours = [first + timedelta(hours=n) for n in range(int((last - first).seconds / 3600) + 1)]
        assert last - first < timedelta(days=1)
        if len(hours) > self.most_hours:
            return 400, error_body(400, "The export is larger than 4GB")
        if len(hours) > self.slow_above:
            return 504, b"<html>Gateway Time-out</html>"
        found = {hour: self.events[hour] for hour in hours if hour in self.events}
        if not found:
            return 404, b"Raw data files were not found."
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as zipped:
            for hour, events in found.items():
                lines = "".join(json.dumps(event) + "\n" for event in events)
                name = f"187520/187520_{hour:%Y-%m-%d}_{hour.hour}#0.json.gz"
                zipped.writestr(name, gzip.compress(lines.encode()))
        return 200, body.getvalue()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append(self.path)
        answer = self.server.answers.pop(0) if self.server.answers else None
        status, headers, body = self.answer(answer)
        if answer == HANG_UP:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if answer == BROKEN:
            middle = len(body) // 3
            body = body[:middle] + bytes([body[middle] ^ 255]) + body[middle + 1 :]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if answer != CUT_UNSAID:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if answer in (CUT, CUT_UNSAID) else body)
        self.wfile.flush()
        if answer in (CUT, CUT_UNSAID):
            self.connection.shutdown(socket.SHUT_RDWR)

    def answer(self, told):
        """Return status, headers and body: as told, else what the server has."""
        server, parts = self.server, urlsplit(self.path)
        token = base64.b64encode(f"{API_KEY}:{SECRET}".encode()).decode()
        if self.headers["Authorization"] != f"Basic {token}":
            return 401, {}, f"no such keys: {self.headers['Authorization']}".encode()
        if isinstance(told, int):
            return told, {}, error_body(told, f"told to answer {told}")
        if isinstance(told, tuple):
            return told
        if parts.path == "/api/2/export":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            server.asked.append((asked["start"], asked["end"]))
            status, body = server.export(**asked)
            return status, {}, body
        if parts.path in server.texts:
            return 200, {}, server.texts[parts.path].encode()
        return 404, {}, error_body(404, "Not Found")

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    """The server, running."""
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


class Told:
    """Remembers what a watcher is told."""

    def __init__(self):
        self.hours = self.bytes = self.done = 0
        self.files, self.said = [], []

    def begin(self, hours):
        self.hours += hours

    def received(self, size):
        self.bytes += size

    def finished(self, hours):
        self.done += hours

    def wrote(self, file):
        self.files.append(file.name)

    def say(self, sentence):
        self.said.append(re.sub(r"127\.0\.0\.1:[0-9]+", "SERVER", sentence))


@pytest.fixture
def told():
    """What the watcher was told."""
    return Told()


@pytest.fixture
def pauses():
    """Seconds that were waited, without waiting."""
    return []


@pytest.fixture
def amplitude(server, told, pauses):
    """A client of the server."""
    return Amplitude(Credentials(API_KEY, SECRET), server.url, tell=told.say, sleep=pauses.append)


@pytest.fixture(name="keys")
def _keys(monkeypatch):
    """The keys, in the environment."""
    monkeypatch.setenv("AMPLITUDE_API_KEY", API_KEY)
    monkeypatch.setenv("AMPLITUDE_SECRET_KEY", SECRET)
    return API_KEY, SECRET


def at(day, hour):
    """Return an hour of January 2024 as the server's events have it."""
    return datetime(2024, 1, day, hour, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture(name="at")
def _at():
    return at
