"""What is asked, what is understood, and that keys go nowhere else."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from funnelkit.amplitude_api import (
    Amplitude,
    Credentials,
    Refused,
    base_url,
    fetch_chart_answer,
    fetch_chart_csv,
    fetch_chart_definition,
    fetch_funnel,
)
from funnelkit.amplitude_api.charts import chart_id
from funnelkit.errors import CouldNotCheck, DefinitionError

API_KEY, SECRET = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
QUERY = 'e={"event_type":"A"}&e={"event_type":"B"}&start=20240101&end=20240131'.replace('"', "%22")

INVALID = json.dumps(
    {
        "error": {
            "http_code": 400,
            "message": "Invalid User Properties",
            "metadata": {"details": "Invalid user property gp:plan"},
        }
    }
).encode()


def test_funnel_is_asked_as_it_is_written(server, amplitude):
    server.texts["/api/2/funnels"] = '{"data": [{"cumulativeRaw": [24, 6]}]}'
    fetched = fetch_funnel(amplitude, QUERY)
    assert server.seen == [f"/api/2/funnels?{QUERY}"]
    assert fetched.json()["data"][0]["cumulativeRaw"] == [24, 6]
    assert fetched.url == f"{server.url}/api/2/funnels?{QUERY}"
    assert fetched.fetched_at.utcoffset().total_seconds() == 0


@pytest.mark.parametrize("text", ['{"data": "\\t\\"Segment\\"\\r\\n"}', '\t"Segment"\r\n'])
def test_csv_of_a_chart_is_unwrapped(server, amplitude, text):
    server.texts["/api/3/chart/abc123/csv"] = text
    assert fetch_chart_csv(amplitude, "abc123").text == '\t"Segment"\r\n'


def test_definition_and_answer_of_a_chart_are_json(server, amplitude):
    server.texts["/api/3/chart/abc123/info"] = '{"type": "funnels"}'
    server.texts["/api/3/chart/abc123/query"] = '{"data": []}'
    assert fetch_chart_definition(amplitude, "abc123").json() == {"type": "funnels"}
    assert fetch_chart_answer(amplitude, "abc123").json() == {"data": []}
    server.texts["/api/3/chart/abc123/info"] = "<html>sign in</html>"
    with pytest.raises(CouldNotCheck, match="answers no JSON, but '<html>sign in</html>'"):
        fetch_chart_definition(amplitude, "abc123")


@pytest.mark.parametrize(
    ("text", "chart"),
    [
        ("e-czvqr8g", "e-czvqr8g"),
        ("https://analytics.amplitude.com/demo/chart/abc123", "abc123"),
        ("https://app.amplitude.com/analytics/demo/chart/abc123/edit/x", None),
        ("https://analytics.amplitude.com/demo/chart/new/abc123?source=x", "abc123"),
        ("../2/export", None),
        ("", None),
    ],
)
def test_chart_is_named_by_its_id_or_its_page(text, chart):
    if chart is None:
        with pytest.raises(DefinitionError, match="is no chart"):
            chart_id(text)
    else:
        assert chart_id(text) == chart


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            400,
            INVALID,
            "answers 400: Invalid User Properties: Invalid user property gp:plan",
        ),
        (400, b'{"error": "Bad start"}', "answers 400: Bad start"),
        (404, b"Not\n\x1b[31mFound", "answers 404: Not \N{REPLACEMENT CHARACTER}[31mFound"),
        (400, b"", "answers 400"),
    ],
)
def test_refusal_says_what_the_server_says(server, amplitude, status, body, said):
    server.answers = [(status, {}, body)]
    with pytest.raises(Refused) as caught:
        fetch_funnel(amplitude, QUERY)
    assert str(caught.value).endswith(said)
    assert (caught.value.status, caught.value.exit_code) == (status, 5)


def test_keys_that_a_server_repeats_are_not_shown(server):
    wrong = Amplitude(Credentials("wrong-key", SECRET), server.url)
    with pytest.raises(CouldNotCheck) as caught:
        fetch_funnel(wrong, QUERY)
    assert "no such keys: Basic (the keys)" in str(caught.value)
    assert str(caught.value.status) == "401"


def test_date_to_wait_for_is_understood(server, amplitude, pauses):
    server.texts["/api/2/funnels"] = "{}"
    past = "Wed, 21 Oct 2015 07:28:00 GMT"
    server.answers = [(429, {"Retry-After": past}, b""), (429, {"Retry-After": "soon"}, b"")]
    fetch_funnel(amplitude, QUERY)
    assert pauses == [1, 15]


def test_redirect_takes_no_keys_along(server, amplitude):
    seen = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers["Authorization"])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as other:
        thread = threading.Thread(target=other.serve_forever, args=(0.01,))
        thread.start()
        server.answers = [(302, {"Location": f"http://127.0.0.1:{other.server_port}/x"}, b"")]
        assert fetch_funnel(amplitude, QUERY).json() == {}
        other.shutdown()
        thread.join()
    assert seen == [None]


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "https://amplitude.com"),
        ({"region": "eu"}, "https://analytics.eu.amplitude.com"),
        ({"url": "http://localhost:8080/"}, "http://localhost:8080"),
        ({"url": "https://amplitude.com/api/2/export"}, "https://amplitude.com"),
    ],
)
def test_region_or_url_says_where(given, url):
    assert base_url(**given) == url


@pytest.mark.parametrize(
    "url",
    [
        "amplitude.com",
        "ftp://x",
        "http://",
        "http://a:b@x",
        "http://x:y",
        "http://x?a=1",
        "http://[",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(DefinitionError, match="address"):
        base_url(url=url)


def test_region_that_does_not_exist_is_refused():
    with pytest.raises(DefinitionError, match="no region 'de'"):
        base_url("de")


def test_keys_that_would_travel_unencrypted_are_warned_about():
    said = []
    for url in (
        "https://example.org",
        "http://localhost:1",
        "http://127.0.0.1",
        "http://a.example",
    ):
        Amplitude(Credentials(API_KEY, SECRET), url, tell=said.append)
    assert said == ["warning: the keys travel to a.example unencrypted; use https"]
