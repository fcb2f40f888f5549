"""The tracking plan, and how events differ from it."""

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.events.plan import differences, markdown, read_plan
from funnelkit.events.profile import describe

PLAN = """
[senders]
web = "the web page"
app = "the app"

[[event]]
name = "Viewed"
later_name = "View"
property = [
    { name = "price", types = ["number"] },
    { name = "feature", types = ["text"], always = false },
    { name = "screen", types = ["text"], senders = ["app"] },
]

[[event]]
name = "Bought"
senders = ["web"]
"""


def plan(folder, text=PLAN):
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return read_plan(path)


def said(folder, *events):
    lines = [f'{{"time": 1, "user_id": "u", "event_type": {event}}}' for event in events]
    (folder / "events.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = differences(describe(folder / "events.jsonl"), plan(folder))
    return {difference.kind: difference.text for difference in found}


BOUGHT = '"Bought"'
VIEWED = '"Viewed", "event_properties": {"price": 1.5}'


def test_events_as_planned_do_not_differ(tmp_path):
    assert said(tmp_path, BOUGHT, VIEWED) == {}


def test_the_later_name_is_planned_too_and_an_integer_is_a_number(tmp_path):
    assert said(tmp_path, BOUGHT, '"View", "event_properties": {"price": 1}') == {}


def test_an_unknown_event_names_what_is_near(tmp_path):
    found = said(tmp_path, BOUGHT, VIEWED, '"viewed"')
    assert found == {
        "unknown event": "the event 'viewed' (1 times) is not planned. "
        "Did you mean 'Viewed' or 'View'?"
    }


def test_a_planned_event_that_nobody_sent_is_missing(tmp_path):
    assert said(tmp_path, VIEWED) == {"missing event": "nobody sent 'Bought', which is planned"}


def test_an_unknown_property_names_what_is_near(tmp_path):
    viewed = '"Viewed", "event_properties": {"price": 1.5, "Feature": "x"}'
    assert said(tmp_path, BOUGHT, viewed) == {
        "unknown property": "Viewed: the property 'Feature' is not planned. Did you mean 'feature'?"
    }


def test_a_property_that_every_sender_sends_must_always_be_there(tmp_path):
    assert said(tmp_path, BOUGHT, VIEWED, '"Viewed"', '"Viewed"', '"Viewed"') == {
        "missing property": "Viewed: the property 'price' is planned, but only on 25.0 % of the "
        "events there"
    }


def test_another_type_is_a_difference(tmp_path):
    viewed = '"Viewed", "event_properties": {"price": "1.50"}'
    assert said(tmp_path, BOUGHT, viewed) == {
        "type": "Viewed: the property 'price' is text 1 times, planned is number"
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title = ", "is not TOML"),
        ('titel = "x"', r"the key 'titel' is not known\. Did you mean 'title'"),
        ("[[event]]", "event: 'name' is missing"),
        ('[[event]]\nname = "A"\nsenders = ["wb"]', "A: 'senders' knows .*not 'wb'"),
        ('[[event]]\nname = "A"\nproperty = [{ name = "p" }]', r"A\.p: 'types' is missing"),
        (
            '[[event]]\nname = "A"\nproperty = [{ name = "p", types = ["txt"] }]',
            r"A\.p: 'types' knows text, .* not 'txt'\. Did you mean 'text'",
        ),
    ],
)
def test_a_wrong_plan_names_file_and_key(tmp_path, text, expected):
    with pytest.raises(DefinitionError, match=rf"plan\.toml.*{expected}"):
        plan(tmp_path, text)


def test_a_missing_plan_is_an_error(tmp_path):
    with pytest.raises(DefinitionError, match=r"nowhere\.toml cannot be read"):
        read_plan(tmp_path / "nowhere.toml")


def test_the_store_has_eleven_events_that_the_page_describes():
    store = read_plan()
    assert len(store.events) == 11
    assert all(event.name in markdown(store) for event in store.events)


def test_the_page_is_current(repository):
    page = (repository / "docs" / "events.md").read_text(encoding="utf-8")
    assert page == markdown(read_plan()), "run: python -m funnelkit.events.plan"


@pytest.mark.parametrize("era", ["pre_era", "post_era"])
def test_the_original_generators_events_are_as_planned(real_events, era):
    profile = describe(real_events / f"{era}.jsonl.gz")
    kinds = {difference.kind for difference in differences(profile, read_plan())}
    assert kinds == {"missing event"}
