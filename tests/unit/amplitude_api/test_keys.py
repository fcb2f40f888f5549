"""Keys: from where, and that nobody reads them afterwards."""

import pytest

from funnelkit.amplitude_api import Credentials, find_credentials
from funnelkit.errors import CouldNotCheck

API_KEY, SECRET = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in ("AMPLITUDE_API_KEY", "AMPLITUDE_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "text",
    [
        f"api_key: {API_KEY}\nsecret_key: {SECRET}\n",
        f'# mine\n[amplitude]\napi_key = "{API_KEY}"  # the first\nsecret_key = "{SECRET}"\n',
        f"export AMPLITUDE_API_KEY={API_KEY}\nAMPLITUDE_SECRET_KEY='{SECRET}'\nOTHER=1\n",
        f'{{"api_key": "{API_KEY}", "secret_key": "{SECRET}", "more": [1]}}',
        f"﻿API_KEY={API_KEY}\r\nSECRET_KEY={SECRET}\r\n",
    ],
)
def test_file_names_both_in_any_plain_form(tmp_path, text):
    (tmp_path / "keys").write_text(text, "utf-8")
    found = find_credentials(tmp_path / "keys")
    assert found.authorization == Credentials(API_KEY, SECRET).authorization


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no api_key and secret_key in this file"),
        (f"api_key={API_KEY}", "no secret_key in this file"),
        (f"api_key={API_KEY}\napi_key={SECRET}\nsecret_key={SECRET}", "two different keys"),
        (f"{API_KEY}\n{SECRET}", "no api_key and secret_key"),
    ],
)
def test_file_without_them_is_refused_without_showing_it(tmp_path, text, said):
    (tmp_path / "keys").write_text(text)
    with pytest.raises(CouldNotCheck, match=said) as caught:
        find_credentials(tmp_path / "keys")
    assert API_KEY not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_file_that_is_not_there_or_no_text_is_refused(tmp_path):
    with pytest.raises(CouldNotCheck, match="cannot be read: No such file"):
        find_credentials(tmp_path / "none")
    (tmp_path / "keys").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CouldNotCheck, match="it is not text"):
        find_credentials(tmp_path / "keys")


def test_variables_are_asked_where_there_is_no_file(monkeypatch):
    monkeypatch.setenv("AMPLITUDE_API_KEY", f" {API_KEY}\n")
    with pytest.raises(CouldNotCheck, match="AMPLITUDE_SECRET_KEY is not set") as caught:
        find_credentials()
    assert API_KEY not in str(caught.value)
    monkeypatch.setenv("AMPLITUDE_SECRET_KEY", SECRET)
    assert find_credentials().authorization == Credentials(API_KEY, SECRET).authorization


@pytest.mark.parametrize("key", ["", "with blank", "with:colon", "käse", "line\nbreak"])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(CouldNotCheck, match="the API key is empty, or holds"):
        Credentials(key, SECRET)


def test_keys_are_in_no_text():
    keys = Credentials(API_KEY, SECRET)
    shown = f"{keys} {keys!r} {keys.project} {keys.hide_in(f'{API_KEY}:{SECRET}')}"
    assert API_KEY not in shown
    assert SECRET not in shown
    assert keys.hide_in(keys.authorization) == "Basic (the keys)"
