"""Pictures as files and in notebooks."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.charts import pictures
from funnelkit.charts.theme import DARK
from funnelkit.errors import DefinitionError


@pytest.fixture(scope="module")
def chart():
    frame = pl.DataFrame(
        {"user_id": ["</script><b>"], "event_time": ["2026-05-01"], "event_type": ["</script><b>"]}
    )
    step = fk.Step((fk.EventSelector("</script><b>"),))
    return fk.report(frame, steps=[step, fk.Step((fk.EventSelector("B"),))]).chart()


@pytest.fixture
def libraries(monkeypatch):
    """Stand in for Vega, of which tests/browser makes and opens a page: it takes seconds."""
    monkeypatch.setattr(pictures, "_libraries", lambda: "/* Vega */")


@pytest.mark.usefixtures("libraries")
def test_a_file_holds_what_its_name_says(chart, tmp_path):
    for ending, start in ((".png", b"\x89PNG"), (".svg", b"<svg"), (".HTML", b"<!DOCTYPE html>")):
        file = tmp_path / f"picture{ending}"
        chart.save(file)
        assert file.read_bytes().startswith(start)


def test_other_files_are_refused(chart, tmp_path):
    with pytest.raises(DefinitionError, match=r"ends in \.png, \.svg or \.html; got .*x\.pdf"):
        chart.save(tmp_path / "x.pdf")
    with pytest.raises(DefinitionError, match="cannot write"):
        chart.save(tmp_path / "none" / "x.svg")


def test_svg_follows_the_reader_unless_told(chart):
    style = "@media screen and (prefers-color-scheme:dark)"
    assert style in chart.to_svg()
    assert style not in chart.to_svg(theme="light")
    dark = chart.to_svg(theme="dark")
    assert style not in dark
    assert DARK["#ffffff"] in dark
    assert "#0b62a8" not in dark


def test_svg_is_well_formed_and_says_what_it_shows(chart):
    root = ET.fromstring(chart.to_svg())
    inside = {child.tag.partition("}")[2]: child.text for child in root}
    assert root.get("role") == "img"
    assert inside["title"] == "0.00 % converted, 0 of 1 user"
    assert "step 1, </script><b>: 1" in inside["desc"]


@pytest.mark.usefixtures("libraries")
def test_a_page_loads_nothing_and_is_not_ended_by_its_data(chart):
    page = chart.to_bytes("html").decode()
    assert page.count("</script") == 2
    head, _, _ = page.partition('<script type="module">')
    assert not re.search(r"(?:src|href)=|url\(", head)


def test_the_same_chart_is_the_same_picture(chart):
    assert chart.to_svg() == chart.to_svg()


def test_a_notebook_gets_the_spec_and_a_picture(chart):
    bundle = chart._repr_mimebundle_()
    assert bundle["application/vnd.vegalite.v5+json"] == chart.spec
    assert bundle["image/png"].startswith("iVBOR")
    assert bundle["text/plain"] == "<Chart: 0.00 % converted, 0 of 1 user>"
    assert set(chart._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}


def test_without_the_extra_the_error_says_how_to_get_it(chart, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(DefinitionError, match=r"^PNG output needs an extra: pip install"):
        chart.save(tmp_path / "x.png")
    assert "image/png" not in chart._repr_mimebundle_()
