"""Small tables of events that were made to hurt, each with the answer that the rules give.

A line of a table is a user; `A5.2` is event A at 5.2 seconds, `A1d2h` one day and two hours in,
`A5:p=1` has the property p. Every case goes through lists and through arrays.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

import funnelkit as fk
from funnelkit.engine import select

START = datetime(2024, 1, 1, tzinfo=UTC)
TOKEN = re.compile(r"([A-Z]+)(-?(?:\d+d)?(?:\d+h)?(?:[\d.]+)?)(?::(.*))?")
SPAN = re.compile(r"(-?)(?:(\d+)d)?(?:(\d+)h)?([\d.]+)?")


def moment(text):
    sign, days, hours, seconds = SPAN.fullmatch(text).groups()
    passed = timedelta(days=int(days or 0), hours=int(hours or 0), seconds=float(seconds or 0))
    return -passed if sign else passed


def value(text):
    try:
        return json.loads(text.replace(";", ","))
    except json.JSONDecodeError:
        return text


def write(path, table, start=START):
    lines = []
    for number, row in enumerate(line for line in table.splitlines() if line.strip()):
        user, *tokens = row.split()
        for token in tokens:
            event, at, said = TOKEN.fullmatch(token).groups()
            pairs = [pair.split("=", 1) for pair in (said or "").split(",") if pair]
            lines.append(
                {
                    "user_id": f"{user}{number}",
                    "event_type": event,
                    "event_time": (start + moment(at)).isoformat(),
                    "event_id": len(lines),
                    "event_properties": {name: value(text) for name, text in pairs},
                }
            )
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def counts(series):
    return tuple(step["count"] for step in series["steps"])


def answer(found):
    """Return what the cases speak of."""
    first = found["segments"][0]
    said = {"counts": counts(first), "average": first["average_seconds"]}
    said["all"] = [counts(series) for series in found["segments"]]
    said["groups"] = {group["name"]: counts(group) for group in first.get("groups", [])}
    said["excluded"] = tuple(step.get("excluded_drop_off") for step in first["steps"])
    said["over time"] = {
        each["name"]: counts(each) for each in first.get("intervals", []) if counts(each)[0]
    }
    said["starts"] = [each["start"] for each in first.get("intervals", [])]
    said["frequency"] = [pair["units_by_times"] for pair in first.get("frequency", [])]
    said["sum"] = first.get("property_sum")
    return said


@pytest.fixture(params=["lists", "arrays"])
def ask(request, tmp_path, monkeypatch):
    if request.param == "arrays":
        monkeypatch.setattr(select, "SMALL", -1)

    def ask(table, start=START, **definition):
        path = write(tmp_path / "events.jsonl", table, start)
        return answer(fk.report(path, **definition).to_dict())

    return ask


CASES = {
    # Equal seconds: specification A10
    "two steps of one second count in either order": ("u B0.2 A0.8", "A > B", {}, (1, 1)),
    "the next second is later however near it is": ("u B0.99 A1.01", "A > B", {}, (1, 0)),
    "two events of one type in a second are one": ("u A0.1 A0.9", "A > A", {}, (1, 0)),
    "in milliseconds they are two": (
        "u A0.1 A0.9", "A > A", {"resolution": "millisecond"}, (1, 1),
    ),
    "within a millisecond they are one again": (
        "u A0.1001 A0.1009", "A > A", {"resolution": "millisecond"}, (1, 0),
    ),
    "an event that fits both steps of a second fills neither beside another": (
        "u A0 X0.5", "A > _all", {}, (1, 0),
    ),
    "any event of the next second will do": ("u A0 X1", "A > _all", {}, (1, 1)),
    "three steps of one second in reverse": ("u C0.1 B0.5 A0.9", "A > B > C", {}, (1, 1, 1)),
    "a step cannot come back within its second": ("u A0.1 B0.5 A0.9", "A > B > A", {}, (1, 1, 0)),
    "but in the next": ("u A0.1 B0.5 A1", "A > B > A", {}, (1, 1, 1)),
    "exclusive filters part one type in a second": (
        "u A0.1:x=2 A0.9:x=1", "A[x is 1] > A[x is 2]", {}, (1, 1),
    ),
    "filters that overlap do not": (
        "u A0.1:x=1 A0.9:x=2", "A[x > 0] > A[x > 1]", {}, (1, 0),
    ),
    "a second joins steps in its middle only": (
        "u A0 C5.1 B5.9 D6", "A > B > C > D", {}, (1, 1, 1, 1),
    ),
    "steps of one second after one that was left behind": (
        "u B5.1 A5.5 B5.9 C6", "A > B > C", {}, (1, 1, 1),
    ),
    # Windows: specification A3
    "exactly the window counts": ("u A0 B10", "A > B", {"window": "10s"}, (1, 1)),
    "a second more does not": ("u A0 B11", "A > B", {"window": "10s"}, (1, 0)),
    "the window is of whole seconds": ("u A0 B10.99", "A > B", {"window": "10s"}, (1, 1)),
    "both ends are cut": ("u A0.99 B11", "A > B", {"window": "10s"}, (1, 0)),
    "in milliseconds both ends are cut to those": (
        "u A0.0005 B1.0009\nv A0 B1.001", "A > B", {"window": "1s", "resolution": "millisecond"},
        (2, 1),
    ),
    "the window begins at step 1": ("u A0 B6 C12", "A > B > C", {"window": "10s"}, (1, 1, 0)),
    "a day is 24 hours": ("u A12h B1d12h\nv A12h B1d12h1", "A > B", {"window": "1d"}, (2, 1)),
    # Orders: specification A1
    "no step is skipped": ("u A0 C1", "A > B > C", {}, (1, 0, 0)),
    "any order takes the listed steps one by one": (
        "u A0 C1", "A > B > C", {"order": "any"}, (1, 0, 0),
    ),
    "any order needs the first listed step": ("u B0 C1", "A > B > C", {"order": "any"}, (0, 0, 0)),
    "in any order a step that is repeated needs two events": (
        "u A0 B1\nv B0 A1 A2\nw A0.1 A0.9 B1", "A > A > B", {"order": "any"}, (3, 1, 1),
    ),
    "in any order the span is at most the window": (
        "u B0 A10\nv B0 A11", "A > B", {"order": "any", "window": "10s"}, (2, 1),
    ),
    "in any order too an event fits one step of its second": (
        "u A0 X0.5\nv A0 X1\nw X0 A1", "A > _all", {"order": "any"}, (3, 2),
    ),
    "in any order an excluded event between them excludes": (
        "u B0 X1 A2\nv X0 B1 A2\nw B1 A2 X3", "A > B", {"order": "any", "exclude": "X"}, (3, 2),
    ),
    "in any order the window slides over the entries": (
        "u A0 B8 A16 C18", "A > B > C", {"order": "any", "window": "10s"}, (1, 1, 1),
    ),
    "exact order is broken by a foreign event": ("u A0 X1 B2", "A > B", {"order": "exact"}, (1, 0)),
    "not by one in the second of a step": (
        "u A0.1 X0.9 B5\nv A0 X5.1 B5.9", "A > B", {"order": "exact"}, (2, 2),
    ),
    "a second attempt may be clean": ("u A0 X1 A2 B3", "A > B", {"order": "exact"}, (1, 1)),
    "a step's event that fails its filter is foreign": (
        "u A0:p=1 A1:p=2 B2", "A[p is 1] > B", {"order": "exact"}, (1, 0),
    ),
    "a repeated middle step breaks exact order on either side": (
        "u A0 B1 B2 C3", "A > B > C", {"order": "exact"}, (1, 1, 0),
    ),
    "exact order starts again in the middle": (
        "u A0 B1 A2 B3 C4", "A > B > C", {"order": "exact"}, (1, 1, 1),
    ),
    "events before the entry and after the end do not matter": (
        "u X0 A1 B2 X3", "A > B", {"order": "exact"}, (1, 1),
    ),
    "an inactive event interrupts": (
        "u A0 I1 B2", "A > B", {"order": "exact", "inactive": "I"}, (1, 0),
    ),
    "unless the setting says otherwise": (
        "u A0 I1 B2", "A > B",
        {
            "order": "exact", "inactive": "I",
            "setting": "exact_order_interrupted_by=active events",
        },
        (1, 1),
    ),
    "exact order may need the later of two ways through a second": (
        "u A0 B1.1 C1.5 C2", "A > B > C", {"order": "exact"}, (1, 1, 1),
    ),
    # Exclusions: specification A6
    "an excluded event strictly between excludes": (
        "u A0 X1 B2", "A > B", {"exclude": "X"}, (1, 0),
    ),
    "one in the second of either step does not": (
        "u A0.1 X0.9 B5\nv A0 X5.1 B5.9", "A > B", {"exclude": "X"}, (2, 2),
    ),
    "one clean path is enough": ("u A0 X1 A2 B3", "A > B", {"exclude": "X"}, (1, 1)),
    "a later middle event may be the clean one": (
        "u A0 B1 X2 B3 C4", "A > B > C", {"exclude": "X between 2 and 3"}, (1, 1, 1),
    ),
    "but not where all pairs are covered": (
        "u A0 B1 X2 B3 C4", "A > B > C", {"exclude": "X"}, (1, 1, 0),
    ),
    "a pair that is not covered lets it pass": (
        "u A0 X1 B2 C3\nv A0 B1 X2 C3", "A > B > C", {"exclude": "X between 1 and 2"}, (2, 1, 1),
    ),
    "the events of a step may be excluded between": (
        "u A0 A1 B2", "A > B", {"exclude": "A"}, (1, 1),
    ),
    "a filter of the excluded event holds": (
        "u A0 X1:p=1 B2\nv A0 X1:p=2 B2", "A > B", {"exclude": "X[p is 1]"}, (2, 1),
    ),
    "an event that fills the step does not exclude itself": (
        "u A0 B1 C2", "A > B > C", {"exclude": "B between 1 and 2"}, (1, 1, 1),
    ),
    "excluded before the entry and after the end": (
        "u X0 A1 B2 X3", "A > B", {"exclude": "X"}, (1, 1),
    ),
    "the clean path must fit the window": (
        "u A0 X1 A2 B13", "A > B", {"exclude": "X", "window": "10s"}, (1, 0),
    ),
    # Held properties: specification A5
    "each item of a list is a unit": ("u A0:i=[1;2;3] B1:i=3", "A > B", {"hold": "i"}, (3, 1)),
    "an item that stands twice is one": ("u A0:i=[1;1;2]", "A > B", {"hold": "i"}, (2, 0)),
    "lists on both sides": ("u A0:i=[1;2] B1:i=[2;3]", "A > B", {"hold": "i"}, (2, 1)),
    "no value, no part": ("u A0 A1:i=[] B2:i=1", "A > B", {"hold": "i"}, (0, 0)),
    "values compare by their text": (
        'u A0:i=3 B1:i="3"\nv A0:i=true B1:i="true"', "A > B", {"hold": "i"}, (2, 2),
    ),
    "two held properties make pairs of values": (
        'u A0:i=[1;2],j=["x"] B1:i=2,j=x B2:i=1,j=y', "A > B", {"hold": ("i", "j")}, (2, 1),
    ),
    "only events of the same value exclude": (
        "u A0:i=1 X1:i=2 B2:i=1\nv A0:i=1 X1:i=1 B2:i=1\nw A0:i=1 X1 B2:i=1", "A > B",
        {"hold": "i", "exclude": "X"}, (3, 2),
    ),
    "only events of the same value interrupt": (
        "u A0:i=1 X1:i=2 B2:i=1\nv A0:i=1 X1:i=[1;2] B2:i=1\nw A0:i=1 X1 B2:i=1", "A > B",
        {"hold": "i", "order": "exact"}, (3, 2),
    ),
    # Totals: specification A2
    "four searches and one purchase": ("u A0 A1 A2 A3 B4", "A > B", {"count_by": "totals"}, (4, 1)),
    "A B A B A": ("u A0 B1 A2 B3 A4", "A > B", {"count_by": "totals"}, (3, 2)),
    "a completion is used once": ("u A0 B1 B2", "A > B", {"count_by": "totals"}, (1, 1)),
    "two entries wait for two completions": (
        "u A0 A1 B2 B3", "A > B", {"count_by": "totals"}, (2, 2),
    ),
    "a path whose window is over waits no more": (
        "u A0 A5 B12", "A > B", {"count_by": "totals", "window": "10s"}, (2, 1),
    ),
    "one type in one second is one event": (
        "u A0.1 A0.5 B1 B1.5", "A > B", {"count_by": "totals"}, (1, 1),
    ),
    "within a second the lower step comes first": (
        "u B0.1 A0.5", "A > B", {"count_by": "totals"}, (1, 1),
    ),
    "an event that can go on does not open": (
        "u A0 A1 A2", "A > A", {"count_by": "totals"}, (2, 1),
    ),
    "the most advanced path goes first": (
        "u A0 A1 A2 A3 A4", "A > A > A", {"count_by": "totals"}, (2, 2, 1),
    ),
    # Dates: specification A4
    "only step 1 must lie in the dates": (
        "u A23h B1d1h\nv A1d B1d1h\nw A-1 B0", "A > B",
        {"from_": "2024-01-01", "to": "2024-01-01"}, (1, 1),
    ),
    "the last instant of the day is in it": (
        "u A23h3599.999999 B1d", "A > B", {"from_": "2024-01-01", "to": "2024-01-01"}, (1, 1),
    ),
    "in any order the others may come before the dates": (
        "u B-5 A5", "A > B", {"order": "any", "from_": "2024-01-01", "window": "10s"}, (1, 1),
    ),
    "a day is that of the time zone": (
        "u A-1h B0\nv A22h B23h\nw A23h B1d", "A > B",
        {"from_": "2024-01-01", "to": "2024-01-01", "timezone": "Europe/Berlin"}, (2, 2),
    ),
    # Who may enter: specification A8, A11h
    "new users did nothing before the dates": (
        "u X-1 A1 B2\nv X1 A2 B3\nw A1 B2", "A > B",
        {"users": "new", "from_": "2024-01-01", "to": "2024-01-02"}, (2, 2),
    ),
    "new on their first day": (
        "u X1 A1d1 B1d2\nv X1 A23h B1d1", "A > B",
        {"users": "new on first day", "from_": "2024-01-01", "to": "2024-01-03"}, (1, 1),
    ),
    "the second time, in its own order": (
        "u B0 B1 A2 B3 A4 B5", "A[historical count is 2] > B", {}, (1, 1),
    ),
    "the second B may not come before the first A": (
        "u B0 B1 A2 B3", "A > B[historical count is 2]", {}, (1, 0),
    ),
    "the count follows the filters": (
        "u A0:p=1 A1:p=2 B2 A3:p=1 B4\nv A0:p=1 A1:p=2 B2",
        "A[p is 1 and historical count is 2] > B",
        {}, (1, 1),
    ),
    "the count tells events of one second apart": (
        "u A0.1 A0.2 B1", "A[historical count is 2] > B", {}, (1, 1),
    ),
    "the count looks back 365 days from the dates and no further": (
        "u A-365d A1 B2\nv A-366d A1 B2\nw A-1 A1 B2", "A[historical count is 2] > B",
        {"from_": "2024-01-01", "to": "2024-01-02"}, (2, 2),
    ),
    "the n-th time must lie in the dates": (
        "u A-2 A-1 A1 B2", "A[historical count is 2] > B",
        {"from_": "2024-01-01", "to": "2024-01-02"}, (0, 0),
    ),
    # Filters: specification A7
    "is not holds for a missing value": ("u A0\nv A0:p=x\nw A0:p=y", "A[p is not x]", {}, (2,)),
    "of a list any item will do": ('u A0:p=["x";"y"]\nv A0:p=["y"]', "A[p is x]", {}, (1,)),
    "is not wants no item to be so": ('u A0:p=["x";"y"]\nv A0:p=["y"]', "A[p is not x]", {}, (1,)),
    "a set is all of its items": (
        'u A0:p=["x";"y"]\nv A0:p=["y"]\nw A0:p=["y";"x";"z"]', "A[p set is (x, y)]", {}, (1,),
    ),
    "the text none is not the missing value": (
        'u A0\nv A0:p="none"\nw A0:p="(none)"', "A[p is 'none']", {}, (1,),
    ),
    "(none) finds the missing value": ("u A0\nv A0:p=x", "A[p is (none)]", {}, (1,)),
    "contains ignores case": ('u A0:p="aXb"', "A[p contains AxB]", {}, (1,)),
    "text that is a number is compared with a number": (
        'u A0:p="10"\nv A0:p=9', "A[p > 9]", {}, (1,),
    ),
    "booleans compare in any case": ('u A0:p=true\nv A0:p="True"', "A[p is TRUE]", {}, (1,)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_counts(ask, name):
    table, steps, definition, wanted = CASES[name]
    assert ask(table, steps=steps, **definition)["counts"] == wanted


TIMES = {
    "the first of the longest gives the time": ("u A0 A5 B6", "A > B", {}, 6),
    "an entry from which more is reached beats an earlier one": (
        "u A0 A8 B9 C12", "A > B > C", {"window": "10s"}, 4,
    ),
    "of two ways from one entry the earliest events count": (
        "u A0 B1 B2 C3 C4", "A > B > C", {}, 3,
    ),
    "an entry that is excluded gives no time": ("u A0 X1 A2 B3", "A > B", {"exclude": "X"}, 1),
    "the n-th time begins the path": (
        "u B0 B1 A2 B3 A4 B5", "A[historical count is 2] > B", {}, 1,
    ),
    "in any order the first event begins it": ("u B0 A5", "A > B", {"order": "any"}, 5),
    "a second is cut before it is subtracted": ("u A0.9 B1.1", "A > B", {}, 1),
    "totals take each path by itself": ("u A0 A1 B2 B5", "A > B", {"count_by": "totals"}, 3),
}  # fmt: skip


@pytest.mark.parametrize("name", TIMES)
def test_times(ask, name):
    table, steps, definition, seconds = TIMES[name]
    assert ask(table, steps=steps, **definition)["average"] == seconds


GROUPS = {
    "the entry of the chosen conversion names the group": (
        "u A0:p=x A5:p=y B6", "A > B", {"group_by": "p"}, {"x": (1, 1)},
    ),
    "which need not be the first entry": (
        "u A0:p=x A5:p=y B8", "A > B", {"group_by": "p", "window": "3s"}, {"y": (1, 1)},
    ),
    "a unit that did not convert stands under its first entry": (
        "u A0:p=x A5:p=y", "A > B", {"group_by": "p"}, {"x": (1, 0)},
    ),
    "a later step names the group in all steps": (
        "u A0 B1:p=x C2\nv A0\nw A0 B1:p=y\nz A0 B1", "A > B > C", {"group_by": "2: p"},
        {
            "x": (1, 1, 1), "y": (1, 1, 0), "(none)": (1, 1, 0),
            "Did not reach step": (1, 0, 0),
        },
    ),
    "an event of the grouped step that is not in the conversion does not count": (
        "u B0:p=early A1 B2:p=taken B3:p=late", "A > B", {"group_by": "2: p"}, {"taken": (1, 1)},
    ),
    "groups compare by their text": (
        'u A0:p=3\nv A0:p="3"\nw A0:p=true', "A > B", {"group_by": "p"},
        {"3": (2, 0), "true": (1, 0)},
    ),
    "totals give each path the property of its own event": (
        "u A0:p=x A1:p=y B2", "A > B", {"group_by": "p", "count_by": "totals"},
        {"x": (1, 1), "y": (1, 0)},
    ),
    "in totals a path that stops before the grouped step did not reach it": (
        "u A0 A1 B2:p=x", "A > B", {"group_by": "2: p", "count_by": "totals"},
        {"x": (1, 1), "Did not reach step": (1, 0)},
    ),
    "with a held property each pair has its group": (
        "u A0:i=1,p=x A1:i=2,p=y B2:i=2", "A > B", {"group_by": "p", "hold": "i"},
        {"x": (1, 0), "y": (1, 1)},
    ),
    "an excluded entry does not name the group": (
        "u A0:p=x X1 A2:p=y B3", "A > B", {"group_by": "p", "exclude": "X"}, {"y": (1, 1)},
    ),
    "two properties of one event": (
        "u A0:p=x,q=1\nv A0:p=x", "A > B", {"group_by": ("p", "q")},
        {"x; 1": (1, 0), "x; (none)": (1, 0)},
    ),
    "of two entries in one second the first names the group": (
        "u A0.1:p=x A0.2:p=y B1", "A > B", {"group_by": "p"}, {"x": (1, 1)},
    ),
    "an entry of the second that is taken by another step does not": (
        "u A0.1:p=x,k=2 A0.2:p=y,k=1 B1", "A[k > 0] > A[k is 2] > B", {"group_by": "p"},
        {"x": (1, 0, 0)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GROUPS)
def test_groups(ask, name):
    table, steps, definition, wanted = GROUPS[name]
    assert ask(table, steps=steps, **definition)["groups"] == wanted


EXCLUDED = {
    "only an excluded event kept it": ("u A0 X1 B2", "A > B", "X", (0, 1)),
    "it would have stopped anyway": ("u A0 X1", "A > B", "X", (0, 0)),
    "it would have been too late": ("u A0 X1 B99", "A > B", "X", (0, 0)),
    "it was kept from the third step": ("u A0 B1 X2 C3", "A > B > C", "X", (0, 0, 1)),
    "it stopped where nothing is excluded": (
        "u A0 B1 X2 C3", "A > B > C", "X between 1 and 2", (0, 0, 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXCLUDED)
def test_excluded_drop_offs(ask, name):
    table, steps, exclude, wanted = EXCLUDED[name]
    assert ask(table, steps=steps, exclude=exclude, window="10s")["excluded"][1:] == wanted[1:]


OVER_TIME = {
    "a unit counts in each day in which it entered": (
        "u A23h A1d1h B1d2h", "A > B", {"interval": "day", "window": "1d"}, (1, 1),
        {"2024-01-01": (1, 1), "2024-01-02": (1, 1)},
    ),
    "and by what followed from there": (
        "u A23h A1d1h B1d2h", "A > B", {"interval": "day", "window": "2h"}, (1, 1),
        {"2024-01-01": (1, 0), "2024-01-02": (1, 1)},
    ),
    "once in a day, by its best entry": (
        "u A0 A5h B6h A7h", "A > B", {"interval": "day", "window": "2h"}, (1, 1),
        {"2024-01-01": (1, 1)},
    ),
    "a conversion belongs to the day of its entry": (
        "u A0 B2d", "A > B", {"interval": "day"}, (1, 1), {"2024-01-01": (1, 1)},
    ),
    "weeks begin on Monday": (
        "u A0 A6d23h A7d B8d", "A > B", {"interval": "week", "window": "2d"}, (1, 1),
        {"2024-01-01": (1, 1), "2024-01-08": (1, 1)},
    ),
    "months are those of the calendar": (
        "u A30d23h A31d B32d", "A > B", {"interval": "month", "window": "1d"}, (1, 1),
        {"2024-01-01": (1, 0), "2024-02-01": (1, 1)},
    ),
    "a month is that of the time zone": (
        "u A30d23h A31d B32d", "A > B",
        {"interval": "month", "window": "1d", "timezone": "Europe/Berlin"}, (1, 1),
        {"2024-02-01": (1, 1)},
    ),
    "totals belong to the interval of their entries": (
        "u A23h A1d1h B1d2h", "A > B",
        {"interval": "day", "window": "1d", "count_by": "totals"}, (2, 1),
        {"2024-01-01": (1, 1), "2024-01-02": (1, 1)},
    ),
    "an excluded event of one day leaves the other": (
        "u A0 X1 B2 A1d B1d2", "A > B", {"interval": "day", "window": "1h", "exclude": "X"},
        (1, 1), {"2024-01-01": (1, 0), "2024-01-02": (1, 1)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OVER_TIME)
def test_over_time(ask, name):
    table, steps, definition, whole, wanted = OVER_TIME[name]
    found = ask(table, steps=steps, **definition)
    assert (found["counts"], found["over time"]) == (whole, wanted)


@pytest.mark.parametrize(
    ("zone", "start", "table", "starts"),
    [
        # 02:00 is skipped in Berlin on 31 March, and comes twice on 27 October.
        ("Europe/Berlin", "2024-03-31T00:30+00:00", "u A0 A1h", ["00:00", "01:00"]),
        ("Europe/Berlin", "2024-10-27T00:30+00:00", "u A0 A1h", ["00:00", "01:00"]),
        # In Kolkata hours begin at half past those of UTC.
        ("Asia/Kolkata", "2024-10-27T00:15+00:00", "u A0 A1h", ["23:30", "00:30"]),
    ],
)
def test_hours_go_on_where_clocks_change(ask, zone, start, table, starts):
    found = ask(table, datetime.fromisoformat(start), steps="A > B", interval="hour", timezone=zone)
    assert [each[11:16] for each in found["starts"]] == starts
    assert list(found["over time"].values()) == [(1, 0), (1, 0)]


def test_a_day_begins_when_clocks_leave_no_midnight(ask):
    """In São Paulo 4 November 2018 began at 01:00, which was 03:00 UTC."""
    found = ask(
        "u A0 A2\nv A2", datetime(2018, 11, 4, 2, 59, 59, tzinfo=UTC), steps="A > B",
        interval="day", timezone="America/Sao_Paulo",
    )  # fmt: skip
    assert found["over time"] == {"2018-11-03": (1, 0), "2018-11-04": (2, 0)}
    assert found["starts"] == ["2018-11-03T03:00:00+00:00", "2018-11-04T03:00:00+00:00"]


FREQUENCY = {
    "each second with the step counts once": ("u A0 A0.5 A1 A2 B3", {}, [{"3": 1}]),
    "from the event of the conversion on": ("u A0 A9 A10 B12", {"window": "3s"}, [{"2": 1}]),
    "not after the next step": ("u A0 B1 A2", {}, [{"1": 1}]),
    "nor who did not go on": ("u A0 A1\nv A0 B1", {}, [{"1": 1}]),
}


@pytest.mark.parametrize("name", FREQUENCY)
def test_frequency(ask, name):
    table, definition, wanted = FREQUENCY[name]
    found = ask(table, steps="A > B", frequency=True, **definition)["frequency"]
    assert [{k: n for k, n in pair.items() if n} for pair in found] == wanted


def test_the_sum_is_that_of_the_chosen_last_events(ask):
    table = "u A0 B1:p=2 B2:p=40\nv A0\nw A0 B1:p=[1;2]\nx A0 B1"
    assert ask(table, steps="A > B", sum="p")["sum"] == 5


def test_an_optional_step_is_two_funnels(ask):
    table = "u A0 B1 C2\nv A0 C1\nw A0 B1"
    found = ask(table, steps="A > B > C", optional_step=2)["all"]
    assert found == [(3, 2, 1), (3, 2)]


def test_a_compared_event_is_a_funnel_of_its_own(ask):
    found = ask("u A0 B1\nv A0 C1\nw A0 C1", steps="A > B", compare_event="2: C")["all"]
    assert found == [(3, 1), (3, 2)]


def test_segments_are_tested_at_the_entry(ask):
    table = "u A0:p=x A5:p=y B6\nv A0:p=y B1:p=x"
    found = ask(table, steps="A > B", segment=("x: p is x", "y: p is y"), window="3s")["all"]
    assert found == [(1, 0), (2, 2)]


def test_sessions_by_id_leave_out_those_without(ask):
    table = "u A0:s=1 B1:s=1"
    assert ask(table, steps="A > B", unit="session")["counts"] == (1, 1)
    rested = "u A0 B1799 A4000 B5801"
    assert ask(rested, steps="A > B", unit="session")["counts"] == (2, 1)
