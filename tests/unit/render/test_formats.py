"""A report and a verification in every format, against files that hold what they look like."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension

from funnelkit.engine.summarise import fraction
from funnelkit.model import (
    EventSelector,
    Exclusion,
    Filter,
    Funnel,
    GroupBy,
    Measures,
    Period,
    Property,
    Segment,
    Settings,
    Step,
)
from funnelkit.render.report import render_report
from funnelkit.render.verification import render_verification
from funnelkit.result import (
    AgePoint,
    Bin,
    Counterpart,
    EventsRead,
    Frequency,
    FunnelResult,
    IntervalDifference,
    IntervalResult,
    Series,
    StepDifference,
    StepResult,
    TimeToConvert,
)
from funnelkit.result.records import VIEWS
from funnelkit.stats.ab import ab_test
from funnelkit.verification.expectation import Verification

NASTY = "[/x] *b* <i> | A\n`q` 漢字\x1b[31m $1 \\"
EVENTS = ("ProductViewed", NASTY, "OrderCompleted")


class Golden(SingleFileSnapshotExtension):
    """A file of bytes per test, with the ending of its format."""


ENDINGS = {"table": "txt", "json": "json", "csv": "csv", "markdown": "md", "html": "html"}


@pytest.fixture
def golden(snapshot):
    """Compare with the file of this test, byte by byte, whatever the system's line ends."""

    def holds(text, format_):
        extension = type("Of", (Golden,), {"file_extension": ENDINGS[format_]})
        return text.encode() == snapshot(extension_class=extension)

    return holds


def series(name, counts, times, **more):
    steps = tuple(
        StepResult(
            step=k + 1,
            event=EVENTS[k % len(EVENTS)],
            count=count,
            conversion_from_start=fraction(count, counts[0]),
            conversion_from_previous=fraction(count, counts[max(k - 1, 0)]),
            drop_off=counts[max(k - 1, 0)] - count,
            average_seconds=times[k],
            median_seconds=times[k] and times[k] / 2,
        )
        for k, count in enumerate(counts)
    )
    return Series(
        name=name,
        steps=steps,
        conversion=fraction(counts[-1], counts[0]),
        average_seconds=sum(times[1:]) if counts[-1] else None,
        median_seconds=93_784.5 if counts[-1] else None,
        **more,
    )


def report(*segments, **funnel):
    definition = {
        "steps": (
            Step((EventSelector(EVENTS[0], (Filter(Property("feature"), "is", ("a", "b")),)),)),
            *(Step((EventSelector(name),)) for name in EVENTS[1:]),
        ),
        **funnel,
    }
    read = EventsRead(
        source="events.parquet",
        events=20_000_000,
        user_column="amplitude_id",
        step_one_events=1_000,
        step_one_without_user_id=1,
    )
    return FunnelResult(
        funnel=Funnel(**definition),
        segments=segments,
        events=read,
        warnings=("step 2: a warning",),
        notes=("a note",),
    )


PLAIN = report(series("all users", (1_234_567, 1_234, 0), (None, 0.25, None)))
RICH = report(
    series(
        NASTY,
        (3, 2, 1),
        (None, 90.0, 187_200.0),
        groups=(
            series("(none)", (2, 2, 1), (None, 90.0, 187_200.0)),
            series("a very long value that no column of eighty can hold", (1, 0, 0), (None,) * 3),
        ),
        groups_left_out=7,
    ),
    series("nobody", (0, 0, 0), (None,) * 3),
    name="Purchase",
    segments=(Segment(NASTY, (Filter(Property("plan", "user"), "is", ("pro",)),)), Segment("no")),
    period=Period(date(2020, 4, 2), date(2020, 5, 1)),
    timezone="America/Los_Angeles",
    window=timedelta(days=7),
    unit="session",
    group_by=GroupBy((Property("feature"),)),
    resolution="millisecond",
)


VARIANTS = report(
    series("all users, with B", (9, 4, 2), (None, 1.5, 7.0)),
    series("all users, without B", (9, 5), (None, 8.5)),
    optional_step=2,
)
EXCLUDED = (0, 12, 3)
HOURS = ("2024-10-27T02:00+02:00", "2024-10-27T02:00+01:00", "2024-10-27T03:00+01:00")


def over_time(*counts):
    """Hours around the change of clocks; nothing more can arrive for the first."""
    start = datetime(2024, 10, 27, tzinfo=UTC)
    return tuple(
        IntervalResult(
            name=name,
            start=start + timedelta(hours=k),
            end=start + timedelta(hours=k + 1),
            complete=not k,
            series=series(name, numbers, (None, 60.0, 7.5)),
        )
        for k, (name, numbers) in enumerate(zip(HOURS, counts, strict=True))
    )


def times(from_step, to_step, counts, *, width=60):
    bins = [Bin(start=width * k, end=width * (k + 1), count=n) for k, n in enumerate(counts)]
    bins.append(Bin(start=width * len(counts), end=None, count=1))
    return TimeToConvert(
        from_step=from_step,
        to_step=to_step,
        units=sum(counts) + 1,
        bins=tuple(bins),
        average_seconds=100 / 3,
        median_seconds=30.0,
        percentile_seconds=(0.25, 90.0, 5_400.0, 86_400.0, 2_592_000.0),
    )


def by_age(*points):
    return tuple(
        AgePoint(seconds=s, at_risk=n, converted=d, conversion=c, low=c / 2, high=2 * c)
        for s, n, d, c in points
    )


def measured(name, counts, **more):
    found = series(
        name,
        counts,
        (None, 60.0, 7.5),
        intervals=over_time((60, 30, 12), (0, 0, 0), (40, 11, 9)),
        time_to_convert=(
            times(1, 2, [3, 2, 1]),
            times(2, 3, []),
            times(1, 3, [n % 7 for n in range(45)], width=600),
        ),
        frequency=(
            Frequency(step=1, counts=(30, 8, 0, 2, 1), average=1.439, median=1.0),
            Frequency(step=2, counts=(20,), average=1.0, median=1.0),
        ),
        property_sum=1234.5678,
        by_age=by_age((90.0, 100, 5, 0.05), (3_600.0, 90, 15, 0.2), (604_800.0, 3, 0, 0.2)),
        **more,
    )
    steps = zip(found.steps, EXCLUDED, strict=True)
    return replace(found, steps=tuple(replace(one, excluded_drop_off=n) for one, n in steps))


def beside(name, now, then, **more):
    steps = zip(EVENTS, now, then, strict=True)
    return {
        "name": name,
        "segment": "A",
        "group": None,
        "period": Period(date(2024, 9, 1), date(2024, 9, 30)),
        "steps": tuple(
            StepDifference(
                step=k,
                event=event,
                count=one,
                compared_count=other,
                conversion=fraction(one, now[0]),
                compared_conversion=fraction(other, then[0]),
            )
            for k, (event, one, other) in enumerate(steps, 1)
        ),
        **more,
    }


COMPARED = (
    Counterpart(
        **beside(
            "[Previous] A",
            (100, 41, 21),
            (120, 60, 18),
            intervals=tuple(
                IntervalDifference(
                    name=name,
                    start=datetime(2024, 10, 27, k, tzinfo=UTC),
                    compared_start=datetime(2024, 9, 27, k, tzinfo=UTC),
                    complete=k == 0,
                    steps=beside("", (60, 30, 12 * k), (0 if k == 2 else 40, 5, 0))["steps"],
                )
                for k, name in enumerate(HOURS)
            ),
        )
    ),
    Counterpart(
        **beside(
            "[Previous] pro; DE", (60, 30, 15), (0, 0, 0), group="pro; DE", values=("pro", "DE")
        )
    ),
)
GROUPS = (
    measured("pro; DE", (60, 30, 15), values=("pro", "DE")),
    measured("free; |", (20, 11, 6), values=("free", "|")),
    series("Did not reach step", (20, 0, 0), (None,) * 3),
)
MEASURED = replace(
    report(
        measured("A", (100, 41, 21), groups=GROUPS),
        measured(NASTY, (90, 30, 9)),
        segments=(Segment("A"), Segment(NASTY)),
        group_by=GroupBy((Property("plan", "user"), Property("country")), step=2),
        exclusions=(Exclusion((EventSelector("Refunded"),)),),
        measures=Measures(
            interval="hour",
            time_to_convert=True,
            frequency=True,
            by_age=True,
            sum_of=Property("price"),
        ),
    ),
    ab=ab_test([("A", 100, 21), (NASTY, 90, 9)]),
    compared_to=COMPARED,
)
REPORTS = {"plain": PLAIN, "rich": RICH, "variants": VARIANTS, "measured": MEASURED}


@pytest.mark.parametrize("form", ["csv", "json", "markdown", "table"])
@pytest.mark.parametrize("result", REPORTS.values(), ids=REPORTS)
def test_a_report_looks_like_its_file(golden, result, form):
    assert golden(render_report(result, format=form), form)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_a_table_of_its_own(golden, view):
    assert golden(render_report(MEASURED, format="csv", view=view), "csv")


def test_a_notebook_shows_every_view(golden):
    assert golden(MEASURED._repr_html_(), "html")


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_percentages_follow_the_setting_of_the_funnel(form):
    few = series("all users", (100_000_000, 1, 0), (None, 0.25, None))
    assert " 0.00000100 % " in render_report(report(few), format=form)
    found = report(few, settings=Settings(percentages="one decimal"))
    text = render_report(found, format=form)
    assert " 100.0 %" in text
    assert " 0.0 % " in text
    assert "0.00" not in text
    assert all(len(line) <= 80 for line in text.splitlines()) or form == "markdown"


VERIFIED = {"ok": (1_234_567, 1_234, 0), "differs": (1_234_567, 1_235, 0)}


@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize("verdict", sorted(VERIFIED))
def test_a_verification_looks_like_its_file(golden, verdict, form):
    found = Verification(PLAIN, VERIFIED[verdict])
    assert golden(render_verification(found, format=form), form)


def test_a_table_fits_into_80_columns_and_commands_no_terminal():
    from funnelkit.render.words import width

    for result in REPORTS.values():
        lines = render_report(result, format="table").splitlines()
        assert max(map(width, lines)) <= 80
        assert all(line.isprintable() for line in lines)


HUGE = 12_345_678


def test_large_numbers_and_many_steps_fit_into_80_columns():
    from funnelkit.render.words import width

    counts = tuple(HUGE - k for k in range(9))
    seconds = (None, *[86_399.0] * 8)
    nine = series("nine", counts, seconds, groups=(series("x", counts, seconds),))
    whole = measured("A", (HUGE,) * 3, groups=(measured("pro; DE", (HUGE,) * 3, values=("a",)),))
    whole = replace(
        whole,
        intervals=over_time((HUGE,) * 3, (HUGE,) * 3, (HUGE,) * 3),
        time_to_convert=(times(1, 3, [HUGE] * 300, width=3_600),),
        frequency=(Frequency(step=1, counts=(HUGE,) * 9, average=5.123, median=5.0),),
    )
    huge = replace(
        MEASURED,
        segments=(whole, nine),
        ab=ab_test([("A" * 50, HUGE, HUGE // 3), ("B" * 50, HUGE, HUGE // 2)]),
        compared_to=(Counterpart(**beside("[Previous] A" * 9, (HUGE,) * 3, (HUGE,) * 3)),),
    )
    for line in render_report(huge, format="table").splitlines():
        assert width(line) <= 80, line


def test_long_times_do_not_touch():
    long = series("long", (9, 8, 7), (None, 20_000_000.0, 31_535_000.0))
    printed = render_report(replace(MEASURED, segments=(long,)), format="table")
    assert "231d 11h 115d 17h" in " ".join(printed.split())
    assert "364d 23h 182d 11h" in " ".join(printed.split())


def test_a_report_of_nobody_has_all_its_views():
    nobody = Series(
        name="all users",
        steps=series("", (0, 0, 0), (None,) * 3).steps,
        conversion=None,
        average_seconds=None,
        median_seconds=None,
        intervals=over_time((0, 0, 0), (0, 0, 0), (0, 0, 0)),
        time_to_convert=(replace(times(1, 3, []), bins=(), units=0, median_seconds=None),),
        frequency=(Frequency(step=1, counts=(), average=None, median=None),),
        property_sum=0.0,
    )
    text = render_report(replace(MEASURED, segments=(nobody,)), format="table")
    assert "sum of price at step 3: 0\n" in text
    assert "1 ProductViewed        –       –\n" in text
    assert "nan" not in text


def test_what_was_not_asked_for_is_not_printed():
    for form in ("table", "markdown"):
        text = render_report(PLAIN, format=form)
        for word in ("over time", "time to", "times that", "sum of", "A/B", "Previous", "excl"):
            assert word not in text


def test_one_variant_is_judged_and_the_others_are_said_not_to_be():
    three = ab_test([("a", 100, 20), ("b", 100, 35), ("c", 100, 22)])
    text = render_report(replace(MEASURED, ab=three), format="table")
    assert "b is above 95 %: significant by Amplitude's rule; only the best variant is" in text
    alike = ab_test([("a", 100, 20), ("b", 100, 21)])
    text = render_report(replace(MEASURED, ab=alike), format="table")
    assert "b is not above 95 %: not significant by Amplitude's rule\n" in text
    few = ab_test([("a", 100, 20), ("b", 9, 1)])
    text = render_report(replace(MEASURED, ab=few), format="table")
    assert "not judged: b has 9 samples, fewer than 30; b has 1 conversion, fewer than 5" in text
    sure = ab_test([("a", 10_000, 2_000), ("b", 10_000, 3_500)])
    assert "over 99.99 %" in render_report(replace(MEASURED, ab=sure), format="markdown")


def test_groups_beside_another_group_say_so():
    one = beside("web", (60, 30, 15), (40, 20, 5), group="app", values=("app",), period=None)
    text = render_report(replace(MEASURED, compared_to=(Counterpart(**one),)), format="table")
    assert (
        "   groups of A, other: web\n"
        "   group  count  other  of start   other  points  relative\n"
        "   app       15      5    25.0 %  12.5 %   +12.5    +100 %\n"
    ) in text


def test_json_rounds_nothing():
    content = json.loads(render_report(MEASURED, format="json"))
    step = content["compared_to"][0]["steps"][2]
    assert step["difference"] == 21 / 100 - 18 / 120
    assert step["relative_difference"] == (21 / 100 - 18 / 120) / (18 / 120)
    assert content["ab"]["rows"][1]["significance"] == MEASURED.ab.rows[1].significance
    segment = content["segments"][0]
    assert segment["property_sum"] == 1234.5678
    assert segment["time_to_convert"][0]["average_seconds"] == 100 / 3
    assert segment["intervals"][2]["conversion"] == 9 / 40


def test_json_and_csv_carry_names_and_fractions_in_full():
    content = json.loads(render_report(RICH, format="json"))
    assert content["segments"][0]["name"] == NASTY
    assert content["segments"][0]["steps"][1]["conversion_from_start"] == 2 / 3
    rows = [*csv.DictReader(io.StringIO(render_report(RICH, format="csv"), newline=""))]
    assert len(rows) == 4 * 3
    assert rows[1]["event"] == NASTY
    assert float(rows[1]["conversion_from_start"]) == 2 / 3
    assert rows[0]["average_seconds"] == ""


def test_every_row_of_a_markdown_table_has_the_cells_of_its_head():
    import re

    lines = render_report(RICH, format="markdown").splitlines()
    tables = [line for line in lines if line.startswith("|")]
    cells = [len(re.findall(r"(?<!\\)\|", line)) - 1 for line in tables]
    assert cells == [8] * 5 + [6] * 4 + [8] * 5
