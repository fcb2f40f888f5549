"""The fewest events and values that decide the numbers of some funnels, without whose they are."""
