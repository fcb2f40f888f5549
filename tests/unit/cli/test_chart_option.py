"""`--chart FILE`: the answer as a picture, beside what is printed."""

from __future__ import annotations

import sys

import pytest

from funnelkit.cli.run import run

STEPS = "ProductViewed > ProductAdded"


@pytest.fixture
def events(repository):
    return str(repository / "sample_events" / "workshop" / "pre.parquet")


def test_a_report_a_comparison_and_a_trace_are_drawn(events, tmp_path, capsysbinary):
    days = ["--baseline", "2026-04-01..2026-04-10", "--against", "2026-04-11..2026-04-20"]
    for name, options in (("report", []), ("compare", days), ("trace", ["--user", "00001"])):
        file = tmp_path / f"{name}.svg"
        arguments = [name, events, "--steps", STEPS, *options, "--chart", str(file)]
        assert run([*arguments, "--format", "json"]) == 0
        assert file.read_text(encoding="utf-8").startswith("<svg")
        assert capsysbinary.readouterr().out.startswith(b"{")


def test_the_theme_can_be_chosen(events, tmp_path):
    file = tmp_path / "dark.svg"
    chosen = ["--chart", str(file), "--chart-theme", "dark"]
    assert run(["report", events, "--steps", STEPS, *chosen]) == 0
    assert "prefers-color-scheme" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--chart", "x.pdf"], "error: a picture ends in .png, .svg or .html; got x.pdf\n"),
        (["--chart", "x.svg", "-o", "x.svg", "-f", "csv"], "are the same file"),
        (["--chart-theme", "dark"], "name its file with --chart"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_is_read(options, words, capfd):
    assert run(["report", "no such file", "--steps", STEPS, *options]) == 2
    assert words in capfd.readouterr().err


def test_a_picture_does_not_overwrite_what_is_read(tmp_path, capfd):
    file = tmp_path / "funnel.svg"
    file.write_text("")
    assert run(["report", str(file), "--steps", STEPS, "--chart", str(file)]) == 2
    assert "would overwrite the events that are read" in capfd.readouterr().err


def test_without_the_extra_nothing_is_computed(monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert run(["report", "no such file", "--steps", STEPS, "--chart", "x.png"]) == 2
    words = "error: PNG output needs an extra: pip install 'funnelkit[charts]'\n"
    assert capfd.readouterr().err == words


def test_a_page_without_the_extra_is_refused_before_anything_is_read(monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert run(["report", "no such file", "--steps", STEPS, "-f", "html"]) == 2
    words = "error: HTML output needs an extra: pip install 'funnelkit[charts]'\n"
    assert capfd.readouterr().err == words


def test_a_page_shows_data_to_the_letter(tmp_path):
    import polars as pl

    events = tmp_path / "events.parquet"
    name = "<script>alert('1')</script>"
    frame = {"user_id": ["u"], "event_time": ["2026-05-01"], "event_type": [name]}
    pl.DataFrame(frame).write_parquet(events)
    page = tmp_path / "page.html"
    quoted = '"' + name + '"'
    assert run(["report", str(events), "--step", quoted, "--step", "B", "-o", str(page)]) == 0
    found = page.read_text(encoding="utf-8")
    assert "<script" not in found
    assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;" in found
