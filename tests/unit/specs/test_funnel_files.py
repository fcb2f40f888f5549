"""Files of named funnels: what they mean, and what is said when they are wrong."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import get_args

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.events.table import Role
from funnelkit.model import SESSION_ID, Cohort, Funnel, GroupBy, Period, Property
from funnelkit.specs.define import define
from funnelkit.specs.dumping import dump_funnels
from funnelkit.specs.events import parse_custom_event
from funnelkit.specs.files import COLUMN_KEYS, FunnelEntry, load_funnels, select_funnel
from funnelkit.specs.steps import parse_segment, parse_steps

GOOD = """
[project]
timezone = "Europe/Berlin"

[columns]
user = "visitor_id"

[funnels.checkout]
description = "To the order"
steps = "ProductViewed[feature in (a, b)] > ProductAdded"
where = ["user.plan is pro", "2: price > 3"]
window = "7d"
from = 2020-04-02
to = "2020-05-02T09:17:23"
unit = "session"
group_by = "user.plan"
resolution = "millisecond"
order = "this"
count_by = "uniques"
segments = { mobile = "platform in (iOS, Android)", all = "" }
expect = [1177, 638]

[funnels.search]
steps = ["ProductSearched", "ProductAdded | ProductViewed"]
where_every_step = "platform is Web"
timezone = "UTC"
"""


@pytest.fixture
def write(tmp_path):
    def write(content, name="funnels.toml"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def problems(path):
    with pytest.raises(DefinitionError) as raised:
        load_funnels(path)
    return str(raised.value).replace(str(path), "FILE")


def test_every_key_finds_its_field(write):
    path = write(GOOD)
    checkout, search = load_funnels(path).values()
    assert checkout == FunnelEntry(
        name="checkout",
        funnel=Funnel(
            name="checkout",
            steps=parse_steps(
                "ProductViewed[feature in (a, b) and user.plan is pro] > ProductAdded[price > 3]"
            ),
            segments=(parse_segment("mobile: platform in (iOS, Android)"), parse_segment("all:")),
            period=Period(date(2020, 4, 2), datetime(2020, 5, 2, 9, 17, 23)),  # noqa: DTZ001
            timezone="Europe/Berlin",
            window=timedelta(days=7),
            unit="session",
            group_by=GroupBy((Property("plan", "user"),)),
            resolution="millisecond",
        ),
        columns={"user": "visitor_id"},
        expect=(1177, 638),
        description="To the order",
        source=path,
    )
    every = "[platform is Web]"
    assert search.funnel.steps == parse_steps(
        f"ProductSearched{every} > ProductAdded{every} | ProductViewed{every}"
    )
    assert (search.funnel.timezone, search.funnel.window, search.expect) == ("UTC", None, None)


def test_json_has_the_same_keys(write):
    path = write(
        '{"project": {"timezone": "Asia/Kathmandu"},'
        ' "funnels": {"a": {"steps": ["A", "B"], "window": null, "expect": [2, 1]}}}',
        "funnels.JSON",
    )
    entry = load_funnels(path)["a"]
    assert (entry.funnel.timezone, entry.funnel.window) == ("Asia/Kathmandu", None)
    assert entry.expect == (2, 1)


def test_a_byte_order_mark_is_skipped(write):
    assert load_funnels(write(b'\xef\xbb\xbf[funnels.a]\r\nsteps = "A"\r\n'))["a"].name == "a"


def test_everything_that_is_wrong_is_said_in_one_go(write):
    found = problems(
        write("""
            titel = 3
            [project]
            timezon = "UTC"
            timezone = "Europe/Berlinn"
            [columns]
            usr = "visitor_id"
            time = 3
            event = ""
            [funnels]
            flat = 3
            [funnels.checkout]
            steps = ["A >", "B[x containz 3]"]
            stps = 3
            window = 30
            from = "2020-13-02"
            to = 12:00:00
            where = ["x is", "y like z"]
            unit = "users"
            resolution = "ms"
            order = "anny"
            hold = ["a b", "c"]
            last = "36h"
            exclude = "B between 1 and x"
            exclude_weekday = ["sat", "sumday"]
            frequency = "yes"
            expect = "1, a"
            group_by = "a b"
            [funnels.checkout.segments]
            a = "x is"
            b = 3
            [funnels.checkout.settings]
            second = "round"
            seconds = "up"
            [funnels.checkout.custom_events]
            "Big" = "A >"
            [funnels."a b"]
            steps = "A > B"
            from = 2020-03-01
            to = 2020-01-01
            [funnels.c]
            steps = "A > B"
            expect = [1]
            [funnels.d]
            steps = "A > B"
            where = "3: x is 3"
            [funnels.e]
            expect = [true]
            [funnels.f]
            steps = "ce:Big Spender > ce:Big"
            group_by = ["a", "2: b"]
            [funnels.g]
            steps = "A > ce:Bug"
            [custom_events]
            "Big Spender" = "A"
            Bug2 = "A"
        """)
    )
    lines = [line for line in found.split("\n") if line.startswith("FILE: ")]
    assert [line.removeprefix("FILE: ")[:74] for line in lines] == [
        line[:74]
        for line in (
            "titel: unknown key 'titel'. Known are project, columns, events, custom_evect",
            "project.timezon: unknown key 'timezon'. Did you mean 'timezone'?",
            "project.timezone: unknown time zone 'Europe/Berlinn'. Did you mean 'Europe/B",
            "columns.usr: unknown key 'usr'. Did you mean 'user' or 'user_id'?",
            "columns.time: expected text in quotes, got 3",
            "columns.event: a column needs a name",
            "funnels.flat: expected a table of keys and values, got 3",
            "funnels.checkout.stps: unknown key 'stps'. Did you mean 'steps'?",
            "funnels.checkout.expect: expected a count, got 'a'",
            "funnels.checkout.steps: cannot read the step 1, column 4: expected an event,",
            "funnels.checkout.where: cannot read the filter, column 5: expected a value, ",
            "funnels.checkout.segments.a: cannot read the condition of segment 'a', colum",
            "funnels.checkout.segments.b: expected text in quotes, got 3",
            "funnels.checkout.from: date '2020-13-02' does not exist: month must be in 1.",
            "funnels.checkout.to: expected a date, got 12:00:00",
            "funnels.checkout.last: last is a number of whole days, as in 30d; got '36h'",
            "funnels.checkout.exclude_weekday: 'sumday' is no day of the week. Did you me",
            "funnels.checkout.window: window '30' is no duration: a unit is missing; for ",
            "funnels.checkout.order: order is one of this, any, exact; got 'anny'. Did yo",
            "funnels.checkout.unit: unit is user, session or a property; got 'users'. Did",
            "funnels.checkout.hold: cannot read the property, column 3: expected the end,",
            "funnels.checkout.exclude: cannot read the exclusion, column 3: after `betwee",
            "funnels.checkout.group_by: cannot read the property, column 3: expected the ",
            "funnels.checkout.resolution: resolution is one of second, millisecond; got '",
            "funnels.checkout.custom_events.Big: cannot read the custom event 'Big', colu",
            "funnels.checkout.frequency: expected true or false, got 'yes'",
            "funnels.checkout.settings.second: there is no setting 'second'. Did you mean",
            "funnels.checkout.settings.seconds: the setting seconds is one of floor, roun",
            'funnels."a b": the period ends before it starts: 2020-03-01 to 2020-01-01',
            "funnels.c.expect: one count for each step; got 1 counts for 2 steps",
            "funnels.d.where: a filter is meant for step 3, but the funnel has 2 steps",
            "funnels.e.expect: expected a count, got true",
            'funnels.e: a funnel needs steps = "A > B"',
            "funnels.f.group_by: a funnel is grouped at one step: both properties belong ",
            "funnels.g: the custom event 'ce:Bug' is not defined. Did you mean 'ce:Bug2'?",
        )
    ]
    assert "Did you mean 'contains'" in found
    assert "Write contains, has prefix or glob match" in found


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[funnels.a]\nsteps = A > B\n", "FILE, line 2, column 9: Invalid value; text stands in"),
        ("[funnels.a]\nfrom = 2020-13-02\n", "FILE, line 2, column 12"),
        ("[funnels.a]\nsteps = 'A'\nsteps = 'B'\n", "FILE, line 3"),
        ('[funnels.a]\nsteps = "A', "FILE"),
        ("", "FILE: it holds no funnel"),
        ("[funnels]", "FILE: it holds no funnel"),
        ("[funnel.a]\nsteps = 'A'", "Did you mean 'funnels'?"),
        ("funnels = 3", "FILE: funnels: expected a table of keys and values, got 3"),
        (b"\xff\xfe", "byte 1 is not UTF-8"),
        ("a = " + "[" * 5000, "nested too deeply"),
    ],
)
def test_a_broken_toml_file_names_the_place(write, content, words):
    assert words in problems(write(content))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"funnels": ', "FILE, line 1, column 13: Expecting value"),
        ('{"funnels": {"a": {}, "a": {}}}', "FILE: the key 'a' stands twice"),
        ("[1]", "FILE: expected a table of keys and values, got a list"),
        ("", "FILE, line 1, column 1"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_json_file_names_the_place(write, content, words):
    assert words in problems(write(content, "funnels.json"))


def test_a_missing_file_has_near_names(write):
    path = write(GOOD)
    with pytest.raises(DefinitionError, match=r"Did you mean 'funnels.toml'"):
        load_funnels(path.with_name("funnel.toml"))


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DefinitionError, match="cannot read"):
        load_funnels(tmp_path)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_an_impossible_file_name_is_refused(name):
    with pytest.raises(DefinitionError, match="cannot read"):
        select_funnel(name)


def test_a_funnel_is_selected_by_name(write):
    path = write(GOOD)
    assert select_funnel(f"{path}:search").name == "search"


def test_the_name_may_be_left_out_where_there_is_one_funnel(write):
    path = write("[funnels.only]\nsteps = 'A'")
    assert select_funnel(str(path)).name == "only"


def test_the_name_is_needed_where_there_are_several(write):
    with pytest.raises(DefinitionError, match=r"several funnels; .*of checkout, search"):
        select_funnel(str(write(GOOD)))


@pytest.mark.parametrize(
    ("name", "words"), [("chekout", "Did you mean 'checkout'"), ("", "It has checkout, search")]
)
def test_an_unknown_funnel_has_near_names(write, name, words):
    with pytest.raises(DefinitionError, match=words):
        select_funnel(f"{write(GOOD)}:{name}")


def test_a_name_may_hold_colons(write):
    path = write("[funnels.'a:b']\nsteps = 'A'\n[funnels.c]\nsteps = 'A'")
    assert select_funnel(f"{path}:a:b").name == "a:b"


@pytest.mark.parametrize("reference", ["C:\\funnels.toml:checkout", "C:/funnels.toml"])
def test_a_windows_drive_is_no_file(reference):
    with pytest.raises(DefinitionError, match=r"no file of funnels 'C:.+funnels\.toml'"):
        select_funnel(reference)


def test_a_file_called_like_a_windows_path_is_read(write, tmp_path, monkeypatch):
    write("[funnels.a]\nsteps = 'A'\n[funnels.b]\nsteps = 'A'", "C:\\funnels.toml")
    monkeypatch.chdir(tmp_path)
    assert select_funnel("C:\\funnels.toml:b").name == "b"


def test_what_is_written_is_pleasant_to_read(write):
    text = dump_funnels(load_funnels(write(GOOD)).values())
    assert text == (
        "[columns]\n"
        'user = "visitor_id"\n'
        "\n"
        "[funnels.checkout]\n"
        "steps = [\n"
        '    "ProductViewed[feature in (a, b) and user.plan is pro]",\n'
        '    "ProductAdded[price > 3]",\n'
        "]\n"
        'from = "2020-04-02"\n'
        'to = "2020-05-02T09:17:23"\n'
        'timezone = "Europe/Berlin"\n'
        'window = "7d"\n'
        'unit = "session"\n'
        'group_by = "user.plan"\n'
        'resolution = "millisecond"\n'
        'description = "To the order"\n'
        "expect = [1177, 638]\n"
        "\n"
        "[funnels.checkout.segments]\n"
        'mobile = "platform in (iOS, Android)"\n'
        'all = ""\n'
        "\n"
        "[funnels.search]\n"
        "steps = [\n"
        '    "ProductSearched[platform is Web]",\n'
        '    "ProductAdded[platform is Web] | ProductViewed[platform is Web]",\n'
        "]\n"
    )


def test_the_default_window_may_be_written_out(write):
    entry = load_funnels(write("[funnels.a]\nsteps = 'A'\nwindow = '30d'"))["a"]
    assert 'window = "30d"' in dump_funnels([entry])


def test_funnels_with_different_columns_need_files_of_their_own():
    funnel = Funnel(steps=parse_steps("A"))
    entries = [FunnelEntry(name=name, funnel=funnel, columns={"user": name}) for name in ("a", "b")]
    with pytest.raises(DefinitionError, match="files of their own"):
        dump_funnels(entries)


def test_the_columns_of_a_file_are_those_of_the_events():
    from funnelkit.events.columns import check_mapping

    assert {role for key in COLUMN_KEYS for role in check_mapping({key: "x"})} == set(
        get_args(Role)
    )


def test_custom_events_are_defined_once_and_kept_where_they_are_used(write):
    path = write("""
        inactive_events = ["Ping"]
        [custom_events]
        Big = "Order[price > 99] | Subscribe"
        Bug = "Crash"
        [funnels.a]
        steps = "View > ce:Big"
        [funnels.b]
        steps = "View > Add"
        exclude = "ce:Bug"
        inactive_events = ["Pong", "[Amplitude] Session Start"]
        [funnels.c]
        steps = "ce:Big > ce:Own"
        [funnels.c.custom_events]
        Own = "Add"
        Big = "Order"
    """)
    a, b, c = (entry.funnel for entry in load_funnels(path).values())
    assert a.custom_events == (parse_custom_event("Big = Order[price > 99] | Subscribe"),)
    assert b.custom_events == (parse_custom_event("Bug = Crash"),)
    assert c.custom_events == (parse_custom_event("Own = Add"), parse_custom_event("Big = Order"))
    assert a.inactive_events == ("Ping",)
    assert b.inactive_events == ("Pong", "[Amplitude] Session Start")


def test_a_custom_event_that_is_not_defined_has_near_names(write):
    path = write('[custom_events]\nBig = "A"\n[funnels.a]\nsteps = "ce:Bug"\n')
    assert "'ce:Bug' is not defined. Did you mean 'ce:Big'" in problems(path)


def test_the_file_of_a_cohort_lies_beside_the_file_of_funnels(write, tmp_path, monkeypatch):
    segments = 'segments = { a = "cohort(ids.txt)", b = "not cohort(/x/ids.txt)" }'
    path = write(f'[funnels.a]\nsteps = "A"\n{segments}\n')
    a, b = load_funnels(path)["a"].funnel.segments
    assert a.cohorts == (Cohort(str(tmp_path / "ids.txt")),)
    assert b.cohorts == (Cohort("/x/ids.txt", inside=False),)
    monkeypatch.chdir(tmp_path)
    a, _ = load_funnels("funnels.toml")["a"].funnel.segments
    assert a.cohorts == (Cohort("ids.txt"),)


def test_the_file_of_a_cohort_is_written_in_full(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    funnel = Funnel(steps=parse_steps("A"), segments=(parse_segment("s: cohort(ids.txt)"),))
    text = dump_funnels([FunnelEntry(name="a", funnel=funnel)])
    (tmp_path / "elsewhere").mkdir()
    (segment,) = load_funnels(write(text, "elsewhere/funnels.toml"))["a"].funnel.segments
    assert segment.cohorts == (Cohort(str(tmp_path / "ids.txt")),)


def test_a_window_of_a_session_is_read_from_a_file(write):
    funnel = load_funnels(write('[funnels.a]\nsteps = "A"\nwindow = "session"\n'))["a"].funnel
    assert (funnel.window, funnel.hold) == (timedelta(days=366), (SESSION_ID,))


def test_what_is_asked_beside_the_steps_is_pleasant_to_read(write):
    funnel = define(
        steps="A > ce:Big > C",
        custom_event="Big = B[price > 99]",
        last="30d",
        exclude_incomplete=True,
        exclude_weekday="sat,sun",
        hold="item_id",
        exclude="X between 1 and 2",
        group_by=["2: a", "2: user.b"],
        optional_step=2,
        bins="0s..1h/10s",
        setting="seconds=round",
    )
    text = dump_funnels([FunnelEntry(name="a", funnel=funnel)])
    assert text == (
        "[funnels.a]\n"
        "steps = [\n"
        '    "A",\n'
        '    "ce:Big",\n'
        '    "C",\n'
        "]\n"
        'last = "30d"\n'
        "exclude_incomplete = true\n"
        "exclude_weekday = [\n"
        '    "saturday",\n'
        '    "sunday",\n'
        "]\n"
        "hold = [\n"
        '    "item_id",\n'
        "]\n"
        "exclude = [\n"
        '    "X between 1 and 2",\n'
        "]\n"
        "group_by = [\n"
        '    "2: a",\n'
        '    "2: user.b",\n'
        "]\n"
        "optional_step = 2\n"
        "time_to_convert = true\n"
        'bins = "0s..1h/10s"\n'
        "\n"
        "[funnels.a.custom_events]\n"
        'Big = "B[price > 99]"\n'
        "\n"
        "[funnels.a.settings]\n"
        'seconds = "round"\n'
    )
    assert load_funnels(write(text))["a"].funnel == replace(funnel, name="a")
