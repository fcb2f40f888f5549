"""Why numbers differ: which other reading of the definition, or of the events, gives them."""
