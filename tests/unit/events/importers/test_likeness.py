"""Which format a file is of where its first lines do not tell, and what is said of mixed files."""

import json

import pytest

import funnelkit as fk
from funnelkit.events.importers.likeness import near_format


def segment(n):
    return {
        "messageId": f"m{n}", "type": "track", "userId": f"u{n}", "event": "A",
        "timestamp": "2026-04-01T10:00:00Z", "originalTimestamp": "2026-04-01T10:00:00Z",
        "properties": {"n": n},
    }  # fmt: skip


def export(n):
    return {"event_type": "A", "event_time": "2026-04-01 10:00:00", "user_id": f"u{n}"}


def sent(n):
    return {"event_type": "A", "time": 1_775_037_600_000 + n, "user_id": f"u{n}"}


def posthog(n):
    return {
        "uuid": f"p{n}", "event": "A", "distinct_id": f"u{n}", "properties": {},
        "timestamp": "2026-04-01T10:00:00Z",
    }  # fmt: skip


def without(row, *keys):
    return {key: value for key, value in row.items() if key not in keys}


def imported(tmp_path, *rows):
    path = tmp_path / "file.jsonl"
    path.write_text(
        "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)
    )
    return fk.import_events(str(path), tmp_path / "events")


def rejects(result):
    lines = result.rejects.read_text().splitlines()
    return [(row["line"], row["reason"]) for row in map(json.loads, lines)]


@pytest.mark.parametrize("make", [segment, export, sent, posthog])
def test_bad_lines_before_the_first_event_do_not_hide_the_format(tmp_path, make):
    result = imported(tmp_path, *["garbage"] * 40, *map(make, range(3)))
    assert (result.events, result.rejected) == (3, 40)
    assert result.notes == ()


@pytest.mark.parametrize(
    ("rows", "read", "stranger", "first"),
    [
        ([*map(export, range(30)), segment(0), segment(1)], "amplitude", "segment", 31),
        ([*map(segment, range(30)), export(0), export(1)], "segment", "amplitude", 31),
        ([export(0), segment(0), segment(1), export(1)], "amplitude", "segment", 2),
        ([sent(0), sent(1), *map(export, range(3))], "amplitude", "http", 1),
        ([*map(posthog, range(30)), sent(0), sent(1)], "posthog", "http", 31),
    ],
)
def test_lines_of_another_format_are_rejected_by_its_name(tmp_path, rows, read, stranger, first):
    result = imported(tmp_path, *rows)
    assert (result.events, result.rejected) == (len(rows) - 2, 2)
    assert rejects(result)[0][0] == first
    for _, reason in rejects(result):
        assert reason.endswith(f"; the line is one of {stranger}, the file is read as {read}")
    (note,) = result.notes
    assert note == (
        f"{tmp_path / 'file.jsonl'} is read as {read}, but 2 rejected lines are of {stranger}, "
        f"first line {first}: put them into a file of their own (--as {stranger})"
    )


def test_a_bad_line_of_the_same_format_is_called_nothing_else(tmp_path):
    result = imported(tmp_path, export(0), {**export(1), "event_type": ""}, "{", export(2))
    assert [reason for _, reason in rejects(result)] == [
        "event_type is missing or empty",
        "cut off: expecting property name enclosed in double quotes at character 2",
    ]
    assert result.notes == ()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {"event": "A", "properties": {"distinct_id": "u"}, "mp_processing_time_ms": 1},
            "near mixpanel (has event, properties): --as mixpanel.",
        ),
        (
            {"event_name": "A", "event_timestamp": 1_775_037_600_000_000, "event_params": []},
            "near ga4 (has event_name, event_timestamp, event_params; lacks user_pseudo_id): --as ga4.",  # noqa: E501
        ),
    ],
)
def test_rows_that_cannot_be_read_name_the_format_that_is_near(tmp_path, row, expected):
    with pytest.raises(fk.DataError) as failed:
        imported(tmp_path, row)
    assert str(failed.value).endswith(f" Or it is {expected}")


def test_rows_that_are_read_by_common_names_say_what_they_look_like(tmp_path):
    result = imported(tmp_path, without(segment(0), "messageId"))
    assert result.notes[-1] == (
        f"{tmp_path / 'file.jsonl'} is read by common names, but is near segment (has type, "
        "userId, originalTimestamp; lacks messageId): --as segment"
    )
    assert (
        fk.import_events(str(tmp_path / "file.jsonl"), tmp_path / "other", as_="segment").notes
        == ()
    )


def test_what_is_like_nothing_is_near_nothing():
    for keys in (["verb", "actor"], ["user", "event", "time"], ["event", "properties", "user"]):
        assert near_format(keys, unreadable=False) is None
    assert near_format(["verb", "actor"], unreadable=True) is None
