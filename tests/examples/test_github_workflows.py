"""The workflows of `examples/github/` are well formed, and their steps do what they say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points

import pytest
import yaml
from console_blocks import REPOSITORY, plain_environment

EXAMPLES = REPOSITORY / "examples" / "github"
NAMES = ["pull-request", "scheduled", "tracking"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("bash") is None or shutil.which("git") is None,
        reason="steps of workflows are run by bash, in a repository of git",
    ),
]


def workflow(name):
    text = (EXAMPLES / "workflows" / f"{name}.yml").read_text("utf-8")
    read = yaml.safe_load(text)
    return {("on" if key is True else key): value for key, value in read.items()}  # YAML 1.1


def steps(name):
    (job,) = workflow(name)["jobs"].values()
    return job["steps"]


@pytest.fixture
def checkout(tmp_path):
    """A copy of the example's repository."""
    folder = tmp_path / "checkout"
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    return folder


def run_steps(name, folder, **environment):
    """Run the steps of a workflow as its runner does; return exit code and output."""
    known = any(one.value == "funnelkit.pytest_plugin" for one in entry_points(group="pytest11"))
    options = {} if known else {"PYTEST_ADDOPTS": "-p funnelkit.pytest_plugin"}
    (job,) = workflow(name)["jobs"].values()
    fixed = {key: value for key, value in job.get("env", {}).items() if "${{" not in value}
    output = ""
    for step in job["steps"]:
        if "run" not in step or step["run"].startswith("pip install"):
            continue
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=folder,
            env={**plain_environment(), **fixed, **options, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        output += done.stdout
        if done.returncode:
            return done.returncode, output
    return 0, output


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_has_the_parts_that_github_asks_for(name):
    read = workflow(name)
    assert {"name", "on", "permissions", "jobs"} <= set(read) <= {
        "name", "on", "permissions", "jobs", "concurrency",
    }  # fmt: skip
    assert set(read["on"]) <= {"pull_request", "schedule", "workflow_dispatch"}
    for job in read["jobs"].values():
        assert set(job) <= {"runs-on", "steps", "env"}
        assert job["runs-on"] == "ubuntu-latest"
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert set(step) <= {"uses", "with", "name", "run"}
            if "uses" in step:
                assert step["uses"].split("@")[0] in {"actions/checkout", "actions/setup-python"}


@pytest.mark.parametrize("name", NAMES)
def test_steps_are_bash_and_take_what_they_need_from_the_environment(name):
    for step in steps(name):
        script = step.get("run", "")
        assert "${{" not in script  # an expression in a script is a door for injection
        subprocess.run(["bash", "-n", "-c", script], check=True)


def test_the_check_of_a_pull_request_needs_no_network_and_no_secret():
    text = (EXAMPLES / "workflows" / "pull-request.yml").read_text("utf-8")
    assert "secrets" not in text
    assert "--fetch" not in text
    assert workflow("pull-request")["permissions"] == {"contents": "read"}


def test_only_pull_requests_are_ever_blocked_and_never_by_amplitude():
    assert set(workflow("scheduled")["on"]) == {"schedule", "workflow_dispatch"}


def test_a_pull_request_passes_and_fails_with_one_user_less(checkout, tmp_path):
    import polars as pl

    summary = tmp_path / "summary.md"
    said = {"GITHUB_STEP_SUMMARY": str(summary)}
    assert run_steps("pull-request", checkout, **said) == (0, "1 passed\n")
    assert "1 passed" in summary.read_text("utf-8")
    path = checkout / "funnels" / "checkout.parquet"
    events = pl.read_parquet(path)
    lost = events.filter(pl.col("event_type") == "OrderCompleted")["user_id"][0]
    events.filter(pl.col("user_id") != lost).write_parquet(path)
    code, output = run_steps("pull-request", checkout, **said)
    assert code == 1
    assert output.startswith("::error file=funnels/checkout.funnel.toml,title=")
    assert "step 1 ProductViewed: expected 700, found 699 (-1)" in output
    assert "the events changed: 1,108 of them, there were 1,111" in output


class Amplitude(BaseHTTPRequestHandler):
    """Answers with the numbers of the example's lock, but for what a test changes."""

    counts = (700, 265, 143)
    status = 200

    def do_GET(self):
        locked = json.loads((EXAMPLES / "funnels" / "checkout.lock.json").read_text("utf-8"))
        (series,) = locked["segments"]
        times = [series["times"][k] for k in range(3)]
        answer = {
            "meta": {"segmentIndex": 0}, "groupValue": "", "events": [],
            "cumulativeRaw": [*self.counts],
            "avgTransTimes": [round(1000 * one["average_seconds"]) for one in times],
            "medianTransTimes": [round(1000 * one["median_seconds"]) for one in times],
            "dayFunnels": {
                "xValues": list(series["series"]), "series": list(series["series"].values()),
            },
        }  # fmt: skip
        body = {
            "data": [answer], "timeComputed": 1_790_000_000_000, "minSampleRate": 1.0,
            "prunedResult": False,
        }  # fmt: skip
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(json.dumps(body if self.status == 200 else {"error": {}}).encode())

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def amplitude():
    handler = type("Handler", (Amplitude,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        handler.url = f"http://127.0.0.1:{http.server_port}"
        yield handler
        http.shutdown()
        thread.join()


@pytest.fixture
def refresh(checkout, tmp_path, amplitude):
    """Run the scheduled workflow in a clone, with a `gh` that writes down what it is asked."""
    bare, programs, asked = tmp_path / "origin.git", tmp_path / "bin", tmp_path / "asked.txt"
    programs.mkdir()
    gh = programs / "gh"
    gh.write_text(f'#!/bin/sh\nif [ "$2" = view ]; then exit 1; fi\necho "$@" >> {asked}\n')
    gh.chmod(0o755)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (
        ["git", "init", "-q", "--bare", str(bare)],
        ["git", "init", "-q", "-b", "main", "."],
        ["git", "add", "."],
        [*git, "commit", "-q", "-m", "The example"],
        ["git", "remote", "add", "origin", str(bare)],
    ):
        subprocess.run(command, cwd=checkout, check=True, capture_output=True)

    def run():
        environment = {
            "AMPLITUDE_API_KEY": "key",
            "AMPLITUDE_SECRET_KEY": "secret",
            "AMPLITUDE_URL": amplitude.url,
            "PATH": os.pathsep.join([str(programs), plain_environment()["PATH"]]),
        }
        code, output = run_steps("scheduled", checkout, **environment)
        return code, output, asked.read_text() if asked.exists() else ""

    return run


def test_the_same_numbers_open_no_pull_request(refresh):
    code, output, asked = refresh()
    assert (code, asked) == (0, "")
    assert "funnels/checkout.lock.json stays as it is: 700 > 265 > 143" in output
    assert output.endswith("Amplitude says what it said before.\n")


def test_restated_numbers_open_a_pull_request_with_the_difference(refresh, amplitude, checkout):
    amplitude.counts = (701, 265, 143)
    code, output, asked = refresh()
    assert code == 0, output
    assert asked.startswith("pr create --head refresh-funnels --title Amplitude restated")
    assert "  700 > 265 > 143 became 701 > 265 > 143" in (checkout / "changes.md").read_text()
    log = ["git", "log", "--format=%s", "-1", "origin/refresh-funnels", "--", "*.lock.json"]
    done = subprocess.run(log, cwd=checkout, check=True, capture_output=True, text=True)
    assert done.stdout == "Lock what Amplitude says now\n"


def test_no_answer_ends_well_and_says_so(refresh, amplitude):
    amplitude.status = 401
    code, output, asked = refresh()
    assert (code, asked) == (0, "")
    assert "::notice title=funnelkit::Amplitude gave no numbers to lock" in output


def test_the_tracking_of_the_application_is_tested(checkout):
    code, output = run_steps("tracking", checkout)
    assert code == 0, output
    assert "2 passed" in output
    shop = checkout / "shop.py"
    text = shop.read_text("utf-8")
    shop.write_text(text.replace('self._track("OrderCompleted"', 'self._track("OrderComplete"'))
    code, output = run_steps("tracking", checkout)
    assert code == 1
    assert "step 3 OrderCompleted" in output
