"""A shop that tracks what its visitors do, as JSON lines: what its end-to-end test runs."""

from __future__ import annotations

import json
import os
import time


class Shop:
    """One visit of one user. Events go to the file that TRACKING_FILE names."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.basket: list[str] = []

    def view(self, product: str) -> None:
        self._track("ProductViewed", productId=product)

    def add(self, product: str) -> None:
        self.basket.append(product)
        self._track("ProductAdded", productId=product)

    def buy(self) -> None:
        if self.basket:
            self._track("OrderCompleted", items=len(self.basket))

    def _track(self, event_type: str, **properties: object) -> None:
        event = {
            "event_type": event_type,
            "user_id": self.user,
            "time": int(time.time() * 1000),
            "event_properties": properties,
        }
        with open(os.environ["TRACKING_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")
