import csv
import io
import json

import pytest

from funnelkit.render.comparison import render_comparison


def visits(day, users, converted, *, event="A", **properties):
    pairs = " ".join(f"{name}={value}" for name, value in properties.items())
    lines = [f"u{day}-{n} {day} {event} {pairs}" for n in range(users)]
    return "\n".join([*lines, *(f"u{day}-{n} {day + 0.01} B" for n in range(converted))])


@pytest.fixture
def result(compare):
    days = [visits(d + 0.5, 10, 2 if d < 14 else 5, feature="xy"[d % 2]) for d in range(28)]
    return compare(
        "\n".join(days), "0..14", "14..28", window="1d", against_where="feature is x",
        decompose="feature",
    )  # fmt: skip


def test_the_table_fits_one_screen(result):
    lines = render_comparison(result, format="table").splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 40


def test_the_table_says_which_side_a_filter_belongs_to(result):
    text = " ".join(render_comparison(result, format="table").split())
    assert "where feature is x (applies to step 1, A)" in text
    assert "Amplitude's significance (1 - p)" in text
    assert "Like with like?" in text
    assert "no line can show a cause" in text


def test_the_table_does_not_part_an_interval_from_itself(result):
    for line in render_comparison(result, format="table").splitlines():
        assert not line.rstrip().endswith(" to")
        assert not line.lstrip().startswith(("%", "points", "to "))


def test_csv_has_full_precision_and_a_row_per_estimate(result):
    rows = list(csv.DictReader(io.StringIO(render_comparison(result, format="csv"))))
    assert rows[0]["row"] == "as counted"
    assert float(rows[0]["difference"]) == result.lift.difference
    assert {"unfiltered", "placebo"} <= {row["row"] for row in rows}


def test_json_is_the_dictionary(result):
    assert json.loads(render_comparison(result, format="json")) == json.loads(
        json.dumps(result.to_dict())
    )


def test_markdown_has_tables_of_equal_width_and_the_sentence(result):
    text = render_comparison(result, format="markdown")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    steps = [row for row in rows if row.count("|") == rows[0].count("|")]
    assert len(steps) >= 4
    assert "### Like with like?" in text
    assert "Kitagawa" not in text
    assert "### By feature" in text


def test_names_with_markup_and_line_ends_stay_what_they_are(compare):
    rows = []
    for day in range(28):
        for n in range(4):
            rows.append((f"u{day}-{n}", day, "[/x]\n<b>|é"))
            rows += [(f"u{day}-{n}", day + 0.01, "B")] if n < 2 else []
    from datetime import UTC, datetime, timedelta

    start = datetime(2026, 3, 2, tzinfo=UTC)
    events = [
        {
            "user_id": user,
            "event_type": event,
            "event_time": (start + timedelta(days=day)).replace(tzinfo=None),
        }
        for user, day, event in rows
    ]
    from funnelkit.model import EventSelector, Step

    steps = (Step((EventSelector("[/x]\n<b>|é"),)), Step((EventSelector("B"),)))
    result = compare(events, "0..14", "14..28", steps=steps, window="1d")
    table = render_comparison(result, format="table")
    assert "[/x]\\n<b>|é" in table
    assert "<b>" not in result._repr_html_().replace("<b>Placebo", "").replace("<b>Calendar", "")
    assert "\\|" in render_comparison(result, format="markdown")


def test_too_few_conversions_are_said_instead_of_a_significance(compare):
    days = [visits(d + 0.5, 2, 0) for d in range(28)] + ["q 1 A", "q 1.01 B"]
    result = compare("\n".join(days), "0..14", "14..28", window="1d")
    text = " ".join(render_comparison(result, format="table").split())
    assert "not judged: baseline has 29 samples, fewer than 30" in text
    assert "no bound" not in text


def test_one_user_a_side_keeps_every_column_apart(compare):
    result = compare("a 1 A\nb 20 A\nb 20.01 B\nc 27 X", "0..14", "14..28", window="1d")
    row = next(r for r in render_comparison(result, format="table").splitlines() if " B " in r)
    assert row.endswith("  +100.0 -12.2 to +100.0")
    assert len(row) <= 80


def test_large_counts_keep_every_column_apart(compare):
    from dataclasses import replace

    result = compare("a 1 A\nb 20 A\nb 20.01 B\nc 27 X", "0..14", "14..28", window="1d")
    steps = tuple(replace(step, count=123_456_789) for step in result.baseline.series.steps)
    series = replace(result.baseline.series, steps=steps)
    large = replace(result, baseline=replace(result.baseline, series=series))
    lines = render_comparison(large, format="table").splitlines()
    row = next(r for r in lines if " B " in r)
    assert row.split()[:3] == ["2", "B", "123,456,789"]
    assert max(map(len, lines)) <= 80


def test_a_baseline_of_nobody_has_no_percent(compare):
    result = compare("a 1 A\nb 20 A\nb 20.01 B\nc 27 X", "0..14", "14..28", window="1d")
    text = " ".join(render_comparison(result, format="table").split())
    assert "(-12.2 to +100.0), no percent of a baseline of 0 %" in text
    assert "no bound" not in text
    assert "baseline has 1 sample, fewer than 30" in text


def test_a_bound_just_beside_0_keeps_its_sign():
    from funnelkit.comparison.sentences import span
    from funnelkit.stats.proportion import Interval

    assert span(Interval(0.0004, 0.05)) == "+0.0 to +5.0"
    assert span(Interval(-0.05, -0.0004)) == "-5.0 to -0.0"
    assert span(Interval(0.0, 0.0)) == "0.0 to 0.0"


def test_every_share_follows_the_setting_and_points_keep_one_decimal(compare):
    from dataclasses import replace

    from funnelkit.model import Settings

    days = [visits(d + 0.5, 40, 1 if d < 14 else 3) for d in range(28)]
    three = compare("\n".join(days), "0..14", "14..28", window="1d")
    funnel = replace(three.baseline.funnel, settings=Settings(percentages="one decimal"))
    one = replace(three, baseline=replace(three.baseline, funnel=funnel))
    for found, share, other in ((three, "2.50 %", "2.5 %"), (one, "2.5 %", "2.50 %")):
        shown = [render_comparison(found, format=form) for form in ("table", "markdown")]
        shown += [found._repr_html_(), repr(found), json.dumps(found.to_dict())]
        for text in shown:
            assert share in text
            assert other not in text
        assert "+5.0 points" in shown[0]
