"""Notebooks and pictures say what the code says now."""

from __future__ import annotations

import re

import notebooks
import pictures
import pytest


@pytest.fixture(scope="module")
def workshop():
    return notebooks.read(notebooks.FOLDER / "workshop.ipynb")


def test_every_notebook_prints_what_it_shows():
    files = notebooks.notebooks()
    assert "workshop.ipynb" in [file.name for file in files]
    for file in files:
        notebook = notebooks.read(file)
        cells = notebooks.code_cells(notebook)
        for cell, outputs in zip(cells, notebooks.run(notebook), strict=True):
            shown = notebooks.comparable(cell["outputs"])
            assert shown == notebooks.comparable(outputs), "".join(cell["source"])


def printed(notebook):
    cells = notebooks.code_cells(notebook)
    return "\n".join(text for cell in cells for text in notebooks.comparable(cell["outputs"]))


def test_the_workshop_shows_its_headline_and_what_becomes_of_it(workshop):
    found = printed(workshop)
    for words in (
        "464, conversion 23.8%", "312, conversion 30.6%", "Not told from drift",
        "19.6% after, 23.8% before", "44.0% before, 35.9% after", "30.2% before, 31.4% after",
        "Randomised comparison: +6.6 points (+3.9 to +9.3)",
    ):  # fmt: skip
        assert words in found


def test_the_numbers_in_the_workshops_prose_are_printed_by_its_code(workshop):
    prose = "".join(
        "".join(cell["source"]) for cell in workshop["cells"] if cell["cell_type"] == "markdown"
    )
    known = {"43.0", "35.4"}  # the pictures of the workshop itself
    told = {"30.24"}  # what the simulator was told: .6 × .7 × .8 × .9
    assert pytest.approx(0.3024) == 0.6 * 0.7 * 0.8 * 0.9
    for number in set(re.findall(r"\d+\.\d+(?= %)|\d,\d{3}(?= users)", prose)) - known - told:
        assert number in printed(workshop), number


def test_the_workshop_is_a_notebook_of_format_4_with_its_cells_named(workshop):
    assert (workshop["nbformat"], workshop["nbformat_minor"]) == (4, 5)
    names = [cell["id"] for cell in workshop["cells"]]
    assert len(set(names)) == len(names)


def test_the_words_of_a_picture_are_those_of_several_lines_too():
    lines = "<text><tspan>a</tspan><tspan x='0'>b</tspan></text>"
    svg = f"<svg><title>t</title><text x='1'>one</text>{lines}</svg>"
    assert notebooks.words_of(svg) == ["t", "one", "a", "b"]


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_a_picture_of_the_documentation_is_drawn_from_today_s_numbers(name):
    stored = (pictures.IMAGES / name).read_text(encoding="utf-8")
    assert notebooks.words_of(stored) == notebooks.words_of(pictures.drawn(name))
    assert "prefers-color-scheme" in stored
