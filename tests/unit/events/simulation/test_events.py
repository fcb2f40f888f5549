"""What the events carry: columns, properties and their types, states of sessions."""

import re
from datetime import date
from uuid import UUID

import polars as pl
import pytest

from funnelkit.errors import DataError, DefinitionError
from funnelkit.events.simulation import simulate
from funnelkit.events.simulation.catalog import own_catalog

PRODUCT = {"productId": int, "name": str, "category": str, "image": str, "price": float}
CART = {"cartId": str, "cartSubTotal": float, "cartTotal": float, "cartQuantity": int}
PROPERTIES = {
    "ProductSearched": {"query": str, "resultCount": int, "reranked": bool},
    "ProductsSearched": PRODUCT,
    "ProductViewed": PRODUCT,
    "ProductAdded": {**PRODUCT, "cartId": str, "quantity": int},
    "CartViewed": CART,
    "CheckoutStarted": CART,
    "OrderCompleted": CART,
}


@pytest.fixture(scope="module")
def store():
    return simulate("workshop-search", seed=8)


def properties(store):
    """Return (event type, properties without nulls) of every event."""
    rows = store.events.select("event_type", "event_properties").iter_rows()
    return [
        (event_type, {name: value for name, value in values.items() if value is not None})
        for event_type, values in rows
    ]


def sessions_of(store):
    """Return the (event type, properties) of each session, in order."""
    found = {}
    for session, event in zip(store.truth["session"], properties(store), strict=True):
        found.setdefault(session, []).append(event)
    return list(found.values())


def test_every_event_has_exactly_its_properties_in_their_types(store):
    seen = set()
    for event_type, values in properties(store):
        values.pop("feature", None)
        assert {name: type(value) for name, value in values.items()} == PROPERTIES[event_type]
        seen.add(event_type)
    assert seen == set(PROPERTIES)


def test_columns_are_those_of_an_export():
    assert simulate().events.drop("event_properties").schema == {
        "event_type": pl.String,
        "event_time": pl.Datetime("us"),
        "user_id": pl.String,
        "device_id": pl.String,
        "$insert_id": pl.String,
        "event_id": pl.Int64,
    }


def test_both_periods_have_the_same_columns():
    store = simulate()
    assert store.period("pre").schema == store.period("post").schema


def test_a_session_is_about_one_product_and_its_cart_holds_it(store):
    prices = {product.id: product.price for product in own_catalog().products}
    for events in sessions_of(store):
        named = {values["productId"] for _, values in events if "productId" in values}
        totals = {values["cartTotal"] for _, values in events if "cartTotal" in values}
        assert len(named) <= 1
        assert len(totals) <= 1
        if totals:
            total = totals.pop()
            assert total == round(total, 2) > prices[named.pop()]


def test_a_session_has_one_cart_and_one_cart_has_one_session(store):
    carts = [
        {values["cartId"] for _, values in events if "cartId" in values}
        for events in sessions_of(store)
    ]
    assert max(map(len, carts)) == 1
    ids = [cart_id for cart in carts for cart_id in cart]
    assert len(set(ids)) == len(ids)
    assert {UUID(cart_id).version for cart_id in ids} == {4}


def test_the_products_of_a_user_are_those_of_the_persona():
    store = simulate(identify=True, seed=3)
    personas = store.events["user_properties"].struct.field("persona")
    categories = store.events["event_properties"].struct.field("category")
    for persona, category in zip(personas, categories, strict=True):
        assert category is None or category in persona.split("_")


def test_a_query_is_two_words_of_product_names(store):
    words = {word for product in own_catalog().products for word in product.name.split()}
    queries = [values["query"] for _, values in properties(store) if "query" in values]
    assert len(queries) > 1000
    for query in queries:
        assert set(query.split(" ")) <= words
        assert query.count(" ") == 1
    assert len(set(queries)) > len(queries) / 2
    assert {values["resultCount"] for _, values in properties(store) if "query" in values} == {24}


def test_only_the_re_ranked_search_is_marked(store):
    marked = store.truth.with_columns(
        event_type=store.events["event_type"],
        reranked=store.events["event_properties"].struct.field("reranked"),
    ).filter(event_type="ProductSearched")
    assert set(marked.select("template", "reranked").unique().rows()) == {
        ("A", False),
        ("Af", True),
    }


def test_ids_are_padded_to_five_characters_and_a_user_has_one_device():
    users = simulate(returning=0.8).events.select("user_id", "device_id").unique()
    assert users["user_id"].is_unique().all()
    assert users["device_id"].is_unique().all()
    assert all(re.fullmatch(r"\d{5,}", user) for user in users["user_id"])
    assert {UUID(device).version for device in users["device_id"]} == {4}


def test_more_users_than_the_pool_has_are_still_different_people():
    users = simulate(returning=0, sessions_per_day=400).events["user_id"]
    assert users.n_unique() == 24_000
    assert set(users.str.len_chars()) == {5}


def test_a_user_is_the_same_person_in_every_simulation():
    one, two = (
        dict(simulate(seed=seed, identify=True).events.select("user_id", "device_id").iter_rows())
        for seed in (1, 2)
    )
    shared = one.keys() & two.keys()
    assert len(shared) > 1000
    assert all(one[user] == two[user] for user in shared)


def test_insert_ids_differ_within_a_simulation_between_seeds_and_between_stories():
    columns = [
        simulate(scenario, **settings).events["$insert_id"]
        for scenario, settings in [
            ("workshop", {"seed": 1}),
            ("workshop", {"seed": 2}),
            ("workshop", {"seed": 1, "returning": 0}),
            ("workshop", {"seed": 1, "clock": "2026-06-01"}),
            ("workshop-search", {"seed": 1}),
        ]
    ]
    assert pl.concat(columns).is_unique().all()


def test_without_insert_ids_events_have_the_five_keys_of_the_original():
    columns = simulate(insert_id=False).events.columns
    assert columns == ["event_type", "event_time", "user_id", "device_id", "event_properties"]


def test_session_ids_are_the_start_of_the_session_in_milliseconds():
    store = simulate(session_id=True)
    first = store.events.with_columns(store.truth["session", "step"]).filter(step=1)
    assert (first["session_id"] == first["event_time"].dt.epoch("ms")).all()
    per_session = store.events.with_columns(store.truth["session"]).group_by("session")
    assert set(per_session.agg(pl.col("session_id").n_unique())["session_id"]) == {1}


@pytest.mark.parametrize(
    ("platform", "name", "advertising"), [("ios", "iOS", "idfa"), ("android", "Android", "adid")]
)
def test_phones_add_what_phones_add(platform, name, advertising):
    events = simulate(platform=platform).events
    assert set(events["platform"]) == {name}
    assert events[advertising].null_count() == 0
    assert events["os_version"].n_unique() == 3
    assert events["device_id"].n_unique() == events["user_id"].n_unique()


def test_identify_adds_traits_that_fit_together():
    people = simulate(identify=True).events.select("user_id", "user_properties").unique()
    for user, traits in people.iter_rows():
        assert traits["username"] == f"user{int(user)}"
        assert traits["email"].split("@")[0].startswith(traits["name"].lower().replace(" ", "."))
        assert 18 <= traits["age"] <= 80
        assert traits["gender"] in ("F", "M")


def test_settings_leave_everything_else_as_it_was():
    plain = simulate(seed=6).events
    richer = simulate(seed=6, identify=True, session_id=True, insert_id=False).events
    shared = [name for name in plain.columns if name in richer.columns]
    assert plain.select(shared).equals(richer.select(shared))


def test_a_new_property_shifts_no_other():
    view = ("ProductViewed", {"shelf": ["left", "right"]})
    plain = simulate(seed=6, templates={"pre": [["ProductViewed", "ProductAdded"]]}).period("pre")
    added = simulate(seed=6, templates={"pre": [[view, "ProductAdded"]]}).period("pre")
    drawn = added["event_properties"].struct.field("shelf")
    assert set(drawn.drop_nulls()) == {"left", "right"}
    for name in plain["event_properties"].struct.fields:
        one, two = (frame["event_properties"].struct.field(name) for frame in (plain, added))
        assert one.equals(two)


# --- templates as Python objects


def test_templates_are_lists_of_events_with_property_dicts():
    template = [
        ("ProductViewed", {"feature": ["a", "b"], "list": "winter", "depth": 3}),
        ("ProductAdded", {"double": lambda session: session.product.price * 2}),
        ("Shared", {"expand": lambda session: {"who": session.user_id, "cart": session.cart_id}}),
    ]
    store = simulate(templates={"post": [template]}, days=2, seed=5)
    kinds = {}
    for events in sessions_of(store):
        for event_type, values in events:
            kinds.setdefault(event_type, []).append(values)
    viewed = [values for values in kinds["ProductViewed"] if "list" in values]
    assert {(v["list"], v["depth"]) for v in viewed} == {("winter", 3)}
    assert {v["feature"] for v in viewed} == {"a", "b"}
    added = [values for values in kinds["ProductAdded"] if "double" in values]
    assert added
    assert all(values["double"] == values["price"] * 2 for values in added)
    users = set(store.events["user_id"])
    assert kinds["Shared"]
    assert all(values["who"] in users and UUID(values["cart"]) for values in kinds["Shared"])


def test_functions_see_the_same_session_as_the_fields():
    seen = {
        "id": lambda s: s.product.id == s.cart[0].id or s.product in s.cart,
        "cartIdToo": lambda s: s.cart_id,
        "queryToo": lambda s: s.query,
        "results": lambda s: s.results,
        "chance": lambda s: s.chance,
    }
    fields = {"cartId": "{cart.id}", "query": "{search.query}", "resultCount": "{search.results}"}
    store = simulate(templates={"pre": [[("Look", {**seen, **fields})]]}, days=5)
    rows = store.period("pre")["event_properties"].struct.unnest()
    assert rows["id"].all()
    assert rows["cartIdToo"].equals(rows["cartId"], check_names=False)
    assert rows["queryToo"].equals(rows["query"], check_names=False)
    assert rows["results"].equals(rows["resultCount"], check_names=False)
    assert 0 <= rows["chance"].min() < 0.1
    assert 0.9 < rows["chance"].max() < 1


def test_a_function_may_leave_a_property_out_and_mix_whole_and_broken_numbers():
    def shipping(session):
        return None if session.chance < 0.5 else 5 if session.chance < 0.75 else 7.5

    store = simulate(templates={"pre": [[("Order", {"shipping": shipping})]]}, days=5)
    found = store.period("pre")["event_properties"].struct.field("shipping")
    assert found.dtype == pl.Float64
    assert set(found.drop_nulls()) == {5.0, 7.5}
    assert 100 < found.null_count() < 400


def test_a_text_is_a_constant_and_not_a_list_of_letters():
    store = simulate(templates={"pre": [[("Look", {"word": "abc"})]]}, days=1)
    assert set(store.period("pre")["event_properties"].struct.field("word")) == {"abc"}


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"p": "{product.nam}"}, "no field 'product.nam'. Did you mean 'product.name'"),
        ({"p": {"a": 1}}, "template 'pre 1', event 1, p: expected a text"),
        ({"p": []}, "expected a text"),
        ({"p": {1, 2}}, "expected a text"),
        ({"p": ["a", 1]}, "expected a text"),
        ({"p": None}, "expected a text"),
        ("p", "properties are a table"),
    ],
)
def test_what_cannot_fill_a_property_is_refused(properties, message):
    with pytest.raises(DefinitionError, match=re.escape(message)):
        simulate(templates={"pre": [[("Look", properties)]]})


@pytest.mark.parametrize(
    "steps", ["ProductViewed", [], [""], [1], [("a", {}, 1)], [{"evnt": "a"}], ["a"] * 63]
)
def test_what_is_no_template_is_refused(steps):
    with pytest.raises(DefinitionError, match="template"):
        simulate(templates={"pre": {"mine": steps}})


def test_a_property_of_two_types_is_refused():
    two = [[("Look", {"p": 1})], [("Look", {"p": "one"})]]
    with pytest.raises(DefinitionError, match="'p' is int64 and string in different events"):
        simulate(templates={"pre": two}).events  # noqa: B018 - computed when asked for
    booleans = [[("Look", {"p": True})], [("Look", {"p": 1})]]
    with pytest.raises(DefinitionError, match="'p' is bool and int64"):
        simulate(templates={"pre": booleans}).events  # noqa: B018


def test_an_unknown_period_is_refused():
    with pytest.raises(DefinitionError, match=r"no period 'prae'; there are pre, post\."):
        simulate(templates={"prae": [["A"]]})
    with pytest.raises(DefinitionError, match="no period 'Post'"):
        simulate().period("Post")


# --- the whole


def test_the_same_seed_gives_the_same_rows_on_every_machine():
    assert simulate(seed=1, days=3).content_hash() == HASHES["workshop"]
    search = simulate("workshop-search", seed=2, days=3, platform="ios", session_id=True)
    assert search.content_hash() == HASHES["workshop-search"]
    experiment = simulate("workshop-experiment", seed=3, days=3, identify=True)
    assert experiment.content_hash() == HASHES["workshop-experiment"]
    bugs = simulate(seed=4, days=3, reproduce_original_bugs=True, jitter_seconds=60)
    assert bugs.content_hash() == HASHES["bugs"]


HASHES = {
    "workshop": "24735464a8a829caf5e45352a50cb307bb95970ccf45fad4bfc7768b5b39a019",
    "workshop-search": "5b591e7d6dd6944b26b173ad8c7fd8fc8412cbd0894bb175c4d461f7093dc734",
    "workshop-experiment": "4b49238d1a268edc0c644c98f8494c8c3e058f14c28e718e9e0272cc981d505d",
    "bugs": "193b0f9e8f249cf5f30d1b9f0014e57d71b4d5971523553df0022c3999af5d95",
}


def test_another_seed_gives_other_rows():
    one, two = (simulate(seed=seed, days=3).content_hash() for seed in (1, 2))
    assert one != two


def test_how_rows_are_cut_into_chunks_changes_nothing(monkeypatch):
    whole = simulate(seed=1, days=3).content_hash()
    monkeypatch.setattr("funnelkit.events.simulation.chunks.CHUNK", 97)
    store = simulate(seed=1, days=3)
    assert len(list(store.chunks())) > 10
    assert store.content_hash() == whole


def test_a_period_without_sessions_still_has_columns():
    store = simulate(sessions_per_day=0)
    assert store.events.height == store.truth.height == store.event_count == 0
    assert store.events.schema == simulate().events.schema


def test_the_clock_is_a_date_a_time_or_now():
    by_date, by_text = (simulate(clock=clock) for clock in (date(2026, 5, 31), "2026-05-31T00:00"))
    assert by_date.scenario.end == by_text.scenario.end == simulate().scenario.end
    assert simulate(clock="now").scenario.end.minute == 0
    with pytest.raises(DefinitionError, match="'clock' is a date"):
        simulate(clock="soon")


def test_its_name_says_what_it_holds():
    text = repr(simulate(seed=1647))
    assert text.startswith("Simulation('workshop', seed 1647: pre 5,798 events of 3,000 sessions")


# --- the original's faults


def test_the_original_saw_other_products_in_one_session():
    store = simulate(reproduce_original_bugs=True, returning=0.5, seed=3, sessions_per_day=500)
    same = []
    for events in sessions_of(store):
        named = {t: values["productId"] for t, values in events if "productId" in values}
        if "ProductAdded" in named:
            same.append(named["ProductAdded"] == named["ProductViewed"])
    assert abs(sum(same) / len(same) - 1 / 3) < 4 * (2 / 9 / len(same)) ** 0.5


def test_the_original_called_the_misspelt_search_a_search_and_showed_a_product_as_cart():
    store = simulate(reproduce_original_bugs=True)
    kinds = {}
    for event_type, values in properties(store):
        kinds.setdefault(event_type, set()).add(frozenset(values) - {"feature"})
    assert "ProductsSearched" not in kinds
    assert kinds["ProductSearched"] == {
        frozenset(PRODUCT),
        frozenset(["query", "resultCount", "reranked"]),
    }
    assert kinds["CartViewed"] == {frozenset(PRODUCT)}


def test_in_the_original_nobody_returned_unless_told_so():
    assert simulate(reproduce_original_bugs=True).events["user_id"].n_unique() == 6000
    told = simulate(reproduce_original_bugs=True, returning=0.5)
    assert told.events["user_id"].n_unique() < 4000


def test_the_original_added_prices_as_binary_fractions():
    totals = (
        simulate(reproduce_original_bugs=True).events["event_properties"].struct.field("cartTotal")
    )
    assert (totals.drop_nulls() != totals.drop_nulls().round(2)).any()


def test_a_catalog_without_a_personas_products_is_refused(tmp_path):
    file = tmp_path / "products.yaml"
    file.write_text("- {id: 1, name: Hat, category: hats, image: 1.jpg, price: 2.5}\n")
    with pytest.raises(DataError, match="a cart needs 3"):
        simulate(catalog=file).events  # noqa: B018 - computed when asked for
