"""A saved answer of Amplitude's: JSON of the API, or a chart's CSV, bare or wrapped in JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from funnelkit.errors import CouldNotCheck, DataError
from funnelkit.verification.chart_csv import is_chart_csv, read_chart_csv
from funnelkit.verification.response import is_response, read_response

if TYPE_CHECKING:
    from pathlib import Path

    from funnelkit.verification.expected import Expectation


def is_saved_answer(content: str) -> bool:
    """Whether a text is an answer about a funnel, in any of the forms."""
    document = _json(content)
    if document is None:
        return is_chart_csv(content)
    return is_response(document) or is_chart_csv(_wrapped(document) or "")


def read_saved(path: Path) -> Expectation:
    """Return the expected numbers of a saved answer.

    Raises:
        DataError: the file cannot be read, or holds no answer about a funnel.
    """
    return read_answer_text(read_text(path), source=str(path))


def read_answer_text(content: str, *, source: str) -> Expectation:
    """Return the expected numbers of an answer's text.

    Raises:
        DataError: it is no answer about a funnel; an error of Amplitude's is quoted.
        CouldNotCheck: it is an error that passes: a limit that was reached, or a server's.
    """
    document = _json(content)
    if document is None:
        return read_chart_csv(content, source=source)
    wrapped = _wrapped(document)
    if wrapped is not None:
        return read_chart_csv(wrapped, source=source)
    if isinstance(document, dict) and isinstance(document.get("error"), dict):
        error = document["error"]
        words = (
            f"{source} holds an error of Amplitude's: {error.get('http_code', '')} "
            f"{error.get('message', '')} {_details(error)}".rstrip()
        )
        raise CouldNotCheck(words) if _may_pass(error.get("http_code")) else DataError(words)
    if isinstance(document, dict) and "data" not in document and document.get("error"):
        raise DataError(f"{source} holds an error of Amplitude's: {str(document['error'])[:200]}")
    if not isinstance(document, (dict, list)):
        raise DataError(f"{source} is no answer about a funnel")
    return read_response(document, source=source)


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} cannot be read: byte {error.start + 1} is not UTF-8") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def _may_pass(code: object) -> bool:
    return isinstance(code, int) and (code == 429 or code >= 500)  # noqa: PLR2004


def _details(error: dict[str, Any]) -> str:
    metadata = error.get("metadata")
    return str(metadata.get("details", "")) if isinstance(metadata, dict) else ""


def _json(content: str) -> Any:
    if not content.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return None
    try:
        return json.loads(content.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None


def _wrapped(document: Any) -> str | None:
    data = document.get("data") if isinstance(document, dict) else None
    return data if isinstance(data, str) else None
