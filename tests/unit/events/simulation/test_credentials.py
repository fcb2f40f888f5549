import pytest

from funnelkit.errors import CouldNotCheck
from funnelkit.events.simulation.credentials import VARIABLE, ApiKey, find_api_key

SECRET = "d0c7e5f1a2b3"


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


def test_the_argument_comes_before_the_file_and_the_file_before_the_variable(tmp_path, monkeypatch):
    file = tmp_path / "key"
    file.write_text("from-file\n")
    monkeypatch.setenv(VARIABLE, "from-variable")
    assert find_api_key("from-argument", file).reveal() == "from-argument"
    assert find_api_key(None, file).reveal() == "from-file"
    assert find_api_key().reveal() == "from-variable"


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"\n {SECRET} \n\n",
        f"api_key: {SECRET}",
        f"api_key: '{SECRET}'\n",
        f'api_key = "{SECRET}"',
        f'{{"api_key": "{SECRET}"}}',
        f"# the key of the project\napi_key: {SECRET}\n",
        f"API_KEY={SECRET}",
    ],
)
def test_a_file_holds_one_key_in_any_plain_form(tmp_path, text):
    file = tmp_path / "amplitude.yaml"
    file.write_text(text, encoding="utf-8")
    assert find_api_key(None, file).reveal() == SECRET


@pytest.mark.parametrize("text", ["", "one two", f"api_key: {SECRET}\nother: {SECRET}", "a: b: c"])
def test_a_file_with_anything_else_is_refused_without_showing_it(tmp_path, text):
    file = tmp_path / "key"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CouldNotCheck, match="holds one key") as caught:
        find_api_key(None, file)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_an_unreadable_file_is_refused(tmp_path, content):
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CouldNotCheck, match="cannot be read"):
        find_api_key(None, file)


@pytest.mark.parametrize("key", [None, "", "  ", "NONE"])
def test_without_a_key_the_places_to_put_it_are_named(key):
    with pytest.raises(CouldNotCheck, match=VARIABLE):
        find_api_key(key)


@pytest.mark.parametrize("key", ["a b", "a\nb", "clé"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(key):
    with pytest.raises(CouldNotCheck) as caught:
        find_api_key(key)
    assert key not in str(caught.value)


def test_a_key_does_not_show_itself():
    key = ApiKey(SECRET)
    assert SECRET not in f"{key} {key!r} {[key]} {vars} {key.hide_in(f'bad key {SECRET}!')}"
