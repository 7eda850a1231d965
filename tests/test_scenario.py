import datetime
import json
import pickle
import re
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from alesha_sim.distributions import Constant, Empirical, Exponential, Lognormal
from alesha_sim.policies import CHOICES, SETTLEMENTS, SHOP_CHOICES, SOURCINGS, STOCKS, TRUSTS, MakeToOrder
from alesha_sim.scenarios import ScenarioError, errors, files, first_purchase, market_day
from alesha_sim.scenarios.channels import LINKS, Link, Network
from alesha_sim.scenarios.demand.base import Poisson, Single
from alesha_sim.scenarios.demand.replay import Replay
from alesha_sim.scenarios.errors import NAMED
from alesha_sim.scenarios.model import Part
from alesha_sim.scenarios.price_lists import DatedPrice
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.scenarios.sections import Product, Zone

BARE = {"horizon": 100, "demand": {"kind": "single"}}
DEMANDS = [
    {"kind": "single", "at": 3, "quantities": {"iphone-x": 2}},
    {"kind": "poisson", "visits_per_day": 7.5, "profile": list(range(24)), "shares": {"iphone-x": 1}},
    {"kind": "bg_nbd", "weeks": 5, "r": 1, "alpha": 2, "a": 3, "b": 4, "entry_weeks": 0},
    {"kind": "replay", "visits": {"at": [0, 1.5], "user": [0, 0], "hp-laptop": [1, 0]}},
    {"kind": "replay", "file": "visits.csv", "shares": {"hp-laptop": 1}},
]
DISTRIBUTIONS = [
    2,
    {"kind": "uniform", "low": 1, "high": 3},
    {"kind": "triangular", "low": 1, "mode": 2, "high": 3},
    {"kind": "gamma", "mean": 2, "cv": 0.5},
    {"kind": "erlang", "k": 3, "mean": 2},
    {"kind": "empirical", "values": [1, 2], "weights": [3, 1]},
]


def made(**fields):
    return Scenario.model_validate(BARE | fields)


def test_every_field_but_horizon_and_demand_has_the_documented_default():
    scenario = made()
    assert (scenario.name, scenario.start, scenario.drain) == ("scenario", datetime.datetime(2021, 1, 1), None)
    assert (scenario.currency.code, scenario.currency.decimals) == ("BDT", 2)
    assert scenario.catalogue[0].model_dump() == {
        "sku": "hp-laptop",
        "name": "HP laptop",
        "marked_price": Decimal(600),
        "price": Decimal(500),
        "charge": Decimal(400),
        "cost": Decimal(300),
        "warranty": 730 * 86_400.0,
        "return_window": 7 * 86_400.0,
        "return_share": 0.0,
        "defect_share": 0.0,
    }
    assert (scenario.users.opening_balance, scenario.users.views) == (Decimal(5000), "bought")
    assert (scenario.shop.workers, scenario.shop.page_time) == (None, Constant(0))
    assert (scenario.supplier.lead_time, scenario.supplier.delivery_time) == (Constant(86_400), Constant(86_400))
    assert scenario.supplier.stock == MakeToOrder()
    assert scenario.network.link("bank->shop").latency == Constant(0.05)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(60, 60.0), (0.25, 0.25), ("250ms", 0.25), ("3 days", 259_200.0), ("1:30:00", 5400.0), ("P1D", 86_400.0)],
)
def test_a_duration_is_a_number_of_seconds_or_text(given, seconds):
    assert made(horizon=given).horizon == seconds


def test_durations_are_rounded_to_one_microsecond():
    assert made(horizon=1.23456789).horizon == 1.234568
    assert made(horizon=np.float64(2.00000049)).horizon == 2.0


@pytest.mark.parametrize(
    ("given", "amount"),
    [(5, "5"), (5.25, "5.25"), ("5.20", "5.20"), (Decimal("5.1"), "5.1"), ("1e3", "1000"), (np.int64(7), "7")],
)
def test_money_is_read_exactly_and_written_as_text(given, amount):
    scenario = made(shop={"opening_balance": given})
    assert scenario.shop.opening_balance == Decimal(amount)
    assert scenario.model_dump(mode="json")["shop"]["opening_balance"] == amount


def test_values_at_their_limits_are_accepted():
    product = made().catalogue[0].model_dump() | {"cost": 400, "sku": "a" * 24}
    assert made(catalogue=[product], name="n" * 100, users={"wrong_secret": 1}, drain=0).skus == ("a" * 24,)


def test_a_plain_duration_is_a_constant_distribution_and_dumps_as_itself():
    scenario = made(bank={"authorisation_time": "2 s"}, shop={"page_time": {"kind": "constant", "value": 3}})
    assert (scenario.bank.authorisation_time, scenario.shop.page_time) == (Constant(2), Constant(3))
    dump = scenario.model_dump(mode="json")
    assert (dump["bank"]["authorisation_time"], dump["shop"]["page_time"]) == (2.0, 3.0)


def test_parameters_of_a_distribution_of_durations_may_be_text():
    table = {"kind": "lognormal", "mean": "2 min", "cv": 0.5}
    assert made(shop={"page_time": table}).shop.page_time == Lognormal(120, 0.5)
    table = {"kind": "empirical", "values": ["1 s", 2], "weights": [1, 2]}
    assert made(shop={"page_time": table}).shop.page_time == Empirical((1, 2), (1, 2))


def test_a_constant_distribution_of_amounts_is_the_amount():
    users = {"opening_balance": {"kind": "constant", "value": "12.50"}}
    assert made(users=users).users.opening_balance == Decimal("12.50")
    assert made(users={"opening_balance": Constant(3)}).users.opening_balance == Decimal(3)


@pytest.mark.parametrize("demand", DEMANDS)
@pytest.mark.parametrize("spread", DISTRIBUTIONS)
def test_a_scenario_survives_json_and_toml(demand, spread):
    scenario = made(
        demand=demand,
        description='quoted "text"',
        users={"opening_balance": spread},
        shop={"page_time": spread, "workers": 2},
        supplier={"stock": {"kind": "make_to_order", "unavailable": ["iphone-x"]}},
        network={"links": {"user->shop": {"latency": spread}, "bank->shop": {}}},
    )
    assert Scenario.model_validate(scenario.model_dump(mode="json")) == scenario
    assert Scenario.model_validate(json.loads(json.dumps(scenario.model_dump(mode="json")))) == scenario
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario
    assert Scenario.from_toml(scenario.to_toml()) == scenario
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_a_written_file_reads_back(tmp_path):
    scenario = market_day()
    scenario.write(tmp_path / "market.toml")
    assert Scenario.read(tmp_path / "market.toml") == scenario


def test_a_file_may_be_as_large_as_the_limit_and_no_larger(tmp_path, monkeypatch):
    path = tmp_path / "market.toml"
    market_day().write(path)
    size = path.stat().st_size
    monkeypatch.setattr(files, "TOML_BYTES_MAX", size)
    assert Scenario.read(path) == market_day()
    monkeypatch.setattr(files, "TOML_BYTES_MAX", size - 1)
    with pytest.raises(ScenarioError, match=f"market.toml: cannot be read: must be at most {size - 1:,} bytes$"):
        Scenario.read(path)


def test_a_file_too_large_to_be_read_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "TOML_BYTES_MAX", 1000)
    with pytest.raises(ScenarioError, match=r"s\.toml: cannot be written: must be at most 1,000 bytes$"):
        made(description="x" * 1000).write(tmp_path / "s.toml")
    assert list(tmp_path.iterdir()) == []


def test_many_products_at_fault_are_given_their_names_once(monkeypatch):
    products = [
        {"sku": f"p{n}", "name": "x", "price": 1, "marked_price": 1, "charge": 1, "cost": 2} for n in range(3)
    ]
    named = []
    monkeypatch.setattr(errors, "product_names", lambda given: named.append(given) or ["p0", "p1", "p2"])
    with pytest.raises(ScenarioError) as refused:
        made(catalogue=products)
    assert len(refused.value.problems) == 3
    assert len(named) == 1


def test_a_replay_file_is_found_beside_the_scenario_wherever_both_move(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "visits.csv").write_text("at,user,units\n5,0,2\n")
    made(demand={"kind": "replay", "file": str(tmp_path / "one" / "visits.csv")}).write(tmp_path / "one/s.toml")
    assert 'file = "visits.csv"' in (tmp_path / "one" / "s.toml").read_text()
    (tmp_path / "one").rename(tmp_path / "two")
    assert Scenario.read(tmp_path / "two" / "s.toml").visits(1).at.tolist() == [5.0]


def test_a_package_file_keeps_its_name(tmp_path):
    demand = {"kind": "replay", "file": "package:lifetimes/x.txt", "format": "cdnow"}
    made(demand=demand).write(tmp_path / "s.toml")
    assert Scenario.read(tmp_path / "s.toml").demand.file == "package:lifetimes/x.txt"


def test_parts_may_be_given_as_python_objects():
    stock = MakeToOrder(("iphone-x",))
    scenario = made(
        demand=Single(quantities={"hp-laptop": 1}), shop={"page_time": Exponential(2)}, supplier={"stock": stock}
    )
    assert scenario.demand == Single(quantities={"hp-laptop": 1})
    assert (scenario.shop.page_time, scenario.supplier.stock) == (Exponential(2), stock)


class Moody:
    period = None

    def accepts(self, lines):
        return len(lines) > 1

    def opening(self, sku):
        return None

    def order(self, sku, position, demands):
        return 0


@dataclass(slots=True)
class Slotted(Moody):
    level: int = 3


class Modelled(BaseModel, Moody):
    level: int = 3


@pytest.mark.parametrize("own", [Moody, Slotted, Modelled])
def test_a_policy_of_ones_own_stays_in_python(own):
    moody = own()
    scenario = made(supplier={"stock": moody}).with_settings({"bank.workers": 3})
    assert scenario.supplier.stock is moody
    assert scenario.model_dump(mode="json")["supplier"]["stock"]["kind"].endswith(own.__name__)
    with pytest.raises(
        ScenarioError, match=rf"^supplier\.stock: '{own.__name__}': an object of Python cannot be written"
    ):
        scenario.to_toml()


def test_a_scenario_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        made().name = "other"


@pytest.mark.parametrize(
    ("given", "start"),
    [
        ("2024-05-06", datetime.datetime(2024, 5, 6)),
        ("2024-05-06 07:08", datetime.datetime(2024, 5, 6, 7, 8)),
        (datetime.date(2024, 5, 6), datetime.datetime(2024, 5, 6)),
        (pd.Timestamp("2024-05-06 07:08"), datetime.datetime(2024, 5, 6, 7, 8)),
    ],
)
def test_the_start_is_a_date_and_time_without_a_zone(given, start):
    assert type(made(start=given).start) is datetime.datetime
    assert made(start=given).start == start


# Settings.


@pytest.mark.parametrize(
    ("settings", "path", "value"),
    [
        ({"bank.workers": 3}, "bank.workers", 3),
        ({"bank.workers": None}, "bank.workers", None),
        ({"supplier.lead_time": "7 days"}, "supplier.lead_time", Constant(604_800)),
        ({"shop.page_time": Exponential(3)}, "shop.page_time", Exponential(3)),
        ({"shop.page_time.value": 3}, "shop.page_time", Constant(3)),
        ({"shop.page_time.mean": 4, "shop.page_time.kind": "exponential"}, "shop.page_time", Exponential(4)),
        ({"users.opening_balance.kind": "exponential", "users.opening_balance.mean": 7},
         "users.opening_balance", Exponential(7)),
        ({"currency.code": "EUR"}, "currency.code", "EUR"),
        ({"demand.quantities.iphone-x": 4}, "demand.quantities",
         {"hp-laptop": 1, "apple-watch": 2, "iphone-x": 4}),
        ({"demand": {"kind": "single", "at": 5}}, "demand", Single(at=5)),
        ({"demand.kind": "poisson", "demand.visits_per_day": 5}, "demand", Poisson(visits_per_day=5)),
        ({"demand.kind": "poisson", "demand.visits_per_day": 5, "demand.shares.iphone-x": 2},
         "demand.shares", {"iphone-x": 2}),
        ({"demand.kind": "single", "demand.at": 5}, "demand.quantities", {"hp-laptop": 1, "apple-watch": 2}),
        ({"supplier.stock.unavailable": ["iphone-x"]}, "supplier.stock", MakeToOrder(("iphone-x",))),
    ],
)  # fmt: skip
def test_a_setting_changes_one_field(settings, path, value):
    changed = first_purchase().with_settings(settings)
    for part in path.split("."):
        changed = getattr(changed, part)
    assert changed == value


def test_products_are_addressed_by_their_sku():
    changed = first_purchase().with_settings({"catalogue.apple-watch.price": 260, "catalogue.apple-watch.cost": 1})
    assert [product.price for product in changed.catalogue] == [500, 260, 900]
    assert first_purchase().catalogue[1].price == 250


@pytest.mark.parametrize("path", ["network.links.user->shop.latency", 'network.links."user->shop".latency'])
def test_links_are_addressed_by_their_name_with_or_without_quotes(path):
    network = first_purchase().with_settings({path: "1 s"}).network
    assert network.link("user->shop").latency == Constant(1)
    assert network.link("shop->user").latency == Constant(0.05)


def test_an_override_without_a_field_follows_the_default():
    network = Network(links={"user->shop": {}, "shop->user": {"latency": 3}})
    scenario = made(network=network).with_settings({"network.default.latency": 7})
    assert scenario.network.link("user->shop").latency == Constant(7)
    assert scenario.network.link("shop->user").latency == Constant(3)


def test_settings_are_applied_before_one_validation_in_any_order():
    both = {"catalogue.hp-laptop.cost": 450, "catalogue.hp-laptop.charge": 460}
    for settings in (both, dict(reversed(both.items()))):
        assert first_purchase().with_settings(settings).catalogue[0].cost == 450
    with pytest.raises(ScenarioError, match="at most the charge"):
        first_purchase().with_settings({"catalogue.hp-laptop.cost": 450})


def test_a_whole_part_is_set_before_what_is_in_it():
    settings = {"bank.workers": 4, "bank": {"authorisation_time": 2}}
    assert first_purchase().with_settings(settings).bank.workers == 4


@pytest.mark.parametrize(
    ("settings", "faults"),
    [
        ({"bank.worker": 3}, ["bank.worker: unknown field: nearest is workers"]),
        ({"bnak.workers": 3}, ["bnak: unknown field: nearest is bank"]),
        ({"bank.workers.mean": 3}, ["bank.workers: a table: must be a whole number"]),
        ({"name.first": 3}, ["name.first: unknown field: name has no fields"]),
        ({"catalogue.hp-lapto.price": 3}, ["catalogue.hp-lapto: unknown SKU: nearest is hp-laptop"]),
        ({"catalogue.hp-laptop.prise": 3}, ["catalogue.hp-laptop.prise: unknown field: nearest is price"]),
        ({"network.links.user->shp.latency": 1}, ["network.links.user->shp: unknown link: nearest is user->shop"]),
        ({"shop.page_time.mean": 3}, ["shop.page_time.mean: unknown field: valid are value"]),
        ({"": 3}, ["a setting must have a path, such as bank.workers"]),
        ({"catalogue.x.price": 3, "bank.workers": 0, "shop.workers": "two"},
         ["catalogue.x: unknown SKU: valid are hp-laptop, apple-watch, iphone-x",
          "shop.workers: 'two': must be a whole number", "bank.workers: 0: must be at least 1"]),
    ],
)  # fmt: skip
def test_faulty_settings_are_named_all_at_once(settings, faults):
    with pytest.raises(ScenarioError) as error:
        first_purchase().with_settings(settings)
    assert error.value.problems == faults


# Opening balances, schema, template, names of links.


def test_everybody_opens_with_the_same_plain_amount_in_minor_units():
    scenario = made(users={"count": 3, "opening_balance": "12.34"})
    assert scenario.opening_balances(1).tolist() == [1234, 1234, 1234]
    assert scenario.opening_balances(1).dtype == np.int64


def test_drawn_opening_balances_depend_on_the_seed_and_keep_their_mean():
    users = {"count": 20_000, "opening_balance": {"kind": "gamma", "mean": 200, "cv": 0.5}}
    balances = made(users=users).opening_balances(5)
    assert abs(balances.mean() / 100 - 200) < 4 * 100 / 20_000**0.5
    assert balances.min() >= 0
    assert not np.array_equal(balances, made(users=users).opening_balances(6))


def test_opening_balances_do_not_move_when_the_demand_changes():
    scenario = market_day()
    other = scenario.with_settings({"demand.visits_per_day": 10, "users.wrong_secret": 0.5})
    assert np.array_equal(scenario.opening_balances(3), other.opening_balances(3))


def test_money_drawn_beyond_64_bits_is_refused():
    users = {"count": 1000, "opening_balance": {"kind": "uniform", "low": 8e15, "high": 9e15}}
    with pytest.raises(ScenarioError, match=r"users\.opening_balance: .* must fit in 64 bits"):
        made(users=users).opening_balances(1)


def test_the_json_schema_describes_every_field():
    schema = Scenario.model_json_schema()
    assert set(schema["required"]) == {"demand"}
    parts = {"Scenario": schema} | schema["$defs"]
    for name, part in parts.items():
        for field, described in part["properties"].items():
            assert "description" in described or "$ref" in described or field == "kind", f"{name}.{field}"


def test_the_schema_accepts_what_a_scenario_dumps():
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(market_day().model_dump(mode="json"), Scenario.model_json_schema())
    for fault in ({"nmae": "x"}, {"currency": {"cod": "BDT"}}, {"currency": {"decimals": -1}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(BARE | fault, Scenario.model_json_schema())
    jsonschema.validate(BARE | {"currency": {"decimals": 0}}, Scenario.model_json_schema())


TEMPLATE = (Path(files.__file__).parent / "template.toml").read_text("utf-8")
TAGGED = {
    "demand": None, "faults": None, "supplier.stock": STOCKS, "bank.settlement": SETTLEMENTS,
    "users.choice": CHOICES, "users.trust": TRUSTS, "shop.stock": STOCKS, "users.shop_choice": SHOP_CHOICES,
    "shops.sourcing": SOURCINGS,
}  # fmt: skip
OF_A_MARKET = ("users.shop_choice", "shops.sourcing")
"""The tables of the template that have kinds, and the policies by kind."""

LISTS = {"delivery.zones": Zone, "shop.prices": DatedPrice}
"""Lists of the template of which one table shows how they are written."""


def sections(text):
    """Map each section of a TOML text, a tagged one by its kind, to the names of its fields, off or not."""
    found, current = {}, {}
    found[""], place = current, ""
    for line in text.splitlines():
        bare = line.removeprefix("# ")
        if bare.startswith("["):
            place = bare.split("  #")[0].strip("[] ")
            current = found.setdefault(place, {})
        elif " = " in bare and bare.split(" = ")[0].isidentifier():
            name = bare.split(" = ")[0]
            if name == "kind" and place in TAGGED:
                current = found.setdefault(f"{place} " + bare.split('"')[1], {})
            current.setdefault(name, not line.startswith("#"))
    return found


def test_the_template_runs_as_it_is_and_shows_the_defaults():
    scenario = Scenario.from_toml(TEMPLATE)
    assert len(scenario.visits(1).at) > 50
    differences = {"name": "my_scenario", "horizon": 86_400, "demand": scenario.demand}
    default = Scenario.model_validate(differences).with_settings({"users.count": 100})
    assert scenario == default
    assert scenario.demand == Poisson(visits_per_day=100)


def named_in(found, place, part):
    """Assert that a section names every field of a part, and so on for the parts in it."""
    for name, field in part.model_fields.items():
        path = f"{place}.{name}".lstrip(".")
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        inner = [kind for kind in kinds if issubclass(kind, Part)]
        if path in TAGGED or path == "currency":
            assert any(section.split(" ")[0] == path for section in found), path
        elif path == "network.links" or path == "catalogue":
            assert any(section.startswith(path) for section in found), path
        elif path in LISTS:
            assert set(found[path]) == set(LISTS[path].model_fields)
        elif path in NAMED:  # the other fields are those of the only one
            own = set(inner[0].model_fields) - set(inner[0].__bases__[0].model_fields) - {"sourcing"}
            assert set(found[path]) == own | {"name"}
        elif inner:
            named_in(found, path, inner[0])
        else:
            assert name in found[place], path
    tables = {section.rpartition(".")[2] for section in found if section.rpartition(".")[0] == place}
    assert set(found.get(place, {})) <= set(part.model_fields), (place, tables)


def test_the_template_names_every_field():
    found = sections(TEMPLATE)
    named_in(found, "", Scenario)
    for section, policies in TAGGED.items():
        kinds = Scenario.kinds(section) if policies is None else policies
        for name, kind in kinds.items():
            if section == "shop.stock" and name != "base_stock":
                continue  # those of supplier.stock
            wanted = {"kind"} | {field.name for field in fields(kind)} if policies else set(kind.model_fields)
            assert set(found[f"{section} {name}"]) == wanted, (section, name)
    links = found["network.default"], found['network.links."user->shop"']
    assert set(links[0]) == set(links[1]) == set(Link.model_fields)
    assert set(found["catalogue"]) == set(Product.model_fields)
    assert set(found["currency"]) == {"code", "decimals"}


def switched_on(section, text):
    """Return a section of the template with everything that is off switched on, as TOML."""
    lines = [line.removeprefix("# ").split("  #")[0] for line in text.splitlines()]
    wanted = [line for line in lines if " = " in line and line.split(" = ")[0].isidentifier()]
    return "\n".join([f"[{section}]", *wanted])


def test_everything_off_in_the_template_would_be_accepted():
    parts = TEMPLATE.split("\n\n")
    for section, policies in TAGGED.items():
        for kind in Scenario.kinds(section) if policies is None else policies:
            if section in ("faults", "shop.stock", *OF_A_MARKET) or kind == "replay":
                continue
            (text,) = [
                part
                for part in parts
                if f"[{section}]" in part and re.search(f'^(# )?kind = "{kind}"', part, re.M)
            ]
            bare = "" if section == "demand" else '[demand]\nkind = "single"\n[shop]\npromise = "9 days"\n'
            scenario = Scenario.from_toml(
                f"horizon = 1000000\nusers.count = 100\n{bare}{switched_on(section, text)}"
            )
            if section == "demand":
                demand = scenario.demand
                assert demand.model_fields_set == set(type(demand).model_fields)
                defaults = {name: field.default for name, field in type(demand).model_fields.items()}
                numbers = {n: value for n, value in defaults.items() if isinstance(value, int | float)}
                if kind in ("poisson", "single", "bg_nbd"):
                    assert {name: getattr(demand, name) for name in numbers} == numbers


def test_all_twelve_links_have_a_name():
    assert len(set(LINKS)) == 12
    assert {"user->shop", "bank->supplier"} <= set(LINKS)
    assert "user->supplier" in LINKS
    assert all(tuple(link.split("->")) in {tuple(name.split("->")) for name in LINKS} for link in LINKS)


@given(st.decimals(0, 10**12, places=2, allow_nan=False, allow_infinity=False))
def test_any_amount_survives_the_dump(amount):
    scenario = made(shop={"opening_balance": amount})
    assert Scenario.from_toml(scenario.to_toml()) == scenario
    assert scenario.currency.minor(scenario.shop.opening_balance) == int(amount * 100)


def test_replay_keeps_numpy_columns_as_plain_numbers():
    demand = Replay(visits={"at": np.array([0, 1.5]), "user": [np.int64(0), 0], "units": (1, 2)})
    assert demand.model_dump()["visits"] == {"at": [0.0, 1.5], "user": [0, 0], "units": [1, 2]}
