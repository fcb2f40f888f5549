"""Reports to send, opened as their reader opens them."""

from __future__ import annotations

import pytest

from funnelkit.cli.run import run

STEPS = "ProductViewed > ProductAdded > CheckoutStarted > OrderCompleted"
FEATURE = "feature in (home_product_recs, product_detail_related)"


class Pages:
    """The pages of a report with every view, of a comparison and of a verification.

    Each is written when it is first asked for.
    """

    def __init__(self, folder, commands):
        self.folder = folder
        self.commands = commands

    def __getitem__(self, name):
        file = self.folder / f"{name}.html"
        if not file.exists():
            typed = [name, *self.commands[name], "--steps", STEPS, "-o", str(file)]
            assert run(typed) == (name == "verify")
        return file


@pytest.fixture(scope="module")
def pages(repository, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    samples = repository / "sample_events" / "workshop"
    views = ["--interval", "week", "--time-to-convert", "--frequency", "--by-age"]
    dates = ["--baseline", "2026-04-01..2026-04-30", "--against", "2026-05-01..2026-05-30"]
    commands = {
        "report": [str(samples / "post.parquet"), "--group-by", "category", *views],
        "compare": [str(samples / "p*.parquet"), *dates, "--against-where", FEATURE],
    }
    expected = ["--expect", "1951, 792, 495, 460", "--window", "30d", "--no-why"]
    commands["verify"] = [str(samples / "pre.parquet"), *expected]
    return Pages(folder, commands)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["report", "compare", "verify"])
def test_a_page_stands_alone_and_everybody_can_use_it(pages, open_file, name, scheme):
    opened = open_file(pages[name], scheme=scheme)
    assert opened.requests == [pages[name].as_uri()]
    assert opened.complaints == []
    assert opened.findings(*(["color-contrast"] if scheme == "dark" else [])) == []
    paper = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]
    picture = opened.page.evaluate(
        "getComputedStyle(document.querySelector('figure svg rect[fill]')).fill"
    )
    assert picture == paper


def test_a_page_says_what_was_asked_what_came_out_and_how_to_get_it_again(pages, open_file):
    page = open_file(pages["compare"]).page
    headings = page.locator("h2").all_inner_texts()
    assert headings == ["Definition", "Chart", "Tables", "Like with like?", "How to reproduce it"]
    words = page.inner_text("main")
    assert "Not told from drift" in words
    assert "+18.7\t+14.9 to +22.3" in words
    assert "funnelkit compare" in words
    assert "--against-where 'feature in (home_product_recs, product_detail_related)'" in words
    assert page.locator("dt", has_text="who did what when").count() == 1


def test_a_page_says_which_numbers_do_not_hold(pages, open_file):
    page = open_file(pages["verify"]).page
    words = page.inner_text("main")
    assert page.inner_text("h1") == "The numbers do not hold"
    assert "step 4 OrderCompleted\t460\t464\t+4\tfail" in words
    assert page.locator("dt", has_text="all columns").count() == 1
    assert page.locator("figure").count() == 1


def test_a_page_has_a_picture_of_every_view(pages, open_file):
    page = open_file(pages["report"]).page
    assert page.locator("figure").count() == 8
    assert page.locator("svg[role=img] > title").count() == 8


def test_a_page_fits_a_narrow_screen(pages, open_file):
    page = open_file(pages["report"], width=380).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 380


def test_names_in_a_table_keep_their_words_on_a_narrow_screen(pages, open_file):
    page = open_file(pages["compare"], width=380).page
    cells = page.locator("tbody td.words")
    assert cells.all_inner_texts()[0] == "ProductViewed"
    heights = cells.evaluate_all("cells => cells.map(cell => cell.clientHeight)")
    assert max(heights) < 60


def test_a_page_prints_in_light_colours(pages, open_file):
    opened = open_file(pages["compare"], scheme="dark")
    opened.page.emulate_media(media="print", color_scheme="dark")
    fill = opened.page.evaluate("getComputedStyle(document.querySelector('svg rect[fill]')).fill")
    assert fill == "rgb(255, 255, 255)"
    assert opened.page.pdf().startswith(b"%PDF")
