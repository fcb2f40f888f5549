"""Intervals and tests for conversions, on the standard library alone."""
