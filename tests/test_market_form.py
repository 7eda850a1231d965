"""The form of a market: named shops, banks and suppliers, what a scenario tells of them, and what it refuses."""

import copy
import pickle
import re
from pathlib import Path

import pytest

from alesha_sim import Simulation
from alesha_sim.experiments.identity import identity
from alesha_sim.policies import SHOP_CHOICES, SOURCINGS
from alesha_sim.scenarios import ScenarioError, files, market_day
from alesha_sim.scenarios.channels import LINKS
from alesha_sim.scenarios.market import links
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.vocabulary import CONNECTED

MARKET = """
horizon = "3 days"
demand = { kind = "poisson", visits_per_day = 10 }
users = { count = 10 }
[[shops]]
name = "daraz"
bank = "city"
suppliers = ["mill"]
workers = 3
[[shops]]
name = "pickaboo"
bank = "brac"
suppliers = ["mill", "overseas"]
[[banks]]
name = "city"
share = 0.6
reserves = 5000
[[banks]]
name = "brac"
share = 0.4
credit = 10
[[suppliers]]
name = "mill"
bank = "city"
upstream = "quarry"
charges = { iphone-x = 700 }
lead_times = { iphone-x = "9 days" }
[[suppliers]]
name = "overseas"
bank = "brac"
[[suppliers]]
name = "quarry"
bank = "brac"
"""
SCENARIO = Scenario.from_toml(MARKET)
ONE = {"horizon": 1, "demand": {"kind": "single"}}
TWO_BANKS = [{"name": "city"}, {"name": "brac"}]


def named(*names, **fields):
    return [{"name": name, **fields} for name in names]


def suppliers(**upstream):
    found = [{"name": name} | ({"upstream": above} if above else {}) for name, above in upstream.items()]
    return {"suppliers": found, "shops": named("daraz", suppliers=[next(iter(upstream))])}


def test_organisations_come_by_role_each_with_its_section():
    told = [(each.name, each.role, each.field) for each in SCENARIO.organisations]
    assert [name for name, _, _ in told] == ["daraz", "pickaboo", "city", "brac", "mill", "overseas", "quarry"]
    assert told[0] == ("daraz", "shop", "shops.daraz")
    assert SCENARIO.organisations[0].terms.workers == 3
    assert SCENARIO.roles == {name: role for name, role, _ in told} | {"users": "users", "clearing": "clearing"}
    assert SCENARIO.is_market


def test_one_of_each_is_named_by_its_role_and_is_no_market():
    scenario = market_day()
    assert [each[:2] for each in scenario.organisations] == [(role, role) for role in ("shop", "bank", "supplier")]
    assert [each.terms for each in scenario.organisations] == [scenario.shop, scenario.bank, scenario.supplier]
    assert scenario.roles == {"shop": "shop", "bank": "bank", "supplier": "supplier", "users": "users"}
    assert not scenario.is_market
    assert not {"shops", "banks", "suppliers", "clearing"} & {*scenario.model_dump(), *scenario.to_toml().split()}


def test_who_banks_where_and_buys_from_whom():
    assert [SCENARIO.bank_of(name) for name in ("daraz", "pickaboo", "mill")] == ["city", "brac", "city"]
    assert SCENARIO.suppliers_of("pickaboo") == ("mill", "overseas")
    assert (SCENARIO.suppliers_of("mill"), SCENARIO.suppliers_of("quarry")) == (("quarry",), ())
    one = market_day()
    assert (one.bank_of("shop"), one.bank_of("supplier")) == ("bank", "bank")
    assert (one.suppliers_of("shop"), one.suppliers_of("supplier")) == (("supplier",), ())
    with pytest.raises(ScenarioError, match=r"^'darz': unknown organisation: nearest is daraz$"):
        SCENARIO.bank_of("darz")


def test_the_only_one_of_a_role_is_found_by_its_role_and_several_are_named():
    assert Scenario(**ONE, shops=named("daraz", workers=2)).shop.workers == 2
    for role, several in (
        ("shop", "daraz, pickaboo"),
        ("bank", "city, brac"),
        ("supplier", "mill, overseas, quarry"),
    ):
        line = f"scenario.{role}: there are several: {several}; name one: {role}s.{several.split(',')[0]}"
        with pytest.raises(AttributeError, match=f"^{re.escape(line)}$"):
            getattr(SCENARIO, role)
    assert not hasattr(SCENARIO, "shop")
    assert Scenario(**ONE, shops=named("daraz", bank="bank", suppliers=["supplier"])).bank_of("daraz") == "bank"
    assert Scenario(**ONE, banks=named("city")).shop == Scenario(**ONE).shop


def test_a_market_survives_every_way_of_writing_it_down():
    assert Scenario.from_toml(SCENARIO.to_toml()) == SCENARIO
    assert Scenario.model_validate(SCENARIO.model_dump()) == SCENARIO
    assert Scenario.model_validate(SCENARIO.model_dump(mode="json")) == SCENARIO
    assert Scenario.model_validate_json(SCENARIO.model_dump_json()) == SCENARIO
    assert pickle.loads(pickle.dumps(SCENARIO)) == SCENARIO
    assert copy.deepcopy(SCENARIO) == SCENARIO
    assert identity(SCENARIO) == identity(copy.deepcopy(SCENARIO))
    assert identity(SCENARIO) != identity(SCENARIO.with_settings({"shops.daraz.workers": 4}))


def test_settings_and_differences_go_by_name():
    other = SCENARIO.with_settings({"shops.daraz.workers": 5, "suppliers.mill.charges.iphone-x": 650})
    assert [shop.workers for shop in other.shops] == [5, None]
    assert SCENARIO.diff(other) == "shops.daraz.workers: 3 against 5 (and 1 more fields)"
    named_now = market_day().with_settings({"shops": named("daraz", "pickaboo")})
    assert list(named_now.roles)[:2] == ["daraz", "pickaboo"]


def test_the_kind_of_clearing_changes_alone():
    assert SCENARIO.clearing.kind == "gross"
    other = SCENARIO.with_settings({"clearing.queue": "gridlock", "clearing.kind": "net"})
    assert (other.clearing.kind, other.clearing.queue) == ("net", "gridlock")
    assert Scenario(**ONE, banks=named("city")).clearing is None


def test_one_of_each_talks_as_ever_and_a_market_by_who_deals_with_whom():
    one, names = market_day(), SCENARIO.link_names
    assert one.connected == CONNECTED
    assert list(one.link_names) == list(LINKS)
    assert {"daraz->city", "shop->city", "daraz->bank", "shop->bank"} <= set(names)
    assert {"user->daraz", "user->brac", "mill->user", "city->brac", "brac->clearing", "mill->quarry"} <= set(
        names
    )
    assert {"bank->bank", "bank->clearing", "supplier->supplier", "supplier->user"} <= set(names)
    assert not {"daraz->brac", "daraz->overseas", "daraz->pickaboo", "daraz->quarry"} & set(names)


def test_a_run_has_the_channels_that_the_scenario_tells_of():
    for each in (SCENARIO, market_day()):
        parties = Simulation(each, seed=1).parties
        found = {f"{one.name}->{name}" for one in parties for name in one.entity.channels}
        assert {name.replace("users", "user") for name in found} == set(links(each))


def test_a_link_is_as_its_parties_say_else_as_their_roles_else_as_the_default():
    links = {"shop->bank": {"latency": 2, "duplication": 0.1}, "daraz->city": {"latency": 3}}
    links |= {"shop->city": {"jitter": 0.2, "latency": 4}, "daraz->bank": {"jitter": 0.3}}
    market = SCENARIO.with_settings({"network.links": links, "network.default.timeout": 9})
    told = {name: market.link(name) for name in ("daraz->city", "pickaboo->brac", "city->daraz")}
    assert [link.latency.value for link in told.values()] == [3, 2, 0.05]
    assert [link.duplication for link in told.values()] == [0.1, 0.1, 0]
    assert [link.jitter for link in told.values()] == [0.3, 0, 0]
    assert (market.is_hostile, SCENARIO.is_hostile) == (True, False)
    assert market.link("courier-firm->city").latency.value == 0.05


def test_a_word_means_the_party_of_that_name_or_all_of_that_role():
    assert SCENARIO.called("city") == ("city",)
    assert SCENARIO.called("bank") == ("city", "brac")
    assert SCENARIO.called("clearing") == ("clearing",)
    assert market_day().called("bank") == ("bank",)


RULE = "must be at most 24 letters and digits, a letter first, dashes inside"
TWICE = "must not be the name of shops[0] too, in capitals or small letters"
ROLE = "must not be the name of a role, unless it is the only"
ALONE = "a bank that is the only one has nobody to settle with"
COURIER = "must not end in -courier: the account of a supplier's courier does"
RESERVED = "must not be clearing, courier or outside, which are no organisations"
TOO_MANY = "must be at most 28 shops, banks and suppliers together"
SHORTEST = "must be at least the shortest time in which goods are made and brought"
PEERS = "only to user, bank, city, supplier, mill"
RING = "must not be a ring"

LOSSY = {name: value for name, value in SCENARIO.model_dump().items() if name in ("shops", "banks", "suppliers")}
OUTAGE = {"kind": "outage", "start": 0, "duration": 1}
TIMEOUT = {"default": {"timeout": 1}}

REFUSED = [
    # Names.
    ({"shops": named("daraz", "daraz")}, [f"shops[1].name: 'daraz': {TWICE}"]),
    ({"shops": named("City"), "banks": named("city")}, [f"banks[0].name: 'city': {TWICE}"]),
    ({"shops": named("user-17")},
     ["shops.user-17.name: 'user-17': must not begin with user: accounts of users do"]),
    ({"banks": named("clearing")}, [f"banks.clearing.name: 'clearing': {RESERVED}"]),
    ({"suppliers": named("mill-courier")}, [f"suppliers.mill-courier.name: 'mill-courier': {COURIER}"]),
    *(({"shops": named(name)}, [f"shops.{name}.name: '{name}': {RULE}"])
      for name in ("a_b", "-a", "a-", "7up", "a--b", "a b", "a" * 25)),
    ({"shops": [{}]}, ["shops[0].name: missing: must be given"]),
    ({"shops": named("bank")}, [f"shops[0].name: 'bank': {ROLE} bank"]),
    ({"shops": named("shop", "other")}, [f"shops[0].name: 'shop': {ROLE} shop"]),
    ({"shops": named("shop"), "banks": named("bank")},
     ["shops: must not all be named by their roles: one of each has no list"]),
    ({"shops": named(*(f"s{n}" for n in range(27)))}, [f"29 organisations: {TOO_MANY}"]),
    # Both forms.
    ({"shop": {"workers": 1}, "shops": named("daraz")},
     ["shop: must not be given beside shops, which stand in its place"]),
    ({"clearing": {"kind": "net"}}, [f"clearing: must not be given without several banks: {ALONE}"]),
    # Banks.
    ({"banks": TWO_BANKS, "shops": named("daraz"), "suppliers": named("mill", bank="brac")},
     ["shops.daraz.bank: missing: must be given where there are several banks"]),
    ({"banks": TWO_BANKS, "shops": named("daraz", bank="city")},
     ["suppliers: missing: must be given where there are several banks: each supplier names its own"]),
    ({"banks": TWO_BANKS, "shops": named("daraz", bank="ctiy"), "suppliers": named("mill", bank="ebl")},
     ["shops.daraz.bank: 'ctiy': unknown bank: nearest is city",
      "suppliers.mill.bank: 'ebl': unknown bank: valid are city, brac"]),
    ({"banks": [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.4}], "shops": named("daraz", bank="a"),
      "suppliers": named("mill", bank="a")}, ["banks: 0.5 + 0.4: shares must add up to 1"]),
    ({"banks": [{"name": "a", "share": 0.5}, {"name": "b"}], "shops": named("daraz", bank="a"),
      "suppliers": named("mill", bank="a")}, ["banks.b.share: missing: must be given at all banks or at none"]),
    ({"banks": [{"name": "a", "reserves": 5}]},
     [f"banks.a.reserves: 5: must not be given: {ALONE}"]),
    ({"banks": [{"name": name, "reserves": 5 * 10**16} for name in "ab"], "shops": named("daraz", bank="a"),
      "suppliers": named("mill", bank="a")},
     ["banks: 100000000000000000: reserves must together fit in 64 bits of minor units"]),
    # Suppliers.
    ({"shops": named("daraz", suppliers=["mll"]), "suppliers": named("mill", "quarry")},
     ["shops.daraz.suppliers[0]: 'mll': unknown supplier: nearest is mill"]),
    ({"shops": named("daraz", suppliers=["mill", "mill"]), "suppliers": named("mill")},
     ["shops.daraz.suppliers[1]: 'mill': must not occur twice"]),
    ({"shops": named("daraz"), "suppliers": named("mill", "quarry")},
     ["shops.daraz.suppliers: missing: must be given where there are several suppliers"]),
    ({"suppliers": named("mill", "quarry")},
     ["shops: missing: must be given where there are several suppliers: each shop names its own"]),
    (suppliers(mill="quary", quarry=None),
     ["suppliers.mill.upstream: 'quary': unknown supplier: nearest is quarry"]),
    (suppliers(mill="quarry", quarry="mine", mine="mill"),
     [f"suppliers.mill.upstream: 'quarry': {RING}: mill -> quarry -> mine -> mill"]),
    (suppliers(shed="mill", mill="mill"), ["suppliers.mill.upstream: 'mill': must not be a ring: mill -> mill"]),
    ({"suppliers": named("mill", charges={"phone": 3})},
     ["suppliers.mill.charges.phone: unknown SKU: nearest is iphone-x"]),
    # Policies.
    ({"users": {"shop_choice": {"kind": "cheapest"}}},
     ["users.shop_choice: must not be given without shops: there is one, and nobody chooses"]),
    ({"shops": named("daraz"), "users": {"shop_choice": {"kind": "only", "shop": "daras"}}},
     ["users.shop_choice: 'daras': unknown shop: nearest is daraz"]),
    ({"shops": named("daraz"), "users": {"shop_choice": {"kind": "share", "shares": {"dar": 1, "x": 0.5}}}},
     ["users.shop_choice: 'dar': unknown shop: nearest is daraz",
      "users.shop_choice: 'x': unknown shop: valid are daraz"]),
    ({"shops": named("daraz"), "users": {"shop_choice": {"kind": "logit", "promise": -1}}},
     ["shops.daraz.promise: missing: must be given where users.shop_choice.promise counts, or nobody buys there"]),
    ({"shops": named("daraz"), "users": {"shop_choice": {"kind": "logit", "price": 0.01}}},
     ["users.shop_choice.price: 0.01: must be a number from -1e+09 to 0"]),
    ({"shops": named("daraz"), "users": {"shop_choice": {"kind": "dearest"}}},
     ["users.shop_choice.kind: 'dearest': unknown kind: nearest is cheapest"]),
    ({"shops": named("daraz", suppliers=["mill"], sourcing={"kind": "single", "supplier": "quarry"}),
      "suppliers": named("mill", "quarry")},
     ["shops.daraz.sourcing: 'quarry': unknown supplier of this shop: valid are mill"]),
    ({"shops": named("daraz", suppliers=["a", "b"], sourcing={"kind": "dual", "fast": "a", "slow": "b",
                                                              "order_up_to": [4, 8]}),
      "suppliers": named("a", "b")},
     ["shops.daraz.stock: missing: must be given where sourcing is dual, which is asked at reviews"]),
    # Links and injected faults.
    ({"network": {"links": {"shop->bnk": {}}}}, ["network.links.shop->bnk: unknown link: nearest is shop->bank"]),
    (LOSSY | {"network": {"links": {"daraz->brac": {"loss": 0.1}}}},
     [f"network.links.daraz->brac: no such link: daraz never talks to brac, {PEERS}"]),
    (LOSSY | {"faults": [OUTAGE | {"link": "daraz<->overseas"}]},
     [f"faults[0].link: no such link: daraz never talks to overseas, {PEERS}"]),
    (LOSSY | {"faults": [OUTAGE | {"link": "quary->mill"}]},
     ["faults[0].link: unknown link: nearest is quarry->mill"]),
    ({"network": {"links": {"bank->bank": {}}}},
     ["network.links.bank->bank: no such link: bank never talks to bank, only to user, shop, supplier"]),
    (LOSSY | {"faults": [{"kind": "crash", "entity": "ctiy", "start": 0, "duration": 1}]},
     ["faults[0].entity: 'ctiy': unknown party: nearest is city"]),
    (LOSSY | {"network": TIMEOUT, "faults": [{"kind": "crash", "entity": name, "start": 0, "duration": 1}
                                             for name in ("city", "shop", "bank")]},
     ["faults[2].start: 0.0: must not be while the bank is down"]),
    (LOSSY | {"network": {"links": {"bank->clearing": {"loss": 0.1}}}},
     ["faults: network.default.timeout: missing: must be given where messages can be lost"]),
    (LOSSY | {"network": {"default": {"timeout": 1}, "links": {"daraz->city": {"loss": 1}}}},
     ["network.links.daraz->city.loss: 1: must not be 1 with a timeout and neither attempts nor drain: "
      "who asks would ask forever"]),
    # Every section is looked at by name.
    ({"shops": named("daraz", workers=0)}, ["shops.daraz.workers: 0: must be at least 1"]),
    ({"shops": named("daraz", wrokers=1)}, ["shops.daraz.wrokers: unknown field: nearest is workers"]),
    ({"shops": named("daraz", opening_balance="1.234")},
     ["shops.daraz.opening_balance: 1.234: has more than 2 decimals"]),
    ({"banks": named("city", fees={"fixed": "0.001"})},
     ["banks.city.fees.fixed: 0.001: has more than 2 decimals"]),
    ({"suppliers": named("mill", return_transport="0.001")},
     ["suppliers.mill.return_transport: 0.001: has more than 2 decimals"]),
    ({"suppliers": named("mill", charges={"iphone-x": "0.001"})},
     ["suppliers.mill.charges.iphone-x: 0.001: has more than 2 decimals"]),
    ({"suppliers": named("mill", stock={"kind": "base_stock", "level": {"phone": 3}})},
     ["suppliers.mill.stock.level: 'phone': unknown SKU: nearest is iphone-x"]),
    ({"suppliers": named("mill", capacity=2, minimum_lot=3)},
     ["suppliers.mill.minimum_lot: 3: must be at most suppliers.mill.capacity, 2"]),
    ({"shops": named("daraz", stock={"kind": "make_to_order"})},
     ["shops.daraz.stock.kind: 'make_to_order': must be a kind that keeps goods: the shop makes none"]),
    ({"shops": named("daraz", promise="1 day")},
     [f"shops.daraz.promise: 86400: {SHORTEST}, 172800 s"]),
    ({"shops": named("a", "b", advance=0.5), "banks": named("city", settlement={"kind": "escrow"})},
     [f"shops.{name}.advance: 0.5: must be 1 where banks.city.settlement is escrow: the bank holds the whole price"
      for name in "ab"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "faults"), REFUSED, ids=range(len(REFUSED)))
def test_a_market_that_cannot_be_is_refused_one_line_each(changes, faults):
    with pytest.raises(ScenarioError) as refused:
        Scenario(**ONE | changes)
    assert refused.value.problems == faults


class Nearest:
    """A choice of one's own: the first shop of the list."""

    def considers(self, shops, draw):
        return [shop.name for shop in shops[:1]]

    def choose(self, offers, draw):
        return offers[0].name if offers else None


class Halves:
    """A sourcing of one's own: half from each."""

    def order(self, sku, units, sources, position):
        return [(source.name, units // 2) for source in sources]


def test_policies_of_ones_own_stay_what_they_are():
    shops = [{"name": "daraz", "suppliers": ["mill", "quarry"], "sourcing": Halves()}]
    scenario = Scenario(**ONE, shops=shops, suppliers=named("mill", "quarry"), users={"shop_choice": Nearest()})
    assert isinstance(scenario.with_settings({"users.count": 2}).users.shop_choice, Nearest)
    assert scenario.model_dump(mode="json")["shops"][0]["sourcing"]["kind"].endswith("Halves")
    with pytest.raises(ScenarioError, match="must be a table with a kind, or an object with the method order"):
        Scenario(**ONE, shops=[shops[0] | {"sourcing": Nearest()}], suppliers=named("mill", "quarry"))


SHOPS = """
[[suppliers]]
name = "mill"
[[suppliers]]
name = "overseas"
[[shops]]
name = "pickaboo"
suppliers = ["mill"]
promise = "9 days"
[[shops]]
name = "daraz"
suppliers = ["mill", "overseas"]
promise = "9 days"
stock = { kind = "base_stock", level = 10 }
"""


def test_every_policy_of_a_market_in_the_template_would_be_accepted():
    template = (Path(files.__file__).parent / "template.toml").read_text("utf-8")
    parts = [
        part for part in template.split("\n\n") if "[users.shop_choice]" in part or "[shops.sourcing]" in part
    ]
    kinds = set()
    for part in parts:
        lines = [line.removeprefix("# ").split("  #")[0] for line in part.splitlines()]
        table = "\n".join(line for line in lines if " = " in line or line.startswith("["))
        scenario = Scenario.from_toml(f'horizon = 1\ndemand.kind = "single"\n{SHOPS}{table}')
        kinds |= {getattr(each, "kind", None) for each in (scenario.users.shop_choice, scenario.shops[1].sourcing)}
        assert Scenario.from_toml(scenario.to_toml()) == scenario
    assert kinds == {None, *SHOP_CHOICES, *SOURCINGS}


def test_settings_of_unknown_names_and_of_the_other_form_are_refused():
    for path, line in {
        "shops.darz.workers": "shops.darz: unknown name: nearest is daraz",
        "shop.workers": "shop: must not be given beside shops, which stand in its place",
    }.items():
        with pytest.raises(ScenarioError) as refused:
            SCENARIO.with_settings({path: 3})
        assert refused.value.problems == [line]
    with pytest.raises(ScenarioError, match=r"^banks\.city: unknown name: there are none$"):
        market_day().with_settings({"banks.city.workers": 3})
