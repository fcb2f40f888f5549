"""Amplitude's own HTTP API, read: exports of events, answers to funnels, saved charts.

`Amplitude` (client.py) asks patiently; export.py and charts.py know what can be asked.
"""

from funnelkit.amplitude_api.charts import (
    fetch_chart_answer,
    fetch_chart_csv,
    fetch_chart_definition,
    fetch_funnel,
)
from funnelkit.amplitude_api.client import Amplitude, Fetched, Refused, base_url
from funnelkit.amplitude_api.credentials import Credentials, find_credentials

__all__ = [
    "Amplitude",
    "Credentials",
    "Fetched",
    "Refused",
    "base_url",
    "fetch_chart_answer",
    "fetch_chart_csv",
    "fetch_chart_definition",
    "fetch_funnel",
    "find_credentials",
]
