r"""An emoji that was cut in two (`"\ud83d"`) is kept as text, and said."""

import gzip
import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit.events import halves
from funnelkit.events.halves import Halves, spelt_out

HEAD = r'{"user_id":"u%d","event_type":"A","time":1767225600000,"event_properties":{"t":"%s"}}'
TEXTS = {
    r"plain": "plain",
    r"cut \ud83d": r"cut \ud83d",
    r"\uDE00 begins": r"\uDE00 begins",
    r"whole \ud83d\ude00": "whole \U0001f600",
    r"two \ud83d\ud83d\ude00": "two \\ud83d\U0001f600",
    r"text \\ud83d": r"text \ud83d",
    r"\\\ud83d": "\\" + r"\ud83d",
    r"text \\ud83d\ude00": r"text \ud83d\ude00",
    r"a \"quote\" \ud83d\n": 'a "quote" \\ud83d\n',
    r"\u00e9\ud7ff\ue000": "\u00e9\ud7ff\ue000",
}
"""How a text stands in JSON, and what it is read as."""

NOTE = (
    "6 lines have an escape for half a character, which is kept as the text that it is (\\ud83d); "
    "first {}, line 2"
)


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("".join(f"{HEAD % each}\n" for each in enumerate(TEXTS)))
    return path


@pytest.mark.parametrize(("written", "text"), TEXTS.items())
def test_each_escape_for_half_a_character_is_read_as_its_six_characters(written, text):
    assert json.loads(spelt_out(f'"{written}"'.encode())) == text


@given(st.lists(st.sampled_from([r"\ud83d", r"\ude00", r"\\", r"\n", "u", "x", r"\u0041"])))
def test_what_is_spelt_out_is_utf8_and_keeps_every_half(parts):
    found = json.loads(spelt_out(f'"{"".join(parts)}"'.encode()))
    found.encode()
    before = json.loads(f'"{"".join(parts)}"')
    halves = [each for each in before if "\ud800" <= each < "\ue000"]
    spelt = "".join(rf"\u{ord(c):04x}" if c in halves else c for c in before)
    assert found == spelt


@pytest.mark.parametrize(
    "escape", [r"\ud83d", r"\uDE00", r"\ud83d\ude00", r"\u00e9", r"\\d", r"\u"]
)
@pytest.mark.parametrize("before", [0, 5, 300_000])
@pytest.mark.parametrize("after", ["", "x", r"x\n" * 100_000])
def test_half_a_character_is_found_anywhere_in_a_long_text_as_in_a_short_one(
    escape, before, after, monkeypatch
):
    text = ("x" * before + escape + after).encode()
    found = [halves.may_have_halves(text), halves.may_have_halves(memoryview(text))]
    monkeypatch.setattr(halves, "_WORTHWHILE", len(text) + 1)
    assert found == [halves.may_have_halves(text)] * 2
    assert found[0] == (escape in {r"\ud83d", r"\uDE00"})


def test_an_import_keeps_the_events_and_says_how_many_and_where(lines, tmp_path):
    result = fk.import_events(str(lines), tmp_path / "events")
    assert (result.events, result.rejected) == (len(TEXTS), 0)
    assert result.notes == (NOTE.format(lines),)
    found = pl.read_parquet(tmp_path / "events" / "*.parquet").sort("user_id")
    assert [json.loads(each)["t"] for each in found["event_properties"]] == [*TEXTS.values()]


def test_the_same_file_again_says_nothing_of_it(lines, tmp_path):
    fk.import_events(str(lines), tmp_path / "events")
    again = fk.import_events(str(lines), tmp_path / "events")
    assert (again.known_files, again.notes) == (1, ())


@pytest.mark.parametrize("packed", [False, True])
def test_reading_without_an_import_finds_the_same_texts_and_says_so_too(lines, packed, tmp_path):
    path = lines
    if packed:
        path = tmp_path / "events.jsonl.gz"
        path.write_bytes(gzip.compress(lines.read_bytes()))
    result = fk.report(str(path), steps="A", group_by="t")
    groups = {group.values[0] for group in result.segments[0].groups}
    assert groups == {*TEXTS.values()}
    assert result.notes == (NOTE.format(path),)
    assert fk.report(str(path), steps=r'A[t is "cut \\ud83d"]').counts == (1,)


def test_other_faults_are_still_faults(lines):
    with lines.open("a") as file:
        file.write('{"user_id":"u","event_type":\n')
    with pytest.raises(fk.DataError, match=f"line {len(TEXTS) + 1}: cut off"):
        fk.report(str(lines), steps="A")


@pytest.mark.parametrize("one_a_line", [False, True])
def test_bodies_that_were_sent_are_read_so_too(tmp_path, one_a_line):
    events = ",".join(HEAD % each for each in enumerate(TEXTS))
    path = tmp_path / "sent.json"
    path.write_text(f'{{"events":[{events}]}}\n' * (1 + one_a_line))
    result = fk.import_events(str(path), tmp_path / "events")
    assert (result.events, result.rejected) == (len(TEXTS) * (1 + one_a_line), 0)
    assert any("for half a character" in note for note in result.notes)
    found = fk.report(str(path), steps="A")
    assert found.counts == (len(TEXTS),)
    assert any("for half a character" in note for note in found.notes)


def test_two_halves_in_ids_and_keys_stay_two(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text(
        r'{"user_id":"u\ud83d","event_type":"A","time":1767225600000,"event_properties":{"k\ud83d":1}}'
        "\n"
        r'{"user_id":"u\ud83e","event_type":"A","time":1767225600000,"event_properties":{"k\ud83d":2}}'
    )
    assert fk.report(str(path), steps="A").counts == (2,)
    assert fk.report(str(path), steps=r'A["k\\ud83d" > 1]').counts == (1,)


def test_a_line_without_a_number_is_named_by_its_file():
    halves = Halves()
    assert halves.notes() == []
    halves.spell_out(rb'"\ud83d"', label="body.json", line=0)
    assert halves.notes()[0].endswith("(\\ud83d): body.json")
    assert halves.notes(without={"body.json"}) == []
