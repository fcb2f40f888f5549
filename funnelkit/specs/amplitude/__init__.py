"""Amplitude's own definitions of a funnel, read and written.

`chart` is the definition JSON of a saved chart, `typed` the typed chart of Amplitude's tools, and
`rest` the query of the Dashboard REST API (specification B2, B3). What a funnel cannot represent is
refused by name, with its value; nothing is ignored but what only concerns how a chart looks.
"""
