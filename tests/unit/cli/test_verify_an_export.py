"""An export of Amplitude's, made from the sample, is held to the numbers of the sample."""

import pytest
from amplitude_export import events_of, write_export

from funnelkit.cli.run import run
from funnelkit.sample import sample_folder

PRE = sample_folder() / "workshop" / "pre.parquet"
SHOP = f"""
events = '{PRE}'
steps = "ProductViewed > ProductAdded > CheckoutStarted > OrderCompleted"
window = "30d"
[expect]
counts = [1951, 792, 495, 464]
"""


@pytest.fixture(scope="module")
def events():
    return events_of(PRE)


@pytest.fixture
def told(tmp_path, monkeypatch, capfd):
    """Run a command in a folder with the funnel and its lock; return exit code and stderr."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.funnel.toml").write_text(SHOP)

    def command(*arguments):
        code = run([*arguments])
        return code, capfd.readouterr().err

    assert command("lock")[0] == 0
    return command


def test_a_good_export_passes_and_one_without_a_user_fails_with_one_line(told, tmp_path, events):
    write_export(events, tmp_path / "good.zip")
    assert told("verify", "shop.funnel.toml", "good.zip")[0] == 0
    buyer = next(one["user_id"] for one in events if one["event_type"] == "OrderCompleted")
    write_export([one for one in events if one["user_id"] != buyer], tmp_path / "less.zip")
    code, err = told("verify", "shop.funnel.toml", "less.zip")
    assert code == 1
    cause = [line for line in err.splitlines() if line.startswith("failed:")]
    assert len(cause) == 1
    assert cause[0].startswith("failed: shop: step 1 ProductViewed: expected 1,951, found 1,950")
    assert cause[0].endswith("the events changed: 5,793 of them, there were 5,798")
