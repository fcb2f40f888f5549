"""The fewest events on which two readings of a funnel differ."""
