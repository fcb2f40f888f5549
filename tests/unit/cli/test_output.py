"""Data goes to stdout or to a file as the same bytes, talk to stderr; a reader may leave."""

import json
import subprocess
import sys

import pytest

from funnelkit.cli.output import say, write
from funnelkit.errors import DefinitionError

ODD = "é 漢 “x”\r\n\tlast\ud800\n"


def test_a_file_and_stdout_get_the_same_bytes(tmp_path, capfdbinary):
    target = tmp_path / "out"
    write(ODD)
    write(ODD, target)
    printed = capfdbinary.readouterr().out
    assert printed == "é 漢 “x”\r\n\tlast\\ud800\n".encode()
    assert target.read_bytes() == printed


@pytest.mark.parametrize("name", ["no/such/folder/out", "."])
def test_a_file_that_cannot_be_written_is_named(tmp_path, name):
    with pytest.raises(DefinitionError) as raised:
        write("x", tmp_path / name)
    assert str(raised.value).startswith(f"cannot write {tmp_path / name}: ")


def test_talk_goes_to_stderr_line_by_line(capfd):
    say(["one", "two"])
    assert capfd.readouterr() == ("", "one\ntwo\n")


@pytest.fixture
def events(tmp_path):
    """Many types of events, so that a profile is larger than any pipe."""
    path = tmp_path / "events.jsonl"
    lines = (
        json.dumps({"user_id": "u", "time": n, "event_type": f"type {n:05} {'x' * 60}"})
        for n in range(3_000)
    )
    path.write_text("\n".join(lines), "utf-8")
    return str(path)


def program(*arguments, **streams):
    return subprocess.Popen([sys.executable, "-m", "funnelkit", *arguments], **streams)


@pytest.mark.parametrize(
    "arguments",
    [("describe", "--format", "json"), ("report", "--steps", "A > B")],
    ids=lambda arguments: arguments[0],
)
def test_a_reader_that_left_is_no_error_and_no_word(events, plain_environment, arguments):
    command, *options = arguments
    pipe = subprocess.PIPE
    with program(
        command, events, *options, stdout=pipe, stderr=pipe, env=plain_environment
    ) as writer:
        writer.stdout.close()
        err = writer.stderr.read().decode()
    assert [line for line in err.splitlines() if not line.startswith("warning: ")] == []
    assert writer.returncode == 0


def test_a_reader_that_leaves_the_demo_ends_it_quietly(plain_environment):
    pipe = subprocess.PIPE
    with program("demo", stdout=pipe, stderr=pipe, env=plain_environment) as writer:
        first = writer.stdout.readline()
        writer.stdout.close()
        err = writer.stderr.read()
    assert first.startswith(b"# Before recommendations")
    assert (err, writer.returncode) == (b"", 0)


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_disk_is_an_error_and_no_traceback(events, plain_environment):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = program(
            *("report", events, "--steps", "A"),
            stdout=full,
            stderr=subprocess.PIPE,
            env=plain_environment,
        )
        err = done.communicate()[1].decode()
    assert done.returncode == 2
    assert "error: cannot write to stdout: No space left on device" in err
    assert "Traceback" not in err


def test_the_answer_does_not_overwrite_the_events(events, capfd):
    from pathlib import Path

    from funnelkit.cli.run import run

    before = Path(events).read_bytes()
    assert run(["report", events, "--steps", "A", "-o", events]) == 2
    assert "would overwrite the events" in capfd.readouterr().err
    assert Path(events).read_bytes() == before


INPUTS = {
    "funnels.toml": '[funnels.a]\nsteps = "A > B"\nsegments = { few = "cohort(few.txt)" }\n',
    "few.txt": "u\n",
    "more.txt": "u\n",
    "plan.toml": '[[event]]\nname = "A"\ndescription = "x"\n',
}
OWN = ["--funnel", "funnels.toml:a"]
OTHER = ["--steps", "A > B", "--window", "1d", "--against-funnel", "funnels.toml:a"]
PERIODS = ["--baseline", "2026-01-01..2026-01-02", "--against", "2026-01-03..2026-01-04"]


@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        (["report", "{events}", *OWN], "funnels.toml"),
        (["report", "{events}", *OWN], "few.txt"),
        (["report", "{events}", "--steps", "A", "--segment", "m: cohort(more.txt)"], "more.txt"),
        (["compare", "{events}", *OTHER, *PERIODS], "funnels.toml"),
        (["verify", "{events}", *OWN, "--expect", "1, 1"], "few.txt"),
        (["users", "{events}", *OWN, "--reached", "1"], "few.txt"),
        (["trace", "{events}", *OWN, "--user", "u"], "funnels.toml"),
        (["drivers", "{events}", *OWN], "funnels.toml"),
        (["sql", *OWN], "funnels.toml"),
        (["convert", "funnels.toml:a", "--to", "json"], "funnels.toml"),
        (["describe", "{events}", "--plan-file", "plan.toml"], "plan.toml"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_the_answer_does_not_overwrite_what_else_is_read(
    events, tmp_path, monkeypatch, capfd, arguments, target
):
    from funnelkit.cli.run import run

    monkeypatch.chdir(tmp_path)
    for name, content in INPUTS.items():
        (tmp_path / name).write_text(content, "utf-8")
    given = [events if word == "{events}" else word for word in arguments]
    assert run([*given, "-o", f"./{target}"]) == 2
    assert f"would overwrite {target}, which is read" in capfd.readouterr().err
    assert (tmp_path / target).read_text("utf-8") == INPUTS[target]


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("rep.csv", "segment,"),
        ("rep.JSON", "{"),
        ("rep.md", "## "),
        ("rep.txt", "steps  "),
        ("rep", "steps  "),
    ],
)
def test_the_format_is_as_the_name_of_the_file_ends(events, tmp_path, name, start):
    from funnelkit.cli.run import run

    assert run(["report", events, "--steps", "A", "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_text("utf-8").startswith(start)


def test_a_format_that_is_given_counts_more_than_the_name_of_the_file(events, tmp_path):
    from funnelkit.cli.run import run

    target = tmp_path / "rep.csv"
    assert run(["report", events, "--steps", "A", "-f", "json", "-o", str(target)]) == 0
    assert json.loads(target.read_text("utf-8"))["schema"] == "funnelkit.report/1"


@pytest.mark.parametrize(
    ("command", "known"),
    [
        (["report"], ".txt, .json, .csv, .md, .html;"),
        (["users", "--reached", "1"], ".txt, .json, .csv, .parquet;"),
    ],
    ids=["report", "users"],
)
def test_an_ending_of_no_format_is_refused_with_those_that_there_are(
    events, tmp_path, capfd, command, known
):
    from funnelkit.cli.run import run

    target = tmp_path / "out.xlsx"
    name, *options = command
    assert run([name, events, "--steps", "A", *options, "-o", str(target)]) == 2
    assert f"no format ends in .xlsx, but in {known}" in capfd.readouterr().err
    assert not target.exists()
