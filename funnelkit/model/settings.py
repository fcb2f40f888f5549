"""Where Amplitude's documentation is silent: one named choice for each question.

The defaults are this project's reading; `docs/semantics.md` lists each beside its rule.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args, get_type_hints

from funnelkit.model.choices import check_choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The reading of each rule that has several (specification G); the default comes first.

    Attributes:
        seconds: times are cut to whole seconds, or rounded to the nearest.
        any_order_steps: step k counts units that did all of the first k listed steps, or any k
            steps, the first among them.
        any_order_window: the window holds all steps, or runs from the step-1 event both ways.
        any_order_before_range: other steps may happen before the date range, or not.
        exact_order_interrupted_by: every event of the unit, or active ones only.
        totals_pairing: an event goes to the most advanced open path, or to the oldest.
        hold_missing: events without the held property take no part, or share the value (none).
        excluded_drop_off: a drop is excluded if the exclusion covers the pair of steps where it
            happened, or wherever more steps would have been done without exclusions.
        step_index: of Amplitude's typed charts: 0 is between steps 1 and 2, or before step 1 is
            left out and 1 is between steps 1 and 2.
        is_not_on_missing: `is not x` holds for a missing value, or does not.
        t_test: of the A/B view: variances apart (Welch), or pooled.
        variance: p(1 - p) divided by n, or by n - 1.
        bins: automatic bins go by the largest time, or by the conversion window.
        percentages: three significant digits as in the chart, or one decimal.
        complete_interval: when the window of its last entry is over, or when it is itself.
        group_ranking: groups with most units at step 1 come first, or at the last step.
        historical_count_step_one: units that never do the n-th event of a later step count in the
            steps before it, or not at all.
        api_any_order_window: the API rounds the window of any order down to whole days, at least
            one, or takes it as it is.
    """

    seconds: Literal["floor", "round"] = "floor"
    any_order_steps: Literal["listed", "any"] = "listed"
    any_order_window: Literal["span", "around step 1"] = "span"
    any_order_before_range: Literal["allowed", "left out"] = "allowed"
    exact_order_interrupted_by: Literal["every event", "active events"] = "every event"
    totals_pairing: Literal["most advanced", "oldest"] = "most advanced"
    hold_missing: Literal["left out", "a value"] = "left out"
    excluded_drop_off: Literal["covered pair", "any pair"] = "covered pair"
    step_index: Literal["from 0", "from 1"] = "from 0"
    is_not_on_missing: Literal["holds", "fails"] = "holds"
    t_test: Literal["welch", "pooled"] = "welch"
    variance: Literal["n", "n - 1"] = "n"
    bins: Literal["largest time", "window"] = "largest time"
    percentages: Literal["three digits", "one decimal"] = "three digits"
    complete_interval: Literal["window over", "interval over"] = "window over"
    group_ranking: Literal["step 1", "last step"] = "step 1"
    historical_count_step_one: Literal["counts", "left out"] = "counts"
    api_any_order_window: Literal["whole days", "as given"] = "whole days"

    def __post_init__(self) -> None:
        for name, choices in setting_choices().items():
            check_choice(f"the setting {name}", getattr(self, name), choices)

    def changed(self) -> dict[str, str]:
        """Return the settings that differ from their defaults."""
        defaults = setting_choices()
        return {
            name: getattr(self, name)
            for name, choices in defaults.items()
            if getattr(self, name) != choices[0]
        }


def setting_choices() -> dict[str, tuple[str, ...]]:
    """Return the choices of every setting, the default first."""
    hints = get_type_hints(Settings)
    return {field.name: get_args(hints[field.name]) for field in fields(Settings)}
