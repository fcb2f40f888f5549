"""Pictures in a browser: no label is cut, none lies on another, and nothing is loaded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import funnelkit as fk

LONG = "A very long name of an event that somebody wrote down in full " * 4
MARKUP = "<b>x.y[0]</b> & {datum.z} 商品を見た " * 3
START = datetime(2026, 5, 1, tzinfo=UTC)

CUT_OR_COVERED = """() => {
  const picture = document.querySelector("svg").getBoundingClientRect();
  const boxes = [...document.querySelectorAll("svg text")]
    .filter(text => !text.getAttribute("stroke"))
    .flatMap(text => text.children.length ? [...text.children] : [text])
    .filter(text => text.textContent.trim())
    .map(text => ({words: text.textContent, box: text.getBoundingClientRect()}));
  const cut = boxes.filter(({box}) => box.left < picture.left || box.top < picture.top ||
    box.right > picture.right || box.bottom > picture.bottom);
  const covered = [];
  boxes.forEach((one, k) => boxes.slice(k + 1).forEach(other => {
    const wide = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
    const high = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
    if (wide > 1 && high > 4) covered.push([one.words, other.words]);
  }));
  return {cut: cut.map(one => one.words), covered, labels: boxes.length};
}"""


def walk(names, *, users=30):
    """Return users of whom each goes one step less far than the one before."""
    rows = [
        (f"user {u}", START + timedelta(hours=9 * u, minutes=7 * k), name, f"group {u % 3} {LONG}")
        for u in range(users)
        for k, name in enumerate(names[: len(names) - u % len(names)])
    ]
    columns = ("user_id", "event_time", "event_type", "plan")
    return pl.DataFrame(dict(zip(columns, zip(*rows, strict=True), strict=True)))


def steps(names):
    return [fk.Step((fk.EventSelector(name),)) for name in names]


TWELVE = [f"Onboarding step number {k} completed" for k in range(1, 13)]
VIEWS = {"interval": "day", "time_to_convert": True, "by_age": True, "frequency": True}


def funnel(names, **asked):
    return fk.report(walk(names), steps=steps(names), window="2d", **asked).chart()


def fine_times():
    later = (pl.col("event_time") + timedelta(microseconds=413_826)).alias("event_time")
    names = ["A", "A name that comes close"]
    found = walk(names).with_columns(later)
    return fk.trace(found, user="user 1", steps=steps(names)).chart()


def of_billions():
    found = fk.report(walk(TWELVE), steps=steps([f"S{k}" for k in range(12)]))
    (segment,) = found.segments
    many = [replace(step, count=10**10, drop_off=10**9) for step in segment.steps]
    return replace(found, segments=(replace(segment, steps=tuple(many)),)).chart()


def comparison():
    names = ["A", LONG.strip(), "C"]
    sides = {"baseline": "2026-05-01..2026-05-05", "against": "2026-05-06..2026-05-10"}
    return fk.compare(walk(names), steps=steps(names), window="1d", **sides).chart()


def trace():
    names = ["A", LONG.strip()]
    return fk.trace(walk(names), user="user 0", steps=steps(names)).chart()


PICTURES = {
    "one step": lambda: funnel(["A"]),
    "four steps": lambda: funnel(["ProductViewed", "ProductAdded", "CheckoutStarted", "Ordered"]),
    "twelve steps": lambda: funnel(TWELVE),
    "thirty steps": lambda: funnel([f"Step{k}" for k in range(30)]),
    "long names": lambda: funnel([LONG.strip(), "B", "x" * 300]),
    "markup": lambda: funnel([MARKUP.strip(), "B"]),
    "nobody": lambda: fk.report(walk(["A"]), steps="A[plan is no_such] > B").chart(),
    "every view": lambda: funnel(["A", "B"], **VIEWS),
    "groups of long names": lambda: funnel(["A", "B"], group_by="plan", **VIEWS),
    "segments": lambda: funnel(
        ["A", "B"], segment=[f"{LONG.strip()}: plan is x", "rest: plan is y"]
    ),
    "five minutes": lambda: funnel(["A", "B"], interval="5min"),
    "optional step": lambda: funnel(["A", "B", "C"], optional_step=2),
    "billions": of_billions,
    "times to the microsecond": fine_times,
    "comparison": comparison,
    "trace": trace,
}


@pytest.mark.parametrize("name", PICTURES)
def test_no_label_is_cut_and_none_lies_on_another(name, open_file, tmp_path):
    chart = PICTURES[name]()
    file = tmp_path / "picture.svg"
    chart.save(file)
    found = open_file(file).page.evaluate(CUT_OR_COVERED)
    assert found["labels"] > 1
    assert found["cut"] == []
    assert found["covered"] == []


def test_a_page_with_a_chart_draws_itself_offline(open_file, tmp_path):
    file = tmp_path / "picture.html"
    funnel(["<i>A</i>", "B"], interval="month").save(file)
    for scheme in ("light", "dark"):
        opened = open_file(file, scheme=scheme)
        opened.page.wait_for_selector("#chart svg text")
        assert opened.requests == [file.as_uri()]
        assert opened.complaints == []
        assert opened.findings() == []
        assert "1 <i>A</i>" in opened.page.locator("#chart svg").text_content()


def test_a_picture_follows_the_reader_into_the_dark(open_file, tmp_path):
    file = tmp_path / "picture.svg"
    funnel(["A", "B"]).save(file)
    ask = "getComputedStyle(document.querySelector('svg rect[fill]')).fill"
    papers = [open_file(file, scheme=scheme).page.evaluate(ask) for scheme in ("light", "dark")]
    assert papers == ["rgb(255, 255, 255)", "rgb(20, 24, 29)"]
