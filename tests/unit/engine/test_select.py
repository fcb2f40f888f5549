"""From events to rows: both ways of reading give the same answer, in any order of the file."""

import random
from contextlib import closing
from datetime import datetime

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.engine import labels, stream
from funnelkit.engine import select as select_module
from funnelkit.engine.entry import Entry
from funnelkit.engine.query import compose
from funnelkit.engine.select import select
from funnelkit.engine.summarise import groups, series
from funnelkit.events.connection import connect
from funnelkit.events.sources import open_events
from funnelkit.specs.define import define

DAY = 86_400_000_000


def events(*, users=40, seed=1):
    """Random events of four types, several of one user at the same microsecond."""
    draw = random.Random(seed)
    return pl.DataFrame(
        [
            {
                "amplitude_id": draw.randrange(users) - 5,
                "user_id": draw.choice(["u1", "u2", None]),
                "event_type": draw.choice("ABCX"),
                "event_time": draw.randrange(-40, 40) * 500_000,
                "event_id": number,
                "page": draw.choice(["x", "y", None]),
                "us": "not the time",
                "word": f"w{draw.randrange(30)}" if draw.random() < 0.9 else None,
                "unit": "not the unit",
            }
            for number in range(1_500)
        ]
    ).with_columns(pl.col("event_time").cast(pl.Datetime("us")))


def answers(path, *, small, **definition):
    funnel = define(**definition)
    with open_events(path) as table:
        rows = select(funnel, table, small=small)
        found = rows.match(Entry(window=5_000_000))
        names = [step.label for step in funnel.steps]
        by_value, _ = groups(
            found,
            funnel,
            labels=rows.labels,
            summarised=lambda piece, name: series(piece, name=name, events=names),
        )
        return (
            series(found, name="all", events=names),
            by_value,
            rows.seen,
            rows.step_one,
            rows.step_one_without_user_id,
        )


@pytest.mark.parametrize("order", ["amplitude_id", "event_time", "page"])
@pytest.mark.parametrize(
    "definition",
    [
        {"steps": "A > B > C"},
        {"steps": "A > B > C", "group_by": "page"},
        {"steps": "_all > A | B > _all", "group_by": "page"},
        {"steps": "A > B > C", "group_by": ("2: page", "2: us")},
        {"steps": "A > B > C", "group_by": "word"},
        {"steps": "A > B > C", "group_by": ("word", "page")},
        {"steps": "A > A > A[page is x]"},
        {"steps": "A > B", "unit": "session"},
        {"steps": "A[page is nowhere] > B"},
    ],
    ids=lambda definition: " ".join(map(str, definition.values())),
)
def test_lists_and_arrays_give_the_same_answer(tmp_path, order, definition):
    path = tmp_path / "events.parquet"
    events().sort(order, "event_time").write_parquet(path)
    assert answers(path, small=True, **definition) == answers(path, small=False, **definition)


@pytest.mark.parametrize("order", ["amplitude_id", "event_time"])
@pytest.mark.parametrize(("named", "flagged"), [(0, False), (1, True), (1_500, False)])
def test_whether_events_have_a_user_id_is_looked_up_only_where_some_have_one_and_some_not(
    tmp_path, order, named, flagged
):
    path = tmp_path / "events.parquet"
    user_id = pl.when(pl.col("event_id") < named).then(pl.lit("u"))
    events().with_columns(user_id=user_id).sort(order, "event_time").write_parquet(path)
    asked = {"steps": "A > B > C"}
    assert answers(path, small=True, **asked) == answers(path, small=False, **asked)
    with open_events(path) as table, closing(connect()) as connection:
        assert compose(define(**asked), table, connection, exact=False).flagged is flagged


@pytest.mark.parametrize("sampled", [0, 1, 2, 40])
@pytest.mark.parametrize("order", ["amplitude_id", "event_time", "page"])
@pytest.mark.parametrize("by", ["page", "2: word", "3: page"])
def test_labels_that_come_after_those_looked_at_first_are_found_all_the_same(
    tmp_path, monkeypatch, sampled, order, by
):
    path = tmp_path / "events.parquet"
    events().sort(order, "event_time").write_parquet(path)
    asked = {"steps": "A > B > C", "group_by": by}
    whole = answers(path, small=False, **asked)
    monkeypatch.setattr(labels, "SAMPLED", sampled)
    assert answers(path, small=True, **asked) == answers(path, small=False, **asked) == whole


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [(labels, "UNLISTED_NUMBERS", 1), (stream, "MOST_NUMBERED", 3)],
    ids=["two have one number", "they are too many"],
)
def test_labels_that_cannot_be_numbered_are_read_as_texts(
    tmp_path, monkeypatch, place, name, value
):
    path = tmp_path / "events.parquet"
    events().sort("word", nulls_last=True).write_parquet(path)
    read = []
    monkeypatch.setattr(labels, "SAMPLED", 5)
    monkeypatch.setattr(place, name, value)
    monkeypatch.setattr(
        select_module, "compose", lambda *a, **k: read.append(k) or compose(*a, **k)
    )
    asked = {"steps": "A > B > C", "group_by": "word"}
    found = answers(path, small=False, **asked)
    assert [how.get("numbered", True) for how in read] == [True, False]
    assert found == answers(path, small=True, **asked)


def test_the_order_of_the_rows_decides_nothing(tmp_path):
    path = tmp_path / "events.parquet"
    found = set()
    for seed in range(4):
        events().sample(fraction=1, shuffle=True, seed=seed).write_parquet(path)
        for small in (True, False):
            found.add(repr(answers(path, small=small, steps="A > B > C", group_by="page")))
    assert len(found) == 1


def test_an_event_at_the_same_microsecond_with_the_lower_event_id_names_the_group(tmp_path):
    path = tmp_path / "events.parquet"
    tied = [("9", 9, "late"), ("9", 10, "later"), ("9", 2, "first")]
    pl.DataFrame(
        {
            "user_id": [user for user, _, _ in tied],
            "event_type": ["A"] * 3,
            "event_time": [0] * 3,
            "event_id": [number for _, number, _ in tied],
            "page": [page for _, _, page in tied],
        }
    ).with_columns(pl.col("event_time").cast(pl.Datetime("us"))).write_parquet(path)
    for small in (True, False):
        by_value = answers(path, small=small, steps="A", group_by="page")[1]
        assert [(group.name, group.counts) for group in by_value] == [("first", (1,))]


@pytest.mark.parametrize(
    "asked",
    [
        {"steps": "A", "group_by": "page"},
        {"steps": "A > B", "group_by": "2:page", "order": "any"},
        {"steps": "A > B", "group_by": "user.city"},
        {"steps": "A > B[page = x]", "count_by": "totals"},
        {"steps": "A > B[page = x and count = 1]"},
    ],
    ids=str,
)
def test_columns_that_are_asked_for_settle_what_ids_do_not(tmp_path, asked):
    """No event has an id, and all of a user are at one microsecond, in any order of the file."""
    path = tmp_path / "events.parquet"
    table = pl.DataFrame(
        {
            "user_id": [f"u{n % 50}" for n in range(400)],
            "event_type": ["AB"[n // 50 % 2] for n in range(400)],
            "event_time": [0] * 400,
            "page": [["x", "y", None][n // 100 % 3] for n in range(400)],
            "city": [["a", "b"][n // 200] for n in range(400)],
        }
    ).with_columns(pl.col("event_time").cast(pl.Datetime("us")))
    found = set()
    for seed in range(3):
        table.sample(fraction=1, shuffle=True, seed=seed).write_parquet(path)
        for small in (True, False):
            found.add(repr(answers(path, small=small, **asked)))
    assert len(found) == 1


def test_events_that_can_play_no_part_are_left_in_the_file(tmp_path):
    path = tmp_path / "events.parquet"
    pl.DataFrame(
        {
            "user_id": ["u"] * 4,
            "event_type": ["A", "A", "B", "B"],
            "event_time": [-1, 0, 1_000_000, 2 * DAY + 1_000_000],
        }
    ).with_columns(pl.col("event_time").cast(pl.Datetime("us"))).write_parquet(path)
    funnel = define(steps="A > B", from_="1970-01-01", to="1970-01-01", window="1d")
    with open_events(path) as table:
        for small in (True, False):
            rows = select(funnel, table, small=small)
            assert sum(len(bucket.us) for bucket in rows.buckets) == 2


@pytest.mark.parametrize("sampled", [100_000, 1])
def test_few_labels_are_numbered_by_duckdb_whatever_they_say(tmp_path, monkeypatch, sampled):
    monkeypatch.setattr(labels, "SAMPLED", sampled)
    names = ["it's", 'say "x"', "{brace}", "$p1", "é\n", "", "(none)", None]
    moment = datetime(2024, 1, 1)  # noqa: DTZ001 - files carry times in UTC without saying so
    for chosen in (names, [name for name in names if name != "$p1"]):
        path = tmp_path / f"{len(chosen)}.parquet"
        pl.DataFrame(
            {
                "user_id": [f"u{i}" for i in range(len(chosen))],
                "event_type": "A",
                "event_time": moment,
                "page": chosen,
            }
        ).write_parquet(path)
        small = answers(path, small=True, steps="A", group_by="page")
        assert answers(path, small=False, steps="A", group_by="page") == small
        assert {group.name for group in small[1]} == {name or "" for name in chosen if name} | {
            "",
            "(none)",
        }


@pytest.mark.parametrize("small", [True, False])
def test_times_in_any_order_do_not_depend_on_intervals(tmp_path, small, monkeypatch):
    monkeypatch.setattr(select_module, "SMALL", select_module.SMALL if small else -1)
    times = ["A 23:30", "A 23:40", "C 23:50", "A 00:00"]
    rows = [
        {
            "user_id": "u",
            "event_type": each[0],
            "event_time": f"2024-01-0{1 + each.endswith('00:00')} {each[2:]}:00",
        }
        for each in times
    ]
    pl.DataFrame(rows).write_parquet(tmp_path / "events.parquet")
    asked = {"steps": "_all > A > A", "order": "any", "window": "30m"}
    for interval in (None, "5min"):
        found = fk.report(tmp_path / "events.parquet", interval=interval, **asked)
        assert found.segments[0].average_seconds == 1200  # 23:40, 23:50 and 00:00
