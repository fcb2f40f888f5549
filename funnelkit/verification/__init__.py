"""Expected numbers, and what differs from them."""
