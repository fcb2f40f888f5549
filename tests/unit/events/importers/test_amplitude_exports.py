"""From an export of Amplitude to the same report as from the events themselves."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from amplitude_export import (
    events_of,
    export_files,
    line_of,
    packed,
    write_export,
    write_merged_users,
    write_zip,
)

import funnelkit as fk
from funnelkit.errors import DataError
from funnelkit.sample import sample_folder

STEPS = "ProductViewed > ProductAdded > CheckoutStarted > OrderCompleted"
START = datetime(2024, 1, 1, 10)  # noqa: DTZ001 - exports are in UTC without saying so
PRE = sample_folder() / "workshop" / "pre.parquet"


def counts(events, steps=STEPS, **options):
    return fk.report(events, steps=steps, **options).counts


def event(minute, event_type, user=None, device="d", **more):
    return {
        "event_type": event_type,
        "event_time": START + timedelta(minutes=minute),
        "device_id": device,
        **({"user_id": user} if user else {}),
        **more,
    }


@pytest.fixture(scope="module")
def sample_zip(tmp_path_factory):
    return write_export(events_of(PRE), tmp_path_factory.mktemp("export") / "export.zip")


@pytest.fixture(scope="module")
def imported_sample(sample_zip, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported") / "events"
    return fk.import_events(sample_zip, folder)


def test_members_are_called_by_project_day_hour_and_part(sample_zip):
    with zipfile.ZipFile(sample_zip) as archive:
        names = archive.namelist()
    assert names[0] == "187520/187520_2026-04-01_0#1.json.gz"
    assert any(name.endswith("_23#1.json.gz") for name in names)


def test_the_export_of_the_sample_reports_the_numbers_of_the_parquet(imported_sample):
    assert counts(imported_sample.output) == counts(PRE)
    by_feature = {"group_by": "feature", "interval": "day", "window": "7d"}
    ours = fk.report(imported_sample.output, steps=STEPS, **by_feature).to_dict()["segments"]
    assert ours == fk.report(PRE, steps=STEPS, **by_feature).to_dict()["segments"]


def test_an_export_is_read_without_an_import_too(sample_zip):
    assert counts(sample_zip) == counts(PRE)


def test_every_line_is_counted_once(imported_sample):
    rows = len(events_of(PRE))
    assert (imported_sample.lines, imported_sample.events, imported_sample.total) == (rows,) * 3
    assert imported_sample.rejects is None


def test_events_lie_in_the_order_of_user_and_time(imported_sample):
    import duckdb

    rows = duckdb.sql(
        f"SELECT amplitude_id, event_time FROM '{imported_sample.output}/*.parquet'"
    ).fetchall()
    assert rows == sorted(rows)


def test_the_same_export_again_changes_nothing(sample_zip, tmp_path):
    first = fk.import_events(sample_zip, tmp_path / "events")
    before = sorted(file.name for file in first.output.rglob("*"))
    again = fk.import_events(sample_zip, tmp_path / "events")
    assert (again.lines, again.events, again.total) == (0, 0, first.total)
    assert again.known_files == first.files
    assert sorted(file.name for file in first.output.rglob("*")) == before


def test_exports_that_overlap_are_imported_once(tmp_path):
    events = [event(60 * hour, "A", f"user {hour}") for hour in range(6)]
    lines = [part.split("\n") for part in _unpacked(export_files(events))]
    early = write_zip(
        {"1/1_2024-01-01_10#1.json.gz": packed(_lines(lines[:4]))}, tmp_path / "a.zip"
    )
    late = write_zip({"1/1_2024-01-01_12#1.json.gz": packed(_lines(lines[2:]))}, tmp_path / "b.zip")
    fk.import_events(early, tmp_path / "events")
    second = fk.import_events(late, tmp_path / "events")
    assert (second.events, second.duplicates, second.total) == (2, 2, 6)
    assert counts(tmp_path / "events", "A") == (6,)
    assert counts([early, late], "A") == (6,)


def _unpacked(files):
    import gzip

    return [gzip.decompress(content).decode().rstrip("\n") for content in files.values()]


def _lines(parts):
    return "".join(f"{line}\n" for part in parts for line in part)


@pytest.mark.parametrize(
    "spelling",
    [
        "2024-01-01 10:00:00.123456", "2024-01-01T10:00:00.123456", "2024-01-01T10:00:00.123456Z",
        "2024-01-01 10:00:00.123456Z",
    ],
)  # fmt: skip
def test_times_are_read_in_both_spellings(spelling, tmp_path):
    assert _time_of(spelling, tmp_path) == datetime(2024, 1, 1, 10, 0, 0, 123456)  # noqa: DTZ001


@pytest.mark.parametrize("digits", range(7))
def test_times_have_up_to_six_digits(digits, tmp_path):
    fraction = "." + "123456"[:digits] if digits else ""
    microseconds = int("123456"[:digits].ljust(6, "0"))
    wanted = datetime(2024, 1, 1, 10, 0, 0, microseconds)  # noqa: DTZ001
    assert _time_of(f"2024-01-01 10:00:00{fraction}", tmp_path) == wanted
    assert _time_of(f"2024-01-01T10:00:00{fraction}Z", tmp_path) == wanted


def _time_of(spelling, folder):
    import duckdb

    line = {"event_type": "A", "event_time": spelling, "amplitude_id": 1, "uuid": spelling}
    file = folder / "one.jsonl"
    file.write_text(line_of(line) + "\n", "utf-8")
    fk.import_events(file, folder / spelling.replace(":", ""))
    found = duckdb.sql(
        f"SELECT event_time FROM '{folder}/{spelling.replace(':', '')}/*.parquet'"
    ).fetchall()
    return found[0][0]


def test_marker_files_and_folders_of_projects_are_passed_over(tmp_path):
    files = export_files([event(0, "A", "u")])
    folder = tmp_path / "bucket"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "187520" / "187520_2024-01-01_11_complete").write_bytes(b"")
    write_zip({**files, "187520/complete": b"", "__MACOSX/x.json": b"junk"}, tmp_path / "e.zip")
    assert fk.import_events(folder, tmp_path / "one").events == 1
    assert fk.import_events(tmp_path / "e.zip", tmp_path / "two").events == 1


def test_merges_count_at_query_time_and_follow_each_other(tmp_path):
    """Five became seven, and seven nine later: all that five did, nine did (C3)."""
    lines = [
        {"event_type": "A", "event_time": "2024-01-01 10:00:00", "amplitude_id": 5, "uuid": "a"},
        {"event_type": "B", "event_time": "2024-01-01 10:01:00", "amplitude_id": 7, "uuid": "b"},
        {"event_type": "C", "event_time": "2024-01-01 10:02:00", "amplitude_id": 9, "uuid": "c"},
    ]
    export = tmp_path / "export.json.gz"
    export.write_bytes(packed("".join(f"{line_of(line)}\n" for line in lines)))
    merged = write_merged_users([(5, 7), (7, 9)], tmp_path)
    fk.import_events(export, tmp_path / "events")
    assert counts(tmp_path / "events", "A > B > C") == (1, 0, 0)
    added = fk.import_events(merged, tmp_path / "events")
    assert (added.events, added.merges, added.total) == (0, 2, 3)
    assert counts(tmp_path / "events", "A > B > C") == (1, 1, 1)
    assert counts([export, merged], "A > B > C") == (1, 1, 1)
    assert _ids(tmp_path / "events") == [5, 7, 9]  # those of the export, as they came


def _ids(folder):
    import duckdb

    rows = duckdb.sql(f"SELECT amplitude_id FROM '{folder}/*.parquet' ORDER BY 1").fetchall()
    return [row[0] for row in rows]


def test_merges_apply_to_a_glob_of_the_folder_too(tmp_path):
    lines = [
        {"event_type": "A", "event_time": "2024-01-01 10:00:00", "amplitude_id": 5, "uuid": "a"},
        {"event_type": "B", "event_time": "2024-01-01 10:01:00", "amplitude_id": 7, "uuid": "b"},
    ]
    export = tmp_path / "export.json"
    export.write_text("".join(f"{line_of(line)}\n" for line in lines), "utf-8")
    merged = write_merged_users([(5, 7)], tmp_path)
    fk.import_events([export, merged], tmp_path / "events")
    assert counts(str(tmp_path / "events" / "*.parquet"), "A > B") == (1, 1)


def test_the_command_says_what_became_of_every_line(tmp_path, capsys):
    from funnelkit.cli.run import run

    export = tmp_path / "export.jsonl"
    good = line_of(
        {"event_type": "A", "event_time": "2024-01-01 10:00:00", "amplitude_id": 5, "uuid": "a"}
    )
    export.write_text(f"{good}\nno json\n{good}\n", "utf-8")
    assert run(["import", str(export), "-o", str(tmp_path / "events"), "-f", "json"]) == 0
    said = capsys.readouterr()
    result = json.loads(said.out)
    assert result["lines"] == 3
    assert (result["events"], result["duplicates"], result["rejected"]) == (1, 1, 1)
    assert "rejected lines are in" in said.err
    rejects = Path(result["rejects"]).read_text("utf-8").splitlines()
    assert [(json.loads(each)["line"], json.loads(each)["text"]) for each in rejects] == [
        (2, "no json")
    ]


def test_a_property_called_events_does_not_make_a_request_of_an_export(tmp_path):
    line = {
        "event_properties": {"events": ["x"], "more": {"events": [1]}},
        "event_time": "2024-01-05 10:00:00.000000", "event_type": "A", "user_id": "u",
    }  # fmt: skip
    source = tmp_path / "a.json"
    source.write_text(f"{json.dumps(line)}\n", "utf-8")
    assert fk.import_events(source, tmp_path / "events").events == 1
    assert fk.report(source, steps="A").counts == (1,)


def test_what_holds_no_events_is_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("187520/complete", "")
    (tmp_path / "complete").touch()
    result = fk.import_events([tmp_path / "empty.zip", tmp_path / "complete"], tmp_path / "events")
    assert result.files == 0
    assert [note.split("/")[-1].split()[0] for note in result.notes] == ["empty.zip", "complete"]


def test_a_member_that_was_packed_in_another_way_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.json", "{}")
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[8] = content[content.find(b"PK\x01\x02") + 10] = 9  # Deflate64, of large ZIP files
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.json cannot be unpacked here"):
        fk.import_events(tmp_path / "a.zip", tmp_path / "events")
