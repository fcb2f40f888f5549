"""What happened, as an exit code, in words and never as a traceback."""

import platform
import re

import pytest

import funnelkit as fk
from funnelkit import api, errors
from funnelkit.cli.run import run

REPORT = ["report", "events.parquet", "--steps", "A"]


def fail_with(monkeypatch, error):
    def report(*_, **__):
        raise error

    monkeypatch.setattr(api, "report", report)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.CheckFailed("one differs"), 1),
        (errors.DefinitionError("the step is wrong"), 2),
        (errors.UnsupportedError("no totals yet"), 2),
        (errors.DataError("the file is cut"), 3),
        (errors.ColumnError("no such column"), 3),
        (errors.FunnelkitError("a file is missing from this installation"), 4),
        (errors.CouldNotCheck("no answer"), 5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_its_text_and_its_exit_code(monkeypatch, capfd, error, code):
    fail_with(monkeypatch, error)
    assert run(REPORT) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert re.fullmatch(rf"(error|failed): {error}\n", err)


def test_a_mistake_of_funnelkit_ends_with_4_and_names_itself(monkeypatch, capfd):
    monkeypatch.delenv("FUNNELKIT_DEBUG", raising=False)
    fail_with(monkeypatch, ZeroDivisionError("division by zero"))
    assert run(REPORT) == 4
    out, err = capfd.readouterr()
    assert out == ""
    assert "internal error: ZeroDivisionError: division by zero" in err
    assert "Traceback" not in err


def test_who_looks_for_the_mistake_gets_the_traceback(monkeypatch):
    monkeypatch.setenv("FUNNELKIT_DEBUG", "1")
    fail_with(monkeypatch, ZeroDivisionError("division by zero"))
    with pytest.raises(ZeroDivisionError):
        run(REPORT)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_an_interruption_ends_with_130(monkeypatch, capfd, error):
    fail_with(monkeypatch, error)
    assert run(REPORT) == 130
    assert "Traceback" not in capfd.readouterr().err


def test_an_error_of_the_system_ends_with_3_and_names_the_file(monkeypatch, capfd):
    fail_with(monkeypatch, PermissionError(13, "Permission denied", "secret.parquet"))
    assert run(REPORT) == 3
    assert capfd.readouterr().err == "error: secret.parquet: Permission denied\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["reprot"], "No such command 'reprot'"),
        (["report"], "EVENTS"),
        (["report", "events", "--no-such-option"], "--no-such-option"),
    ],
)
def test_a_slip_of_the_command_line_ends_with_2(capfd, arguments, words):
    assert run(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert words in err


def test_the_version_names_what_decides_the_numbers(capfd):
    assert run(["--version"]) == 0
    out, err = capfd.readouterr()
    line = rf"funnelkit {re.escape(fk.__version__)}, DuckDB \d+\.\d+\.\d+\S*, "
    assert re.fullmatch(rf"{line}Python {re.escape(platform.python_version())}\n", out)
    assert err == ""


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["report", "--help"], ["demo", "-h"]])
def test_help_is_no_error(capfd, arguments):
    assert run(arguments) == 0
    assert capfd.readouterr().out.startswith("Usage: funnelkit")
