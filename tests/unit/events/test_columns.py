"""Which column is which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.errors import ColumnError, DefinitionError
from funnelkit.events.columns import check_mapping, find_roles, parse_columns


def found(*names, **explicit):
    return dict(find_roles(names, explicit=explicit, where="x").columns)


def guessed(*names):
    return find_roles(names, explicit={}, where="x").guessed


def test_amplitudes_own_names_need_no_guess():
    names = ("amplitude_id", "event_type", "event_time", "$insert_id", "user_properties")
    assert guessed(*names) == ()
    assert found(*names)["insert_id"] == "$insert_id"


@pytest.mark.parametrize(
    ("user", "event", "time"),
    [
        ("userId", "event", "timestamp"),
        ("USER_ID", "Event Name", "TS"),
        ("distinct_id", "action", "created_at"),
        ("uid", "eventName", "datetime"),
        ("customer_id", "name", "Event-Time"),
    ],
)
def test_common_names_are_guessed_without_regard_to_case_and_blanks(user, event, time):
    assert found(user, event, time) == {"user_id": user, "event_type": event, "event_time": time}
    assert guessed(user, event, time) == ("user_id", "event_type", "event_time")


def test_an_exact_name_comes_before_a_common_one():
    assert found("event", "event_type", "user", "user_id", "ts", "time") == {
        "event_type": "event_type",
        "user_id": "user_id",
        "event_time": "time",
    }


def test_the_time_of_an_export_comes_before_that_of_the_http_api():
    assert found("time", "event_time", "event_type", "user_id")["event_time"] == "event_time"


def test_no_column_plays_two_roles():
    assert found("name", "action", "user", "ts", event_id="action") == {
        "user_id": "user",
        "event_type": "name",
        "event_time": "ts",
        "event_id": "action",
    }


@pytest.mark.parametrize("role", ["user_id", "amplitude_id"])
def test_whoever_names_the_user_means_it(role):
    columns = found("amplitude_id", "device_id", "who", "event_type", "time", **{role: "who"})
    assert {key for key in columns if key.endswith("_id")} == {role}


def test_a_column_that_is_taken_says_by_what():
    with pytest.raises(ColumnError, match="'event_type' is the user_id"):
        found("event_type", "event_time", user_id="event_type")


def test_a_missing_column_names_what_there_is_and_what_is_near():
    with pytest.raises(
        ColumnError, match=r"for a user.*It has event_type, time, usr_id\. Near: 'usr_id'"
    ):
        found("event_type", "time", "usr_id")


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        ("", {}),
        ("user=uid", {"user_id": "uid"}),
        ("user = uid , time = my ts", {"user_id": "uid", "event_time": "my ts"}),
        ('event="a, b",user="say ""hi"""', {"event_type": "a, b", "user_id": 'say "hi"'}),
        ("insert_id=$insert_id", {"insert_id": "$insert_id"}),
        ("event=a=b", {"event_type": "a=b"}),
    ],
)
def test_text_names_columns(text, mapping):
    assert parse_columns(text) == mapping


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("usr=uid", r"knows user, .*; got 'usr'\. Did you mean 'user'"),
        ("user", "cannot read 'user'"),
        ("user=", "gives 'user' no column"),
        ("user=a,user=b", "names 'user' twice"),
        ("user=a,user_id=b", "names 'user_id' twice"),
        ("user=a,event=a", "gives the column 'a' two roles"),
        ('user="a', "cannot read"),
        ("=a", "got ''"),
    ],
)
def test_a_wrong_text_says_what_is_wrong(text, expected):
    with pytest.raises(DefinitionError, match=expected):
        parse_columns(text)


@given(st.lists(st.text(min_size=1), min_size=3, max_size=3, unique=True))
def test_quoted_names_survive(names):
    mapping = dict(zip(("user_id", "event_type", "event_time"), names, strict=True))
    text = ",".join(
        f'{role}="{name.replace(chr(34), chr(34) * 2)}"' for role, name in mapping.items()
    )
    assert parse_columns(text) == mapping


def test_a_mapping_is_checked_like_the_text():
    with pytest.raises(DefinitionError, match="Did you mean 'event_type'"):
        check_mapping({"eventtype": "a"})
