import subprocess
import sys
from decimal import Decimal
from importlib import metadata
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from alesha_sim import scenarios
from alesha_sim.distributions import Constant, Distribution
from alesha_sim.scenarios import ScenarioError, cdnow, first_purchase, load, market_day, names, repeat_buyers
from alesha_sim.scenarios.library.market_day import PROFILE
from alesha_sim.scenarios.scenario import Scenario

PLAIN = ["first_purchase", "market_day", "repeat_buyers", "cdnow"]
ALL = [
    *PLAIN, "flash_sale", "cash_on_delivery", "returns_season", "supplier_disruption", "slow_bank",
    "unreliable_network", "card_testing", "growth", "prepaid_campaigns", "beer_game", "dual_sourcing",
    "two_banks", "gridlock", "bank_failure", "rival_shops",
]  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_every_shipped_scenario_is_listed_loads_and_bears_its_name(name):
    assert name in names()
    scenario = load(name)
    assert isinstance(scenario, Scenario)
    assert (scenario.name, scenario.description) == (name, scenarios.describe(name))
    assert getattr(scenarios, name)() == scenario
    assert scenario.drain is None


@pytest.mark.parametrize("name", ALL)
def test_every_shipped_scenario_survives_json_and_toml(name):
    scenario = load(name)
    assert Scenario.model_validate(scenario.model_dump(mode="json")) == scenario
    assert Scenario.from_toml(scenario.to_toml()) == scenario


def test_names_begin_with_the_shipped_ones_simplest_first():
    assert names()[: len(ALL)] == ALL


def test_other_packages_add_scenarios_through_the_entry_point_group(monkeypatch):
    point = EntryPoint("corner_shop", "alesha_sim.scenarios:first_purchase", "alesha_sim.scenarios")
    asked = []
    monkeypatch.setattr(metadata, "entry_points", lambda **selection: asked.append(selection) or [point])
    assert names() == [*ALL, "corner_shop"]
    assert load("corner_shop", laptops=3).demand.quantities["hp-laptop"] == 3
    assert scenarios.describe("corner_shop") == first_purchase().description
    assert all(selection == {"group": "alesha_sim.scenarios"} for selection in asked)


def test_a_file_is_loaded_by_its_path(tmp_path):
    path = tmp_path / "mine.toml"
    market_day().write(path)
    assert load(path) == load(str(path)) == market_day()


@pytest.mark.parametrize("name", ["template", "scenario", "no_such_thing"])
def test_the_package_shows_scenarios_and_nothing_by_accident(name):
    # Submodules become attributes once they are imported; an unknown name never does.
    if name == "no_such_thing":
        with pytest.raises(AttributeError, match="no_such_thing"):
            getattr(scenarios, name)
    else:
        assert not callable(getattr(scenarios, name, None))


def test_importing_a_scenarios_module_does_not_hide_its_function():
    import alesha_sim.scenarios.library.cdnow

    assert callable(scenarios.cdnow)
    assert alesha_sim.scenarios.library.cdnow.FILE.endswith("CDNOW_sample.txt")


HEAVY = ("pydantic", "pandas", "pyarrow", "matplotlib")


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("import alesha_sim.scenarios", []),
        ("import alesha_sim.scenarios as s; s.names()", []),
        ("from alesha_sim.scenarios import ScenarioError, load", []),
        ("from alesha_sim.scenarios import *", ["pydantic"]),
        ("import alesha_sim.scenarios as s; s.first_purchase().visits(1)", ["pydantic"]),
        ("import alesha_sim.scenarios as s; [s.load(n).visits(1) for n in s.names()[:4]]", ["pydantic"]),
        ("import alesha_sim.scenarios as s; s.first_purchase().demand_table(1)", ["pydantic", "pandas"]),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(statement, loaded):
    code = f"import sys\n{statement}\nprint([m for m in {HEAVY} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = [name for name in HEAVY if f"'{name}'" in run.stdout]
    # Pandas may bring its own reader along.
    assert [name for name in found if name != "pyarrow"] == loaded


def test_first_purchase_is_one_unregistered_user_who_looks_at_everything():
    scenario = first_purchase()
    drawn = scenario.visits(7)
    assert (drawn.at.tolist(), drawn.user.tolist()) == ([0.0], [0])
    assert drawn.quantities.tolist() == [[1, 2, 0]]
    assert scenario.users.views == "all"
    balances = [part.opening_balance for part in (scenario.users, scenario.shop, scenario.supplier)]
    assert balances == [Decimal(5000), Decimal(10_000), Decimal(5000)]
    assert [p.charge for p in scenario.catalogue] == [400, 180, 720]
    assert [p.cost for p in scenario.catalogue] == [300, 120, 540]


def distributions(value):
    """Yield every distribution in a dump of Python values."""
    if isinstance(value, Distribution):
        yield value
    for part in value.values() if isinstance(value, dict) else ():
        yield from distributions(part)


def test_everything_in_first_purchase_is_constant():
    parts = first_purchase()
    values = [vars(parts.shop), vars(parts.bank), vars(parts.supplier), vars(parts.network.default)]
    found = [each for part in values for each in distributions(part)]
    assert len(found) == 6
    assert all(isinstance(each, Constant) for each in found)
    assert parts.network.links == {}


def test_market_day_has_lookers_buyers_slips_and_poor():
    scenario = market_day(days=20)
    drawn = scenario.visits(2)
    size = len(drawn.at)
    buys = drawn.quantities.sum(axis=1) > 0
    assert abs(size - 20_000) < 4 * 20_000**0.5
    assert abs(buys.mean() - 0.4) < 4 * (0.24 / size) ** 0.5
    assert abs(drawn.wrong_secret.mean() - 0.02) < 4 * (0.0196 / size) ** 0.5
    balances = scenario.opening_balances(2) / 100
    prices = np.array([500, 250, 900])
    poor = balances[drawn.user[buys]] < drawn.quantities[buys] @ prices
    assert 0.05 < poor.mean() < 0.4


def test_market_day_has_finite_workers_and_latencies_that_vary():
    scenario = market_day()
    assert [part.workers for part in (scenario.shop, scenario.bank, scenario.supplier)] == [4, 2, 3]
    kinds = {scenario.network.link(name).latency.kind for name in ("user->shop", "shop->bank")}
    assert kinds == {"lognormal"}
    assert scenario.supplier.stock.kind == "make_to_order"


def test_the_profile_of_market_day_is_that_of_its_source(reference):
    shares = reference("retail-synthetic")["expected"]["share_by_hour"]
    assert [shares[str((hour + 5) % 24)] for hour in range(24)] == list(PROFILE)


def test_repeat_buyers_is_the_model_with_its_published_parameters(reference):
    demand = repeat_buyers().demand
    published = reference("bgnbd-fit")["expected"]["published"]
    assert [demand.r, demand.alpha, demand.a, demand.b] == [published[name] for name in ("r", "alpha", "a", "b")]
    assert (repeat_buyers().users.count, demand.weeks, demand.entry_weeks) == (2357, 78, 12)
    assert repeat_buyers().horizon == 78 * 7 * 86_400


@pytest.mark.parametrize("name", ["repeat_buyers", "cdnow"])
def test_everybody_can_pay_for_everything(name):
    scenario = load(name)
    drawn = scenario.visits(1)
    spent = np.bincount(drawn.user, weights=drawn.quantities @ np.array([500.0, 250, 900]), minlength=2357)
    assert (spent * 100 <= scenario.opening_balances(1)).all()
    assert drawn.quantities.sum(axis=1).min() >= 1


def test_cdnow_has_the_counts_of_the_real_histories(reference):
    counts = reference("cdnow-data")["expected"]
    drawn = cdnow().visits(1)
    assert len(drawn.at) == counts["customer_days"] == 6696
    assert drawn.quantities.sum() == counts["cd_units"] == 16_479
    assert len(np.unique(drawn.user)) == counts["customers"] == 2357
    repeats = np.bincount(drawn.user[drawn.at < 273 * 86_400]) - 1
    assert np.bincount(repeats)[:7].tolist() == counts["hist_x_0..6,7+"][:7]
    assert repeats.sum() == counts["repeat_39w"]


def test_cdnow_keeps_the_real_visits_whatever_the_seed():
    one, two = cdnow().visits(1), cdnow().visits(2)
    assert np.array_equal(one.at, two.at)
    assert np.array_equal(one.quantities.sum(axis=1), two.quantities.sum(axis=1))
    assert not np.array_equal(one.quantities, two.quantities)


def test_without_its_package_cdnow_says_what_to_install(monkeypatch):
    monkeypatch.setattr("alesha_sim.scenarios.demand.visit_files.find_spec", lambda name: None)
    with pytest.raises(ScenarioError, match=r"pip install 'alesha-sim\[replay\]'"):
        cdnow().visits(1)


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (lambda: load("first_purchas"), "scenario: 'first_purchas': unknown name: nearest is first_purchase"),
        (lambda: load("x"), f"scenario: 'x': unknown name: valid are {', '.join(ALL)}"),
        (lambda: load("market_day", user=3), "user: unknown knob of market_day: nearest is users"),
        (lambda: load("market_day", days="one"), "days: 'one': must be a number"),
        (lambda: load("market_day", days=0), "horizon: 0.0: must be more than 0"),
        (lambda: load("repeat_buyers", weeks=float("nan")), "weeks: nan: must be finite"),
        (lambda: load("no/such.toml"), "no/such.toml: cannot be read: No such file or directory"),
        (lambda: load("first_purchase", laptops=-1), "demand.quantities.hp-laptop: -1: must be at least 0"),
    ],
)
def test_a_scenario_that_cannot_be_loaded_is_said_in_one_line(call, fault):
    with pytest.raises(ScenarioError) as error:
        call()
    assert error.value.problems == [fault]


def test_a_file_takes_no_knobs(tmp_path):
    market_day().write(tmp_path / "mine.toml")
    with pytest.raises(ScenarioError, match=r"^users: a scenario from a file takes settings, not knobs$"):
        load(tmp_path / "mine.toml", users=3)
