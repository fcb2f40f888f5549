"""`--fetch` asks a server that answers as Amplitude does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from funnelkit.cli.run import run

EVENTS = [
    {"user_id": "u", "time": 1_777_593_600_000, "event_type": "View"},
    {"user_id": "u", "time": 1_777_593_610_000, "event_type": "Add"},
    {"user_id": "v", "time": 1_777_680_000_000, "event_type": "View"},
]
SHOP = """
events = "events.jsonl"
steps = "View > Add"
window = "1d"
from = 2026-05-01
to = 2026-05-02
"""
CSV = '"\tSegment","\tSteps","\t2026-05-01","\t2026-05-02"\r\n"\tAll","\tEntire Funnel","1","0"\r\n'


class Amplitude(BaseHTTPRequestHandler):
    """Answers about one funnel, and one chart; `counts` is what it says."""

    counts = (2, 1)
    status = 200
    asked = None

    def do_GET(self):
        parts = urlsplit(self.path)
        type(self).asked = (parts.path, parse_qs(parts.query), self.headers["Authorization"])
        body = {
            "data": [
                {
                    "meta": {"segmentIndex": 0}, "groupValue": "", "events": ["View", "Add"],
                    "cumulativeRaw": [*self.counts],
                    "dayFunnels": {
                        "xValues": ["2026-05-01", "2026-05-02"], "series": [[1, 1], [1, 0]],
                    },
                }
            ],
            "timeComputed": 1_782_000_000_000, "minSampleRate": 1.0,
        }  # fmt: skip
        if parts.path.endswith("/csv"):
            body = {"data": CSV}
        if self.status != 200:
            details = {"details": "Too Many Requests: Exceeded rate limit"}
            error = {"http_code": self.status, "message": "Unspecified Error", "metadata": details}
            body = {"error": error}
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server():
    handler = type("Handler", (Amplitude,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        handler.url = f"http://127.0.0.1:{http.server_port}"
        yield handler
        http.shutdown()
        thread.join()


@pytest.fixture
def told(tmp_path, monkeypatch, capfd, server):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMPLITUDE_API_KEY", "key")
    monkeypatch.setenv("AMPLITUDE_SECRET_KEY", "secret")
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, EVENTS)))
    (tmp_path / "shop.funnel.toml").write_text(SHOP)

    def command(*arguments):
        code = run([*arguments, "--fetch", "--url", server.url, "--max-wait", "1s"])
        return code, *capfd.readouterr()

    return command


def test_the_definition_is_asked_for_and_its_counts_are_checked(told, server):
    code, out, _ = told("verify")
    assert (code, out) == (0, "pass      shop (shop.funnel.toml), 6 numbers\n1 passed\n")
    path, query, authorization = server.asked
    assert path == "/api/2/funnels"
    assert (query["start"], query["end"], query["cs"]) == (["20260501"], ["20260502"], ["86400"])
    assert authorization.startswith("Basic ")
    server.counts = (3, 1)
    code, _, err = told("verify")
    assert code == 1
    assert "step 1 View: expected 3, found 2 (-1)" in err


def test_a_lock_is_refreshed_and_a_restatement_is_told(told, server, tmp_path):
    assert told("lock")[0] == 0
    lock = json.loads((tmp_path / "shop.lock.json").read_text())
    assert lock["source"] == f"{server.url}/api/2/funnels"
    assert lock["amplitude"]["fetched_at"] == "2026-06-21T00:00:00+00:00"
    assert "secret" not in (tmp_path / "shop.lock.json").read_text()
    server.counts = (3, 1)
    code, _, err = told("verify")
    assert code == 1
    assert "Amplitude restated its numbers: 2 > 1 became 3 > 1" in err
    code, out, _ = told("verify", "--update")
    assert code == 0
    assert out.splitlines()[1:] == ["  2 > 1 became 3 > 1"]


def test_a_funnel_without_an_answer_keeps_no_other_from_being_locked(told, tmp_path):
    (tmp_path / "held.funnel.toml").write_text(SHOP + 'exclude = "Refund"\n')
    code, out, err = told("verify", "--update")
    assert code == 5
    assert out == "shop.lock.json is new: 2 > 1, counted by Amplitude\n"
    assert err.startswith("error: held: ")
    assert "no saved chart of it is named" in err
    assert (tmp_path / "shop.lock.json").exists()
    assert not (tmp_path / "held.lock.json").exists()


def test_what_the_api_has_no_words_for_is_read_from_the_saved_chart(told, server, tmp_path):
    held = SHOP + 'exclude = "Refund"\n'
    (tmp_path / "shop.funnel.toml").write_text(held)
    code, _, err = told("verify")
    assert code == 5
    assert "no saved chart of it is named" in err
    (tmp_path / "shop.funnel.toml").write_text(f'{held}[expect]\nchart = "abc123"\n')
    code, out, _ = told("verify", "--settle", "1d")
    assert (code, out) == (0, "pass      shop (shop.funnel.toml), 2 numbers\n1 passed\n")
    assert server.asked[0] == "/api/3/chart/abc123/csv"


def test_limits_end_with_5_or_are_skipped(told, server):
    server.status = 429
    code, _, err = told("verify")
    assert code == 5
    assert "rate limit" in err
    assert told("verify", "--unchecked", "skip")[0] == 0
    assert told("verify", "--unchecked", "fail")[0] == 1


def test_without_a_key_nothing_is_checked(told, monkeypatch):
    monkeypatch.delenv("AMPLITUDE_SECRET_KEY")
    code, _, err = told("verify")
    assert code == 5
    assert "AMPLITUDE_SECRET_KEY" in err
    assert told("lock")[0] == 5
