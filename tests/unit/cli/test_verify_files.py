"""`funnelkit verify FILE…` and `funnelkit lock`: many funnels, saved answers, and what changed."""

import json
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

import funnelkit as fk
from funnelkit.cli.run import run
from funnelkit.render.verification_run import render_run

EVENTS = [
    {"user_id": "u", "time": 1_777_593_600_000, "event_type": "View"},
    {"user_id": "u", "time": 1_777_593_610_000, "event_type": "Add"},
    {"user_id": "v", "time": 1_777_593_600_000, "event_type": "View"},
    {"user_id": "w", "time": 1_777_680_000_000, "event_type": "View"},
    {"user_id": "w", "time": 1_777_680_010_000, "event_type": "Add"},
]
"""u and v view on 2026-05-01, w on 2026-05-02; u and w add after 10 s."""

SHOP = """
events = "events.jsonl"
steps = "View > Add"
window = "1d"
from = 2026-05-01
to = 2026-05-02
[expect]
counts = [3, 2]
"""
ANSWER = {
    "data": [
        {
            "meta": {"segmentIndex": 0}, "groupValue": "", "events": ["View", "Add"],
            "cumulativeRaw": [3, 2], "avgTransTimes": [10000, 10000],
            "medianTransTimes": [10000, 10000],
            "dayFunnels": {"xValues": ["2026-05-01", "2026-05-02"], "series": [[2, 1], [1, 1]]},
        }
    ],
    "timeComputed": 1_782_000_000_000, "minSampleRate": 1.0, "prunedResult": False,
}  # fmt: skip
"""What Amplitude said of the same funnel on 2026-06-21, when it had settled."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    write(tmp_path, EVENTS)
    (tmp_path / "shop.funnel.toml").write_text(SHOP)
    return tmp_path


def write(folder, events):
    (folder / "events.jsonl").write_text("\n".join(map(json.dumps, events)), "utf-8")


def answer(folder, *counts, **said):
    """Write an answer of Amplitude's with these counts."""
    data = json.loads(json.dumps(ANSWER["data"]))
    data[0]["cumulativeRaw"] = [*counts]
    path = folder / "answer.json"
    path.write_text(json.dumps({**ANSWER, "data": data, **said}))
    return path


@pytest.fixture
def told(folder, capfd):  # noqa: ARG001 - the folder is where it runs
    """Run a command in the folder; return exit code, stdout and stderr."""

    def command(*arguments):
        code = run([*map(str, arguments)])
        return code, *capfd.readouterr()

    return command


def test_without_a_file_every_funnel_file_below_the_folder_is_verified(told, folder):
    (folder / "deep").mkdir()
    deep = SHOP.replace("events.jsonl", "../events.jsonl").replace("[3, 2]", "[3, 1]")
    (folder / "deep" / "cart.funnel.toml").write_text(deep)
    code, out, err = told("verify")
    assert code == 1
    assert "pass      shop (shop.funnel.toml), 2 numbers" in out
    assert "FAIL      cart (deep/cart.funnel.toml)" in out
    assert out.endswith("1 failed, 1 passed\n")
    assert err.startswith("failed: cart: step 2 Add: expected 1, found 2 (+1); no lock says")


def test_k_chooses_x_stops_and_q_is_quiet(told, folder):
    for name in ("a", "b"):
        (folder / f"{name}.funnel.toml").write_text(SHOP.replace("[3, 2]", "[3, 1]"))
    code, out, _ = told("verify", "-k", "SHOP")
    assert (code, out.splitlines()[-1]) == (0, "1 passed, 2 not chosen")
    assert told("verify", "-x")[1].splitlines()[-1] == "1 failed, 2 not run"
    code, out, err = told("verify", "-q")
    assert out.splitlines() == [
        "FAIL      a (a.funnel.toml), 2 numbers",
        "FAIL      b (b.funnel.toml), 2 numbers",
        "2 failed, 1 passed",
    ]
    assert err.startswith("failed: a: step 2 Add: expected 1, found 2 (+1)")
    assert told("verify", "-k", "nope")[2].startswith("error: no funnel is called like 'nope'")


def test_a_lock_tells_which_of_the_events_the_definition_and_funnelkit_changed(told, folder):
    assert told("lock", "shop.funnel.toml")[1] == (
        "shop.lock.json is new: 3 > 2, counted by funnelkit\n"
    )
    assert told("verify")[0] == 0
    write(folder, [event for event in EVENTS if event["user_id"] != "u"])
    code, _, err = told("verify")
    assert code == 1
    assert err.startswith("failed: shop: step 1 View: expected 3, found 2 (-1) (and ")
    assert err.endswith("; the events changed: 3 of them, there were 5\n")
    write(folder, reversed(EVENTS))  # the order of the rows plays no part
    assert told("verify")[0] == 0
    (folder / "shop.funnel.toml").write_text(SHOP.replace('"1d"', '"5s"'))
    err = told("verify")[2]
    assert "the definition changed: window = 5s, was 1d" in err
    assert "events changed" not in err
    (folder / "shop.funnel.toml").write_text(SHOP.replace("[3, 2]", "[3, 3]"))
    assert (
        "the numbers of shop.lock.json hold: what else is expected was never so"
        in told("verify")[2]
    )
    lock = json.loads((folder / "shop.lock.json").read_text())
    (folder / "shop.lock.json").write_text(json.dumps({**lock, "funnelkit": "0.0.1"}))
    assert "funnelkit changed: it was 0.0.1, now it is" in told("verify")[2]


def test_the_same_events_with_other_properties_are_not_the_same_events(told, folder):
    (folder / "shop.funnel.toml").write_text(SHOP.replace("View >", "View[p is 1] >"))
    write(folder, [{**event, "event_properties": {"p": 1}} for event in EVENTS])
    assert told("lock")[0] == 0
    write(folder, [{**event, "event_properties": {"p": 2}} for event in EVENTS])
    assert "the same 5, with other properties" in told("verify")[2]


def test_a_lock_of_a_funnel_by_options_is_called_like_its_file(told, folder):
    defined = ("--steps", "View > Add", "--window", "30d")
    assert told("lock", "events.jsonl", *defined, "-o", "checkout.lock.json")[0] == 0
    assert json.loads((folder / "checkout.lock.json").read_text())["name"] == "checkout"
    code, out, _ = told("verify", "checkout.lock.json", "events.jsonl")
    assert (code, out.split()[:2]) == (0, ["pass", "checkout"])


def test_a_lock_that_somebody_edited_is_named_and_nobody_else(told, folder):
    assert told("lock")[0] == 0
    (folder / "shop.funnel.toml").write_text(SHOP.partition("[expect]")[0])
    path = folder / "shop.lock.json"
    lock = json.loads(path.read_text())
    assert lock["segments"][0]["series"]["2026-05-02"] == [1, 1]
    lock["segments"][0]["series"]["2026-05-02"] = [1, 0]
    path.write_text(json.dumps(lock))
    assert told("verify")[2] == (
        "failed: shop: 2026-05-02, step 2 Add: expected 0, found 1 (+1); shop.lock.json was edited:"
        " its numbers are not those of its hash\n"
    )
    lock["segments"][0]["series"]["2026-05-02"] = [1, 1]
    lock["definition"]["window"] = "5s"
    path.write_text(json.dumps(lock))
    said = told("verify", "shop.lock.json", "events.jsonl")[2]
    assert said.endswith("; shop.lock.json was edited: its definition is not that of its hash\n")
    assert "the definition changed" not in said


def test_a_lock_of_a_later_version_is_said_to_be_one(told, folder):
    assert told("lock")[0] == 0
    path = folder / "shop.lock.json"
    path.write_text(path.read_text().replace("funnelkit.lock/1", "funnelkit.lock/2"))
    code, _, err = told("verify")
    assert code == 2
    assert (
        "a lock of another version, funnelkit.lock/2; this funnelkit reads funnelkit.lock/1" in err
    )


def test_two_funnels_of_one_name_share_no_lock(told, folder):
    assert told("lock")[0] == 0
    named = "[funnels.shop]\n" + SHOP.replace("[expect]", "[funnels.shop.expect]")
    (folder / "other.funnel.toml").write_text(named.replace('"1d"', '"2d"'))
    for command in ("verify", "lock"):
        code, _, err = told(command)
        assert code == 2
        assert "other.funnel.toml:shop and shop.funnel.toml:shop have one lock, shop.lock" in err
    (folder / "shop.lock.json").unlink()
    assert told("verify")[0] == 0


def test_a_definition_in_other_words_is_no_change_and_leaves_the_lock_as_it_is(told, folder):
    funnel = SHOP.replace("View > Add", "View[a is (none) and b in (1, (none))] > Add")
    (folder / "shop.funnel.toml").write_text(funnel.replace("[expect]", "[settings]\n[expect]"))
    assert told("lock")[0] == 0
    lock = (folder / "shop.lock.json").read_text()
    rewritten = SHOP.replace("View > Add", "View[b in ((none), 1) and a is (none)] > Add")
    rewritten = rewritten.replace("[expect]", 'timezone = "Etc/UTC"\n[expect]')
    (folder / "shop.funnel.toml").write_text(rewritten)
    assert told("verify")[0] == 0
    assert told("lock")[1] == "shop.lock.json stays as it is: 3 > 2\n"
    assert (folder / "shop.lock.json").read_text() == lock
    write(folder, EVENTS[1:])
    err = told("verify", "--no-why")[2]
    assert err.endswith("; the events changed: 4 of them, there were 5\n")
    (folder / "shop.funnel.toml").write_text(rewritten.replace('"1d"', '"5s"'))
    err = told("verify", "--no-why")[2]
    assert "; the definition changed: window = 5s, was 1d; the events changed" in err


def test_a_cohort_whose_file_changed_is_a_changed_definition_also_in_other_words(told, folder):
    funnel = SHOP.replace("[expect]\ncounts = [3, 2]\n", "[segments]\nus = {us}\n")
    (folder / "us.txt").write_text("u\nv\n")
    (folder / "shop.funnel.toml").write_text(funnel.replace("{us}", '"a is 1 and cohort(us.txt)"'))
    assert told("lock")[0] == 0
    (folder / "shop.funnel.toml").write_text(funnel.replace("{us}", '"cohort(us.txt) and a is 1"'))
    assert told("verify")[0] == 0
    (folder / "us.txt").write_text("u\n")
    lock = json.loads((folder / "shop.lock.json").read_text())
    lock["segments"][0]["counts"] = [1, 0]
    (folder / "shop.lock.json").write_text(json.dumps(lock))
    assert "; the definition changed: a cohort's file" in told("verify", "--no-why")[2]


def test_what_the_lock_names_is_not_guessed_at_again(told, folder):
    assert told("lock")[0] == 0
    (folder / "shop.funnel.toml").write_text(SHOP.replace('"1d"', '"5s"'))
    out = told("verify")[1]
    assert "the definition changed: window = 5s, was 1d" in out
    assert "instead of" not in out
    assert "window 1d instead of 5s" in told("verify", "--why")[1]


def test_a_lock_from_which_numbers_were_taken_passes_with_a_warning(told, folder):
    assert told("lock")[0] == 0
    path = folder / "shop.lock.json"
    lock = json.loads(path.read_text())
    del lock["segments"][0]["series"]
    path.write_text(json.dumps(lock))
    code, _, err = told("verify")
    assert code == 0
    assert err == (
        "warning: shop: shop.lock.json was edited: its numbers are not those of its hash, and some "
        "may have been taken out\n"
    )


def test_what_is_undecided_and_agrees_is_said_without_a_number(told, folder):
    with (folder / "shop.funnel.toml").open("a") as file:
        file.write("fetched_at = 2026-05-03\n")
    code, _, err = told("verify")
    assert code == 5
    assert err.startswith("error: shop: not settled when it was read on 2026-05-03: ")


def test_a_file_that_may_be_meant_as_an_answer_is_named_where_nothing_is_expected(told, folder):
    (folder / "other.csv").write_text("a,b\n1,2\n")
    code, _, err = told("verify", "other.csv", "events.jsonl", "--steps", "View > Add")
    assert code == 2
    assert "(other.csv holds no chart and no answer about a funnel: read as events)" in err


def test_a_known_difference_that_is_gone_blames_nobody(told, folder):
    known = 'known_difference = { reason = "x", until = 2999-01-01 }\n'
    (folder / "shop.funnel.toml").write_text(SHOP + known)
    code, out, err = told("verify")
    assert code == 1
    assert err == "failed: shop: nothing differs any more: take known_difference out\n"
    assert "cause" not in out


def test_the_same_files_imported_in_another_order_are_the_same_events(told, folder):
    events = [
        {**event, "device_id": "d", "insert_id": str(n), "event_properties": {"n": n}}
        for n, event in enumerate(EVENTS)
    ]
    found = []
    for name, order in (("one", events), ("other", events[::-1])):
        write(folder, order)
        assert told("import", "events.jsonl", "-o", name)[0] == 0
        assert told("lock", "shop.funnel.toml", name, "-o", f"{name}.lock.json")[0] == 0
        found.append(json.loads((folder / f"{name}.lock.json").read_text())["events"])
    assert found[0] == found[1]


def test_days_that_amplitude_calls_incomplete_are_undecided_and_so_is_the_whole(told, folder):
    path = answer(folder, 3, 1, timeComputed=None)
    document = json.loads(path.read_text())
    document["data"][0]["dayFunnels"]["series"] = [[2, 1], [1, 0]]
    document["data"][0]["dayFunnels"]["isComplete"] = [True, False]
    path.write_text(json.dumps(document))
    (folder / "shop.funnel.toml").write_text(SHOP.partition("[expect]")[0])
    code, out, err = told("verify", "shop.funnel.toml", "answer.json")
    assert code == 5
    assert "Amplitude says that 2026-05-02 was not complete yet (isComplete)" in err
    assert "!" not in out
    assert told("lock", "shop.funnel.toml", "answer.json")[0] == 0
    assert told("verify", "shop.funnel.toml")[0] == 5  # the lock knows it, too


def test_update_shows_the_difference_and_writes_the_lock_anew(told, folder):
    assert told("verify", "--update")[0] == 0
    assert told("verify", "--update")[1] == "shop.lock.json stays as it is: 3 > 2\n"
    write(folder, EVENTS[2:])
    code, out, _ = told("verify", "--update")
    assert code == 0
    assert out.splitlines() == [
        "shop.lock.json is written anew: 2 > 1, counted by funnelkit",
        "  3 > 2 became 2 > 1",
        "  other numbers on 2026-05-01",
        "  the events changed: 3 of them, there were 5",
    ]
    (folder / "shop.funnel.toml").write_text(SHOP.partition("[expect]")[0])
    assert told("verify")[0] == 0


def test_a_saved_answer_is_checked_against_the_events_and_the_query_defines_it(told, folder):
    answer(folder, 3, 2)
    query = 'e={"event_type":"View"}&e={"event_type":"Add"}&start=20260501&end=20260502&cs=86400'
    arguments = ("verify", "answer.json", "events.jsonl", "--funnel", query)
    code, out, _ = told(*arguments)
    assert code == 0
    assert out == "pass      query, 10 numbers\n1 passed\n"
    answer(folder, 3, 1)
    code, _, err = told(*arguments)
    assert code == 1
    assert "step 2 Add: expected 1, found 2 (+1)" in err


def test_a_chart_beside_its_csv_is_checked_to_the_last_digit(told, folder):
    (folder / "chart.json").write_text(
        '{"type": "funnels", "vis": "line", "name": "Adds", "params": {"start": 1777593600, "end": '
        '1777766399, "events": [{"event_type": "View"}, {"event_type": "Add"}]}}'
    )
    csv = '"\tSegment","\tSteps","\t2026-05-01","\t2026-05-02"\r\n"\tAll","\tEntire Funnel","0.5",'
    (folder / "chart.csv").write_text(f'{csv}"1"\r\n', newline="")
    assert told("verify", "chart.json", "chart.csv", "events.jsonl")[0] == 0
    (folder / "chart.csv").write_text(f'{csv}"0.9999999999"\r\n', newline="")
    code, _, err = told("verify", "chart.json", "chart.csv", "events.jsonl")
    assert code == 1
    assert "2026-05-02, conversion: expected 100 %" in err


def test_rows_of_the_period_before_are_held_to_the_events_before(told, folder):
    (folder / "shop.funnel.toml").write_text(
        SHOP.partition("[expect]")[0].replace("05-01", "05-02") + '[expect]\nfrom = "chart.csv"\n'
    )
    csv = (
        '"\tSegment","\tSteps","\t2026-05-02"\r\n"\tAll","\tEntire Funnel","1"\r\n'
        '"\t[Previous] All","\tEntire Funnel","0.5"\r\n'
    )
    (folder / "chart.csv").write_text(csv, newline="")
    assert told("verify")[0] == 0
    (folder / "chart.csv").write_text(csv.replace("0.5", "0.25"), newline="")
    code, _, err = told("verify")
    assert code == 1
    assert "[Previous], 2026-05-02, conversion: expected 25 %, found 50 % (+25 %)" in err


def test_a_csv_says_not_when_it_was_read_but_the_file_that_names_it_can(told, folder):
    csv = '"\tSegment","\tSteps","\t2026-05-01","\t2026-05-02"\r\n'
    (folder / "chart.csv").write_text(f'{csv}"\tAll","\tEntire Funnel","0.5","1"\r\n', newline="")
    text = SHOP.partition("[expect]")[0] + '[expect]\nfrom = "chart.csv"\n'
    (folder / "shop.funnel.toml").write_text(text)
    assert told("verify")[0] == 0
    (folder / "shop.funnel.toml").write_text(f"{text}fetched_at = 2026-05-03\n")
    assert told("verify")[0] == 5
    (folder / "shop.funnel.toml").write_text(f"{text}fetched_at = 2026-05-18\n")
    assert told("verify")[0] == 0


def test_a_csv_that_was_read_before_its_dates_settled_is_undecided_whoever_reads_it(folder):
    (folder / "shop.csv").write_text(
        '"\tSegment","\tSteps","\t2026-05-01","\t2026-05-02"\n"\tAll","\tEntire Funnel",0.5,1\n'
    )
    (folder / "shop.funnel.toml").write_text(SHOP.partition("[expect]")[0])
    for day, outcome in (
        (16, "undecided"),
        (19, "pass"),
    ):  # 2026-05-02, a day and 14 days: the 18th
        now = datetime(2026, 5, day, tzinfo=UTC)
        found = fk.verify_files(["shop.funnel.toml", "shop.csv"], now=now)
        assert found.results[0].outcome == outcome


def test_what_is_undecided_does_not_keep_the_rest_from_being_explained(told, folder):
    path = answer(folder, 9, 9, timeComputed=1_779_019_200_000)  # 2026-05-17: the 1st had settled
    document = json.loads(path.read_text())
    document["data"][0]["dayFunnels"]["series"] = [[2, 1], [7, 7]]
    del document["data"][0]["avgTransTimes"], document["data"][0]["medianTransTimes"]
    path.write_text(json.dumps(document))
    steps = SHOP.partition("[expect]")[0].replace("View >", "View[p is 1] >")
    (folder / "shop.funnel.toml").write_text(steps)
    code, out, _ = told("verify", "shop.funnel.toml", "answer.json")
    assert code == 1
    assert "why     candidate: step 1 without its filters" in out


def test_the_events_of_the_file_can_be_others(told, folder):
    (folder / "other.jsonl").write_text(json.dumps(EVENTS[0]))
    assert told("verify", "--events", "other.jsonl")[0] == 1
    assert told("verify", "shop.funnel.toml", "other.jsonl")[0] == 1
    assert told("verify", "shop.funnel.toml", "--events", "events.jsonl")[0] == 0


def test_a_chart_that_holds_rounded_percentages_only_checks_nothing(told, folder):
    (folder / "chart.csv").write_text("Segment,2026-05-01,2026-05-02\nAll,50.0%,100%\n")
    code, _, err = told("verify", "shop.funnel.toml", "chart.csv", "--window", "1d")
    assert code == 0  # the file's own counts are checked
    (folder / "shop.funnel.toml").write_text(SHOP.partition("[expect]")[0])
    code, _, err = told("verify", "shop.funnel.toml", "chart.csv")
    assert code == 2
    assert "chart.csv holds no number that can be compared" in err


def test_numbers_that_have_not_settled_end_with_5_or_as_it_is_said(told, folder):
    answer(folder, 3, 1, timeComputed=1_778_000_000_000)  # 2026-05-05
    arguments = ("verify", "answer.json", "shop.funnel.toml")
    code, out, err = told(*arguments)
    assert code == 5
    assert "1 undecided" in out
    assert "not settled when it was read on 2026-05-05" in err
    assert told(*arguments, "--unchecked", "skip")[0] == 0
    assert told(*arguments, "--unchecked", "fail")[0] == 1
    assert told(*arguments, "--settle", "1d")[0] == 1


def test_what_is_undecided_and_agrees_takes_no_row_of_the_table(told, folder):
    answer(folder, 3, 2, timeComputed=1_777_900_000_000)
    (folder / "shop.funnel.toml").write_text(SHOP.partition("[expect]")[0])
    out = told("verify", "shop.funnel.toml", "answer.json")[1]
    rows = [line[:13] for line in out.splitlines() if line.startswith("?")]
    assert rows == ["? step 1 View", "? step 2 Add "]
    assert out.count("  why ") == 1
    (folder / "shop.csv").write_text('"\tSegment","\t2026-11-29"\n"\tAll","0"\n')
    young = SHOP.partition("[expect]")[0].replace("05-02", "11-29")
    (folder / "shop.funnel.toml").write_text(young)
    found = fk.verify_files(
        ["shop.funnel.toml", "shop.csv"], now=datetime(2026, 11, 30, tzinfo=UTC)
    )
    assert "? 2026-11-29, conversion" in render_run(found, format="table")


def test_sampled_answers_are_no_basis_for_a_lock_unless_allowed_by_name(told, folder):
    answer(folder, 3, 2, minSampleRate=0.1)
    code, _, err = told("lock", "shop.funnel.toml", "answer.json")
    assert code == 5
    assert "--allow sampled" in err
    assert not (folder / "shop.lock.json").exists()
    code, out, _ = told("lock", "shop.funnel.toml", "answer.json", "--allow", "sampled")
    assert (code, out) == (0, "shop.lock.json is new: 3 > 2, counted by Amplitude\n")
    assert told("verify")[0] == 5
    assert told("verify", "--allow", "sampled")[0] == 0


def test_a_lock_of_amplitudes_numbers_knows_when_it_restates_them(told, folder):
    answer(folder, 3, 2)
    assert told("lock", "shop.funnel.toml", "answer.json")[0] == 0
    lock = json.loads((folder / "shop.lock.json").read_text())
    assert lock["amplitude"] == {
        "chart": None, "fetched_at": "2026-06-21T00:00:00+00:00", "minSampleRate": 1.0,
        "prunedResult": False, "hitChunkGroupByLimit": None, "realtimeDataMissing": None,
        "cacheFreshness": None,
    }  # fmt: skip
    assert lock["segments"][0]["series"] == {"2026-05-01": [2, 1], "2026-05-02": [1, 1]}
    assert told("verify", "shop.funnel.toml")[0] == 0
    assert told("verify", "shop.lock.json", "events.jsonl")[0] == 0
    answer(folder, 4, 2)
    err = told("verify", "shop.funnel.toml", "answer.json")[2]
    assert "Amplitude restated its numbers: 3 > 2 became 4 > 2" in err
    code, _, err = told("verify", "--update")
    assert code == 5
    assert "there are no newer ones" in err
    code, out, _ = told("verify", "--update", "shop.funnel.toml", "answer.json")
    assert code == 0
    assert "  3 > 2 became 4 > 2\n" in out


def test_an_expectation_may_name_the_file_of_an_answer(told, folder):
    answer(folder, 3, 2)
    (folder / "shop.funnel.toml").write_text(f'{SHOP}from = "answer.json"\nchart = "abc"\n')
    code, out, _ = told("verify")
    assert (code, out) == (0, "pass      shop (shop.funnel.toml), 10 numbers\n1 passed\n")
    assert told("lock")[0] == 0
    assert json.loads((folder / "shop.lock.json").read_text())["amplitude"]["chart"] == "abc"


def test_every_format_carries_the_same_verdicts(told, folder, monkeypatch):
    (folder / "shop.funnel.toml").write_text(SHOP.replace("[3, 2]", "[3, 1]"))
    code, out, _ = told("verify", "--format", "json")
    case = json.loads(out)["cases"][0]
    assert (code, case["outcome"], case["name"]) == (1, "fail", "shop")
    assert case["checks"][1] == {
        "what": "step 2 Add", "metric": "count", "step": 2, "event": "Add", "expected": 1,
        "found": 2, "difference": 1, "verdict": "fail",
    }  # fmt: skip
    told("verify", "-o", "result.xml")
    suites = ET.parse(folder / "result.xml").getroot()
    assert (suites.get("tests"), suites.get("failures")) == ("2", "1")
    assert suites.find(".//failure").get("message") == "step 2 Add: expected 1, found 2 (+1)"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    out = told("verify", "--format", "github")[1]
    assert out.splitlines()[0].startswith(
        "::error file=shop.funnel.toml,title=funnelkit verify%3A shop::step 2 Add: expected 1"
    )
    assert "| step 2 Add | 1 | 2 | +1 | ❌ |" in (folder / "summary.md").read_text("utf-8")
    assert told("verify", "-o", "result.md")[0] == 1
    assert (folder / "result.md").read_text("utf-8") == (folder / "summary.md").read_text("utf-8")


def test_options_can_define_the_funnel_in_every_format(told):
    arguments = ("verify", "events.jsonl", "--steps", "View > Add", "--window", "1d")
    code, out, _ = told(*arguments, "--expect", "3, 2", "--format", "junit")
    assert code == 0
    assert ET.fromstring(out).get("tests") == "2"


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_being_checked(told, folder):
    (folder / "gone.funnel.toml").write_text(SHOP.replace("events.jsonl", "gone.jsonl"))
    code, out, err = told("verify")
    assert code == 3
    assert out.splitlines()[-1] == "1 could not be run, 1 passed"
    assert "gone.jsonl" in err


def test_a_funnel_named_by_a_cohort_and_a_custom_event_says_what_exports_do_not_hold(told, folder):
    (folder / "c1.txt").write_text("u\nv\nw\n")
    (folder / "shop.funnel.toml").write_text(
        SHOP.replace('"View > Add"', '"ce:Look > Add"')
        .replace("[3, 2]", "[3, 1]")
        .replace(
            "[expect]",
            '[segments]\nc = "cohort(c1.txt)"\n[custom_events]\nLook = "View"\n[expect]',
        )
    )
    words = " ".join(told("verify")[1].split())
    assert "not checkable from exports: the cohort c1.txt of c: exports do not say who" in words
    assert "the custom event 'Look': exports hold its members" in words


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["verify", "answer.json", "events.jsonl"], 2, "nothing says of which funnel"),
        (["verify", "nowhere.toml"], 2, "there is no file of funnels 'nowhere.toml'"),
        (["verify", "nothing.funnel.toml"], 2, "nothing is expected of"),
        (["verify", "no_events.funnel.toml"], 2, "where are its events?"),
        (["verify", "no_window.funnel.toml"], 2, "a verification states its window"),
        (["verify", "shop.funnel.toml:shop"], 2, "choose a funnel of shop.funnel.toml with -k"),
        (["verify", "shop.funnel.toml", "--steps", "A > B"], 2, "has the steps"),
        (["verify", "--expect", "3, 2"], 2, "--expect is of one funnel"),
        (["verify", "shop.funnel.toml", "-o", "shop.funnel.toml"], 2, "no format ends in .toml"),
        (["verify", "other.json", "shop.funnel.toml"], 3, "it has no cumulativeRaw"),
        (["verify", "broken.lock.json", "events.jsonl"], 2, "broken.lock.json"),
        (["verify", "refused.json", "shop.funnel.toml"], 5, "429 Unspecified Error"),
        (["lock", "no_window.funnel.toml"], 2, "a lock states its window"),
        (["lock", ".", "-o", "x.lock.json"], 2, "choose with -k"),
    ],
)
def test_what_is_wrong_is_said(told, folder, arguments, code, words):
    answer(folder, 3, 2)
    head = SHOP.partition("[expect]")[0]
    (folder / "nothing.funnel.toml").write_text(head)
    (folder / "no_events.funnel.toml").write_text(SHOP.replace('events = "events.jsonl"', ""))
    (folder / "no_window.funnel.toml").write_text(SHOP.replace('window = "1d"', ""))
    (folder / "other.json").write_text('{"data": {"series": [[1]]}}')
    (folder / "broken.lock.json").write_text('{"schema": "funnelkit.lock/1"}')
    (folder / "refused.json").write_text(
        '{"error": {"http_code": 429, "message": "Unspecified Error"}}'
    )
    found, _, err = told(*arguments)
    assert (found, words in err) == (code, True), err


def test_without_any_funnel_file_nothing_is_to_be_verified(told, folder):
    (folder / "shop.funnel.toml").unlink()
    code, _, err = told("verify")
    assert code == 2
    assert "there is no *.funnel.toml here" in err


def test_a_csv_of_other_steps_is_no_answer_though_its_numbers_agree(told, folder):
    funnel = SHOP.partition("[expect]")[0]
    (folder / "shop.funnel.toml").write_text(funnel.replace("View > Add", "View > View"))
    (folder / "shop.csv").write_text("Segment,1. View,2. Add (home)\nAll Users,3,0\n")
    code, _, err = told("verify", "shop.funnel.toml", "shop.csv", "--settle", "0d")
    assert code == 2
    assert "shop.csv holds the numbers of other steps: step 2 is 'Add' there, 'View' here" in err
    assert told("lock", "shop.funnel.toml", "shop.csv")[0] == 2
    assert not (folder / "shop.lock.json").exists()


def test_an_answer_with_the_steps_in_another_order_is_none(told, folder):
    document = json.loads(answer(folder, 3, 2).read_text())
    document["data"][0]["events"] = ["Add", "View"]
    (folder / "answer.json").write_text(json.dumps(document))
    (folder / "shop.funnel.toml").write_text(SHOP.partition("[expect]")[0])
    code, _, err = told("verify", "shop.funnel.toml", "answer.json")
    assert code == 2
    assert "step 1 is 'Add' there, 'View' here; step 2 is 'View' there, 'Add' here" in err


def test_a_name_that_nothing_else_has_may_be_a_display_name_and_only_warns(told, folder):
    (folder / "shop.funnel.toml").write_text(SHOP.partition("[expect]")[0])
    (folder / "shop.csv").write_text("Segment,Product seen,add\nAll Users,3,2\n")
    code, out, err = told("verify", "shop.funnel.toml", "shop.csv", "--unchecked", "skip")
    assert code == 0
    assert "shop" in out
    assert (
        "warning: shop: shop.csv may hold the numbers of another chart: step 1 is 'Product seen' "
        "there, 'View' here (a display name in Amplitude?)"
    ) in err


@pytest.mark.parametrize(
    "heads", ["View,Add", "1. View,2. Add", "view,ADD", "Step 1,Step 2", "View (home) (x),Add (y)"]
)
def test_names_that_say_the_same_are_no_news(told, folder, heads):
    (folder / "shop.funnel.toml").write_text(SHOP.partition("[expect]")[0])
    (folder / "shop.csv").write_text(f"Segment,{heads}\nAll Users,3,2\n")
    code, _, err = told("verify", "shop.funnel.toml", "shop.csv", "--unchecked", "skip")
    assert code == 0
    assert "another chart" not in err


def test_an_event_may_have_brackets_in_its_name(told, folder):
    events = [{**event, "event_type": "Revenue (Verified)"} for event in EVENTS[::2]]
    write(folder, [*EVENTS, *events, {**EVENTS[0], "event_type": "Revenue"}])
    funnel = SHOP.partition("[expect]")[0].replace("View", '\\"Revenue (Verified)\\"')
    (folder / "shop.funnel.toml").write_text(funnel)
    for label in ("Revenue (Verified)", "Revenue (Verified) (home)", "1. Revenue (Verified)"):
        (folder / "shop.csv").write_text(f"Segment,{label},Add\nAll Users,3,2\n")
        code, _, err = told("verify", "shop.funnel.toml", "shop.csv", "--unchecked", "skip")
        assert (code, err) == (0, ""), err
