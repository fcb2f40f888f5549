"""Events to numbers: select reads once, match finds each unit's conversion, summarise counts."""
