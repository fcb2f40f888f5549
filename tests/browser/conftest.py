"""A browser, started once; without one the tests here are skipped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, driven by Playwright."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium here: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright here")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=list(FLAGS))
        yield opened
        opened.close()


class Opened:
    """A file opened in the browser, with all that it asked for and complained about."""

    def __init__(self, page):
        self.page = page
        self.requests = []
        self.complaints = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda said: self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def findings(self, *rules):
        """Return what axe-core finds that is serious or critical, by all rules or by some."""
        import axe_playwright_python

        code = Path(axe_playwright_python.__file__).with_name("axe.min.js")
        self.page.add_script_tag(content=code.read_text(encoding="utf-8"))
        found = self.page.evaluate("rules => axe.run(rules ? {runOnly: rules} : {})", rules or None)
        return [
            (one["id"], one["impact"], [node["html"][:200] for node in one["nodes"]])
            for one in found["violations"]
            if one["impact"] in {"serious", "critical"}
        ]


@pytest.fixture
def open_file(browser):
    """Open a file in light or dark; the answer is an `Opened`."""
    contexts = []

    def open_it(file, *, scheme="light", width=800):
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 800}, offline=True
        )
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.goto(Path(file).as_uri())
        return opened

    yield open_it
    for context in contexts:
        context.close()
