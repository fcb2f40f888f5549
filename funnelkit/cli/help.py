"""`--help` with a heading over each group of options."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

PLAIN = "Options"


class Command(TyperCommand):
    """A command whose help groups options by their `rich_help_panel`, in plain text.

    Typer itself does so only with Rich, which would read names of events as markup.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write each group under its heading: arguments, groups as they come, then the others."""
        groups: dict[str, list[tuple[str, str]]] = {"Arguments": []}
        others: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            panel = getattr(parameter, "rich_help_panel", None)
            if parameter.param_type_name == "argument":
                groups["Arguments"].append(record)
            elif panel is None:
                others.append(record)
            else:
                groups.setdefault(panel, []).append(record)
        for heading, records in {**groups, PLAIN: others}.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)
