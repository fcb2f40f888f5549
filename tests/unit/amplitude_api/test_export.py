"""Pulling exports from a server that behaves as Amplitude's, its errors included."""

import gzip
import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

import funnelkit as fk
from funnelkit.amplitude_api import Amplitude, Credentials
from funnelkit.amplitude_api.export import Export
from funnelkit.amplitude_api.hours import parse_hour
from funnelkit.errors import CouldNotCheck, DataError, DefinitionError

API_KEY, SECRET = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
LATER = datetime(2024, 3, 1, tzinfo=UTC)
HANG_UP = "hang up before an answer"
CUT = "hang up in the middle of the body"
CUT_UNSAID = "hang up in the middle of a body whose length was not said"
BROKEN = "a whole body with a wrong byte"


@pytest.fixture
def pull(amplitude, told, tmp_path):
    """Pull a range into the folder, some time later."""

    def run(first, last=None, now=LATER):
        export = Export(amplitude, tmp_path / "raw", told)
        end = None if last is None else parse_hour(last, what="to", last=True)
        return export.pull(parse_hour(first, what="from"), end, now=now)

    return run


def events_in(folder):
    """Return the numbers of all events in the folder's zips, in order."""
    found = []
    for file in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(file) as zipped:
            for name in zipped.namelist():
                lines = gzip.decompress(zipped.read(name)).decode().splitlines()
                found += [json.loads(line)["n"] for line in lines]
    return sorted(found)


def test_days_arrive_as_amplitude_sent_them(server, pull, told, tmp_path, at):
    server.events = {at(5, 0): [{"n": 1}], at(5, 23): [{"n": 2}, {"n": 3}], at(7, 4): [{"n": 4}]}
    pulled = pull("2024-01-05", "2024-01-07")
    assert server.asked == [
        ("20240105T00", "20240105T23"),
        ("20240106T00", "20240106T23"),
        ("20240107T00", "20240107T23"),
    ]
    assert events_in(tmp_path / "raw") == [1, 2, 3, 4]
    assert (pulled.hours, pulled.empty, pulled.here) == (72, 69, 0)
    names = [
        "amplitude_2024-01-05T00_2024-01-05T23.zip",
        "amplitude_2024-01-07T00_2024-01-07T23.zip",
    ]
    assert told.files == [file.name for file in pulled.files] == names
    assert (told.hours, told.done) == (72, 72)
    assert told.bytes == pulled.size == sum(file.stat().st_size for file in pulled.files)


def test_both_ends_are_included(server, pull, tmp_path, at):
    server.events = {at(5, hour): [{"n": hour}] for hour in range(24)}
    pull("2024-01-05T03", "2024-01-05T05")
    assert server.asked == [("20240105T03", "20240105T05")]
    assert events_in(tmp_path / "raw") == [3, 4, 5]


def test_second_run_asks_for_nothing(server, pull, at):
    server.events = {at(5, 1): [{"n": 1}]}
    pull("2024-01-05", "2024-01-06")
    server.asked.clear()
    pulled = pull("2024-01-05", "2024-01-06")
    assert (server.asked, pulled.hours, pulled.here) == ([], 0, 48)


def test_longer_range_asks_only_for_what_is_missing(server, pull, tmp_path, at):
    server.events = {at(5, hour): [{"n": hour}] for hour in range(24)}
    pull("2024-01-05T10", "2024-01-05T11")
    server.asked.clear()
    pull("2024-01-05", "2024-01-05")
    assert server.asked == [("20240105T00", "20240105T09"), ("20240105T12", "20240105T23")]
    assert events_in(tmp_path / "raw") == list(range(24))


def test_range_that_is_too_large_is_asked_for_in_halves_from_then_on(server, pull, told, at):
    server.events = {at(5, 1): [{"n": 1}], at(6, 23): [{"n": 2}]}
    server.most_hours = 7
    pull("2024-01-05", "2024-01-06")
    sizes = [int(end[-2:]) - int(start[-2:]) + 1 for start, end in server.asked]
    assert sizes == [24, 12, *[6] * 8]
    assert told.said[0] == (
        "2024-01-05T00 to 2024-01-05T23: SERVER answers 400: The export is larger than 4GB; "
        "asking for 12 hours at once"
    )


def test_server_that_is_too_slow_is_asked_for_less(server, pull, pauses, tmp_path, at):
    server.events = {at(5, hour): [{"n": hour}] for hour in range(24)}
    server.slow_above = 12
    pull("2024-01-05", "2024-01-05")
    assert len(server.asked) == 3
    assert (events_in(tmp_path / "raw"), pauses) == (list(range(24)), [])


def test_hour_that_is_too_large_is_named_and_the_others_are_fetched(server, pull, tmp_path, at):
    server.events = {at(5, hour): [{"n": hour}] for hour in range(24)}
    server.answers = [400, 400, 400, 400, None, None, None, 400]  # 24, 12, 6, 3 hours; then ones
    with pytest.raises(CouldNotCheck) as caught:
        pull("2024-01-05", "2024-01-05")
    assert str(caught.value).startswith("not fetched: 2024-01-05T03 (UTC): ")
    assert "only Amplitude's export to Amazon S3 has it" in str(caught.value)
    assert "23 of 24 hours are in" in str(caught.value)
    assert events_in(tmp_path / "raw") == [hour for hour in range(24) if hour != 3]
    pull("2024-01-05", "2024-01-05")
    assert events_in(tmp_path / "raw") == list(range(24))


def test_server_that_refuses_everything_is_not_asked_for_every_hour(server, pull):
    server.most_hours = 0
    with pytest.raises(CouldNotCheck, match="not fetched: 2024-01-01T00 to 2024-01-01T02"):
        pull("2024-01-01", "2024-01-31")
    assert len(server.asked) == 7  # 24, 12, 6 and 3 hours, then three times one


@pytest.mark.parametrize("accident", [CUT, CUT_UNSAID, BROKEN, HANG_UP, 500, 502, 503])
def test_what_passes_is_asked_again(server, pull, told, pauses, tmp_path, at, accident):
    server.events = {at(5, hour): [{"n": hour, "pad": "x" * 99}] for hour in range(24)}
    server.answers = [accident, accident]
    pulled = pull("2024-01-05", "2024-01-05")
    assert events_in(tmp_path / "raw") == list(range(24))
    assert pauses == [1, 2]
    assert told.said[0].endswith("asking again in 1 s")
    assert told.bytes == pulled.size
    assert sorted(path.suffix for path in (tmp_path / "raw").iterdir()) == [".ledger", ".zip"]


def test_connection_that_always_breaks_off_is_tried_with_less(server, pull, tmp_path, at):
    server.events = {at(5, hour): [{"n": hour}] for hour in range(24)}
    server.answers = [CUT] * 5
    pull("2024-01-05", "2024-01-05")
    assert len(server.asked) == 5 + 2
    assert events_in(tmp_path / "raw") == list(range(24))


def test_server_that_is_down_is_given_up_soon(server, pull, pauses):
    server.answers = [HANG_UP] * 99
    with pytest.raises(CouldNotCheck, match="gave up after 5 attempts"):
        pull("2024-01-05", "2024-01-09")
    assert pauses == [1, 2, 4, 8]


def test_hour_without_data_is_not_asked_for_again(server, pull, tmp_path):
    pulled = pull("2024-01-05T07", "2024-01-05T09")
    assert (pulled.hours, pulled.empty, pulled.files) == (3, 3, ())
    pull("2024-01-05T07", "2024-01-05T09")
    assert len(server.asked) == 1
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["pulled.ledger"]


def test_recent_hour_without_data_is_asked_for_again(server, pull, at):
    now = datetime(2024, 1, 6, 8, 30, tzinfo=UTC)
    pull("2024-01-05", "2024-01-05", now=now)
    server.asked.clear()
    server.events = {at(5, 12): [{"n": 1}]}
    pull("2024-01-05", "2024-01-05", now=now + timedelta(days=2))
    assert server.asked == [("20240105T08", "20240105T23")]


def test_hours_that_are_not_available_yet_are_left_out_and_fetched_later(
    server, pull, told, tmp_path, at
):
    server.events = {at(5, hour): [{"n": hour}] for hour in range(24)}
    now = datetime(2024, 1, 5, 23, 0, tzinfo=UTC)  # 20 to 21 h is available at 23 h
    pull("2024-01-05", "2024-01-05", now=now)
    assert server.asked == [("20240105T00", "20240105T20")]
    (said,) = told.said
    assert said == (
        "2024-01-05T21 to 2024-01-05T23 (UTC) not available yet, and left out: Amplitude exports "
        "an hour's events about 2 hours after its end"
    )
    pull("2024-01-05", "2024-01-05")
    assert server.asked[1:] == [("20240105T21", "20240105T23")]
    assert events_in(tmp_path / "raw") == list(range(24))


def test_without_an_end_the_last_available_hour_is_the_end(server, pull, told):
    pull("2024-01-05T18", now=datetime(2024, 1, 5, 22, 59, tzinfo=UTC))
    assert (server.asked, told.said) == ([("20240105T18", "20240105T19")], [])


def test_range_of_which_nothing_is_available_ends_with_5(server, pull):
    with pytest.raises(CouldNotCheck, match="2024-01-05T20 is not available yet") as caught:
        pull("2024-01-05T20", now=datetime(2024, 1, 5, 22, 59, tzinfo=UTC))
    assert (caught.value.exit_code, server.asked) == (5, [])


def test_limit_is_waited_for_as_long_as_the_server_asks(server, pull, told, pauses, at):
    server.events = {at(5, 0): [{"n": 1}]}
    server.answers = [(429, {"Retry-After": "7"}, b"slow down"), 429, 429]
    pull("2024-01-05", "2024-01-05")
    assert pauses == [7, 15, 22]
    assert told.said[:2] == [
        "SERVER answers 429: slow down; waiting 7 s",
        "SERVER answers 429: told to answer 429; waiting 15 s",
    ]


def test_limit_is_waited_for_only_so_long(server, told, pauses, tmp_path):
    keys = Credentials(API_KEY, SECRET)
    client = Amplitude(keys, server.url, max_wait=timedelta(minutes=1), sleep=pauses.append)
    server.answers = [429] * 99
    with pytest.raises(CouldNotCheck, match=r"waiting is limited to 60 s \(--max-wait\)"):
        Export(client, tmp_path, told).pull(parse_hour("2024-01-05", what="from"), now=LATER)
    assert sum(pauses) == 60
    server.answers, pauses[:] = [(429, {"Retry-After": "61"}, b"")], []
    with pytest.raises(CouldNotCheck, match="which asks to wait 61 s"):
        Export(client, tmp_path, told).pull(parse_hour("2024-01-05", what="from"), now=LATER)
    assert pauses == []


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_keys_end_the_run_at_once(server, pull, status):
    server.answers = [status]
    with pytest.raises(CouldNotCheck, match="does not accept these keys") as caught:
        pull("2024-01-05", "2024-01-09")
    assert caught.value.exit_code == 5
    assert len(server.seen) == 1


def test_page_that_is_no_zip_is_not_asked_for_again(server, pull, tmp_path):
    server.answers = [(200, {}, b"<html>please sign in</html>")]
    with pytest.raises(CouldNotCheck, match="answers no zip, but '<html>please sign in"):
        pull("2024-01-05", "2024-01-05")
    assert len(server.seen) == 1
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["pulled.ledger"]


def test_file_that_was_deleted_or_cut_is_fetched_again(server, pull, tmp_path, at):
    server.events = {at(day, 3): [{"n": day}] for day in (5, 6, 7)}
    first, second, _ = pull("2024-01-05", "2024-01-07").files
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1])
    server.asked.clear()
    pull("2024-01-05", "2024-01-07")
    assert [start for start, _ in server.asked] == ["20240105T00", "20240106T00"]
    assert events_in(tmp_path / "raw") == [5, 6, 7]


def test_folder_belongs_to_one_project_and_server(server, pull, told, tmp_path):
    pull("2024-01-05", "2024-01-05")
    other = Amplitude(Credentials("another", SECRET), server.url)
    with pytest.raises(DefinitionError, match="another project"):
        Export(other, tmp_path / "raw", told)
    elsewhere = Amplitude(Credentials(API_KEY, SECRET))
    with pytest.raises(
        DefinitionError, match=r"was pulled from http://127.*, not from https://amp"
    ):
        Export(elsewhere, tmp_path / "raw", told)


def test_ledger_that_ends_in_the_middle_of_a_line_is_gone_on_with(server, pull, tmp_path, at):
    server.events = {at(day, 3): [{"n": day}] for day in (5, 6)}
    pull("2024-01-05", "2024-01-06")
    ledger = tmp_path / "raw" / "pulled.ledger"
    ledger.write_bytes(ledger.read_bytes()[:-10])
    server.asked.clear()
    pull("2024-01-05", "2024-01-06")
    assert server.asked == [("20240106T00", "20240106T23")]
    assert events_in(tmp_path / "raw") == [5, 6]


def test_ledger_that_is_something_else_is_refused(pull, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "pulled.ledger").write_text("[1]\n")
    with pytest.raises(DataError, match="line 1 cannot be understood"):
        pull("2024-01-05", "2024-01-06")


def test_ledger_holds_no_key(pull, tmp_path):
    pull("2024-01-05", "2024-01-06")
    text = (tmp_path / "raw" / "pulled.ledger").read_text()
    assert API_KEY not in text
    assert SECRET not in text


def test_two_runs_at_once_do_not_share_a_folder(amplitude, told, tmp_path):
    export = Export(amplitude, tmp_path, told)
    with export._ledger.alone(), pytest.raises(DefinitionError, match="another `funnelkit pull`"):
        Export(amplitude, tmp_path, told).pull(parse_hour("2024-01-05", what="from"), now=LATER)


def test_killed_run_is_gone_on_with_where_it_was(server, pull, tmp_path, at):
    """The program is killed while a body arrives; what was whole is not asked for again."""
    server.events = {at(day, 3): [{"n": day}] for day in range(1, 8)}
    program = f"""
import os, signal
import funnelkit as fk
from funnelkit.amplitude_api import Amplitude, Credentials
from funnelkit.amplitude_api.export import Export, Quiet
class Deadly(Quiet):
    files = 0
    def wrote(self, file):
        self.files += 1
    def received(self, size):
        if self.files == 3:
            os.kill(os.getpid(), signal.SIGKILL)
amplitude = Amplitude(Credentials({API_KEY!r}, {SECRET!r}), {server.url!r})
Export(amplitude, __import__("pathlib").Path({str(tmp_path / "raw")!r}), Deadly()).pull(
    {parse_hour("2024-01-01", what="")}, {parse_hour("2024-01-07T23", what="")}
)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, env=os.environ)
    assert done.returncode < 0
    assert len(list((tmp_path / "raw").glob("*.part"))) == 1
    assert len(server.asked) == 4
    server.asked.clear()
    pulled = pull("2024-01-01", "2024-01-07")
    assert (pulled.here, pulled.hours) == (72, 96)
    assert [start for start, _ in server.asked] == [f"2024010{day}T00" for day in (4, 5, 6, 7)]
    assert events_in(tmp_path / "raw") == list(range(1, 8))
    assert not list((tmp_path / "raw").glob("*.part"))


def line(minute, event_type, user, uuid):
    """Return a line as Amplitude exports it (specification C2)."""
    return {
        "event_type": event_type,
        "event_time": f"2024-01-05 10:{minute:02}:00.000000",
        "server_upload_time": f"2024-01-05 10:{minute:02}:03.000000",
        "user_id": user,
        "device_id": f"device of {user}",
        "amplitude_id": int(user[1:]),
        "uuid": uuid,
        "$insert_id": uuid,
        "event_properties": {"price": 12.5},
        "user_properties": {},
    }


def test_folder_is_what_import_and_report_read(server, pull, tmp_path, at):
    server.events = {
        at(5, 10): [line(0, "View", "u1", "a"), line(1, "View", "u2", "b")],
        at(6, 2): [line(2, "Buy", "u1", "c")],
    }
    pull("2024-01-05", "2024-01-06")
    steps = "View[price > 10] > Buy"
    assert fk.report(tmp_path / "raw", steps=steps).counts == (2, 1)
    imported = fk.import_events(tmp_path / "raw", tmp_path / "events")
    assert (imported.files, imported.rejected) == (2, 0)
    assert fk.report(imported.output, steps=steps).counts == (2, 1)
    server.events[at(7, 0)] = [line(3, "Buy", "u2", "d")]
    pull("2024-01-05", "2024-01-07")
    again = fk.import_events(tmp_path / "raw", tmp_path / "events")
    assert (again.known_files, again.events) == (2, 1)
    assert fk.report(again.output, steps=steps).counts == (2, 2)
