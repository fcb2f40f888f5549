"""A report in the format that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.result.percent import percentages

if TYPE_CHECKING:
    from funnelkit.result import FunnelResult


def render_report(
    result: FunnelResult,
    *,
    format: str,  # noqa: A002 - the option's name
    view: str = "steps",
    command: str | None = None,
) -> str:
    """Return the report as `table`, `json`, `csv`, `markdown` or `html`.

    Only CSV is of one `view`; HTML says with which command it was made.

    Raises:
        DefinitionError: the report has no such view, or the extra for HTML is missing.
    """
    if format == "json":
        from funnelkit.render.machine import to_json

        return to_json(result.to_dict())
    if format == "csv":
        from funnelkit.render.machine import report_csv

        return report_csv(result, view)
    with percentages(result.funnel.settings.percentages):
        if format == "markdown":
            from funnelkit.render.markdown import report_markdown

            return report_markdown(result)
        if format == "html":
            from funnelkit.render.page import Reproduction
            from funnelkit.render.report_page import report_page

            return report_page(result, Reproduction(command=command))
        from funnelkit.render.table import report_table

        return report_table(result)
