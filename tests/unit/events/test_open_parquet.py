"""Parquet: used where it lies, checked, and never mixed up."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funnelkit.errors import ColumnError, DataError
from funnelkit.events.connection import connect
from funnelkit.events.sources import open_events
from funnelkit.events.sql import Parameters

at = datetime.fromisoformat
NOON = at("2020-05-02T12:00:00.000001")


def write(path, **columns):
    """Write one event, or several; whatever is not said is the same for all."""
    events = max((len(values) for values in columns.values() if values is not ...), default=1)
    usual = {"user_id": ["u"] * events, "event_type": ["A"] * events, "event_time": [NOON] * events}
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({k: v for k, v in {**usual, **columns}.items() if v is not ...})
    pq.write_table(table, path)
    return path


def rows(source, select, **options):
    with open_events(source, **options) as table:
        bind = Parameters()
        query = select.format(us=table.microseconds())
        relation = table.relation(bind)
        return connect().execute(f"SELECT {query} FROM {relation}", bind.values).fetchall()


def test_a_file_is_used_where_it_lies(tmp_path):
    path = write(tmp_path / "events.parquet")
    with open_events(path) as table:
        assert table.files == (str(path),)
        assert (table.rows, table.time, table.time_kind) == (1, "event_time", "timestamp")


def test_a_file_without_rows_has_no_events(tmp_path):
    path = tmp_path / "none.parquet"
    pq.write_table(pq.read_table(write(tmp_path / "one.parquet")).slice(0, 0), path)
    with open_events(path) as table:
        assert (table.rows, table.notes) == (0, ())


@pytest.mark.parametrize(
    ("values", "microseconds"),
    [
        (pa.array([NOON]), 1588420800000001),
        (pa.array([NOON], pa.timestamp("ns")), 1588420800000001),
        (pa.array([NOON.replace(microsecond=0)], pa.timestamp("s")), 1588420800000000),
        (pa.array([NOON.replace(tzinfo=UTC)]), 1588420800000001),
        (pa.array([NOON], pa.timestamp("us", "Europe/Berlin")), 1588420800000001),
        (pa.array([date(2020, 5, 2)]), 1588377600000000),
        (pa.array(["2020-05-02T14:00:00.000001+02:00"]), 1588420800000001),
        (pa.array(["2020-05-02 12:00:00.000001"]), 1588420800000001),
        (pa.array([1588420800]), 1588420800000000),
        (pa.array([1588420800.25]), 1588420800250000),
        (pa.array([1588420800001]), 1588420800001000),
        (pa.array([1588420800000001]), 1588420800000001),
        (pa.array([1588420800000001999]), 1588420800000001),
        (pa.array([-1999], pa.int32()), -1999000000),
        (pa.array([at("0001-01-01T00:00:00")]), -62135596800000000),
        (pa.array([at("9999-12-31T23:59:59.999999")]), 253402300799999999),
    ],
)
def test_every_kind_of_time_is_read_to_the_microsecond(tmp_path, values, microseconds):
    path = write(tmp_path / "events.parquet", event_time=values)
    assert rows(path, "{us}") == [(microseconds,)]


def test_nanoseconds_before_1970_go_to_the_microsecond_below(tmp_path):
    times = pa.array([-1_588_420_800_000_000_001, -1_588_420_800_000_001_000])
    path = write(tmp_path / "events.parquet", event_time=times)
    assert rows(path, "{us}") == [(-1588420800000001,), (-1588420800000001,)]


@pytest.mark.parametrize("kind", [pa.int32(), pa.uint32(), pa.int64(), pa.uint64(), pa.int16()])
def test_seconds_in_any_whole_number_are_read(tmp_path, kind):
    seconds = 32_767 if kind == pa.int16() else 1_588_420_800
    path = write(tmp_path / "a.parquet", event_time=pa.array([seconds], kind))
    assert rows(path, "{us}") == [(seconds * 1_000_000,)]


def test_the_unit_of_a_number_is_said(tmp_path):
    with open_events(write(tmp_path / "a.parquet", event_time=[1588420800001])) as table:
        assert table.notes == ("times read as epoch milliseconds, UTC",)


@pytest.mark.parametrize(
    ("factor", "kind", "coarser"),
    [
        (1_000, "milliseconds", "seconds"),
        (1_000_000, "microseconds", "milliseconds"),
        (1_000_000_000, "nanoseconds", "microseconds"),
    ],
)
def test_times_in_two_units_are_noted(tmp_path, factor, kind, coarser):
    times = [1588420800 * factor] * 3 + [1588420800 * factor // 1000]
    with open_events(write(tmp_path / "a.parquet", event_time=times)) as table:
        assert table.notes[1] == (
            f"1 of 4 times, first {tmp_path / 'a.parquet'}, row 4, are in early 1970 as {kind}; "
            f"are they {coarser}? One unit is read for all"
        )


def test_one_absurd_number_does_not_decide_the_unit(tmp_path):
    times = [1588420800001] * 5 + [99_999_999_999_999]
    path = write(tmp_path / "a.parquet", event_time=times)
    assert rows(path, "max({us})") == [(99_999_999_999_999_000,)]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (pa.array([NOON, None]), "row 2: event_time is missing"),
        (pa.array([1588420800, None]), "row 2: event_time is missing"),
        (pa.array([1588420800, 1588420800, 10**17]), "row 3: event_time is '100000000000000000'"),
        (pa.array([1588420800.5, float("nan")]), "row 2: event_time is 'nan'"),
        (pa.array([1588420800.5, float("inf")]), "row 2: event_time is 'inf'"),
        (pa.array(["2020-05-02", "later"]), "row 2: event_time is 'later'"),
        (pa.array(["2020-05-02", "infinity"]), "row 2: event_time is 'infinity'"),
        (pa.array(["2020-05-02", ""]), "row 2: event_time is ''"),
        (pa.array([0, 2**63 - 1]).cast(pa.timestamp("us")), "row 2: event_time is 'infinity'"),
        (pa.array([0, 2**62]).cast(pa.timestamp("us")), "row 2: event_time is '148108-"),
    ],
)
def test_a_bad_time_is_named_with_its_row(tmp_path, times, expected):
    path = write(tmp_path / "events.parquet", event_time=times)
    with pytest.raises(DataError) as caught, open_events(path):
        pass
    assert str(caught.value).startswith(f"{path}, {expected}")


def test_a_bad_time_is_found_without_statistics(tmp_path):
    path = tmp_path / "events.parquet"
    table = pa.table({"user_id": ["u"] * 2, "event_type": ["A"] * 2, "event_time": [NOON, None]})
    pq.write_table(table, path, write_statistics=False)
    with pytest.raises(DataError, match="row 2: event_time is missing"), open_events(path):
        pass


def test_events_without_type_or_user_are_counted(tmp_path):
    path = write(tmp_path / "a.parquet", user_id=["u", None, None], event_type=["A", "", None])
    with open_events(path) as table:
        assert table.notes == (
            "2 events have no event type; no step can match them",
            "2 events have no user and cannot be counted",
        )


def test_a_device_serves_where_there_is_no_user(tmp_path):
    path = write(tmp_path / "a.parquet", user_id=["u", None], device_id=[None, "d"])
    with open_events(path) as table:
        assert table.notes == ()


@pytest.mark.parametrize("column", ["event_type", "event_time", "user_id"])
def test_a_missing_column_is_named(tmp_path, column):
    path = write(tmp_path / "a.parquet", other=[1], **{column: ...})
    with pytest.raises(ColumnError, match=r"a\.parquet has no column for .* It has .*other"):
        rows(path, "*")


def test_an_explicit_column_that_does_not_exist_names_what_is_near(tmp_path):
    path = write(tmp_path / "a.parquet")
    with pytest.raises(ColumnError, match=r"no column 'userid'.*Did you mean 'user_id'"):
        rows(path, "*", columns="user=userid")


@pytest.mark.parametrize(
    ("column", "values", "wanted"),
    [
        ("event_type", [1], "text"),
        ("event_time", [True], "a timestamp, a number or text"),
        ("user_id", [["a"]], "text or a number"),
        ("event_properties", [1], "a STRUCT, a MAP or JSON text"),
    ],
)
def test_a_type_that_cannot_serve_is_refused(tmp_path, column, values, wanted):
    path = write(tmp_path / "a.parquet", **{column: values})
    with pytest.raises(ColumnError, match=rf"'{column}'.* has the type .*; needed is {wanted}"):
        rows(path, "*")


def test_files_with_differing_columns_are_read_together(tmp_path):
    write(tmp_path / "a.parquet", event_properties=[{"x": 1}], country=["DE"])
    write(tmp_path / "b.parquet", event_properties=[{"y": "z"}], plan=["gold"])
    found = rows(tmp_path / "*.parquet", "country, plan, event_properties.x, event_properties.y")
    assert found == [("DE", None, 1, None), (None, "gold", None, "z")]


def test_a_stray_file_without_events_is_named(tmp_path):
    write(tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "b.parquet")
    with pytest.raises(ColumnError, match=r"b\.parquet has no column 'event_type'.*it has x"):
        rows(tmp_path, "*")


def test_properties_kept_in_two_ways_are_read_as_json(tmp_path):
    write(tmp_path / "a.parquet", event_properties=[{"x": 1, "y": None, "z": ["a"]}])
    write(tmp_path / "b.parquet", event_properties=['{"x": 2}'])
    write(
        tmp_path / "c.parquet", event_properties=pa.array([[("x", 3)]], pa.map_("string", "int8"))
    )
    write(tmp_path / "d.parquet")
    with open_events(tmp_path) as table:
        assert table.types["event_properties"] == "JSON"
        assert f"event_properties of {tmp_path / 'a.parquet'} are read as JSON" in table.notes[0]
    assert rows(tmp_path, "event_properties ->> '$.x'") == [("1",), ("2",), ("3",), (None,)]


def test_a_parquet_struct_and_json_lines_are_read_together(tmp_path):
    write(tmp_path / "a.parquet", event_properties=[{"x": 1}])
    (tmp_path / "b.jsonl").write_text(
        '{"user_id": "u", "event_type": "A", "time": 1, "event_properties": {"X": 2, "x": 3}}'
    )
    assert rows(tmp_path, "event_properties ->> '$.x'") == [("1",), ("3",)]


def test_properties_that_differ_only_in_case_are_not_turned_into_json(tmp_path):
    write(tmp_path / "a.parquet", event_properties=[{"x": 1, "X": 2}])
    write(tmp_path / "b.parquet", event_properties=['{"x": 1}'])
    with pytest.raises(ColumnError, match=r"a\.parquet: .* differ only in case, .*read them apart"):
        rows(tmp_path, "*")


def test_times_of_different_types_are_read_together(tmp_path):
    write(tmp_path / "a.parquet", event_time=[NOON])
    write(tmp_path / "b.parquet", event_time=[1588420800002])
    write(tmp_path / "c.parquet", event_time=pa.array([1588420801], pa.int32()))
    write(tmp_path / "d.parquet", event_time=[NOON.replace(tzinfo=UTC)])
    found = rows(tmp_path, "{us}")
    assert [us - 1588420800000000 for (us,) in found] == [1, 2000, 1_000_000, 1]
    with open_events(tmp_path) as table:
        assert table.notes == (
            "times read as epoch milliseconds, UTC", "times read as epoch seconds, UTC",
        )  # fmt: skip


def test_a_bad_time_among_files_of_different_types_is_named(tmp_path):
    write(tmp_path / "a.parquet", event_time=[NOON])
    write(tmp_path / "b.parquet", event_time=[1588420800002, None])
    with pytest.raises(DataError, match=r"b\.parquet, row 2: event_time is missing"):
        rows(tmp_path, "*")


def test_in_hive_partitions_columns_of_different_types_are_refused(tmp_path):
    write(tmp_path / "m=1" / "a.parquet", event_time=[NOON])
    write(tmp_path / "m=2" / "b.parquet", event_time=[1588420800002])
    with pytest.raises(
        ColumnError, match=r"event_time is a number in .*b\.parquet and none in .*a\.parquet"
    ):
        rows(tmp_path, "*")


def test_a_file_whose_name_is_a_glob_is_read_itself(tmp_path):
    odd = write(tmp_path / "a[1]*.parquet", user_id=["odd"])
    write(tmp_path / "a1.parquet", user_id=["other"])
    assert rows(odd, "user_id") == [("odd",)]


def test_a_folder_is_read_recursively_without_what_is_no_event_file(tmp_path):
    write(tmp_path / "a.parquet")
    write(tmp_path / "deep" / "er" / "b.parquet")
    for other in ("_later/c.parquet", ".hidden/d.parquet", "truth.parquet"):
        write(tmp_path / other, user_id=["wrong"])
    (tmp_path / "README.md").write_text("no events")
    assert rows(tmp_path, "user_id") == [("u",), ("u",)]


def test_hive_partitions_stay_text(tmp_path):
    write(tmp_path / "month=04" / "event_type=A" / "a.parquet", event_type=...)
    write(tmp_path / "month=05" / "event_type=B" / "b.parquet", event_type=...)
    found = rows(tmp_path, "month, event_type")
    assert found == [("04", "A"), ("05", "B")]


def test_columns_that_differ_only_in_case_are_refused(tmp_path):
    path = write(tmp_path / "a.parquet", Price=[1], price=[2])
    with pytest.raises(ColumnError, match="'Price' and 'price' differ only in case"):
        rows(path, "*")
    write(tmp_path / "x" / "a.parquet", Price=[1])
    write(tmp_path / "x" / "b.parquet", price=[1])
    with pytest.raises(ColumnError, match="'Price' and 'price' differ only in case"):
        rows(tmp_path / "x", "*")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_an_error(tmp_path, share):
    path = write(tmp_path / "a.parquet")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DataError, match=r"a\.parquet is cut off"), open_events(path):
        pass


def test_a_damaged_file_is_an_error(tmp_path):
    path = write(tmp_path / "a.parquet")
    content = path.read_bytes()
    path.write_bytes(content[:-100] + b"\xff" * 92 + content[-8:])
    with pytest.raises(DataError, match=r"a\.parquet"), open_events(path):
        pass


def test_a_json_file_and_a_parquet_file_are_read_together(tmp_path):
    write(tmp_path / "a.parquet")
    (tmp_path / "b.jsonl").write_text('{"time": 1, "user_id": "v", "event_type": "B"}')
    assert sorted(rows(tmp_path, "user_id, {us}")) == [("u", 1588420800000001), ("v", 1000)]


def test_partitions_that_differ_are_not_read_and_that_is_said(tmp_path):
    write(tmp_path / "month=04" / "a.parquet")
    write(tmp_path / "day=05" / "b.parquet")
    with open_events(tmp_path) as table:
        assert table.notes == ("values in folder names (key=value) are not read: files differ",)
        assert list(table.types) == ["user_id", "event_type", "event_time"]
