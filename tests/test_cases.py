"""Inputs that once went wrong without a word or in a traceback, and what each must come to."""

import json
import runpy
from pathlib import Path

import pytest

from alesha_sim import simulate
from alesha_sim.cli import main
from alesha_sim.scenarios.scenario import Scenario

CASES = Path(__file__).parent / "cases"


def of_shop(file, *settings):
    return ["run", str(CASES / "shop.toml"), "--set", f'demand.file="{CASES / "open" / file}"', *settings]


REFUSED = [
    (of_shop("03-epoch-ms.csv"),
     "demand.file: 03-epoch-ms.csv, line 2, at: '1711789200000': must be before the horizon, 259200 s (and 1 "
     "more)"),
    (of_shop("04-after-horizon.csv"),
     "demand.file: 04-after-horizon.csv, line 3, at: '400000': must be before the horizon, 259200 s"),
    (["run", str(CASES / "limits/stock-cost.toml")],
     "supplier.stock: opening stock for 9,223,372,036,854,000,000,000.00 BDT: must with supplier.opening_balance "
     "fit in 64 bits of minor units"),
    (["run", str(CASES / "limits/compounding-forecast.toml"), "--seed", "1"],
     "supplier.stock: MovingAverage: order of p: 2987000007918999830528 units at 1 minor units each: all that is "
     "ordered must fit in 64 bits of minor units"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "line"), REFUSED, ids=lambda given: Path(given[1]).name if len(given) < 9 else ""
)
def test_a_case_is_refused_in_one_line(argv, line, capsys):
    assert main(argv) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", line + "\n")


def test_the_control_passes(capsys):
    assert main([*of_shop("00-plain.csv"), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert (summary["orders"], summary["units_delivered"], summary["revenue"]) == (3, 5, 31)


def test_visits_after_the_horizon_are_counted_where_that_is_asked_for(capsys):
    assert main([*of_shop("04-after-horizon.csv", "--set", "demand.cut=true"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["summary"]["orders"] == 1
    assert told["notes"] == ["demand.cut: 1 recorded visit at or after the horizon, 259200 s, left out"]


def test_days_of_the_cdnow_layout_count_from_the_scenarios_start():
    orders = simulate(Scenario.read(CASES / "open/07-cdnow-layout-other-year.toml"), seed=1).orders
    assert [f"{at:%Y-%m-%d %H:%M}" for at in orders["placed_at"]] == ["2024-01-05 12:00", "2024-01-06 12:00"]


def test_a_fee_in_yen_has_no_decimals():
    result = simulate(Scenario.read(CASES / "open/08-yen-fee.toml"), seed=1)
    assert result.scenario.currency.decimals == 0
    assert result.metrics()["bank_fees"] == 108


def test_two_columns_of_one_name_are_one_line(capsys):
    runpy.run_path(str(CASES / "open/10-duplicate-columns.py"))
    assert capsys.readouterr().out == "visits: column mug: must not occur twice\n"
