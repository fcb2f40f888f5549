"""Results as pictures: Vega-Lite specs as plain dicts, one module per chart."""

from funnelkit.charts.chart import Chart

__all__ = ["Chart"]
