"""Amplitude's operators give one answer wherever a file keeps the property (specification A7)."""

import json
from contextlib import ExitStack, closing
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funnelkit.engine.filters import NEGATIVE, condition, glob_pattern
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.errors import DefinitionError
from funnelkit.events.connection import connect
from funnelkit.events.sources import open_events
from funnelkit.events.sql import Parameters
from funnelkit.model import Filter, Property

NOON = datetime.fromisoformat("2020-05-02T12:00:00")
NONE = "(none)"
STORAGES = ["struct", "json", "map", "column"]

TEXTS = ["home", "Homepage", "/a/b", "36", "2020-05-02", "true", "", None]
NUMBERS = [36.0, 36.5, -1.0, 0.0, None]
INTEGERS = [36, 2**53, 2**53 + 1, -(2**63), None]
BOOLEANS = [True, False, None]
LISTS = [["a"], ["a", "b"], ["b", "c"], [], [None], None]

KINDS = {
    "text": (TEXTS, pa.string()),
    "number": (NUMBERS, pa.float64()),
    "integer": (INTEGERS, pa.int64()),
    "boolean": (BOOLEANS, pa.bool_()),
    "list": (LISTS, pa.list_(pa.string())),
}


def write(path, values, kind, storage):
    """Write one event per value of the property `p`."""
    column = pa.array(values, kind)
    match storage:
        case "struct":
            stored = {"event_properties": pa.StructArray.from_arrays([column], ["p"])}
        case "json":
            lines = [json.dumps({} if value is None else {"p": value}) for value in values]
            stored = {"event_properties": lines}
        case "map":
            pairs = [[] if value is None else [("p", value)] for value in values]
            stored = {"event_properties": pa.array(pairs, pa.map_(pa.string(), kind))}
        case "column":
            stored = {"p": column}
    rows = len(values)
    event = {"user_id": ["u"] * rows, "event_type": ["A"] * rows, "event_time": [NOON] * rows}
    pq.write_table(pa.table(event | stored), path)


@pytest.fixture(scope="module")
def duckdb():
    """A connection that knows the engine's macros."""
    with closing(connect()) as connection:
        connection.execute(read_sql("properties")).fetchall()
        yield connection


def judge(connection, table, op, wanted, name="p", scope="event"):
    """Return what the condition says of each event."""
    bind = Parameters()
    test = condition(Filter(Property(name, scope), op, tuple(wanted)), table, bind)
    query = f"SELECT {test} FROM {table.relation(bind)}"
    return [verdict for (verdict,) in connection.execute(query, bind.used_in(query)).fetchall()]


@pytest.fixture
def verdicts(duckdb):
    def of_events(path, *asked):
        with open_events(path) as table:
            return judge(duckdb, table, *asked)

    return of_events


@pytest.fixture(scope="module", params=STORAGES)
def stored(request, tmp_path_factory, duckdb):
    """Say which of the values of a kind pass a filter, in each way of storing them."""
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as opened:
        tables = {}
        for kind, (values, column_type) in KINDS.items():
            path = folder / f"{kind}.parquet"
            write(path, values, column_type, request.param)
            tables[kind] = opened.enter_context(open_events(path))

        def passing(kind, op, *wanted):
            found = zip(KINDS[kind][0], judge(duckdb, tables[kind], op, wanted), strict=True)
            return [value for value, verdict in found if verdict]

        yield passing


@pytest.mark.parametrize(
    ("op", "wanted", "expected"),
    [
        ("is", ["home"], ["home"]),
        ("is", ["home", "36"], ["home", "36"]),
        ("is", ["Home"], []),
        ("is", ["36.0"], []),
        ("is", ["True"], []),
        ("is", [""], [""]),
        ("is", [NONE], [None]),
        ("is", ["home", NONE], ["home", None]),
        ("is not", ["home"], ["Homepage", "/a/b", "36", "2020-05-02", "true", "", None]),
        ("is not", [NONE], ["home", "Homepage", "/a/b", "36", "2020-05-02", "true", ""]),
        ("is not", ["home", "36", NONE], ["Homepage", "/a/b", "2020-05-02", "true", ""]),
        ("contains", ["OME"], ["home", "Homepage"]),
        ("contains", ["page", "36"], ["Homepage", "36"]),
        ("does not contain", ["o", "/", "2"], ["36", "true", "", None]),
        ("has prefix", ["hOmEp"], ["Homepage"]),
        ("does not have prefix", ["H", "/", "3"], ["2020-05-02", "true", "", None]),
        ("greater", ["35.5"], ["36"]),
        ("less or equal", ["36"], ["36"]),
        ("less", ["36"], []),
        ("greater or equal", ["2020-05-02"], ["home", "Homepage", "36", "2020-05-02", "true"]),
        ("less", ["2020-05-02"], ["/a/b", ""]),
        ("glob match", ["*"], ["home", "Homepage", "36", "2020-05-02", "true", ""]),
        ("glob match", ["/*"], []),
        ("glob match", ["/**"], ["/a/b"]),
        ("glob match", ["[0-9]*"], ["36", "2020-05-02"]),
        ("glob does not match", ["**o**"], ["/a/b", "36", "2020-05-02", "true", "", None]),
    ],
)
def test_text_is_compared(stored, op, wanted, expected):
    assert stored("text", op, *wanted) == expected


@pytest.mark.parametrize(
    ("op", "wanted", "expected"),
    [
        ("is", ["36"], [36.0]),
        ("is", ["36.00"], [36.0]),
        ("is", ["3.65e1"], [36.5]),
        ("is", ["0"], [0.0]),
        ("is", ["-1", "36.5"], [36.5, -1.0]),
        ("is", [NONE], [None]),
        ("is not", ["36"], [36.5, -1.0, 0.0, None]),
        ("is not", [NONE], [36.0, 36.5, -1.0, 0.0]),
        ("greater", ["36"], [36.5]),
        ("greater or equal", ["36"], [36.0, 36.5]),
        ("less", ["0"], [-1.0]),
        ("less or equal", ["0"], [-1.0, 0.0]),
        ("less", ["-0.5", "0.5"], [-1.0, 0.0]),
        ("contains", ["6"], [36.0, 36.5]),
        ("has prefix", ["36"], [36.0, 36.5]),
        ("glob match", ["3*"], [36.0, 36.5]),
        ("does not contain", ["6"], [-1.0, 0.0, None]),
    ],
)
def test_numbers_are_compared_by_value(stored, op, wanted, expected):
    assert stored("number", op, *wanted) == expected


@pytest.mark.parametrize(
    ("op", "wanted", "expected"),
    [
        ("is", ["36.0"], [36]),
        ("is", [str(2**53)], [2**53]),
        ("is", [str(2**53 + 1)], [2**53 + 1]),
        ("is", [str(-(2**63))], [-(2**63)]),
        ("is not", [str(2**53 + 1)], [36, 2**53, -(2**63), None]),
        ("greater", [str(2**53)], [2**53 + 1]),
        ("less", [str(2**53 + 1)], [36, 2**53, -(2**63)]),
        ("less", [str(-(2**63) + 1)], [-(2**63)]),
        ("less", ["9" * 36], [36, 2**53, 2**53 + 1, -(2**63)]),
        ("contains", ["9007199254740993"], [2**53 + 1]),
        ("set contains", ["9007199254740993"], [2**53 + 1]),
    ],
)
def test_long_integers_lose_no_digit(stored, op, wanted, expected):
    assert stored("integer", op, *wanted) == expected


@pytest.mark.parametrize(
    ("op", "wanted", "expected"),
    [
        ("is", ["true"], [True]),
        ("is", ["True"], [True]),
        ("is", ["FALSE"], [False]),
        ("is", ["true", "false"], [True, False]),
        ("is", [NONE], [None]),
        ("is not", ["True"], [False, None]),
        ("is not", ["True", NONE], [False]),
        ("contains", ["RU"], [True]),
        ("has prefix", ["f"], [False]),
        ("glob match", ["t*"], [True]),
        ("greater", ["0"], []),
    ],
)
def test_booleans_are_true_and_false_in_any_case(stored, op, wanted, expected):
    assert stored("boolean", op, *wanted) == expected


@pytest.mark.parametrize(
    ("op", "wanted", "expected"),
    [
        ("is", ["a"], [["a"], ["a", "b"]]),
        ("is", ["a", "c"], [["a"], ["a", "b"], ["b", "c"]]),
        ("is", [NONE], [[], [None], None]),
        ("is not", ["a"], [["b", "c"], [], [None], None]),
        ("is not", [NONE], [["a"], ["a", "b"], ["b", "c"]]),
        ("contains", ["B"], [["a", "b"], ["b", "c"]]),
        ("does not contain", ["B"], [["a"], [], [None], None]),
        ("has prefix", ["c"], [["b", "c"]]),
        ("greater", ["b"], [["b", "c"]]),
        ("glob match", ["[!ab]"], [["b", "c"]]),
        ("set is", ["b", "a"], [["a", "b"]]),
        ("set is not", ["a", "b"], [["a"], ["b", "c"], [], [None], None]),
        ("set contains", ["b"], [["a", "b"], ["b", "c"]]),
        ("set contains", ["b", "c"], [["b", "c"]]),
        ("set does not contain", ["b", "c"], [["a"], ["a", "b"], [], [None], None]),
    ],
)
def test_an_array_matches_where_any_item_does_and_a_set_where_all_do(stored, op, wanted, expected):
    assert stored("list", op, *wanted) == expected


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("text", ["home"]),
        ("text", ["/*", "36"]),
        ("number", ["36", "0"]),
        ("integer", [str(2**53 + 1)]),
        ("boolean", ["True"]),
        ("list", ["a"]),
        ("list", ["b", "c"]),
    ],
)
def test_each_negative_is_the_exact_opposite_of_its_positive(stored, kind, wanted):
    values = KINDS[kind][0]
    for negative, positive in NEGATIVE.items():
        yes, no = stored(kind, positive, *wanted), stored(kind, negative, *wanted)
        assert [value for value in values if value not in yes] == no
        assert len(yes) + len(no) == len(values)


@pytest.mark.parametrize("storage", STORAGES)
def test_a_comparison_is_false_and_never_unknown_of_a_missing_value(verdicts, tmp_path, storage):
    path = tmp_path / "events.parquet"
    write(path, [None], pa.int64(), storage)
    for op in ("less", "less or equal", "greater", "greater or equal"):
        assert verdicts(path, op, ["0"]) == [False]
    assert verdicts(path, "is not", ["0"]) == [True]


def test_json_holds_every_type_in_one_property(verdicts, tmp_path):
    path = tmp_path / "events.parquet"
    values = ["36", 36, 36.0, 36.5, True, ["36", 1], [36], {"a": 36}, None]
    lines = [json.dumps({"p": value}) for value in values]
    event = {"user_id": ["u"] * 9, "event_type": ["A"] * 9, "event_time": [NOON] * 9}
    pq.write_table(pa.table({**event, "event_properties": lines}), path)

    def passing(op, *wanted):
        found = zip(values, verdicts(path, op, wanted), strict=True)
        return [value for value, verdict in found if verdict]

    assert passing("is", "36") == ["36", 36, 36.0, ["36", 1], [36]]
    assert passing("is", "TRUE") == [True]
    assert passing("is", '{"a":36}') == [{"a": 36}]
    assert passing("is", NONE) == [None]
    assert passing("greater", "36") == [36.5]
    assert passing("less", "2") == [["36", 1]]
    assert passing("set contains", "36", "1") == [["36", 1]]


def test_integers_beyond_64_bits_are_told_apart_in_json(verdicts, tmp_path):
    path = tmp_path / "events.parquet"
    lines = [json.dumps({"p": value}) for value in (10**30, 10**30 + 1)]
    event = {"user_id": ["u"] * 2, "event_type": ["A"] * 2, "event_time": [NOON] * 2}
    pq.write_table(pa.table({**event, "event_properties": lines}), path)
    assert verdicts(path, "is", [str(10**30 + 1)]) == [False, True]
    assert verdicts(path, "greater", [str(10**30)]) == [False, True]


@pytest.mark.parametrize("storage", ["struct", "map", "column"])
def test_not_a_number_is_a_missing_value(verdicts, tmp_path, storage):
    path = tmp_path / "events.parquet"
    write(path, [float("nan"), 1.0, None], pa.float64(), storage)
    assert verdicts(path, "is", [NONE]) == [True, False, True]
    assert verdicts(path, "is", ["1"]) == [False, True, False]
    assert verdicts(path, "is not", ["1"]) == [True, False, True]
    assert verdicts(path, "less", ["5"]) == [False, True, False]


def test_the_text_none_in_parentheses_is_no_missing_value(verdicts, tmp_path):
    path = tmp_path / "events.parquet"
    write(path, [NONE, None], pa.string(), "struct")
    assert verdicts(path, "is", [NONE]) == [False, True]


def test_a_property_that_the_file_lacks_is_missing_of_every_event(verdicts, tmp_path):
    path = tmp_path / "events.parquet"
    write(path, ["a", "b"], pa.string(), "struct")
    for op, wanted, expected in [
        ("is", [NONE], True), ("is", ["a"], False), ("is not", ["a"], True),
        ("is not", [NONE], False), ("contains", ["a"], False), ("less", ["3"], False),
        ("does not contain", ["a"], True), ("set is", ["a"], False), ("glob match", ["*"], False),
    ]:  # fmt: skip
        assert verdicts(path, op, wanted, "q") == [expected] * 2


def test_a_user_property_is_not_the_event_property_of_its_name(verdicts, tmp_path):
    path = tmp_path / "events.parquet"
    event = {"user_id": ["u"], "event_type": ["A"], "event_time": [NOON]}
    stored = {"event_properties": [{"plan": "event"}], "user_properties": [{"plan": "user"}]}
    pq.write_table(pa.table(event | stored), path)
    assert verdicts(path, "is", ["user"], "plan", "user") == [True]
    assert verdicts(path, "is", ["user"], "plan", "event") == [False]


@pytest.mark.parametrize(
    "op", ["contains", "has prefix", "glob match", "less", "greater or equal", "does not contain"]
)
def test_none_goes_with_equality_only(verdicts, tmp_path, op):
    path = tmp_path / "events.parquet"
    write(path, ["a"], pa.string(), "struct")
    with pytest.raises(DefinitionError, match=r"\(none\) goes with 'is' and 'is not'"):
        verdicts(path, op, [NONE])


@pytest.mark.parametrize("wanted", ["'; DROP TABLE t; --", "a' OR '1'='1", "$p0", "{p}", "\x00"])
def test_a_value_is_only_text_whatever_it_holds(verdicts, tmp_path, wanted):
    path = tmp_path / "events.parquet"
    write(path, [wanted, "a"], pa.string(), "struct")
    for op in ("is", "contains", "has prefix", "glob match", "set contains"):
        assert verdicts(path, op, [wanted]) == [True, False]


@pytest.mark.parametrize(
    ("glob", "matches", "differs"),
    [
        ("/p/*/edit", ["/p/1/edit", "/p//edit"], ["/p/1/2/edit", "/p/edit"]),
        ("/p/**/edit", ["/p/1/edit", "/p/1/2/edit", "/p/1\n2/edit"], ["/p/edit"]),
        ("a.b", ["a.b"], ["axb", "A.b"]),
        ("item-[0-9]", ["item-7"], ["item-x", "item-77"]),
        ("[!a-c]", ["d"], ["b", "", "dd"]),
        ("[]x]", ["]", "x"], ["y"]),
        ("[^a]", ["^", "a"], ["b"]),
        ("a[", ["a["], ["a"]),
        ("(a|b)+?$", ["(a|b)+?$"], ["a"]),
    ],
)
def test_a_glob_stands_for_the_whole_text(glob, matches, differs):
    pattern = glob_pattern(glob)
    connection = connect()

    def match(text):
        query = "SELECT regexp_full_match($text, $pattern)"
        return connection.execute(query, {"text": text, "pattern": pattern}).fetchall()[0][0]

    assert [text for text in [*matches, *differs] if match(text)] == matches
