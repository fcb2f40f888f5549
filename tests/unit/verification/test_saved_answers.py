"""Amplitude's answers: JSON of the API and a chart's CSV become expected numbers."""

import json
from datetime import UTC, datetime

import pytest

from funnelkit.errors import CouldNotCheck, DataError
from funnelkit.verification.arguments import told_apart
from funnelkit.verification.expected import ExpectedInterval, ExpectedSeries, ExpectedTime
from funnelkit.verification.saved import read_answer_text

ELEMENT = {
    "meta": {"segmentIndex": 0}, "groupValue": "", "events": ["View", "Buy"],
    "cumulativeRaw": [24, 6], "cumulative": [1.0, 0.25], "stepByStep": [1.0, 0.25],
    "avgTransTimes": [539631833, 539631833], "medianTransTimes": [604831500, 604831500],
    "dayFunnels": {
        "xValues": ["2025-11-19", "2025-11-20"], "series": [[7, 1], [17, 5]],
        "isComplete": [True, False],
    },
    "dayAvgTransTimes": {"series": [[604832000, 604832000], [-1, -1]]},
}  # fmt: skip
"""The example of specification B2, shortened."""

CSV = (
    '"\tUser Conversion"\r\n\r\n"\tConversion Over Time","\tOverall"\r\n\r\n'
    '"\tSegment","\tSteps","\t2025-02-10","\t2025-02-17"\r\n'
    '"\tWeb","\tEntire Funnel","0.22795564203175173","0.24029874690290726"\r\n'
    '"\tApp","\tEntire Funnel","0.4588184917406413",""\r\n'
    '"\t[Previous] Web","\tEntire Funnel","0.16830074255870736","0.5"\r\n'
)
"""The layout of specification B3, byte for byte."""


def read(document):
    content = document if isinstance(document, str) else json.dumps(document)
    return read_answer_text(content, source="answer")


def test_an_answer_of_the_api_holds_counts_days_and_times():
    found = read({"data": [ELEMENT], "timeComputed": 1765000000000, "minSampleRate": 1.0})
    (series,) = found.segments
    assert series.counts == (24, 6)
    assert series.times == (
        ExpectedTime(step=None, average_seconds=539631.833, median_seconds=604831.5),
        ExpectedTime(step=2, average_seconds=539631.833, median_seconds=604831.5),
    )
    day = ExpectedTime(step=None, average_seconds=604832.0)
    assert series.intervals == (
        ExpectedInterval(
            name="2025-11-19",
            counts=(7, 1),
            complete=True,
            times=(day, ExpectedTime(step=2, average_seconds=604832.0)),
        ),
        ExpectedInterval(name="2025-11-20", counts=(17, 5), complete=False),
    )
    assert series.all_intervals
    assert found.origin == "amplitude"
    assert found.answer.fetched_at == datetime(2025, 12, 6, 5, 46, 40, tzinfo=UTC)
    assert [*found.answer.doubts()] == []


def test_old_answers_have_0_for_the_whole_funnel_and_that_is_no_time():
    element = {**ELEMENT, "avgTransTimes": [0, 5000], "medianTransTimes": [0, 5000]}
    times = read({"data": [element]}).segments[0].times
    assert times == (ExpectedTime(step=2, average_seconds=5.0, median_seconds=5.0),)


def test_a_time_that_is_null_is_none():
    found = read({"data": [{**ELEMENT, "avgTransTimes": [None, -1], "medianTransTimes": None}]})
    assert found.segments[0].times == ()


def test_groups_belong_to_their_segment():
    pro = {**ELEMENT, "groupValue": "pro", "meta": {"segmentIndex": 1}}
    found = read({"data": [ELEMENT, pro]})
    assert [one.counts for one in found.segments] == [(24, 6), ()]
    assert [group.name for group in found.segments[1].groups] == ["pro"]
    assert found.segments[1].all_groups


def test_groups_that_amplitude_cut_are_not_all_groups():
    group = {**ELEMENT, "groupValue": "pro"}
    assert read({"data": [ELEMENT, group]}).segments[0].all_groups
    assert not read({"data": [group], "hitChunkGroupByLimit": True}).segments[0].all_groups


def test_data_need_not_be_a_list():
    assert read({"data": ELEMENT}).counts == (24, 6)


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        ({"minSampleRate": 0.1}, "sampled"),
        ({"prunedResult": True}, "pruned"),
        ({"hitChunkGroupByLimit": True}, "group-limit"),
        ({"realtimeDataMissing": True}, "realtime-missing"),
    ],
)
def test_what_amplitude_says_of_its_numbers_is_kept(said, doubt):
    answer = read({"data": [ELEMENT], **said}).answer
    assert [name for name, _ in answer.doubts()] == [doubt]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"data": [{**ELEMENT, "cumulativeRaw": [24.5, 6]}]}, "a count is a whole number"),
        ({"data": [{**ELEMENT, "cumulativeRaw": "24"}]}, "expected a list of counts"),
        ({"data": [ELEMENT, ELEMENT]}, "a second answer for the segment 0"),
        ({"data": [{**ELEMENT, "meta": {"segmentIndex": "x"}}]}, "segmentIndex is no number"),
        (
            {"data": [{**ELEMENT, "dayFunnels": {"xValues": ["2025-11-19"], "series": []}}]},
            "two lists of one length",
        ),
        ({"data": [{"series": []}]}, "is no answer about a funnel"),
        ({"data": []}, "is no answer about a funnel: its data is empty"),
        ({"data": [{**ELEMENT, "cumulativeRaw": [6, 24]}]}, "answer: data[0]: no funnel can have"),
        ({"error": "Invalid user property X"}, "an error of Amplitude's: Invalid user property X"),
        (
            {"error": {"http_code": 400, "message": "Unspecified Error",
                       "metadata": {"details": "Exceeded rate limit"}}},
            "holds an error of Amplitude's: 400 Unspecified Error Exceeded rate limit",
        ),
        ("[1, 2]", "is no answer about a funnel"),
        ("Country,Users\r\nDE,3\r\n", "no row begins with Segment"),
        ('"\tSegment","\tSteps","\t2025-02-10"\r\n', "nothing stands below"),
        (CSV.replace("0.4588184917406413", "45"), "expected a conversion from 0 to 1, got '45'"),
        (CSV.replace("Entire Funnel", "Step 1 to 2"), "only that of 'Entire Funnel'"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_with_the_reason(document, words):
    with pytest.raises(DataError) as raised:
        read(document)
    assert words in str(raised.value)


@pytest.mark.parametrize("code", [429, 500, 504])
def test_an_error_that_passes_is_no_wrong_file(code):
    with pytest.raises(CouldNotCheck, match=f"an error of Amplitude's: {code}"):
        read({"error": {"http_code": code}})


def test_an_answer_without_its_wrapper_is_one():
    element = {"groupValue": "", "cumulativeRaw": [3, 2], "events": ["A", "B"]}
    counts = [read(form).counts for form in ({"data": [element]}, [element], element)]
    assert counts == [(3, 2)] * 3


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_chart_over_time_holds_conversions_by_date(wrapped):
    found = read({"data": CSV} if wrapped else CSV)
    assert found.segments == (
        ExpectedSeries(
            name="Web",
            intervals=(
                ExpectedInterval(name="2025-02-10", conversion=0.22795564203175173),
                ExpectedInterval(name="2025-02-17", conversion=0.24029874690290726),
            ),
        ),
        ExpectedSeries(
            name="App",
            intervals=(ExpectedInterval(name="2025-02-10", conversion=0.4588184917406413),),
        ),
        ExpectedSeries(
            name="Web",
            previous=True,
            intervals=(
                ExpectedInterval(name="2025-02-10", conversion=0.16830074255870736),
                ExpectedInterval(name="2025-02-17", conversion=0.5),
            ),
        ),
    )


@pytest.mark.parametrize(
    "table",
    [
        '"\tSegment","\tConversion","\tView","\tBuy"\r\n"\tAll","25.0%","1,024","6"\r\n',
        "Segment,Conversion,View,Average Time,Buy\nAll,25%,1024 (100%),3m 2s,6 (25.0%)\n",
        "\ufeffTitle\n\nSegment,1. View,2. Buy,Average Time to Buy\nAll,1024,6,182\n",
        "Segment,Conversion Rate,Dropdown Opened,Time Out,Drop-off\nAll,25%,1024,6,1018\n",
        "Segment,Conversion Started,Averages Shown,Total Conversion,Median Time\nAll,1024,6,0,7\n",
    ],
)
def test_a_bar_chart_is_read_whatever_its_columns_are_called(table):
    assert read(table).segments == (ExpectedSeries(name="All", counts=(1024, 6)),)


def test_a_column_of_values_beside_the_segment_makes_groups():
    found = read("Segment,plan,View,Buy\nAll,pro,10,4\nAll,free,5,1\n")
    assert [(one.name, one.counts) for one in found.segments[0].groups] == [
        ("pro", (10, 4)), ("free", (5, 1)),
    ]  # fmt: skip


def test_files_are_told_from_events_by_what_they_hold(tmp_path):
    contents = {
        "answer.json": json.dumps({"data": [ELEMENT]}),
        "wrapped.json": json.dumps({"data": CSV}),
        "chart.csv": CSV,
        "refused.json": '{"error": {"http_code": 429}}',
        "chart.json": '{"type": "funnels", "params": {}}',
        "funnels.json": '{"funnels": {}}',
        "shop.funnel.toml": "",
        "shop.lock.json": "{}",
        "events.json": '{"user_id": "u", "event_type": "A", "time": 0, "data": {}}\n',
        "lines.json": '{"event_type": "A"}\n{"event_type": "B"}\n',
        "events.csv": "user_id,event_type,time\nu,A,0\n",
        "body.json": '{"api_key": "k", "events": []}',
        "empty.json": "",
    }
    paths = []
    for name, content in contents.items():
        (tmp_path / name).write_text(content, "utf-8", newline="")
        paths.append(tmp_path / name)
    found = told_apart([*map(str, paths), "nowhere.parquet", "events/*.gz"])
    assert [path.name for path in found.funnels] == [
        "chart.json",
        "funnels.json",
        "shop.funnel.toml",
    ]
    assert [path.name for path in found.answers] == [
        "answer.json", "wrapped.json", "chart.csv", "refused.json",
    ]  # fmt: skip
    assert [path.name for path in found.locks] == ["shop.lock.json"]
    assert [name.rpartition("/")[2] for name in found.events] == [
        "events.json", "lines.json", "events.csv", "body.json", "empty.json", "nowhere.parquet",
        "*.gz",
    ]  # fmt: skip


def test_a_folder_holds_funnels_if_there_is_a_file_of_one(tmp_path):
    assert told_apart([str(tmp_path)]).events == (str(tmp_path),)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "shop.funnel.toml").write_text("")
    assert told_apart([str(tmp_path)]).funnels == (tmp_path / "deep" / "shop.funnel.toml",)
    for name in (".hidden", "node_modules"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "other.funnel.toml").write_text("")
    assert told_apart([str(tmp_path)]).funnels == (tmp_path / "deep" / "shop.funnel.toml",)
    assert told_apart([str(tmp_path)], folders_hold_events=True).events == (str(tmp_path),)
