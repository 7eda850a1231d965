"""What no run can hold and what would never end is refused before the run, in a line that names the field."""

import io

import pytest
from tqdm import tqdm

from alesha_sim import Simulation, replicate, simulate
from alesha_sim.cli import main
from alesha_sim.cli.output import ProgressBar
from alesha_sim.network import retry
from alesha_sim.policies import BaseStock, MovingAverage, PolicyError
from alesha_sim.scenarios import ScenarioError, bounds, first_purchase
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY

POISSON = {"kind": "poisson", "visits_per_day": 1}
BG_NBD = {"kind": "bg_nbd", "weeks": 5, "r": 1, "alpha": 1, "a": 1, "b": 1}
OFTEN = "makes more than 8,388,608 attempts while nobody answers: must be longer, or have attempts"
ASKED_FOR_EVER = "must not be 1 with a timeout and neither attempts nor drain: who asks would ask forever"
SELDOM = "must let more than one message in 10,000,000 be answered, or have attempts"
SEVERAL = "so that a run has 10,000,000 at the most"
OUTAGE = [{"kind": "outage", "link": "shop->bank", "start": 0, "duration": "1 day"}]


def made(fields):
    return Scenario.model_validate({"horizon": DAY, "demand": {"kind": "single"}} | fields)


def link(faults=(), drain=None, links=None, **default):
    return {"network": {"default": default, "links": links or {}}, "faults": faults, "drain": drain}


def stock(**fields):
    return {"kind": "periodic", "reorder_point": 1, "order_up_to": 2} | fields


REFUSED = [
    # What would never end.
    (link(timeout=1, loss=1), f"network.default.loss: 1: {ASKED_FOR_EVER}"),
    (link(timeout=1, links={"bank->shop": {"loss": 1}}), f"network.links.bank->shop.loss: 1: {ASKED_FOR_EVER}"),
    (link(timeout=1, loss=0.99999), f"network.default.loss: 0.99999: {SELDOM}"),
    (link(timeout=1e-6, backoff=1, latency=6), f"network.default.timeout: 0.000001 s: {OFTEN}"),
    (link(timeout=1e-6, backoff=1 + 1e-7, faults=OUTAGE), f"network.default.timeout: 0.000001 s: {OFTEN}"),
    (link(timeout=1e-3, backoff=1, loss=1, drain=DAY), f"network.default.timeout: 0.001 s: {OFTEN}"),
    ({"supplier": {"stock": stock(period=0.01)}},
     f"supplier.stock.period: 0.01 s: must be at least 0.02592 s, {SEVERAL}"),
    ({"shop": {"stock": stock(period=1e-6)}},
     f"shop.stock.period: 0.000001 s: must be at least 0.02592 s, {SEVERAL}"),
    ({"users": {"income": {"amount": 1, "every": 1e-6}}},
     f"users.income.every: 0.000001 s: must be at least 0.00864 s, {SEVERAL}"),
    ({"delivery": {"lost": 0.9999999}},
     "delivery.lost: 0.9999999: must be at most 0.999999: parcels would be sent forever"),
    # What 64 bits do not hold.
    ({"supplier": {"stock": {"kind": "base_stock", "level": 10**9}, "opening_balance": "92233000000000000"}},
     "supplier.stock: opening stock for 960,000,000,000.00 BDT: must with supplier.opening_balance fit in 64 bits "
     "of minor units"),
    ({"users": {"income": {"amount": 10**16, "every": 100}}},
     "users.income.amount: 10000000000000000: makes 8,640,000,000,000,000,000.00 BDT until the horizon: all money "
     "must fit in 64 bits of minor units"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "line"), REFUSED)
def test_what_never_ends_or_does_not_fit_is_refused(fields, line):
    with pytest.raises(ScenarioError) as error:
        made(fields)
    assert error.value.problems == [line]


@pytest.mark.parametrize(
    "fields",
    [
        link(timeout=1, loss=1, drain=100), link(timeout=1, loss=1, attempts=3), link(timeout=1, loss=0.99),
        link(timeout=1e-6), link(timeout=1e-3, backoff=2, faults=OUTAGE), {"supplier": {"stock": stock(period=1)}},
        {"users": {"income": {"amount": 10**13, "every": 10}}},
    ],
)  # fmt: skip
def test_what_ends_is_accepted(fields):
    assert made(fields)


DRAWN = [
    (POISSON | {"visits_per_day": 1e9}, "visits_per_day: 1e+09 visits: must be at most 200,000,000"),
    (POISSON | {"growth": 1000}, "visits_per_day: inf visits: must be at most 200,000,000"),
    (POISSON | {"visits_per_day": 1e6, "units": 1e6}, "units: "),
    ({"kind": "replay", "visits": {"at": [0], "user": [0], "units": [2**31 - 1]}}, "units: 2.15e+09 units: "),
    (BG_NBD | {"r": 1e300}, "r: 5e+300 purchases expected: "),
    (BG_NBD | {"alpha": 1e-5}, "r: 5e+05 purchases of a customer expected: must be at most 100,000"),
    (
        POISSON | {"profile": [1e308] * 24},
        "profile: [1e+308, 1e+308, 1e+308, 1e+308, 1e+308, 1e+308, ...]: must have",
    ),
    (POISSON | {"shares": {"hp-laptop": 1e308, "iphone-x": 1e308}}, "shares: a table: must have a smaller sum"),
]


@pytest.mark.parametrize(("demand", "line"), DRAWN)
def test_more_visits_than_memory_is_made_for_are_refused(demand, line):
    horizon = 9e9 if "growth" in demand else 70 * DAY if demand["kind"] == "bg_nbd" else DAY
    with pytest.raises(ScenarioError) as error:
        made({"demand": demand, "horizon": horizon}).visits(1)
    assert error.value.problems[0].startswith(f"demand.{line}")


def test_income_of_drawn_balances_and_of_an_open_horizon_is_counted_too():
    users = {"income": {"amount": 10**13, "every": 1}, "opening_balance": {"kind": "uniform", "low": 1, "high": 2}}
    with pytest.raises(ScenarioError, match=r"^users\.income\.amount: "):
        made({"users": users}).opening_balances(1)
    replay = {"kind": "replay", "visits": {"at": [DAY], "user": [0], "units": [1]}}
    with pytest.raises(ScenarioError, match=r"^users\.income\.amount: "):
        Simulation(made({"users": users | {"opening_balance": 1}, "demand": replay, "horizon": None}), seed=1)


# At run time.

CASE = "tests/cases/limits/compounding-forecast.toml"


def test_a_forecast_that_passes_64_bits_is_one_line_that_names_policy_product_and_amount(tmp_path, capsys):
    assert main(["run", CASE, "--seed", "1", "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("supplier.stock: MovingAverage: order of p: 2987000007918999830528 units at 1 minor")
    assert not (tmp_path / "out").exists()


def test_a_study_keeps_the_runs_before_a_forecast_that_passes_64_bits():
    quiet, forecast = first_purchase(), MovingAverage(periods=1, period=100.0, lead_periods=10**9)
    endless = quiet.with_settings({"supplier.stock": forecast, "catalogue.hp-laptop.cost": 300})
    with pytest.raises(PolicyError, match=r"^supplier\.stock: MovingAverage: order of hp-laptop: "):
        simulate(
            endless.with_settings({"demand.quantities": {"hp-laptop": 4 * 10**8}, "users.opening_balance": 10**13})
        )


def test_a_policy_that_fails_in_an_entitys_process_is_one_line_as_well(monkeypatch, capsys):
    class Greedy(BaseStock):
        def order(self, sku, position, demands):
            return 2**70

    greedy = first_purchase().with_settings({"supplier.stock": Greedy(3)})
    monkeypatch.setattr("alesha_sim.scenarios.load", lambda _: greedy)
    assert main(["run", "first_purchase", "--seed", "1"]) == 2
    assert capsys.readouterr().err.startswith(
        f"supplier.stock: Greedy: order of hp-laptop: {2**70} units at 30000 "
    )


# Progress.


def test_a_run_in_which_time_stands_still_says_so_on_its_line():
    simulation = Simulation(first_purchase(), seed=1)

    def spin():
        while True:
            yield simulation.clock.timeout(0)

    simulation.clock.process(spin())
    bar = tqdm(total=1.0, file=io.StringIO())
    shown = ProgressBar(bar)

    def report(run):
        shown.run(run)
        if "time stands still: 524,288 events since 0.000000 s" in bar.desc:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulation.run(progress=report)


def test_a_run_that_goes_on_says_nothing_of_the_kind():
    bar, said = tqdm(total=1.0, file=io.StringIO()), []
    shown = ProgressBar(bar)
    Simulation(first_purchase(), seed=1).run(progress=lambda run: said.append(shown.run(run) or bar.desc))
    assert said
    assert not any("still" in text for text in said)


# What is no scenario.


@pytest.mark.parametrize("run", [simulate, Simulation, lambda given: replicate(given, runs=2)])
def test_a_name_in_place_of_a_scenario_is_one_line_that_says_what_to_write(run):
    with pytest.raises(
        TypeError, match=r"^scenario: 'first_purchase': must be a Scenario: scenarios\.load\('first"
    ):
        run("first_purchase")
    with pytest.raises(TypeError, match=r"^scenario: 3: must be a Scenario$"):
        run(3)


def test_waits_are_bounded_as_the_network_bounds_them():
    assert bounds.LONGEST_WAIT == retry.LONGEST_WAIT
