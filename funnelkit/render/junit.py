"""A run as JUnit XML, which CI systems show as tests: a suite per funnel, a test per number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from funnelkit.verification.case import CaseResult, VerificationRun

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def run_junit(run: VerificationRun) -> str:
    """Return the XML; what is undecided is a skipped test, what warns says so in its output."""
    root = ET.Element("testsuites", name="funnelkit verify")
    for result in run.results:
        _suite(root, result)
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _suite(root: ET.Element, result: CaseResult) -> None:
    name = _text(result.case.title)
    suite = ET.SubElement(root, "testsuite", name=name, time=f"{result.seconds:.3f}")
    if result.comparison is None:
        case = ET.SubElement(suite, "testcase", classname=name, name="funnel")
        ET.SubElement(case, "error", message=_text(result.cause)).text = _text(result.cause)
        counts = {"tests": 1, "errors": 1, "failures": 0, "skipped": 0}
    else:
        culprits = "; ".join(culprit.words for culprit in result.culprits)
        for check in result.comparison.checks:
            case = ET.SubElement(suite, "testcase", classname=name, name=_text(check.what))
            words = _text(check.words)
            if check.verdict == "fail":
                failure = ET.SubElement(case, "failure", message=words)
                failure.text = _text(f"{check.words}\n{culprits}".rstrip())
            elif check.verdict == "undecided":
                ET.SubElement(case, "skipped", message=words)
            elif check.verdict == "warn":
                ET.SubElement(case, "system-out").text = words
        found = result.comparison.counts
        counts = {
            "tests": len(result.comparison.checks),
            "errors": 0,
            "failures": found["fail"],
            "skipped": found["undecided"],
        }
    for key, value in counts.items():
        suite.set(key, str(value))


def _text(text: str) -> str:
    """Return a text without characters that XML cannot hold."""
    return _NO_XML.sub("�", text)
