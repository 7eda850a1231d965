"""A knob has one name: that of the scenario's field, in the terms of the party that it is for."""

import math
import re
from typing import get_args, get_origin

import pytest

from alesha_sim.entities.courier import Courier
from alesha_sim.scenarios.model import Part
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.scenarios.sections import Attacks, Bank, Delivery, Product, Shop, Supplier, Users
from alesha_sim.simulation.roster import roster
from alesha_sim.simulation.terms import bank_terms, shop_terms, supplier_terms, user_terms
from alesha_sim.streams import Streams
from alesha_sim.units import Share

PARTIES = {
    "shop": lambda scenario, streams: shop_terms(scenario, streams, "shop", roster(scenario)),
    "bank": lambda scenario, streams: bank_terms(scenario, streams, "bank"),
    "supplier": lambda scenario, streams: supplier_terms(scenario, streams, "supplier", roster(scenario)),
    "users": lambda scenario, streams: user_terms(scenario, streams, roster(scenario)),
}
SECTIONS = {
    "catalogue.tea": Product,
    "users": Users,
    "shop": Shop,
    "bank": Bank,
    "supplier": Supplier,
    "delivery": Delivery,
}
TEA = {"sku": "tea", "name": "Tea", "marked_price": 20, "price": 15, "charge": 8, "cost": 5}
BASE = Scenario(
    horizon="1 day",
    catalogue=[TEA],
    demand={"kind": "poisson", "visits_per_day": 10},
    users={"count": 20, "income": {"amount": 5}, "budget": 100},
    shop={"stock": {"kind": "base_stock", "level": 3}, "unfit": 0.5},
    delivery={"lost": 0.5},
)
PLAIN = Scenario(horizon="1 day", catalogue=[TEA], demand=BASE.demand, users={"count": 20})
NEVER = {"promise_seconds": math.inf, "unpaid_seconds": None, "closes_at": math.inf}
"""What is not waited for at all where a duration is left out; any other takes no time."""

CHANGES = {
    "users.patience": 5, "users.income.amount": 6, "users.income.every": 9, "users.income.first": 9,
    "users.budget": 7, "users.budget_period": 9, "users.choice": {"kind": "logit", "price_sensitivity": 0.1},
    "users.trust": {"kind": "trust", "late": 0.1, "refused": 0.1, "on_time": 0.1},
    "users.payment.door_refusal": 0.5, "users.after_sales.cancel_share": 0.5,
    "users.after_sales.late_return_factor": 2, "users.after_sales.complaint_share": 0.5,
    "shop.workers": 3, "shop.page_time": 4, "shop.unpaid_after": 4, "shop.promise": "5 days", "shop.advance": 0.5,
    "shop.restocking_fee": 0.5, "shop.unfit": 0.25, "shop.compensation": 0.5, "shop.purchase_limit": 4,
    "shop.stock": {"kind": "base_stock", "level": 4}, "shop.closes": 9,
    "shop.prices": [{"sku": "tea", "price": 14, "from": 5}],
    "bank.workers": 3, "bank.authorisation_time": 4, "bank.secret_attempts": 3, "bank.lock_time": 4,
    "bank.settlement": {"kind": "delayed", "after": 9}, "bank.fees.fixed": 1, "bank.fees.share": 0.5,
    "bank.fees.payer_fixed": 1, "bank.fees.payer_share": 0.5, "bank.fees.declined": 1,
    "bank.rolling_reserve.share": 0.5,
    "bank.rolling_reserve.period": 9,
    "supplier.workers": 3, "supplier.handling_time": 4, "supplier.lead_time": 4, "supplier.delivery_time": 4,
    "supplier.stock": {"kind": "base_stock", "level": 4}, "supplier.unmet_demand": "rejected",
    "supplier.minimum_lot": 2, "supplier.capacity": 50, "supplier.return_transport": 3,
    "supplier.transport_charged": 0.5, "supplier.remit_after": 9,
    "delivery.zones": [{"name": "far", "share": 1, "delivery_time": 77}], "delivery.lost": 0.05,
    "delivery.report_time": 4, "delivery.partial": True,
    "catalogue.tea.name": "Green tea", "catalogue.tea.marked_price": 21, "catalogue.tea.price": 16,
    "catalogue.tea.charge": 9, "catalogue.tea.warranty": 9, "catalogue.tea.return_window": 9,
    "catalogue.tea.return_share": 0.5, "catalogue.tea.defect_share": 0.5,
}  # fmt: skip
"""Another value for each field that is among the terms of a party."""

ELSEWHERE = {
    "catalogue.tea.sku": "the name of a product, in the terms of all",
    "catalogue.tea.cost": "the supplier's book values its goods at it",
    "users.count": "as many secrets and accounts are made",
    "users.opening_balance": "the books open with it",
    "shop.opening_balance": "the books open with it",
    "supplier.opening_balance": "the books open with it",
    "users.wrong_secret": "drawn for each visit",
    "users.shop_choice": "asked where there are several shops",
    "users.views": "what each visit looks at",
    "users.payment.cash_on_delivery": "drawn for each visit",
    "users.payment.per": "drawn for each visit",
    "users.after_sales.cancel_after": "drawn for each visit",
    "users.after_sales.return_after": "drawn for each visit",
    "users.after_sales.defect_after": "drawn for each visit",
    **dict.fromkeys((f"users.attacks.{name}" for name in Attacks.model_fields), "drawn for each visit"),
}
"""Fields that are no terms of a party, and why."""

OTHERWISE = {
    "users.after_sales.complaint_share": {"complaint_share", "keeps_orders"},
    "supplier.delivery_time": {"courier"},
    "supplier.stock": {"policy"},
    "shop.stock": {"policy"},
    "shop.closes": {"closes_at"},
    "shop.prices": {"price_changes"},
    "delivery.zones": {"courier"},
    "delivery.lost": {"courier"},
    "delivery.report_time": {"courier"},
    "catalogue.tea.price": {"price", "products"},
    "catalogue.tea.return_share": {"return_shares", "keeps_orders"},
    "catalogue.tea.defect_share": {"defect_shares", "keeps_orders"},
}
"""What else, or under which other name, some fields move: a part that is made of several fields, or a shortcut."""

NO_KNOB = {
    "catalogue.offer.sku", "purchasing", "sellers", "buyers", "shops", "shop_choice", "suppliers", "banks",
    "unfit_draw", "horizon", "until", "scale", "confirms",
    "sourcing", "order_seconds", "backorders", "buys", "parts", "on_credit", "lead_by_product",
}  # fmt: skip
"""Terms that follow from a whole scenario, or from a field that only one of several has."""


def flat(value, path):
    """Yield each field of some terms with its path; of a sampler its first draw, of a courier what it does."""
    named = getattr(type(value), "__match_args__", None)
    if isinstance(value, Courier):
        yield path, (value.travel(0), sum(value.loses() for _ in range(100)), value.report())
    elif named and not hasattr(value, "kind") and not isinstance(value, Share):
        for name in named:
            yield from flat(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif path == "catalogue":
        for each in value:
            yield from flat(each, path)
    else:
        yield path, value() if callable(value) else value


def terms_of(scenario):
    """Return every field of the terms of all parties, by party and path."""
    return {
        (party, path): value
        for party, make in PARTIES.items()
        for path, value in flat(make(scenario, Streams(1)), "")
    }


def moved(path):
    """Return which terms are others once a field of the scenario is."""
    before, after = terms_of(BASE), terms_of(BASE.with_settings({path: CHANGES[path]}))
    return {place for place in before | after if before.get(place) != after.get(place)}


def names(path):
    """Return what a field may be called among the terms: by its unit too, in the plural, with its table's name."""
    last = path.split(".")[-2:]
    for name in (last[-1], "_".join(last)):
        yield from (name, f"{name}s", f"{name}_seconds", re.sub("_(time|after|period)$", "_seconds", name))


def leaves(part, path):
    """Yield the path of each field of a section and of the tables in it."""
    for name, field in part.model_fields.items():
        annotation, below = field.annotation, f"{path}.{name}"
        kinds = () if get_origin(annotation) is tuple else (annotation, *get_args(annotation))
        tables = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Part)]
        yield from leaves(tables[0], below) if tables else [below]


@pytest.mark.parametrize("path", CHANGES)
def test_a_field_moves_the_term_of_its_name_and_no_other(path):
    found = {place.rpartition(".")[2] for _, place in moved(path)} - {"sellers"}  # as buyers know their suppliers
    assert found
    if path in OTHERWISE:
        assert found == OTHERWISE[path]
    else:
        assert found <= {*names(path)}


def test_every_field_is_a_term_of_a_party_or_listed_with_the_reason():
    found = [path for section, part in SECTIONS.items() for path in leaves(part, section)]
    assert len(found) > 70
    assert {*found} == {*CHANGES, *ELSEWHERE}
    assert not {*CHANGES} & {*ELSEWHERE}


def test_every_term_is_moved_by_a_field():
    found = {place for path in CHANGES for _, place in moved(path)}
    still = {place for _, place in terms_of(BASE)} - found
    assert {place for place in still if not {place, place.rpartition(".")[2]} & NO_KNOB} == set()


def left_out(terms):
    """Yield each term that may be left out, also of a part: its name, what it then is, what it is here."""
    for name, value in zip(terms._fields, terms, strict=True):
        if name in terms._field_defaults:
            yield name, terms._field_defaults[name], value
        if hasattr(value, "_fields") and not isinstance(value, Share):
            yield from left_out(value)


@pytest.mark.parametrize("make", PARTIES.values(), ids=PARTIES)
def test_terms_that_are_left_out_are_those_of_a_plain_scenario_and_durations_take_no_time(make):
    shares_of_no_product = {"behaviour", "return_shares", "defect_shares"}
    for name, default, value in left_out(make(PLAIN, Streams(1))):
        if name.endswith("_seconds"):
            assert default == NEVER.get(name, 0), name
        elif name == "horizon":
            assert default == math.inf
        elif name == "scale":
            assert default == 1
        elif name not in shares_of_no_product:
            assert default == value, name
