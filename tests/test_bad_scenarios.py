"""Bad input: each case says exactly what is wrong, a line a fault, field, value and rule, all faults at once."""

import copy
import math
import pickle
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alesha_sim.scenarios import ScenarioError
from alesha_sim.scenarios.channels import Link
from alesha_sim.scenarios.errors import Problem, from_lines, nearest, scenario_error, shown
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.scenarios.sections import Users

LAPTOP = {"sku": "hp-laptop", "name": "HP laptop", "marked_price": 600, "price": 500, "charge": 400, "cost": 300}
WATCH = LAPTOP | {"sku": "apple-watch"}
POISSON = {"kind": "poisson", "visits_per_day": 5}
BG_NBD = {"kind": "bg_nbd", "weeks": 5, "r": 1, "alpha": 1, "a": 1, "b": 1}
DURATION = 'must be a number of seconds or a duration such as "250 ms", "3 days", "1:30:00"'
AMOUNT = 'must be an amount, such as 500 or "499.99"'
SKU = "must have at most 24 characters of a-z, 0-9 and dash, begin with a letter and not end in a dash"
LARGE = 2**63 // 100 + 1


def laptop(**changes):
    return {"catalogue": [LAPTOP | changes]}


def visits(**columns):
    return {"demand": {"kind": "replay", "visits": {"at": [0, 1], "user": [0, 0], "hp-laptop": [1, 1]} | columns}}


def page_time(**table):
    return {"shop": {"page_time": table}}


def prices(*more, **changes):
    return {"shop": {"prices": [{"sku": "hp-laptop", "price": 450, "from": "2 days"} | changes, *more]}}


CASES = [
    # Unknown, missing and misplaced fields.
    ({"horizn": 3}, ["horizn: unknown field: nearest is horizon"]),
    ({"bank": {"worker": 3}}, ["bank.worker: unknown field: nearest is workers"]),
    ({"zzz": 1}, ["zzz: unknown field: valid are name, description, start, horizon, drain, currency, catalogue, "
                  "users, demand, shop, bank, supplier, shops, banks, suppliers, clearing, delivery, network, "
                  "faults, extensions"]),
    ({"currency": {"cod": "BDT"}}, ["currency.cod: unknown field: nearest is code"]),
    (laptop(prise=3), ["catalogue.hp-laptop.prise: unknown field: nearest is price"]),
    ({"catalogue": [{"sku": "a"}]}, [f"catalogue.a.{name}: missing: must be given"
                                     for name in ("name", "marked_price", "price", "charge", "cost")]),
    ({"bank": 3}, ["bank: 3: must be a table"]),
    ({"bank": [1]}, ["bank: [1]: must be a table"]),
    ({"catalogue": {"sku": "a"}}, ["catalogue: a table: must be a list"]),
    ({"currency": "BDT"}, ["currency: 'BDT': must be a table"]),
    # Faults and hostile networks.
    ({"network": {"default": {"loss": 0.3}}},
     ["faults: network.default.timeout: missing: must be given where messages can be lost"]),
    ({"network": {"links": {"user->shop": {"timeout": 0, "attempts": 0, "loss": 2, "backoff": 0.5, "jitter": 1}}}},
     ["network.links.user->shop.loss: 2: must be at most 1",
      "network.links.user->shop.timeout: 0: must be more than 0",
      "network.links.user->shop.attempts: 0: must be at least 1",
      "network.links.user->shop.backoff: 0.5: must be at least 1",
      "network.links.user->shop.jitter: 1: must be less than 1"]),
    ({"faults": [{"kind": "outtage"}]}, ["faults[0].kind: 'outtage': unknown kind: nearest is outage"]),
    ({"faults": [{"link": "a"}]}, ["faults[0].kind: missing: must be one of outage, degradation, crash"]),
    ({"faults": [{"kind": "crash", "entity": "bnk", "start": -1, "duration": 0, "x": 1}]},
     ["faults[0].entity: 'bnk': must be one of 'shop', 'bank', 'supplier'",
      "faults[0].start: -1: must not be negative",
      "faults[0].duration: 0: must be more than 0",
      "faults[0].x: unknown field: valid are kind, entity, start, duration"]),
    ({"faults": [{"kind": "outage", "link": "shop->bnk", "start": 0, "duration": 1}]},
     ["faults[0].link: unknown link: nearest is shop->bank"]),
    ({"faults": [{"kind": "crash", "entity": "bank", "start": start, "duration": 10} for start in (0, 5)],
      "network": {"default": {"timeout": 5}}}, ["faults[1].start: 5.0: must not be while the bank is down"]),
    ({"users": {"attacks": {"guess_secret": 0.6, "tamper_total": 0.6}}},
     ["users.attacks: a table: must together be at most 1"]),
    # Kinds.
    ({"demand": {}}, ["demand.kind: missing: must be one of single, poisson, bg_nbd, pareto_nbd, flash, waves, "
                       "replay, mixture"]),
    ({"demand": {"kind": "poison"}}, ["demand.kind: 'poison': unknown kind: nearest is poisson"]),
    ({"demand": {"kind": "poisson"}}, ["demand.visits_per_day: missing: must be given"]),
    ({"demand": POISSON | {"zzz": 3}}, ["demand.zzz: unknown field: valid are kind, visits_per_day, buy_share, "
                                        "profile, week, seasons, growth, units, shares"]),
    (page_time(mean=3), ["shop.page_time.kind: missing: must be one of constant, uniform, exponential, "
                         "triangular, lognormal, gamma, erlang, empirical"]),
    (page_time(kind="exponentail", mean=3), ["shop.page_time.kind: 'exponentail': unknown kind: "
                                             "nearest is exponential"]),
    (page_time(kind=["gamma"]), ["shop.page_time.kind: ['gamma']: unknown kind: nearest is gamma"]),
    (page_time(kind="gamma", mean=3), ["shop.page_time.cv: missing: must be given"]),
    (page_time(kind="gamma", meen=3, cv=1), ["shop.page_time.meen: unknown field: nearest is mean",
                                             "shop.page_time.mean: missing: must be given"]),
    (page_time(kind="uniform", low=3, high=1), ["shop.page_time.high: 1.0: must be at least low, 3.0"]),
    (page_time(kind="gamma", mean="x", cv="y"), [f"shop.page_time.mean: 'x': {DURATION}"]),
    (page_time(kind="empirical", values=[1, "x", -2]), [f"shop.page_time.values[1]: 'x': {DURATION}",
                                                        "shop.page_time.values[2]: -2: must not be negative"]),
    ({"supplier": {"stock": {"kind": "make_to_ordr"}}}, ["supplier.stock.kind: 'make_to_ordr': unknown kind: "
                                                         "nearest is make_to_order"]),
    ({"supplier": {"stock": {"kind": "make_to_order", "level": 3}}}, ["supplier.stock.level: unknown field: "
                                                                      "valid are unavailable"]),
    ({"supplier": {"stock": 3}}, ["supplier.stock: 3: must be a table with a kind, or an object with the methods "
                                  "accepts(lines), opening(sku), order(...) and a period"]),
    ({"supplier": {"stock": {"kind": "make_to_order", "unavailable": "x"}}},
     ["supplier.stock.unavailable: 'x': must be a list of SKUs"]),
    # Policies.
    ({"bank": {"settlement": {"kind": "esrow"}}},
     ["bank.settlement.kind: 'esrow': unknown kind: nearest is escrow"]),
    ({"bank": {"settlement": {"kind": "delayed"}}}, ["bank.settlement.after: missing: must be given"]),
    ({"bank": {"settlement": {"kind": "delayed", "after": "soon"}}},
     [f"bank.settlement.after: 'soon': {DURATION}"]),
    ({"bank": {"settlement": 3}}, ["bank.settlement: 3: must be a table with a kind, or an object with the method "
                                   "terms(amount, paid_at, promised_at)"]),
    ({"bank": {"fees": {"share": 2, "fixed": -1}}}, ["bank.fees.fixed: -1: must not be negative",
                                                     "bank.fees.share: 2: must be at most 1"]),
    ({"supplier": {"stock": {"kind": "periodic", "reorder_point": 9, "order_up_to": 3, "period": 5}}},
     ["supplier.stock.reorder_point: 9: must be at most order_up_to, 3"]),
    ({"supplier": {"unmet_demand": "lost"}},
    ["supplier.unmet_demand: 'lost': must be one of 'backordered', 'rejected'"]),
    ({"users": {"trust": {"kind": "trust", "late": 2}}}, ["users.trust.late: 2: must be a number from 0 to 1"]),
    ({"users": {"choice": {"kind": "logit"}}}, ["users.choice.price_sensitivity: missing: must be given"]),
    ({"delivery": {"partial": 1}}, ["delivery.partial: 1: must be true or false"]),
    # Policies that contradict each other.
    ({"bank": {"settlement": {"kind": "escrow"}}, "users": {"payment": {"cash_on_delivery": 0.3}}},
     ["users.payment.cash_on_delivery: 0.3: must be 0 where bank.settlement is escrow: the bank holds only what "
      "is paid in advance"]),
    ({"bank": {"settlement": {"kind": "escrow"}}, "shop": {"advance": 0.1}},
     ["shop.advance: 0.1: must be 1 where bank.settlement is escrow: the bank holds the whole price"]),
    ({"bank": {"settlement": {"kind": "escrow", "refund_after": 0}}},
     ["shop.promise: missing: must be given where bank.settlement.refund_after says when late orders are "
      "refunded"]),
    ({"shop": {"promise": "1 day"}},
     ["shop.promise: 86400: must be at least the shortest time in which goods are made and brought, 172800 s"]),
    ({"supplier": {"stock": {"kind": "reorder_point", "reorder_point": 20, "quantity": 5}, "capacity": 10}},
     ["supplier.stock.reorder_point: 20: must be at most supplier.capacity, 10"]),
    ({"supplier": {"stock": {"kind": "base_stock", "level": {"iphone-x": 11}}, "capacity": 10}},
     ["supplier.stock.level: 11: must be at most supplier.capacity, 10"]),
    ({"supplier": {"stock": {"kind": "reorder_point", "reorder_point": 9, "quantity": 2}, "capacity": 10}},
     [f"supplier.stock: opening stock of {sku}, 11: must be at most supplier.capacity, 10"
      for sku in ("hp-laptop", "apple-watch", "iphone-x")]),
    ({"supplier": {"stock": {"kind": "moving_average", "periods": 2, "period": 5, "lead_periods": 1,
                             "opening_stock": {"iphone-x": 11}}, "capacity": 10}},
     ["supplier.stock: opening stock of iphone-x, 11: must be at most supplier.capacity, 10"]),
    ({"supplier": {"stock": {"kind": "base_stock", "level": 3}, "capacity": 10, "minimum_lot": 12}},
     ["supplier.minimum_lot: 12: must be at most supplier.capacity, 10"]),
    ({"supplier": {"stock": {"kind": "base_stock", "level": {"iphone": 11}}}},
     ["supplier.stock.level: 'iphone': unknown SKU: nearest is iphone-x"]),
    ({"shop": {"stock": {"kind": "make_to_order"}}},
     ["shop.stock.kind: 'make_to_order': must be a kind that keeps goods: the shop makes none"]),
    ({"delivery": {"zones": [{"name": "a", "share": 0, "delivery_time": 1}] * 2}},
     ["delivery.zones[1].name: 'a': must not occur twice", "delivery.zones: shares must have a positive sum"]),
    ({"bank": {"fees": {"declined": "0.001"}}, "supplier": {"return_transport": "0.001"}},
     ["supplier.return_transport: 0.001: has more than 2 decimals",
      "bank.fees.declined: 0.001: has more than 2 decimals"]),
    # Prices with dates.
    (prices(sku="hp-lap"), ["shop.prices[0].sku: 'hp-lap': unknown SKU: nearest is hp-laptop"]),
    (prices(**{"from": -1}), ["shop.prices[0].from: -1: must not be negative"]),
    (prices(price=0), ["shop.prices[0].price: 0: must be more than 0"]),
    (prices(price="449.999"), ["shop.prices[0].price: 449.999: has more than 2 decimals"]),
    (prices(until="2 days"), ["shop.prices[0].until: 172800 s: must be after from, 172800 s"]),
    (prices({"sku": "hp-laptop", "price": 3, "from": "48 hours"}),
     ["shop.prices[1].from: 172800 s: must not be that of another price of hp-laptop"]),
    # Wrong types.
    ({"name": 3}, ["name: 3: must be 1 to 100 letters, digits, dashes and underscores"]),
    ({"name": "two words"}, ["name: 'two words': must be 1 to 100 letters, digits, dashes and underscores"]),
    ({"name": "n" * 101}, [f"name: '{'n' * 55} ...: must be 1 to 100 letters, digits, dashes and underscores"]),
    ({"description": 3}, ["description: 3: must be text"]),
    ({"description": b"x"}, ["description: b'x': must be text"]),
    ({"bank": {"workers": "three"}}, ["bank.workers: 'three': must be a whole number"]),
    ({"bank": {"workers": 1.5}}, ["bank.workers: 1.5: must be a whole number"]),
    ({"bank": {"workers": True}}, ["bank.workers: True: must be a whole number"]),
    ({"horizon": True}, [f"horizon: True: {DURATION}"]),
    ({"horizon": [1]}, [f"horizon: [1]: {DURATION}"]),
    ({"users": {"wrong_secret": "often"}}, ["users.wrong_secret: 'often': must be a number"]),
    ({"users": {"views": "some"}}, ["users.views: 'some': must be one of 'bought', 'all'"]),
    (laptop(price=True), [f"catalogue.hp-laptop.price: True: {AMOUNT}"]),
    (laptop(price="1,000"), [f"catalogue.hp-laptop.price: '1,000': {AMOUNT}"]),
    ({"start": "soon"}, ["start: 'soon': must be a date and time, such as \"2021-01-01 08:00\""]),
    ({"start": 2021}, ["start: 2021: must be a date and time, such as \"2021-01-01 08:00\""]),
    ({"start": "2021-01-01T00:00:00+06:00"}, ["start: 2021-01-01 00:00:00+06:00: must have no time zone"]),
    ({"demand": POISSON | {"profile": [1, 2]}}, ["demand.profile: [1, 2]: must be 24 weights, one for each hour"]),
    ({"demand": POISSON | {"profile": [0] * 24}},
     ["demand.profile: [0, 0, 0, 0, 0, 0, ...]: must have a positive sum"]),
    ({"demand": POISSON | {"shares": {"iphone-x": 0}}}, ["demand.shares: a table: must have a positive sum"]),
    # Negative, non-finite, too small, too large.
    ({"bank": {"workers": 0}}, ["bank.workers: 0: must be at least 1"]),
    ({"users": {"count": 0}}, ["users.count: 0: must be at least 1"]),
    ({"users": {"count": -5}}, ["users.count: -5: must be at least 1"]),
    ({"users": {"wrong_secret": 1.5}}, ["users.wrong_secret: 1.5: must be at most 1"]),
    ({"users": {"wrong_secret": math.nan}}, ["users.wrong_secret: nan: must be finite"]),
    ({"users": {"opening_balance": -1}}, ["users.opening_balance: -1: must not be negative"]),
    ({"shop": {"opening_balance": "nan"}}, ["shop.opening_balance: 'nan': must be finite"]),
    ({"shop": {"opening_balance": math.inf}}, ["shop.opening_balance: inf: must be finite"]),
    ({"supplier": {"lead_time": -1}}, ["supplier.lead_time: -1: must not be negative"]),
    ({"supplier": {"lead_time": math.inf}}, ["supplier.lead_time: inf: must be finite"]),
    (page_time(kind="exponential", mean=-1), ["shop.page_time.mean: -1: must not be negative"]),
    (page_time(kind="gamma", mean=1, cv=math.nan), ["shop.page_time.cv: nan: must be a number from 0 to "
                                                    "9007199254740992"]),
    ({"demand": POISSON | {"visits_per_day": -1}}, ["demand.visits_per_day: -1: must be at least 0"]),
    ({"demand": POISSON | {"visits_per_day": math.nan}}, ["demand.visits_per_day: nan: must be finite"]),
    ({"demand": POISSON | {"buy_share": 2}}, ["demand.buy_share: 2: must be at most 1"]),
    ({"demand": POISSON | {"units": 0.5}}, ["demand.units: 0.5: must be at least 1"]),
    ({"demand": BG_NBD | {"r": 0}}, ["demand.r: 0: must be more than 0"]),
    ({"demand": {"kind": "single", "at": -1}}, ["demand.at: -1: must not be negative"]),
    ({"drain": -1}, ["drain: -1: must not be negative"]),
    # Durations.
    ({"horizon": 0}, ["horizon: 0: must be more than 0"]),
    ({"horizon": "0 s"}, ["horizon: '0 s': must be more than 0"]),
    ({"horizon": 1e-9}, ["horizon: 1e-09: must be more than 0"]),
    ({"horizon": "soon"}, [f"horizon: 'soon': {DURATION}"]),
    ({"horizon": "5"}, [f"horizon: '5': {DURATION}"]),
    ({"horizon": ""}, [f"horizon: '': {DURATION}"]),
    ({"horizon": "NaT"}, [f"horizon: 'NaT': {DURATION}"]),
    ({"horizon": "3 fortnights"}, [f"horizon: '3 fortnights': {DURATION}"]),
    ({"horizon": "-1 day"}, ["horizon: '-1 day': must not be negative"]),
    ({"horizon": 1e11}, ["horizon: 100000000000.0: must be at most 9007199254 seconds (285 years)"]),
    ({"network": {"default": {"latency": "fast"}}}, [f"network.default.latency: 'fast': {DURATION}"]),
    ({"network": {"links": {"user-shop": {}}}}, ["network.links.user-shop: unknown link: nearest is user->shop"]),
    # Money.
    (laptop(price="499.999"), ["catalogue.hp-laptop.price: 499.999: has more than 2 decimals"]),
    (laptop(price=0.1 + 0.2), ["catalogue.hp-laptop.price: 0.30000000000000004: has more than 2 decimals"]),
    ({"currency": {"decimals": 0}} | laptop(cost=1.5),
     ["catalogue.hp-laptop.cost: 1.5: has more than 0 decimals"]),
    ({"currency": {"decimals": 5}}, ["currency.decimals: 5: must be a whole number from 0 to 4"]),
    ({"currency": {"code": "taka", "decimals": True}},
     ["currency.code: 'taka': must be 2 to 10 capital letters",
      "currency.decimals: True: must be a whole number from 0 to 4"]),
    (laptop(charge=LARGE), [f"catalogue.hp-laptop.charge: {LARGE}: must fit in 64 bits, at most "
                            "9223372036854775807 minor units"]),
    (laptop(price="1e40"), ["catalogue.hp-laptop.price: '1e40': must fit in 64 bits of minor units"]),
    ({"users": {"opening_balance": "0.001"}}, ["users.opening_balance: 0.001: has more than 2 decimals"]),
    ({"shop": {"opening_balance": LARGE}}, [f"shop.opening_balance: {LARGE}: must fit in 64 bits, at most "
                                            "9223372036854775807 minor units"]),
    ({"users": {"count": 10, "opening_balance": LARGE // 5}},
     ["supplier.opening_balance: 5000: with those of all others must fit in 64 bits of minor units"]),
    (laptop(price=0), ["catalogue.hp-laptop.price: 0: must be more than 0"]),
    (laptop(charge=0, cost=0), ["catalogue.hp-laptop.charge: 0: must be more than 0"]),
    (laptop(cost=401), ["catalogue.hp-laptop.cost: 401: must be at most the charge, 400"]),
    # Products.
    ({"catalogue": []}, ["catalogue: []: must have at least one product"]),
    ({"catalogue": [LAPTOP, WATCH, LAPTOP]}, ["catalogue[2].sku: 'hp-laptop': must not occur twice"]),
    (laptop(sku="HP"), [f"catalogue.HP.sku: 'HP': {SKU}"]),
    (laptop(sku="a-"), [f"catalogue.a-.sku: 'a-': {SKU}"]),
    (laptop(sku="a" * 25), [f"catalogue.{'a' * 25}.sku: '{'a' * 25}': {SKU}"]),
    (laptop(sku=3), [f"catalogue[0].sku: 3: {SKU}"]),
    (laptop(sku="bdt"), ["catalogue.bdt.sku: 'bdt': must not be the currency's name"]),
    (laptop(sku="user"),
     ["catalogue.user.sku: 'user': must not be at, user, units: columns of a demand table have these names"]),
    ({"supplier": {"stock": {"kind": "make_to_order", "unavailable": ["iphone"]}}},
     ["supplier.stock.unavailable[0]: 'iphone': unknown SKU: nearest is iphone-x"]),
    ({"demand": {"kind": "single", "quantities": {"hp-lapto": 1}}},
     ["demand.quantities.hp-lapto: unknown SKU: nearest is hp-laptop"]),
    ({"demand": POISSON | {"shares": {"iphone": 1}}}, ["demand.shares.iphone: unknown SKU: nearest is iphone-x"]),
    ({"demand": {"kind": "single", "quantities": {"hp-laptop": 1.5}}},
     ["demand.quantities.hp-laptop: 1.5: must be a whole number"]),
    ({"demand": {"kind": "single", "user": 1}}, ["demand.user: 1: must be below users.count, 1"]),
    # Replays; those of files stand in test_replay.py.
    ({"demand": {"kind": "replay"}}, ["demand.visits: either file or visits must be given"]),
    ({"demand": {"kind": "replay", "file": "a.csv", "visits": {"at": []}}},
     ["demand.visits: either file or visits must be given"]),
    ({"demand": {"kind": "replay", "file": "a.txt"}}, ["demand.file: 'a.txt': must end in .csv or .parquet"]),
    (visits() | {"demand": visits()["demand"] | {"format": "cdnow"}},
     ["demand.visits: must not be given with the format cdnow"]),
    ({"demand": {"kind": "replay", "visits": {"user": [0], "hp-laptop": [1]}}},
     ["demand.visits: column at: missing: must be given"]),
    ({"demand": {"kind": "replay", "visits": {"at": [0], "user": [0]}}},
     ["demand.visits: must have a column for at least one SKU, or units"]),
    ({"demand": {"kind": "replay", "visits": 3}}, ["demand.visits: 3: must be a table of columns"]),
    (visits(at=3), ["demand.visits.at: 3: must be a list"]),
    (visits(at=[0]), ["demand.visits: columns must be equally long"]),
    (visits(at=[], user=[], **{"hp-laptop": []}), ["demand.visits: must hold at least one visit"]),
    (visits(at=[1, 0]), ["demand.visits.at[1]: 0: must not be before the row above"]),
    (visits(at=[-1, 0]), ["demand.visits.at[0]: -1: must not be negative"]),
    (visits(at=["x", math.nan]), ["demand.visits.at[0]: 'x': must be a finite number (and 1 more)"]),
    (visits(user=[0, 1]), ["demand.visits.user[1]: 1: must be below users.count, 1"]),
    (visits(user=[0, 0.5]), ["demand.visits.user[1]: 0.5: must be a whole number"]),
    (visits(iphone=[1, 1]), ["demand.visits: column iphone: unknown column: nearest is iphone-x"]),
    (visits(**{"hp-laptop": [1, 0.5]}), ["demand.visits.hp-laptop[1]: 0.5: must be a whole number"]),
    (visits(**{"hp-laptop": [-1, True]}), ["demand.visits.hp-laptop[1]: True: must be a finite number",
                                           "demand.visits.hp-laptop[0]: -1: must not be negative"]),
]  # fmt: skip


def faults_of(fields):
    with pytest.raises(ScenarioError) as error:
        Scenario.model_validate({"horizon": 100, "demand": {"kind": "single"}} | fields)
    assert str(error.value) == "\n".join(error.value.problems)
    return error.value.problems


@pytest.mark.parametrize(("fields", "faults"), CASES, ids=lambda case: str(case)[:60])
def test_a_fault_is_one_line_of_field_value_and_rule(fields, faults):
    assert faults_of(fields) == faults


def test_without_anything_both_required_fields_are_missing():
    with pytest.raises(ScenarioError) as error:
        Scenario.model_validate({})
    assert error.value.problems == ["horizon: missing: must be given", "demand: missing: must be given"]


def test_all_faults_of_a_scenario_are_said_at_once():
    fields = {
        "horizon": 0,
        "shp": 1,
        "catalogue": [LAPTOP | {"price": "1.999", "cost": 500}, WATCH | {"charge": -1}, {"sku": "x"}],
        "users": {"count": 0, "wrong_secret": 2},
        "demand": {"kind": "single", "user": -1, "quantities": {"hp-laptop": 0.5}},
        "bank": {"workers": 0, "authorisation_time": {"kind": "uniform", "low": 2, "high": 1}},
        "network": {"links": {"a->b": {}, "user->shop": {"latency": "x"}}},
    }
    named = [fault.split(": ")[0] for fault in faults_of(fields)]
    assert named == [
        "horizon", "catalogue.hp-laptop.cost", "catalogue.apple-watch.charge",
        *(f"catalogue.x.{name}" for name in ("name", "marked_price", "price", "charge", "cost")),
        "users.count", "users.wrong_secret", "demand.user", "demand.quantities.hp-laptop", "bank.workers",
        "bank.authorisation_time.high", "network.links.a->b", "network.links.user->shop.latency", "shp",
    ]  # fmt: skip


def test_rules_that_join_parts_are_checked_beside_faulty_parts():
    fields = {
        "bank": {"workers": 0},
        "catalogue": [LAPTOP | {"price": "1.999"}, LAPTOP],
        "users": {"count": 2, "opening_balance": "0.001"},
        "demand": {"kind": "single", "user": 7},
    }
    assert faults_of(fields) == [
        "catalogue[1].sku: 'hp-laptop': must not occur twice",
        "catalogue[0].price: 1.999: has more than 2 decimals",
        "users.opening_balance: 0.001: has more than 2 decimals",
        "bank.workers: 0: must be at least 1",
    ]
    fields["users"] = {"count": 2}
    assert "demand.user: 7: must be below users.count, 2" in faults_of(fields)


def test_a_scenario_that_is_no_table_is_refused():
    for value in (3, "text", None, [1]):
        with pytest.raises(ScenarioError, match="must be a table"):
            Scenario.model_validate(value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("horizon = ", "is not TOML: Invalid value (at end of document)"),
        ("a = 1\na = 2", "is not TOML: Cannot overwrite a value (at end of document)"),
        ("a = " + "9" * 5000, "is not TOML: Exceeds the limit"),
        ('horizon = 1\nname = "a b"\ndemand = {kind = "single"}', "name: 'a b': must be 1 to 100 letters"),
    ],
)
def test_faults_of_toml_are_one_line(text, fault):
    with pytest.raises(ScenarioError) as error:
        Scenario.from_toml(text)
    (line,) = error.value.problems
    assert line.startswith(fault)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "bad.toml").write_text("x = ")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    for name, rule in (("bad.toml", "is not TOML"), ("binary.toml", "is not UTF-8"), ("", "cannot be read")):
        with pytest.raises(ScenarioError) as error:
            Scenario.read(tmp_path / name)
        (fault,) = error.value.problems
        assert fault.startswith(str(tmp_path / name))
        assert rule in fault


def test_parts_made_alone_and_json_say_their_faults_the_same_way():
    with pytest.raises(ScenarioError, match=r"^count: 0: must be at least 1$"):
        Users(count=0)
    with pytest.raises(ScenarioError, match=r"^latency: -1: must not be negative$"):
        Link.model_validate({"latency": -1})
    with pytest.raises(ScenarioError, match=r"^bank\.workers: 0: must be at least 1$"):
        Scenario.model_validate_json('{"horizon": 1, "demand": {"kind": "single"}, "bank": {"workers": 0}}')


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)
WHOLE = Scenario.model_validate({"horizon": 100, "demand": POISSON}).model_dump(mode="json")
PLACES = [
    (part, *field)
    for part, value in WHOLE.items()
    for field in ([(name,) for name in value] if isinstance(value, dict) else []) + [()]
]


@given(st.sampled_from(PLACES), JUNK)
def test_whatever_stands_in_a_field_is_accepted_or_refused_in_plain_lines(place, junk):
    fields = copy.deepcopy(WHOLE)
    inner = fields if len(place) == 1 else fields[place[0]]
    inner[place[-1]] = junk
    faults = []
    try:
        scenario = Scenario.model_validate(fields)
        assert Scenario.model_validate(scenario.model_dump(mode="json")) == scenario
    except ScenarioError as error:
        faults = error.problems or ["an error without a fault"]
    for fault in faults:
        assert fault.startswith(place[0])
        assert not re.search(r"\n|pydantic|Input should|Value error", fault)


# The parts of the error itself.


def test_a_value_is_shown_short_and_on_one_line():
    assert shown("a\nb") == "'a\\nb'"
    assert shown({"a": 1}) == "a table"
    assert len(shown("x" * 1000)) == 60
    assert shown(10**5000) == "a number of more than 60 digits"
    assert shown(Decimal("1.50")) == "1.50"
    assert shown(list(range(99))).startswith("[0, 1, ")


def test_the_nearest_name_is_named_or_all_are():
    assert nearest("shp", ["shop", "bank"]) == "nearest is shop"
    assert nearest("zzz", ["shop", "bank"]) == "valid are shop, bank"
    assert nearest("zzz", []) == "there are none"


def test_errors_of_values_become_faults_line_by_line():
    error = from_lines(ValueError("low: -1: must be: 0\nnot in parts"))
    assert error.found == (Problem("low", "-1", "must be: 0"), Problem("", None, "not in parts"))
    assert from_lines(error) is error


def test_an_error_survives_pickling_and_says_every_line_once():
    error = ScenarioError(
        [Problem("a", "1", "must not"), Problem("a", "1", "must not"), Problem("b", None, "missing")]
    )
    assert error.problems == ["a: 1: must not", "b: missing"]
    assert pickle.loads(pickle.dumps(error)).problems == error.problems
    assert scenario_error("a", 1, "must not").found == (Problem("a", "1", "must not"),)
