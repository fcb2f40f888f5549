"""`funnelkit demo` shows commands that one can type, and what they answer."""

import shlex
import sys
from pathlib import Path

import pytest

from funnelkit.cli import demo as demo_module
from funnelkit.cli.run import run
from funnelkit.sample import sample_folder


@pytest.fixture(scope="module")
def commands():
    return [arguments for _, arguments in demo_module._commands(sample_folder())]


def test_what_is_shown_can_be_typed(commands):
    for arguments in commands:
        shown = demo_module._typed(arguments)
        typed = shown.removeprefix("$ ").replace("\\\n>", "\\\n")
        assert shlex.split(typed.replace("\\\n", " ")) == ["funnelkit", *arguments]
        assert max(line.count(" --") for line in shown.splitlines()) == 1


@pytest.fixture(autouse=True)
def a_folder_of_its_own(tmp_path, monkeypatch):
    """Where the demo puts its pictures."""
    monkeypatch.chdir(tmp_path)


def test_the_headline_of_the_workshop_is_shown_and_not_believed(capfdbinary, tmp_path):
    assert run(["demo"]) == 0
    out, err = (text.decode() for text in capfdbinary.readouterr())
    assert err == ""
    assert out.count("$ funnelkit") == 5
    for figure in ("conversion 23.8 %", "conversion 30.6 %", "+6.8 points"):
        assert figure in out
    assert out.count("Like with like?") == 3
    assert "Your own events, from a CSV file on: docs/tutorial.md#your-own-events" in out
    *_, before, after = out.splitlines()
    assert (before, after) == ("funnelkit-demo/before.png", "funnelkit-demo/after.png")
    assert all((tmp_path / file).read_bytes().startswith(b"\x89PNG") for file in (before, after))


def test_without_the_extra_the_demo_says_how_to_get_pictures(monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    (line,) = demo_module._pictures(sample_folder(), Path("none"))
    assert line.endswith("need an extra: pip install 'funnelkit[charts]'")
    assert not Path("none").exists()


def test_a_folder_that_cannot_be_written_costs_only_the_pictures():
    Path("taken").write_text("")
    (line,) = demo_module._pictures(sample_folder(), Path("taken"))
    assert line.startswith("# No pictures of the two funnels: ")


def test_a_command_that_fails_stops_the_demo(monkeypatch, tmp_path, capfd):
    monkeypatch.setattr(demo_module, "_samples", lambda: tmp_path)
    assert run(["demo"]) == 4
    out, err = capfd.readouterr()
    assert out.count("$ funnelkit") == 1
    assert "pre.parquet" in err
    assert "the demo stopped: that command ended with exit code 3" in err


def test_samples_inside_the_current_folder_are_named_from_there(monkeypatch):
    folder = sample_folder()
    monkeypatch.chdir(folder.parent)
    assert demo_module._samples().as_posix() == folder.name
    monkeypatch.chdir(folder / "workshop")
    assert demo_module._samples() == folder
