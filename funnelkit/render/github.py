"""A run as annotations of GitHub Actions: `::error file=…,title=…::message`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.verification.case import VerificationRun

_LEVELS: Final = {"fail": "error", "error": "error", "undecided": "warning", "warn": "warning"}


def run_annotations(run: VerificationRun) -> str:
    """Return one annotation per funnel that did not pass, then the summary."""
    from funnelkit.render.verification_run import summary

    return "".join(f"{line}\n" for line in [*_annotations(run), summary(run)])


def _annotations(run: VerificationRun) -> Iterator[str]:
    for result in run.results:
        level = _LEVELS.get(result.outcome)
        if level is None:
            continue
        source = result.case.source
        properties = {"title": f"funnelkit verify: {result.case.name}"}
        if source is not None:
            properties = {"file": source.as_posix(), **properties}
        said = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
        yield f"::{level} {said}::{_message(result.cause)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
