"""`funnelkit report`: data on stdout, talk on stderr, and the exit code."""

import csv
import io
import json

import pytest

from funnelkit.cli.run import run

STEPS = ("--steps", "View > Add")
EVENTS = [
    {"user_id": "u", "time": 0, "event_type": "View", "event_properties": {"plan": "pro"}},
    {"user_id": "u", "time": 5_000, "event_type": "Add"},
    {"user_id": "v", "time": 0, "event_type": "View", "event_properties": {"plan": "free"}},
    {"user_id": "w", "time": 90_000_000, "event_type": "View"},
]


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, EVENTS)), "utf-8")
    return str(path)


@pytest.fixture
def report(events, capfdbinary):
    """Run the command; return exit code, stdout and stderr."""

    def command(*arguments):
        code = run(["report", events, *arguments])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return command


def counts(out):
    return [[step["count"] for step in segment["steps"]] for segment in json.loads(out)["segments"]]


def test_a_table_with_the_definition_is_printed(report, events):
    code, out, err = report(*STEPS)
    assert (code, err) == (0, "")
    assert out.startswith("steps    View > Add\n")
    assert "conversion 33.3 %, in 5s on average" in out
    assert "window   30d (default)" in out
    assert f"{events}:4events" in "".join(out.split())


def test_every_option_reaches_the_definition(report):
    code, out, _ = report(
        *("--step", "View", "--step", "Add", "--where", "plan is not (none)"),
        *("--where-every-step", "other is (none)", "--segment", "pro: plan is pro"),
        *("--from", "1970-01-01", "--to", "1970-01-02", "--timezone", "Asia/Tokyo"),
        *("--window", "7d", "--unit", "session", "--group-by", "plan"),
        *("--resolution", "millisecond", "--format", "json"),
    )
    assert code == 0
    funnel = json.loads(out)["funnel"]
    assert funnel["steps"] == [
        "View[plan is not (none) and other is (none)]",
        "Add[other is (none)]",
    ]
    assert funnel["segments"] == {"pro": "plan is pro"}
    assert (funnel["from"], funnel["to"]) == ("1970-01-01", "1970-01-02")
    assert (funnel["timezone"], funnel["window"]) == ("Asia/Tokyo", "7d")
    assert (funnel["unit"], funnel["group_by"]) == ("session", "plan")
    assert funnel["resolution"] == "millisecond"
    assert counts(out) == [[1, 1]]


def test_each_option_has_its_part_in_the_definition(report):
    code, out, err = report(
        *("--steps", "View > ce:Both > Buy", "--custom-event", "Both = View | Add"),
        *("--exclude", "View between 1 and 2", "--exclude", "Ping[x is 1] | Pong"),
        *("--where-every-event", "plan is not free", "--inactive", "Ping", "--inactive", "Pong"),
        *("--count-by", "totals", "--unit", "group.company", "--hold", "item", "--hold", "shop"),
        *("--users", "new-on-first-day", "--group-by", "2:plan", "--group-by", "2: user.city"),
        *("--group-limit", "9", "--last", "7d", "--offset", "14d", "--exclude-incomplete"),
        *("--exclude-weekday", "sat,sun", "--exclude-weekday", "monday"),
        *("--time-of-day", "09:00..17:30", "--data-end", "1970-02-01"),
        *("--interval", "5min", "--bins", "0s..1h/10s", "--frequency", "--sum", "price"),
        *("--by-age", "--setting", "totals-pairing=oldest", "--setting", "seconds=round"),
        *("--optional-step", "2", "--compare-event", "3: Rent[x is 1]", "--format", "json"),
    )
    assert code == 0, err
    funnel = json.loads(out)["funnel"]
    settings = funnel.pop("settings")
    assert (settings["totals_pairing"], settings["seconds"]) == ("oldest", "round")
    expected = {
        "steps": ["View", "ce:Both", "Buy"],
        "exclude": ["View between 1 and 2", "Ping[x is 1] | Pong"],
        "where_every_event": "plan is not free",
        "inactive_events": ["Ping", "Pong"],
        "count_by": "totals",
        "unit": "group.company",
        "hold": ["item", "shop"],
        "users": "new on first day",
        "group_by": ["2: plan", "2: user.city"],
        "group_limit": 9,
        "exclude_weekday": ["saturday", "sunday", "monday"],
        "time_of_day": "09:00..17:30",
        "interval": "5min",
        "bins": "0s..1h/10s",
        "time_to_convert": True,
        "frequency": True,
        "sum": "price",
        "by_age": True,
        "optional_step": 2,
        "compare_event": ["3: Rent[x is 1]"],
        "custom_events": {"Both": "View | Add"},
        "order": "this",
    }
    assert {key: funnel[key] for key in expected} == expected


def test_a_session_window_holds_the_session(report):
    code, out, err = report(*STEPS, "--window", "session", "--format", "json")
    assert code == 0, err
    funnel = json.loads(out)["funnel"]
    assert (funnel["window"], funnel["hold"]) == ("366d", ['"[Amplitude] Session ID"'])


def test_the_command_line_the_api_and_files_take_the_same():
    import inspect

    from funnelkit.cli.definition import definition
    from funnelkit.specs.define import Definition
    from funnelkit.specs.tables import FUNNEL_KEYS

    options = set(inspect.signature(definition).parameters) - {"step", "funnel"}
    assert options == set(Definition.__annotations__)
    of_tables = {"segment": "segments", "custom_event": "custom_events", "from_": "from"}
    of_tables |= {"setting": "settings", "inactive": "inactive_events"}
    assert {of_tables.get(name, name) for name in options} == set(FUNNEL_KEYS)


def test_help_stands_under_headings_without_a_terminal_code(capfd):
    assert run(["report", "--help"]) == 0
    out = capfd.readouterr().out
    headings = [line for line in out.splitlines() if line.endswith(":") and line[0] != " "]
    assert headings == [
        "Arguments:",
        "What the funnel is:",
        "Who is counted, and apart from whom:",
        "When step 1 happens:",
        "What is shown beside the counts:",
        "Events and output:",
        "Options:",
    ]
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_each_format_says_the_same(report):
    _, out, _ = report(*STEPS, "-f", "json")
    assert counts(out) == [[3, 1]]
    _, out, _ = report(*STEPS, "-f", "csv")
    assert [row["count"] for row in csv.DictReader(io.StringIO(out))] == ["3", "1"]
    _, out, _ = report(*STEPS, "-f", "markdown")
    assert "| 2 | Add | 1 | 33.3 % |" in out


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_a_file_gets_the_bytes_that_stdout_would(events, tmp_path, capfdbinary, form):
    target = tmp_path / "answer"
    assert run(["report", events, *STEPS, "-f", form]) == 0
    printed = capfdbinary.readouterr().out
    assert run(["report", events, *STEPS, "-f", form, "-o", str(target)]) == 0
    assert capfdbinary.readouterr().out == b""
    assert target.read_bytes() == printed


def test_doubts_and_notes_are_talk(report):
    code, out, err = report("--steps", "View > add", "-f", "json")
    assert code == 0
    assert "warning: step 2: no event of the type 'add' was read. Did you mean 'Add'?" in err
    assert json.loads(out)["warnings"]


def test_an_assertion_that_holds_is_silent(report):
    code, _, err = report(*STEPS, "--assert", "conversion > 33%", "--assert", "step 1 == 3 users")
    assert (code, err) == (0, "")


def test_an_assertion_that_fails_ends_with_1_after_the_report(report):
    code, out, err = report(*STEPS, "--assert", "conversion > 34%")
    assert code == 1
    assert "conversion 33.3 %" in out
    assert "conversion > 34% does not hold in all users: it is 33.33333333%" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "a funnel needs steps"),
        (("--steps", "View >"), "View >"),
        ((*STEPS, "--step", "View"), "give --steps or --step, not both"),
        ((*STEPS, "--where", "plan si pro"), "plan si pro"),
        ((*STEPS, "--window", "7 parsecs"), "7 parsecs"),
        ((*STEPS, "--from", "yesterday"), "yesterday"),
        ((*STEPS, "--from", "2020-05-02", "--to", "2020-05-01"), "ends before it starts"),
        ((*STEPS, "--timezone", "Mars/Olympus"), "unknown time zone 'Mars/Olympus'"),
        ((*STEPS, "--unit", "users"), "Did you mean 'user'?"),
        ((*STEPS, "--order", "random"), "'random'"),
        ((*STEPS, "--setting", "seconds=up"), "the setting seconds is one of floor, round"),
        ((*STEPS, "--setting", "nothing"), "any_order_steps: listed, any"),
        ((*STEPS, "--exclude", "A between 2"), "after `between` stand two steps"),
        ((*STEPS, "--group-by", "plan", "--group-by", "2:plan"), "got step 1 and step 2"),
        ((*STEPS, "--group-limit", "0", "--group-by", "plan"), "1 to 1,000 groups"),
        ((*STEPS, "--group-limit", "9"), "a limit of groups needs a property"),
        ((*STEPS, "--optional-step", "0"), "only a step in the middle is optional"),
        ((*STEPS, "--last", "30"), "for days write 30d"),
        ((*STEPS, "--last", "3d", "--from", "2020-01-01"), "not both"),
        ((*STEPS, "--exclude-weekday", "saterday"), "Did you mean 'saturday'"),
        ((*STEPS, "--time-of-day", "9-5"), "write 09:00..17:00"),
        ((*STEPS, "--bins", "1h"), "write FROM..TO/SIZE"),
        ((*STEPS, "--custom-event", "A | B"), "a name, an equals sign"),
        ((*STEPS, "--compare-event", "B2"), "as in `2: ProductAdded`"),
        (("--steps", "ce:Big > Add", "--custom-event", "Big2 = Add"), "Did you mean 'ce:Big2'"),
        ((*STEPS, "--format", "xml"), "'xml'"),
        ((*STEPS, "--assert", "conversion > 30"), "a unit is missing"),
        ((*STEPS, "--assert", "step 9 > 30 users"), "the funnel has 2 steps"),
        ((*STEPS, "--funnel", "nowhere.toml:x"), "nowhere.toml"),
        ((*STEPS, "--stesp", "x"), "--stesp"),
        ((*STEPS, "-o", "no/such/folder/file"), "cannot write"),
    ],
)
def test_a_wrong_definition_ends_with_2_and_says_what_is_wrong(report, arguments, words):
    code, _, err = report(*arguments)
    assert code == 2
    assert words in err
    assert "rror: " in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nowhere.parquet", None, "nowhere.parquet"),
        ("cut.parquet", b"PAR1 and no more", "cut.parquet"),
        ("cut.jsonl", b'{"user_id": "u", "time": 0, "event_ty', "cut.jsonl"),
        ("time.jsonl", b'{"user_id": "u", "time": "soon", "event_type": "A"}', "soon"),
        ("ids.csv", b"event_type,event_time\nView,2020-05-02\n", "user"),
    ],
)
def test_events_that_cannot_be_read_end_with_3(tmp_path, capfd, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert run(["report", str(path), *STEPS]) == 3
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert words in err
    assert "Traceback" not in err


def test_a_baseline_opens_the_a_b_view(report):
    code, out, _ = report(*STEPS, "--group-by", "plan", "--baseline", "pro")
    assert code == 0
    assert "A/B view, baseline pro" in out
    assert "not judged: pro has 1 sample, fewer than 30" in out
    code, _, err = report(*STEPS, "--baseline", "pro")
    assert (code, err.startswith("error: the baseline 'pro' has nothing beside it")) == (2, True)


def test_an_earlier_period_stands_beside_the_report(report):
    dates = ("--from", "1970-01-02", "--to", "1970-01-02")
    code, out, err = report(*STEPS, *dates, "--compare-to", "previous")
    assert code == 0
    assert err == (
        "warning: step 2: 'Add' events lie outside the dates: they happened at "
        "1970-01-01T00:00:05 UTC\n"
    )
    assert "[Previous] all users, 1970-01-01..1970-01-01" in out
    assert "   2 Add       0     1    0.00 %  50.0 %   -50.0    -100 %" in out


def test_csv_holds_one_view_and_says_so(report):
    asked = ("--interval", "day", "--by-age", "--format", "csv")
    code, out, err = report(*STEPS, *asked)
    assert (code, out.splitlines()[0][:24]) == (0, "segment,group,step,event")
    assert err == (
        "note: the table of the steps is written; others come with --view intervals, "
        "--view by-age\n"
    )
    code, out, err = report(*STEPS, *asked, "--view", "by-age")
    assert (code, err) == (0, "")
    assert [line.split(",")[2] for line in out.splitlines()] == ["seconds", "5.0", "90000.0"]


def test_a_view_needs_csv_and_its_measure(report):
    assert report(*STEPS, "--view", "intervals")[::2] == (
        2,
        "error: --view chooses a table for --format csv; table has all\n",
    )
    code, out, err = report(*STEPS, "--view", "intervals", "--format", "csv")
    assert (code, out) == (2, "")
    assert err == "error: the report has no view 'intervals': it comes with --interval\n"
