"""The same events read otherwise."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from funnelkit.events.sources import open_events
from funnelkit.events.view import EventView

DAY_ONE = datetime(2024, 1, 1)  # noqa: DTZ001 - as in an export


def days_kept(tmp_path, days, **columns):
    times = [DAY_ONE + timedelta(days=day) for day in days]
    given = {
        "device_id": "phone", "user_id": "u", "event_type": "A", "insert_id": "same",
        "event_time": times, **columns,
    }  # fmt: skip
    pl.DataFrame(given).write_parquet(tmp_path / "events.parquet")
    with open_events(tmp_path / "events.parquet") as table:
        EventView(without_copies=True).table(table, tmp_path / "kept.parquet")
    kept = pl.read_parquet(tmp_path / "kept.parquet").sort("event_time")
    assert kept.columns == list(given)
    return [(time - DAY_ONE).days for time in kept["event_time"]]


def test_a_copy_does_not_prolong_the_seven_days(tmp_path):
    assert days_kept(tmp_path, [0, 6, 12]) == [0, 12]


def test_after_just_seven_days_it_is_still_a_copy(tmp_path):
    assert days_kept(tmp_path, [0, 7, 8]) == [0, 8]


@pytest.mark.parametrize(
    "columns", [{"insert_id": [None, None]}, {"device_id": ["phone", "tablet"]}]
)
def test_without_an_insert_id_or_on_another_device_it_is_no_copy(tmp_path, columns):
    typed = {name: pl.Series(values, dtype=pl.String) for name, values in columns.items()}
    assert days_kept(tmp_path, [0, 1], **typed) == [0, 1]


def test_the_seven_days_go_by_when_events_were_received(tmp_path):
    received = [DAY_ONE, DAY_ONE + timedelta(days=9)]
    assert days_kept(tmp_path, [0, 1], server_received_time=received) == [0, 1]
