"""How many events a second `funnelkit.simulate` makes and writes as Parquet."""

from __future__ import annotations

import sys
import tempfile

from generate import events_argument, folder
from turns import Contender, Target, take_turns

RATE = Target(least=1_000_000)
MOST = 5_000_000
FEWEST = 24  # sessions a day: one an hour


def main() -> int:
    """Simulate several times; return 1 if it is too slow."""
    import funnelkit as fk

    parser = events_argument(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often it runs (default: 3)")
    chosen = parser.parse_args()
    made = []

    def run() -> None:
        shop = fk.simulate("workshop", seed=1, days=30, sessions_per_day=per_day)
        with tempfile.TemporaryDirectory(prefix="simulated-", dir=folder()) as target:
            shop.write(target)
        made.append(shop.event_count)

    trial = fk.simulate("workshop", seed=1, days=30, sessions_per_day=1000).event_count
    per_day = max(1000 * min(chosen.events, MOST) // trial, FEWEST)
    (times,) = take_turns([Contender("simulate", "", run)], chosen.rounds)
    rate = made[-1] / times.seconds
    print(
        f"{made[-1]:,} events in {times.seconds:.2f} s, {times.cpu_seconds:.2f} s of CPU: "
        f"{rate:,.0f} a second  {RATE.verdict(rate)}"
    )
    return 0 if RATE.kept_by(rate) else 1


if __name__ == "__main__":
    sys.exit(main())
