"""`funnelkit pull`, against a server on this machine."""

import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from funnelkit.cli.run import run

KEY, SECRET = "0123456789abcdef", "fedcba9876543210"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as zipped:
            zipped.writestr("1/1_2024-01-05_0#0.json.gz", b"")
        status = 403 if self.server.closed else 200 if "20240105T00" in self.path else 404
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.getvalue() if status == 200 else f"{KEY} {SECRET}".encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.closed = False
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def pull(tmp_path, capfdbinary, monkeypatch, server):
    monkeypatch.setenv("AMPLITUDE_API_KEY", KEY)
    monkeypatch.setenv("AMPLITUDE_SECRET_KEY", SECRET)
    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        code = run(["pull", "--url", server.url, *arguments])
        out, err = capfdbinary.readouterr()
        assert KEY.encode() not in out + err
        assert SECRET.encode() not in out + err
        return code, out.decode(), err.decode()

    return command


def test_files_are_named_on_stdout_and_the_sum_on_stderr(pull, tmp_path):
    code, out, err = pull("--from", "2024-01-05", "--to", "2024-01-06", "-o", "raw")
    assert (code, out) == (0, "raw/amplitude_2024-01-05T00_2024-01-05T23.zip\n")
    assert err == "48 hours fetched, 47 of them without events: 1 file, 0.0 MB\n"
    again = pull("--from", "2024-01-05", "--to", "2024-01-06", "-o", "raw")
    assert again == (0, "", "nothing to fetch; 48 were here before\n")
    assert (tmp_path / "raw" / "pulled.ledger").exists()


def test_range_without_any_event_is_doubted(pull):
    code, out, err = pull("--from", "2024-01-07", "--to", "2024-01-07", "-o", "raw")
    assert (code, out) == (0, "")
    assert "24 hours fetched, 24 of them without events: 0 files" in err
    assert "note: no event in the whole range" in err


def test_keys_that_are_refused_end_with_5(pull, server):
    server.closed = True
    code, out, err = pull("--from", "2024-01-05", "--to", "2024-01-06", "-o", "raw")
    assert (code, out) == (5, "")
    assert "answers 403: (the API key) (the secret key). It does not accept these keys" in err


def test_keys_that_are_missing_end_with_5(pull, monkeypatch):
    monkeypatch.delenv("AMPLITUDE_SECRET_KEY")
    code, _, err = pull("--from", "2024-01-05", "-o", "raw")
    assert code == 5
    assert "AMPLITUDE_SECRET_KEY is not set" in err


def test_keys_come_from_a_file(pull, monkeypatch, tmp_path):
    monkeypatch.delenv("AMPLITUDE_SECRET_KEY")
    (tmp_path / "keys.toml").write_text(f'api_key = "{KEY}"\nsecret_key = "{SECRET}"\n')
    code, _, _ = pull(
        "--from", "2024-01-05", "--to", "2024-01-05", "-o", "r", "--keys", "keys.toml"
    )
    assert code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2024-01-05T14:30"), "whole hours"),
        (("--from", "2024-01-05", "--to", "2024-01-04"), "both are included"),
        (("--from", "2024-01-05", "--max-wait", "long"), "max-wait 'long' is no duration"),
        (("--from", "2024-01-05", "--region", "moon"), "moon"),
        (("--from", "2024-01-05", "--url", "amplitude.com"), "server's address"),
    ],
)
def test_bad_call_ends_with_2(pull, arguments, said):
    code, out, err = pull("-o", "raw", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_folder_that_is_a_file_ends_with_2(pull, tmp_path):
    (tmp_path / "raw").write_text("x")
    code, _, err = pull("--from", "2024-01-05", "--to", "2024-01-05", "-o", "raw")
    assert code == 2
    assert "cannot write raw" in err
