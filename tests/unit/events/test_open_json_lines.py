"""JSON lines in the shapes of Amplitude's HTTP API and of its export, good and bad."""

import gzip
import io
import json
import os
import threading
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.errors import ColumnError, DataError
from funnelkit.events.connection import connect
from funnelkit.events.sources import open_events
from funnelkit.events.sql import Parameters

at = datetime.fromisoformat
GOOD = {"time": 1588411043456, "user_id": "u1", "event_type": "A"}


def write(folder, *lines, name="events.jsonl"):
    path = folder / name
    path.write_bytes(
        b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    )
    return path


def line(**changes):
    event = {**GOOD, **changes}
    return json.dumps({key: value for key, value in event.items() if value is not ...})


def rows(table, columns):
    bind = Parameters()
    relation = table.relation(bind)
    return connect().execute(f"SELECT {columns} FROM {relation}", bind.values).fetchall()


def read(source, columns, **options):
    with open_events(source, **options) as table:
        return rows(table, columns)


def complaint(folder, *lines):
    with pytest.raises(DataError) as caught, open_events(write(folder, *lines)):
        pass
    return str(caught.value).removeprefix(f"{folder / 'events.jsonl'}")


def test_the_http_shape_has_epoch_milliseconds(tmp_path):
    with open_events(write(tmp_path, line())) as table:
        assert rows(table, "event_time, user_id, event_type") == [
            (at("2020-05-02T09:17:23.456"), "u1", "A")
        ]
        assert table.notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "2020-05-02 09:17:23.456000",
        "2020-05-02T09:17:23.456",
        "2020-05-02T09:17:23.456Z",
        "2020-05-02T11:17:23.456+02:00",
        "2020-05-02 04:17:23.456-0500",
    ],
)
def test_the_export_shape_has_times_as_text(tmp_path, text):
    event = {"event_time": text, "amplitude_id": 7, "event_type": "A", "$insert_id": "i"}
    with open_events(write(tmp_path, json.dumps(event))) as table:
        assert rows(table, "event_time, amplitude_id, insert_id") == [
            (at("2020-05-02T09:17:23.456"), 7, "i")
        ]


def test_both_shapes_can_be_read_together(tmp_path):
    write(tmp_path, line(), name="a.jsonl")
    export = {"event_time": "2020-05-02 09:17:23.456000", "user_id": "u2", "event_type": "B"}
    write(tmp_path, json.dumps(export), name="b.json")
    assert read(tmp_path, "user_id, event_time") == [
        ("u1", at("2020-05-02T09:17:23.456")),
        ("u2", at("2020-05-02T09:17:23.456")),
    ]


def test_properties_stay_what_they_were(tmp_path):
    properties = (
        '{"big":9007199254740993,"Price":1,"price":2,"day":"2020-01-01","list":["x","y"],'
        '"empty":{},"null":null,"float":3099.9700000000003}'
    )
    text = f'{{"time":1,"user_id":"u","event_type":"A","event_properties":{properties}}}'
    assert read(write(tmp_path, text), "event_properties::VARCHAR") == [(properties,)]


def test_json_inside_a_string_is_taken_out(tmp_path):
    path = write(tmp_path, line(event_properties='{"a": 1}'))
    assert read(path, "event_properties ->> 'a'") == [("1",)]


@pytest.mark.parametrize("nothing", [[], "", None, ...])
def test_an_empty_list_is_no_properties_as_php_writes_it(tmp_path, nothing):
    path = write(tmp_path, line(event_properties={"a": 1}), line(event_properties=nothing))
    assert read(path, "event_properties::VARCHAR")[1] == (None,)


def test_ids_are_integers_only_if_all_are(tmp_path):
    write(tmp_path, line(session_id=5, event_id=1), line(session_id=-1), name="a.jsonl")
    write(tmp_path, line(session_id=5), line(session_id="s-6"), name="b.jsonl")
    with open_events(tmp_path / "a.jsonl") as table:
        assert (table.types["session_id"], table.types["event_id"]) == ("BIGINT", "BIGINT")
    assert read(tmp_path / "b.jsonl", "session_id") == [("5",), ("s-6",)]


def test_other_keys_become_columns(tmp_path):
    path = write(tmp_path, line(platform="Web", country=None, price=7, groups={"org": ["a"]}))
    assert read(path, "platform, country, price::VARCHAR, groups::VARCHAR") == [
        ("Web", None, "7", '{"org":["a"]}')
    ]


@pytest.mark.parametrize("time", [-1, -62135596800000, 253402300799999, 0])
def test_times_before_1970_and_far_in_the_future_are_times(tmp_path, time):
    path = write(tmp_path, line(time=time))
    assert read(path, "epoch_us(event_time)") == [(time * 1000,)]


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (
            '{"time":1588411043456,"user_id":"u1"',
            "cut off: expecting ',' delimiter at character 37",
        ),
        ('{"time":1588411043456,"user_id":"u', "cut off: unterminated string"),
        (b'{"time":1,"user_id":"u\x001","event_type":"A"}', "a NUL byte at byte 23"),
        (b'{"time":1,"user_id":"\xff","event_type":"A"}', "not UTF-8 at byte 22"),
        ("[1, 2]", "a list, not an object"),
        ("5", "a number, not an object"),
        ("null", "null, not an object"),
        ("{}", "an empty object"),
        (line() + line(), "not JSON: extra data"),
        ('{"time":1,"time":2,"user_id":"u","event_type":"A"}', "the key 'time' stands twice"),
        (line(event_type=...), "event_type is missing"),
        (line(event_type=""), "event_type is empty"),
        (line(time=...), "time is missing"),
        (line(time="soon"), "time is 'soon', which is no time"),
        (line(time=10**17), "time is '100000000000000000', which is no time"),
        (line(time=True), "time is 'true', which is no time"),
        (line(user_id=...), "no user: user_id is empty"),
        (line(user_id=""), "no user: user_id is empty"),
        (line(event_properties=[1]), "event_properties is '[1]', which is no JSON object"),
        (line(event_properties="a"), "event_properties is 'a', which is no JSON object"),
    ],
)
def test_a_bad_line_is_named_and_takes_no_neighbour_along(tmp_path, bad, expected):
    first = line(event_properties={"a": 1})
    said = complaint(tmp_path, first, "", "  ", bad, line())
    assert said.startswith(f", line 4: {expected}")


def test_the_first_bad_line_is_named_among_many_files(tmp_path):
    for number in range(3):
        write(tmp_path, *[line()] * 4, "", line(time="x" * number or 5), name=f"{number}.jsonl")
    with pytest.raises(DataError, match=r"1\.jsonl, line 6: time is 'x'"), open_events(tmp_path):
        pass


def test_a_bad_line_is_found_in_a_file_that_is_read_in_parts(tmp_path):
    padded = line(event_properties={"pad": "x" * 1000})
    lines = [padded] * 60_000
    lines[45_678] = padded[:-30]
    assert complaint(tmp_path, *lines).startswith(", line 45679: cut off")


def test_blank_lines_and_windows_line_ends_are_nothing(tmp_path):
    path = write(tmp_path, line() + "\r", "", " ", line(user_id="u2") + "\r", "")
    assert read(path, "user_id") == [("u1",), ("u2",)]


def test_a_byte_order_mark_is_skipped(tmp_path):
    path = write(tmp_path, b"\xef\xbb\xbf" + line().encode(), line(user_id="u2"))
    assert read(path, "user_id") == [("u1",), ("u2",)]


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_file_whose_name_is_a_glob_is_read_itself(tmp_path, ending):
    for name, user in (("a[1]", "odd"), ("a1", "other")):
        csv = f"event_time,user_id,event_type\n1,{user},A"
        text = csv if ending == "csv" else line(user_id=user)
        write(tmp_path, text, name=f"{name}.{ending}")
    assert read(tmp_path / f"a[1].{ending}", "user_id") == [("odd",)]


def test_gzip_is_known_by_its_bytes(tmp_path):
    path = tmp_path / "events.dat"
    path.write_bytes(gzip.compress(line().encode()))
    assert read(path, "user_id") == [("u1",)]


def test_gzip_that_is_cut_off_is_an_error(tmp_path):
    path = tmp_path / "events.jsonl.gz"
    whole = gzip.compress("\n".join(line(user_id=f"u{n}") for n in range(5000)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"events\.jsonl\.gz"), open_events(path):
        pass


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_read(pack):
    stream = io.BytesIO(pack(line().encode()))
    assert read("-", "user_id", stdin=stream) == [("u1",)]


def test_an_empty_file_is_an_error(tmp_path):
    with (
        pytest.raises(DataError, match="holds no events: it is empty"),
        open_events(write(tmp_path)),
    ):
        pass


def test_an_empty_file_among_others_is_a_note(tmp_path):
    write(tmp_path, line(), name="a.jsonl")
    empty = write(tmp_path, "\n\n", name="b.jsonl")
    with open_events(tmp_path) as table:
        assert table.rows == 1
        assert table.notes == (f"{empty} is empty",)


def test_a_file_without_an_event_type_names_its_keys_and_what_is_near(tmp_path):
    text = json.dumps({"time": 1, "user_id": "u", "evnt_type": "A"})
    with pytest.raises(ColumnError, match=r"(?s)event type.*time, user_id, evnt_type.*'evnt_type'"):
        read(write(tmp_path, text), "*")


def test_keys_that_differ_only_in_case_are_refused(tmp_path):
    with pytest.raises(ColumnError, match="'platform' and 'Platform' differ only in case"):
        read(write(tmp_path, line(Platform="a", platform="b")), "*")


def test_common_names_are_guessed_with_a_note(tmp_path):
    event = {"ts": 1588411043, "distinct_id": "u", "Event Name": "A"}
    with open_events(write(tmp_path, json.dumps(event))) as table:
        assert rows(table, "event_time, user_id, event_type") == [
            (at("2020-05-02T09:17:23"), "u", "A")
        ]
        assert table.notes == (
            "user_id is read from the column 'distinct_id'",
            "event_type is read from the column 'Event Name'",
            "event_time is read from the column 'ts'",
            "times read as epoch seconds, UTC",
        )


def test_explicit_columns_come_before_amplitudes_names(tmp_path):
    text = line(amplitude_id=1, visitor="v", event_time="2020-01-01 00:00:00")
    columns = {"user": "visitor", "time": "time"}
    with open_events(write(tmp_path, text), columns=columns) as table:
        assert (table.user_id, table.amplitude_id, table.time) == ("visitor", None, "time")
        assert rows(table, "visitor, time") == [("v", at("2020-05-02T09:17:23.456"))]


def test_times_that_look_like_seconds_are_noted(tmp_path):
    with open_events(write(tmp_path, line(time=1588411043))) as table:
        assert "all times, first " in table.notes[0]
        assert "are they seconds?" in table.notes[0]


def test_times_of_whom_some_look_like_seconds_are_noted(tmp_path):
    with open_events(write(tmp_path, line(), line(time=1588411043), line())) as table:
        assert table.notes[0].startswith(f"1 of 3 times, first {tmp_path / 'events.jsonl'}, line 2")


def test_an_event_over_several_lines_is_called_so(tmp_path):
    spread = json.dumps(GOOD, indent=2)
    assert complaint(tmp_path, spread, spread) == (
        ", line 1: an event that is spread over several lines; write each on one line"
    )


def test_a_text_that_does_not_end_is_said_in_plain_words(tmp_path):
    assert complaint(tmp_path, '{"event_type": "A') == (
        ", line 1: cut off: unterminated string starting at character 16"
    )


@pytest.mark.parametrize(
    "body",
    [
        "[{event}, {event}]",
        '{{"api_key": "k", "events": [{event},\n {event}]}}',
        '{{"events": [{event}]}}\n{{"events": [{event}]}}\n',
    ],
)
def test_bodies_of_requests_are_read(tmp_path, body):
    event = line(event_properties={"big": 9007199254740993})
    path = write(tmp_path, body.format(event=event), name="body.json")
    assert read(path, "event_properties::VARCHAR") == [('{"big":9007199254740993}',)] * 2


def test_a_body_without_a_list_of_events_is_an_error(tmp_path):
    path = write(tmp_path, '["a", {"time": 1}', name="body.json")
    with pytest.raises(DataError, match=r"body\.json, line 1: not JSON"):
        read(path, "*")


def test_a_long_name_survives(tmp_path):
    name = "n" * 10_000_000 + "[/x]"
    assert read(write(tmp_path, line(event_type=name), line()), "length(event_type)") == [
        (10_000_004,),
        (1,),
    ]


nasty = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@settings(deadline=None, max_examples=60)
@given(name=nasty, user=nasty, key=nasty, value=nasty)
def test_every_string_survives_untouched(tmp_path_factory, name, user, key, value):
    folder = tmp_path_factory.mktemp("events")
    event = {"time": 1, "user_id": user, "event_type": name, "event_properties": {key: value}}
    path = write(folder, json.dumps(event))
    [(found_name, found_user, properties)] = read(
        path, "event_type, user_id, event_properties::VARCHAR"
    )
    assert (found_name, found_user, json.loads(properties)) == (name, user, {key: value})


@pytest.mark.parametrize("text", ["'; DROP TABLE x; --", '" OR 1=1', "[/x]", "a > b", "$x", "{e}"])
def test_sql_in_every_string_is_only_text(tmp_path, text):
    event = line(user_id=text, event_type=text, event_properties={text: text}, **{text: text})
    columns = f"\"{text.replace(chr(34), chr(34) * 2)}\" ->> '$'"
    path = write(tmp_path, event, name=f"{text.replace('/', '')}.jsonl")
    assert read(path, f"user_id, event_type, {columns}") == [(text, text, text)]


def test_temporary_files_vanish(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with open_events(write(tmp_path, line())) as table:
        assert all(str(tmp_path / "temporary") in file for file in table.files)
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_read_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[gzip.compress(line().encode())])
    writer.start()
    assert read(pipe, "user_id") == [("u1",)]
    writer.join()


@pytest.mark.parametrize("name", ["187520_2020-01-25_17#1.json.gz", "a b%20&.jsonl", "é.json"])
def test_odd_file_names_are_only_names(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(line().encode()))
    assert read(path, "user_id") == [("u1",)]


def test_deep_nesting_is_no_problem(tmp_path):
    deep = "[" * 500 + "]" * 500
    text = (
        f'{{"time": 1, "user_id": "u", "event_type": "A", "event_properties": {{"deep": {deep}}}}}'
    )
    assert read(write(tmp_path, text), "event_properties ->> 'deep'") == [(deep,)]
