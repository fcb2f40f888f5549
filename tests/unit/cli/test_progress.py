"""A sign of life after a moment, on a terminal only."""

import io
import sys
import threading

import pytest

from funnelkit.cli import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """The signs that were given; `given` is set with the first."""

    class Signs(list):
        given = threading.Event()

    signs = Signs()

    class Sign:
        stopped = False

        def stop(self):
            self.stopped = True

    def show(what):
        sign = Sign()
        sign.what = what
        signs.append(sign)
        signs.given.set()
        return sign

    monkeypatch.setattr(progress, "_show", show)
    return signs


def test_long_work_on_a_terminal_shows_what_it_is_until_it_ends(monkeypatch, shown):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(progress, "PATIENCE", 0)
    with progress.working("Reading"):
        assert shown.given.wait(30)
        assert [(sign.what, sign.stopped) for sign in shown] == [("Reading", False)]
    assert shown[0].stopped


def test_an_error_ends_the_sign_too(monkeypatch, shown):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(progress, "PATIENCE", 0)

    def work():
        with progress.working("Reading"):
            assert shown.given.wait(30)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert shown[0].stopped


def test_quick_work_shows_nothing(monkeypatch, shown):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(progress, "PATIENCE", 3_600)
    before = threading.active_count()
    with progress.working("Reading"):
        pass
    assert shown == []
    assert threading.active_count() == before


def test_on_a_pipe_not_even_a_clock_is_started(monkeypatch, shown):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(progress, "PATIENCE", 0)
    before = threading.active_count()
    with progress.working("Reading"):
        assert threading.active_count() == before
    assert shown == []


def test_the_sign_is_talk_and_takes_no_markup(monkeypatch, capfd):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    progress._show("Reading [/x]").stop()
    assert "Reading [/x]" in terminal.getvalue()
    assert capfd.readouterr().out == ""
