"""Events of other products, as their exports have them, and the funnels on them."""

from __future__ import annotations

import json

import duckdb
import pytest

import funnelkit as fk
from funnelkit.cli.run import run
from funnelkit.errors import DataError


def lines(path, *objects):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), "utf-8")
    return path


def parquet(path, sql):
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    return path


def rows(folder, *columns):
    """Return columns of all imported events, by event time."""
    chosen = ", ".join(f'"{column}"' for column in columns)
    sql = f"SELECT {chosen} FROM read_parquet('{folder}/*.parquet') ORDER BY event_time, event_type"
    return duckdb.sql(sql).fetchall()


@pytest.fixture
def imported(tmp_path):
    """Import sources as a format; return what became of them."""

    def read(*sources, as_=None):
        return fk.import_events([str(each) for each in sources], tmp_path / "events", as_=as_)

    return read


def counts(result, steps, **options):
    return fk.report(result.output, steps=steps, **options).counts


# Segment and RudderStack


def call(minute, kind, *, user=None, anonymous="a1", **more):
    time = f"2024-01-05T10:{minute:02}:00.000Z"
    return {
        "type": kind,
        "messageId": f"{anonymous}-{minute}",
        "anonymousId": anonymous,
        "userId": user,
        "timestamp": time,
        "originalTimestamp": time,
        "sentAt": time,
        "receivedAt": time.replace(":00.000Z", ":02.500Z"),
        "context": {
            "ip": "203.0.113.7",
            "locale": "de-DE",
            "library": {"name": "analytics.js", "version": "2.11.1"},
            "page": {"path": "/shoes"},
        },
        "integrations": {},
        **more,
    }


CALLS = [
    call(0, "page", name="Home", properties={"path": "/", "title": "Home"}),
    call(1, "track", event="Product Viewed", properties={"price": 12.5, "tags": ["new"]}),
    call(2, "identify", user="u1", traits={"plan": "pro"}),
    call(3, "track", event="Order Completed", user="u1", properties={"total": 30}),
    call(4, "track", event="Product Viewed", anonymous="a2", properties={"price": 99}),
    call(5, "screen", anonymous="a3", name="Cart", properties={}),
    call(6, "group", anonymous="a3", groupId="g1", traits={"name": "Acme"}),
    call(7, "alias", anonymous="a3", user="u3", previousId="a3"),
]
VIEW_TO_ORDER = "Product Viewed > Order Completed"


@pytest.mark.parametrize("product", ["segment", "rudderstack"])
def test_segment_calls_are_events_pages_and_identify_calls(tmp_path, imported, product):
    more = {"rudderId": "r1"} if product == "rudderstack" else {}
    result = imported(lines(tmp_path / "in.json", *[{**each, **more} for each in CALLS]))
    assert (result.events, result.identify_calls, result.skipped, result.rejected) == (5, 2, 1, 0)
    assert counts(result, VIEW_TO_ORDER) == (2, 1)
    assert counts(result, "Product Viewed[price > 20] > Order Completed") == (1, 0)
    assert counts(result, "Page Viewed[name is Home and title is Home] > Order Completed") == (1, 1)
    assert counts(result, "Screen Viewed[name is Cart] > Order Completed") == (1, 0)
    found = rows(result.output, "event_type", "user_id", "device_id", "ip_address", "language")
    assert found[1] == ("Product Viewed", None, "a1", "203.0.113.7", "de-DE")
    assert found[3][:3] == ("Order Completed", "u1", "a1")
    assert rows(result.output, "event_properties")[1] == ('{"price":12.5,"tags":["new"]}',)
    context, received = rows(result.output, "context", "server_received_time")[1]
    assert json.loads(context)["page"] == {"path": "/shoes"}
    assert f"{received:%H:%M:%S.%f}" == "10:01:02.500000"


def test_traits_of_an_identify_call_are_its_user_properties(tmp_path, imported):
    result = imported(lines(tmp_path / "in.json", *CALLS))
    found = {kind: json.loads(traits) for kind, traits in
             rows(result.output, "event_type", "user_properties") if traits}  # fmt: skip
    assert found == {"$identify": {"plan": "pro"}}


def test_call_that_segment_sent_twice_counts_once(tmp_path, imported):
    result = imported(lines(tmp_path / "in.json", *CALLS), lines(tmp_path / "b.json", CALLS[1]))
    assert (result.duplicates, counts(result, VIEW_TO_ORDER)) == (1, (2, 1))


def test_kind_of_call_that_is_unknown_is_left_out_and_none_at_all_is_rejected(tmp_path, imported):
    bare = {key: value for key, value in CALLS[1].items() if key != "type"}
    result = imported(lines(tmp_path / "in.json", *CALLS, call(9, "delete"), bare))
    assert (result.skipped, result.rejected) == (2, 1)
    assert result.notes[:2] == ("1 left out: alias call", "1 left out: delete call")


COMMON = """id, anonymous_id, user_id, time::TIMESTAMP AS "timestamp",
    time::TIMESTAMP AS original_timestamp, time::TIMESTAMP AS sent_at,
    time::TIMESTAMP + INTERVAL 2 SECOND AS received_at, '203.0.113.7' AS context_ip,
    '/shoes' AS context_page_path, time::TIMESTAMP AS uuid_ts"""


def warehouse(folder):
    """Write the tables of a Segment warehouse: one for each event, and those of all sources."""
    viewed = """(VALUES ('m1', 'a1', NULL, '2024-01-05 10:01', 12.5), ('m2', 'a2', NULL,
        '2024-01-05 10:04', 99), ('m3', 'a3', 'u3', '2024-01-05 10:05', NULL))
        t(id, anonymous_id, user_id, time, price)"""
    ordered = """(VALUES ('m4', 'a1', 'u1', '2024-01-05 10:03', 30))
        t(id, anonymous_id, user_id, time, total)"""
    paged = """(VALUES ('m5', 'a1', NULL, '2024-01-05 10:00', 'Home', '/'))
        t(id, anonymous_id, user_id, time, name, path)"""
    known = """(VALUES ('m6', 'a1', 'u1', '2024-01-05 10:02', 'pro'))
        t(id, anonymous_id, user_id, time, plan)"""
    view = f"{COMMON}, 'product_viewed' AS event, 'Product Viewed' AS event_text"
    order = f"{COMMON}, 'order_completed' AS event, 'Order Completed' AS event_text"
    parquet(folder / "product_viewed.parquet", f"SELECT {view}, price FROM {viewed}")
    parquet(folder / "a_order_completed.parquet", f"SELECT {order}, total FROM {ordered}")
    parquet(folder / "pages.parquet", f"SELECT {COMMON}, name, path FROM {paged}")
    parquet(folder / "identifies.parquet", f"SELECT {COMMON}, plan FROM {known}")
    parquet(
        folder / "0.tracks.parquet",
        f"SELECT {view} FROM {viewed} UNION ALL SELECT {order} FROM {ordered}",
    )
    return folder


@pytest.mark.parametrize("as_", [None, "segment", "rudderstack"])
def test_tables_of_a_warehouse_are_the_same_events(tmp_path, imported, as_):
    result = imported(warehouse(tmp_path / "in"), as_=as_)
    assert (result.events, result.identify_calls, result.duplicates) == (5, 1, 4)
    assert counts(result, VIEW_TO_ORDER) == (3, 1)
    assert counts(result, "Product Viewed[price > 20] > Order Completed") == (1, 0)
    assert counts(result, "Page Viewed[name is Home] > Product Viewed > Order Completed") == (
        1,
        1,
        1,
    )
    found = rows(result.output, "event_properties", "user_properties", "context_page_path")
    assert found == [
        ('{"name":"Home","path":"/"}', None, "/shoes"),
        ('{"price":12.5}', None, "/shoes"),
        (None, '{"plan":"pro"}', "/shoes"),
        ('{"total":30}', None, "/shoes"),
        ('{"price":99.0}', None, "/shoes"),
        ("{}", None, "/shoes"),
    ]


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_tables_as_text_are_told_by_their_names_too(tmp_path, imported, ending):
    folder = warehouse(tmp_path / "in")
    (tmp_path / "text").mkdir()
    for name in ("identifies", "pages", "product_viewed", "a_order_completed"):
        target = tmp_path / "text" / f"prod.{name}.{ending}"
        kind = "CSV" if ending == "csv" else "JSON"
        duckdb.sql(f"COPY (FROM '{folder}/{name}.parquet') TO '{target}' (FORMAT {kind})")
    result = imported(tmp_path / "text", as_="segment")
    assert (result.events, result.identify_calls, result.rejected) == (5, 1, 0)
    assert counts(result, VIEW_TO_ORDER) == (3, 1)
    home = "Page Viewed[name is Home] > Product Viewed > Order Completed"
    assert counts(result, home) == (1, 1, 1)


def test_table_may_have_a_property_called_type(tmp_path, imported):
    viewed = warehouse(tmp_path / "in") / "product_viewed.parquet"
    typed = parquet(tmp_path / "typed.parquet", f"SELECT *, 'shoe' AS type FROM '{viewed}'")
    result = imported(typed)
    assert counts(result, "Product Viewed[type is shoe] > Product Viewed") == (3, 0)


def test_table_alone_called_tracks_is_enough_without_properties(tmp_path, imported):
    tracks = warehouse(tmp_path / "in") / "0.tracks.parquet"
    assert counts(imported(tracks), VIEW_TO_ORDER) == (3, 1)


def test_table_whose_rows_nobody_names_is_refused(tmp_path, imported):
    known = warehouse(tmp_path / "in") / "identifies.parquet"
    with pytest.raises(DataError, match="none of pages, screens, identifies, groups"):
        imported(known.rename(tmp_path / "in" / "part-0.parquet"), as_="segment")


# Google Analytics 4

GA4 = [
    ("page_view", 1704448800000000, "c1", None, [("ga_session_id", "int", "1704448795")], []),
    ("view_item", 1704448860000001, "c1", None,
     [("ga_session_id", "int", "1704448795"), ("currency", "string", "EUR"),
      ("value", "double", 12.5)], [("plan", "string", "pro")]),
    ("purchase", 1704448920000000, "c1", "u1", [("value", "int", "30")],
     [("plan", "string", "pro")]),
    ("view_item", 1704448980000000, "c2", None, [("value", "int", "99")], []),
    ("view_item", 1704449040000000, None, None, [], []),
]  # fmt: skip


def parameters(found):
    return [{"key": key, "value": {f"{kind}_value": value}} for key, kind, value in found]


def ga4_lines(path):
    """Write events as BigQuery exports them as JSON: whole numbers are texts."""
    return lines(
        path,
        *(
            {
                "event_date": "20240105",
                "event_timestamp": str(time),
                "event_name": name,
                "event_params": parameters(found),
                "user_pseudo_id": browser,
                **({"user_id": user} if user else {}),
                "user_properties": parameters(people),
                "device": {"category": "mobile", "operating_system": "Android"},
                "geo": {"country": "Germany", "metro": "(not set)"},
                "platform": "WEB",
                "items": [{"item_id": "p1", "price": 12.5}] if name == "purchase" else [],
            }
            for name, time, browser, user, found, people in GA4
        ),
    )


def ga4_parquet(path, source):
    value = (
        "STRUCT(string_value VARCHAR, int_value BIGINT, float_value DOUBLE, double_value DOUBLE)"
    )
    pairs = f"STRUCT(key VARCHAR, value {value})[]"
    return parquet(
        path,
        f"""SELECT event_date, event_timestamp::BIGINT AS event_timestamp, event_name,
        from_json(event_params, '[{{"key":"VARCHAR","value":{{"string_value":"VARCHAR",
        "int_value":"BIGINT","float_value":"DOUBLE","double_value":"DOUBLE"}}}}]')::{pairs}
        AS event_params, user_pseudo_id, user_id,
        from_json(user_properties, '[{{"key":"VARCHAR","value":{{"string_value":"VARCHAR",
        "int_value":"BIGINT","float_value":"DOUBLE","double_value":"DOUBLE"}}}}]')::{pairs}
        AS user_properties, {{'category': 'mobile', 'operating_system': 'Android'}} AS device,
        {{'country': 'Germany', 'metro': '(not set)'}} AS geo, platform,
        from_json(items, '[{{"item_id":"VARCHAR","price":"DOUBLE"}}]') AS items
        FROM read_json('{source}', format = 'newline_delimited', columns = {{event_date: 'VARCHAR',
        event_timestamp: 'VARCHAR', event_name: 'VARCHAR', event_params: 'JSON',
        user_pseudo_id: 'VARCHAR', user_id: 'VARCHAR', user_properties: 'JSON', platform: 'VARCHAR',
        items: 'JSON'}})""",
    )


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_ga4_parameters_are_event_properties_in_their_types(tmp_path, imported, kind):
    source = ga4_lines(tmp_path / "in.jsonl")
    if kind == "parquet":
        source = ga4_parquet(tmp_path / "in.parquet", source)
    result = imported(source)
    assert (result.events, result.skipped, result.rejected) == (4, 1, 0)
    assert counts(result, "view_item > purchase") == (2, 1)
    assert counts(result, "view_item[value > 20] > purchase") == (1, 0)
    assert counts(result, "view_item > purchase", segment=["Pro: user.plan is pro"]) == (1, 1)
    found = rows(
        result.output, "event_time", "device_id", "user_id", "session_id", "os_name", "country"
    )
    assert f"{found[1][0]:%H:%M:%S.%f}" == "10:01:00.000001"
    assert found[1][1:] == ("c1", None, 1704448795000, "Android", "Germany")
    texts = [text for (text,) in rows(result.output, "event_properties")]
    assert json.loads(texts[1]) == {"ga_session_id": 1704448795, "currency": "EUR", "value": 12.5}
    assert json.loads(texts[2]) == {"value": 30, "items": [{"item_id": "p1", "price": 12.5}]}


def test_ga4_session_that_no_number_can_be_costs_no_event(tmp_path, imported):
    (first, *_) = map(json.loads, ga4_lines(tmp_path / "in.jsonl").read_text().splitlines())
    first["event_params"][0]["value"]["int_value"] = "9223372036854775807"
    result = imported(lines(tmp_path / "odd.jsonl", first, {**first, "event_params": "odd"}))
    assert (result.events, rows(result.output, "session_id")) == (2, [(None,), (None,)])


# Mixpanel


def mixpanel(minute, event, **properties):
    return {
        "event": event,
        "properties": {
            "time": 1704448800 + 60 * minute,
            "$insert_id": f"i{minute}",
            "mp_processing_time_ms": 1704448802500 + 60000 * minute,
            "$os": "iOS",
            "$city": "Berlin",
            **properties,
        },
    }


MIXPANEL = [
    mixpanel(0, "View Item", distinct_id="$device:d1", **{"$device_id": "d1"}, price=12.5),
    mixpanel(1, "$identify", distinct_id="u1", **{"$identified_id": "u1", "$anon_id": "d1"}),
    mixpanel(2, "Purchase", distinct_id="u1", **{"$device_id": "d1", "$user_id": "u1"}),
    mixpanel(3, "View Item", distinct_id="d2", **{"$device_id": "d2"}, price=99),
    mixpanel(4, "View Item", distinct_id="u3", price=5),
    mixpanel(5, "Purchase", distinct_id="u3"),
    mixpanel(6, "$create_alias", distinct_id="u3", alias="x"),
]


def test_mixpanel_ids_are_users_and_devices(tmp_path, imported):
    result = imported(lines(tmp_path / "in.jsonl", *MIXPANEL))
    assert (result.events, result.identify_calls, result.skipped) == (5, 1, 1)
    assert counts(result, "View Item > Purchase") == (3, 2)
    assert counts(result, "View Item[price > 20] > Purchase") == (1, 0)
    found = rows(result.output, "user_id", "device_id", "os_name", "city", "$insert_id")
    assert found == [
        (None, "d1", "iOS", "Berlin", "i0"),
        ("u1", "d1", "iOS", "Berlin", "i1"),
        ("u1", "d1", "iOS", "Berlin", "i2"),
        (None, "d2", "iOS", "Berlin", "i3"),
        ("u3", None, "iOS", "Berlin", "i4"),
        ("u3", None, "iOS", "Berlin", "i5"),
    ]


def test_mixpanel_times_in_milliseconds_are_told_from_seconds(tmp_path, imported):
    late = mixpanel(0, "A", distinct_id="u1")
    late["properties"]["time"] = 1704448800123
    result = imported(lines(tmp_path / "in.jsonl", late, mixpanel(1, "B", distinct_id="u1")))
    times = [f"{time:%Y-%m-%d %H:%M:%S.%f}" for (time,) in rows(result.output, "event_time")]
    assert times == ["2024-01-05 10:00:00.123000", "2024-01-05 10:01:00.000000"]


# PostHog


def posthog(minute, event, distinct, person, **properties):
    return {
        "uuid": f"018cd8a0-0000-7000-8000-0000000000{minute:02}",
        "event": event,
        "properties": {"$device_id": "d1", "$os": "Mac OS X", **properties},
        "distinct_id": distinct,
        "person_id": person,
        "person_properties": {"plan": "pro" if person == "p1" else "free"},
        "timestamp": f"2024-01-05T10:{minute:02}:00.250Z",
        "created_at": f"2024-01-05T10:{minute:02}:01Z",
        "_inserted_at": f"2024-01-05T10:{minute:02}:05Z",
        "elements_chain": "",
    }


POSTHOG = [
    posthog(0, "$pageview", "d1", "p1", **{"$current_url": "/"}),
    posthog(1, "viewed item", "d1", "p1", price=12.5),
    posthog(2, "$identify", "u1", "p1", **{"$anon_distinct_id": "d1"}),
    posthog(3, "paid", "u1", "p1"),
    posthog(4, "viewed item", "u2", "p2", price=99, **{"$device_id": "d9"}),
    posthog(5, "paid", "another id", "p2", **{"$device_id": "d8"}),
    posthog(6, "viewed item", "u3", "p3", price=1, **{"$device_id": None}),
    posthog(7, "$set", "u3", "p3"),
    posthog(8, "$create_alias", "u3", "p3"),
]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_posthog_persons_are_the_users(tmp_path, imported, kind):
    source = lines(tmp_path / "in.jsonl", *POSTHOG)
    if kind == "parquet":
        source = parquet(
            tmp_path / "in.parquet",
            f"""SELECT uuid, event, properties::VARCHAR AS properties, distinct_id, person_id,
            person_properties::VARCHAR AS person_properties, elements_chain, timestamp::TIMESTAMP AS
            "timestamp", created_at::TIMESTAMP AS created_at FROM read_json('{source}', format =
            'newline_delimited', columns = {{uuid: 'VARCHAR', event: 'VARCHAR', properties: 'JSON',
            distinct_id: 'VARCHAR', person_id: 'VARCHAR', person_properties: 'JSON',
            elements_chain: 'VARCHAR', timestamp: 'VARCHAR', created_at: 'VARCHAR'}})""",
        )
    result = imported(source)
    assert (result.events, result.identify_calls, result.skipped) == (6, 2, 1)
    assert counts(result, "viewed item > paid") == (3, 2)
    assert counts(result, "viewed item[price > 20] > paid") == (1, 1)
    assert counts(result, "$pageview > viewed item > paid") == (1, 1, 1)
    assert counts(result, "viewed item > paid", segment=["Pro: user.plan is pro"]) == (1, 1)
    found = rows(result.output, "user_id", "device_id", "os_name", "person_id")
    assert found[0] == (None, "d1", "Mac OS X", "p1")
    assert found[5][:2] == ("another id", "d8")
    again = fk.import_events(str(source), result.output)
    assert (again.known_files, again.total) == (1, result.total)


def test_posthog_without_persons_links_ids_as_amplitude_does(tmp_path, imported):
    bare = [{k: v for k, v in each.items() if k != "person_id"} for each in POSTHOG]
    result = imported(lines(tmp_path / "in.jsonl", *bare))
    assert counts(result, "viewed item > paid") == (3, 1)


@pytest.mark.parametrize("name", ["segment", "rudderstack", "ga4", "mixpanel", "posthog"])
def test_file_of_something_else_is_rejected_line_by_line(tmp_path, imported, name):
    source = lines(tmp_path / "in.jsonl", {"a": 1}, {"b": {"c": 2}})
    if name in {"segment", "rudderstack"}:
        with pytest.raises(DataError, match="what are its rows"):
            imported(source, as_=name)
        return
    result = imported(source, as_=name)
    assert result.events == 0
    assert (result.rejected, result.skipped) == (2, 0)


def test_format_that_does_not_exist_names_those_that_do(tmp_path, capfd):
    source = lines(tmp_path / "in.jsonl", *MIXPANEL)
    assert run(["import", str(source), "-o", str(tmp_path / "e"), "--as", "mixpannel"]) == 2
    assert "Did you mean 'mixpanel'?" in capfd.readouterr().err


def test_a_column_that_a_format_does_not_know_keeps_its_type_beside_amplitudes(tmp_path):
    source = tmp_path / "a.jsonl"
    line = {"event_name": "A", "event_timestamp": 1_704_452_400_000_000, "user_pseudo_id": "d",
            "server_received_time": "soon", "session_id": "s"}  # fmt: skip
    source.write_text(f"{json.dumps(line)}\n", "utf-8")
    result = fk.import_events(source, tmp_path / "events", as_="ga4")
    assert (result.events, result.rejected) == (1, 0)
