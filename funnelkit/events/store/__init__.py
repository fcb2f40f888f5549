"""The event store: a Delta table of Amplitude's export columns (extra `store`)."""
