"""Serial systems: the formula against stockpyl, and runs of two and three tiers against the formula."""

import itertools
import json
from pathlib import Path

import pytest
from conftest import within_standard_errors

from alesha_sim import Scenario
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.simulation.stock_levels import stock_levels
from alesha_sim.streams import Streams
from alesha_sim.theory import SerialStock
from alesha_sim.units import DAY
from alesha_sim.verification.stocks import lots_by_day

CASES = json.loads((Path(__file__).parent / "reference" / "stockpyl_serial.json").read_text(encoding="utf-8"))
WARM_UP, DAYS, REPLICATIONS = 30, 150, 24


def system(case, levels=None):
    return SerialStock(case["demand_rate"], case["lead_times"], levels or case["levels"])


def cost(case, levels=None):
    return system(case, levels).cost(case["holding"], case["shortage"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{len(case['levels'])} stages at {case['demand_rate']}")
def test_the_cost_and_the_best_levels_are_those_of_stockpyl(case):
    assert cost(case) == pytest.approx(case["cost"], rel=2e-4)  # stockpyl cuts its distributions off
    assert cost(case, case["best"]) == pytest.approx(case["least"], rel=2e-4)
    near = itertools.product(*(range(max(level - 1, 0), level + 2) for level in case["best"]))
    assert min(near, key=lambda levels: cost(case, levels)) == tuple(case["best"])


def test_one_stage_is_a_base_stock(reference):
    expected = reference("base-stock-5-2-12")["expected"]
    stage = SerialStock(5.0, [2.0], [12]).stages[0]
    assert stage == pytest.approx((expected["E_I"], expected["E_B"]), rel=1e-9)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ((0, [1], [1]), "demand_rate: 0: must be above 0 and finite"),
        ((1, [1, -1], [1, 1]), r"lead_times\[1\]: -1: must be above 0 and finite"),
        ((1, [1], [-1]), r"levels\[0\]: -1: must be a whole number of at least 0"),
        ((1, [1, 2], [1]), r"levels: \[1\]: must be one for each of 2 lead times"),
    ],
)
def test_a_number_out_of_place_is_named(given, line):
    with pytest.raises(ValueError, match=line):
        SerialStock(*given)


def chain(case):
    """A shop, and suppliers that buy from each other but the last, which makes; one unit for each demanded."""
    names = [f"tier{n}" for n in range(1, len(case["levels"]))]
    suppliers = [
        {
            "name": name, "stock": {"kind": "base_stock", "level": case["levels"][n]},
            "credit": True, "parts": True, "delivery_time": case["lead_times"][n - 1] * DAY,
            **({"upstream": names[n]} if n < len(names) else {"lead_time": case["lead_times"][n] * DAY}),
        }
        for n, name in enumerate(names, 1)
    ]  # fmt: skip
    return Scenario.model_validate({
        "name": "chain", "horizon": (WARM_UP + DAYS) * DAY, "drain": 0,
        "catalogue": [{"sku": "unit", "name": "Unit", "marked_price": 2, "price": 2, "charge": 1, "cost": 1}],
        "users": {"opening_balance": 10**6}, "network": {"default": {"latency": 0}},
        "demand": {"kind": "poisson", "visits_per_day": case["demand_rate"], "units": 1},
        "banks": [{"name": "bank"}], "suppliers": suppliers,
        "shops": [{
            "name": "tier0", "suppliers": names[:1], "unmet_demand": "backordered",
            "stock": {"kind": "base_stock", "level": case["levels"][0]},
        }],
    })  # fmt: skip


def averages(case, seed):
    """What each tier had and owed on average after the warm-up, and what that cost a day."""
    simulation = Simulation(chain(case), seed)
    simulation.collect("stock", stock_levels, every=DAY / 4)
    simulation.run()
    collected = simulation.result().collected["stock"]
    means = collected[4 * WARM_UP :].mean(numeric_only=True)
    tiers = range(len(case["levels"]))
    on_hand = [means[f"tier{n} unit free"] for n in tiers]
    owed = means["tier0 unit backordered"]
    away = [case["demand_rate"] * lead for lead in case["lead_times"][:-1]]
    kept = sum(h * units for h, units in zip(case["holding"], on_hand, strict=True))
    spent = kept + sum(h * units for h, units in zip(case["holding"][1:], away, strict=True))
    return [*on_hand, owed, spent + case["shortage"] * owed]


@pytest.mark.parametrize("case", CASES[:2], ids=["two tiers", "three tiers"])
def test_a_run_holds_owes_and_costs_what_the_formula_says(case):
    stages = system(case).stages
    expected = [*(stage.on_hand for stage in stages), stages[0].backordered, cost(case)]
    found = zip(*(averages(case, seed) for seed in range(REPLICATIONS)), strict=True)
    for samples, value in zip(found, expected, strict=True):
        assert within_standard_errors(samples, value, precision=0.15)


# The bullwhip along two tiers

PERIODS, MEMORY = 400, 5


class Sharing:
    """Order-up-to by a moving average of what customers want, which a tier above knows of the tier below."""

    period = DAY

    def __init__(self, told, *, is_first):
        self.told, self.is_first = told, is_first

    def accepts(self, lines):
        return True

    def opening(self, sku):
        return 100

    def order(self, sku, position, demands):
        if self.is_first:
            self.told.append(demands[-1])
        # The last order that reached a tier above was decided on a day ago.
        known = self.told if self.is_first else self.told[: len(demands) - 1]
        latest = known[-MEMORY:]
        return max(0, round(sum(latest) / len(latest) - position)) if latest else 0


def forecasting():
    return {"kind": "moving_average", "periods": MEMORY, "period": DAY, "lead_periods": 1, "opening_stock": 100}


def ratio(seed, policies):
    """The variance of the second tier's lots over that of the customers' demand."""
    demand = Streams(seed).generator("demand").poisson(100, PERIODS)
    visits = {"at": [(day + 0.25) * DAY for day in range(PERIODS)], "user": [0] * PERIODS, "unit": demand.tolist()}
    plain = chain({"demand_rate": 1, "lead_times": [1, 1], "levels": [0, 0]}).with_settings({
        "horizon": PERIODS * DAY, "demand": {"kind": "replay", "visits": visits},
        "shops.tier0.order_time": DAY / 2, "suppliers.tier1.delivery_time": 0, "suppliers.tier1.lead_time": 0,
        "users.opening_balance": 10**8,
        "shops.tier0.stock": policies[0], "suppliers.tier1.stock": policies[1],
    })  # fmt: skip
    simulation = Simulation(plain, seed)
    simulation.run()
    lots = lots_by_day(simulation.result(), PERIODS)[MEMORY + 20 :]
    return lots.var() / demand[MEMORY + 20 :].var()


@pytest.mark.parametrize("shared", [True, False], ids=["shared demand", "separate forecasts"])
def test_the_bullwhip_of_two_tiers_is_that_of_the_reference(shared, reference):
    case = reference("bullwhip-two-stage")["expected"]
    found = []
    for seed in range(8):
        told = []
        sharing = [Sharing(told, is_first=True), Sharing(told, is_first=False)]
        found.append(ratio(seed, sharing if shared else [forecasting(), forecasting()]))
    name = "centralised" if shared else "decentralised_exact_cascade_z0"
    assert within_standard_errors(found, case[name][0], precision=0.04)
