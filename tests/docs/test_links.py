"""Every link from page to page leads somewhere, and every page is found from the list of pages."""

from __future__ import annotations

import re

import pytest

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
PAGES = (
    "*.md", "docs/*.md", "docs/decisions/*.md", "examples/**/*.md", "bench/*.md",
    "sample_events/*.md", "sql/*.md",
)  # fmt: skip


def pages_of(repository):
    """Return all pages of the repository."""
    return sorted(page for pattern in PAGES for page in repository.glob(pattern))


def words_of(page):
    """Return a page without its blocks of code."""
    return CODE.sub("", page.read_text(encoding="utf-8"))


def anchors_of(page):
    """Return the anchors that headings get where the page is shown."""
    headings = re.findall(r"^#+ (.+)$", words_of(page), re.MULTILINE)
    plain = (re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", one).lower() for one in headings)
    return {re.sub(r"[^\w\- ]", "", one).strip().replace(" ", "-") for one in plain}


def links_of(page):
    """Yield the links of a page to files of the repository: path and anchor."""
    for link in LINK.findall(words_of(page)):
        if not re.match(r"[a-z]+:", link):
            path, _, anchor = link.partition("#")
            yield link, (page.parent / path).resolve() if path else page, anchor


def test_every_link_leads_somewhere(repository):
    dead = []
    for page in pages_of(repository):
        for link, target, anchor in links_of(page):
            there = target.exists()
            if there and anchor and target.suffix == ".md":
                there = anchor in anchors_of(target)
            if not there:
                dead.append(f"{page.relative_to(repository)}: {link}")
    assert dead == []


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("## Whom to count", "whom-to-count"),
        ("### `--where`, and *where* it binds", "--where-and-where-it-binds"),
        ("## See [Pictures](charts.md)", "see-pictures"),
    ],
)
def test_a_heading_has_the_anchor_that_it_gets_on_github(tmp_path, heading, anchor):
    page = tmp_path / "page.md"
    page.write_text(f"{heading}\n", encoding="utf-8")
    assert anchors_of(page) == {anchor}


def test_every_page_is_on_the_list_of_pages(repository):
    docs = repository / "docs"
    listed = {target for _, target, _ in links_of(docs / "README.md")}
    assert set(docs.glob("*.md")) - listed == {docs / "README.md"}


def test_the_page_to_which_the_demo_points_is_there(repository):
    said = (repository / "funnelkit/cli/demo.py").read_text(encoding="utf-8")
    ((page, anchor),) = set(re.findall(r"(docs/[\w-]+\.md)#([\w-]+)", said))
    assert anchor in anchors_of(repository / page)
