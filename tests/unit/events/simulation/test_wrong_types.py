"""What a call is given of the wrong type is an error in funnelkit's words."""

import numpy as np
import pytest

from funnelkit.errors import DefinitionError
from funnelkit.events.simulation import simulate


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seed": "a"}, "'seed' is a whole number; got 'a'"),
        ({"seed": 1.5}, "'seed' is a whole number"),
        ({"seed": True}, "'seed' is a whole number"),
        ({"seed": None}, "'seed' is a whole number"),
        ({"days": 2.0}, "'days' is a whole number"),
        ({"templates": 5}, "'templates' is a mapping with names as keys; got 5"),
        ({"templates": [["A"]]}, "'templates' is a mapping"),
        ({"templates": {"pre": 5}}, "templates of period 'pre': a list or a mapping"),
        ({"templates": {"pre": "ProductViewed"}}, "templates of period 'pre': a list or a"),
        ({"templates": {"pre": {5: ["A"]}}}, "templates of period 'pre' is a mapping"),
        ({"weights": 5}, "'weights' is a mapping"),
        ({"weights": {5: {}}}, "'weights' is a mapping"),
        ({"weights": {"pre": [1]}}, "weights of period 'pre' is a mapping"),
        ({"catalog": 5}, "catalog is a path; got 5"),
        ({"users": []}, r"users is a path; got \[\]"),
        ({"users": ""}, "users is a path; got ''"),
        ({"catalog": "a\0b"}, "catalog is a path"),
        ({"reproduce_original_bugs": "no"}, "'reproduce_original_bugs' is true or false"),
        ({"scenario": None}, "a scenario is a path; got None"),
        ({"scenario": b"workshop"}, "a scenario is a path"),
        ({"scenario": {}}, "a scenario is a path"),
    ],
)
def test_an_option_of_another_type_is_refused(options, said):
    with pytest.raises(DefinitionError, match=said):
        simulate(**options)


def test_numbers_of_numpy_are_numbers():
    store = simulate(seed=np.int64(3), days=np.int32(2), returning=np.float64(0.1))
    assert store.events.equals(simulate(seed=3, days=2, returning=0.1).events)


@pytest.mark.parametrize("folder", [5, None, "", b"x", "a\0b"])
def test_a_folder_that_is_no_path_is_refused(folder):
    with pytest.raises(DefinitionError, match="the folder is a path"):
        simulate(days=1).write(folder)


@pytest.mark.parametrize("form", [5, None, []])
def test_a_format_that_is_no_word_is_refused(tmp_path, form):
    with pytest.raises(DefinitionError, match="a format is parquet, jsonl"):
        simulate(days=1).write(tmp_path, format=form)


@pytest.mark.parametrize("period", [5, None, ["pre"]])
def test_a_period_that_is_no_name_is_refused(period):
    with pytest.raises(DefinitionError, match="no period"):
        simulate(days=1).period(period)


@pytest.mark.parametrize("url", [5, None, b"http://127.0.0.1"])
def test_a_server_that_is_no_text_is_refused(url):
    with pytest.raises(DefinitionError, match="a server's address looks like"):
        simulate(days=1).send(url=url, api_key="d0c7e5f1a2b3")


def test_a_key_that_is_no_text_is_refused():
    with pytest.raises(DefinitionError, match=r"the API key is a text; got bytes$"):
        simulate(days=1).send(api_key=b"d0c7e5f1a2b3")
    with pytest.raises(DefinitionError, match="the key file is a path"):
        simulate(days=1).send(api_key_file=5)
