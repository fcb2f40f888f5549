"""What the shop tracks is enough for the checkout funnel."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from shop import Shop


@pytest.fixture
def visit(event_log, monkeypatch):
    """Let a user come to the shop, whose events go to the test's log."""
    monkeypatch.setenv("TRACKING_FILE", str(event_log.path))
    return Shop


def test_buying_is_tracked_from_the_first_view_to_the_order(visit, event_log):
    buyer, looker = visit("buyer"), visit("looker")
    buyer.view("socks")
    looker.view("socks")
    buyer.add("socks")
    buyer.buy()
    event_log.expect("ProductViewed > ProductAdded > OrderCompleted", "2, 1, 1", window="1h")


def test_a_product_is_tracked_under_the_same_id_in_every_step(visit, event_log):
    visitor = visit("visitor")
    visitor.view("socks")
    visitor.add("socks")
    event_log.expect("ProductViewed > ProductAdded", "1, 1", window="1h", hold="productId")
