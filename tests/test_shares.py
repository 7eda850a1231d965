"""Shares of money: wherever one is taken, it is the decimal that was written, rounded half to even, exactly."""

from fractions import Fraction

import numpy as np
import pytest

from alesha_sim.columns import equals, numbers, text_column
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.units import Share

LARGE = 12_345_678_901_234_567  # no float holds it
DOOR = {"users.payment.cash_on_delivery": 1, "users.payment.door_refusal": 1, "supplier.transport_charged": 0.07}
LATE = {
    "shop.promise": 0.001, "supplier.lead_time": {"kind": "uniform", "low": 0, "high": 1000},
    "supplier.delivery_time": 0, "users.after_sales.complaint_share": 1, "shop.compensation": 0.07,
}  # fmt: skip
PLACES = {
    "advance": ({"shop.advance": 0.07}, "bank", "payment", "bank:deposits:shop"),
    "fee": ({"bank.fees.share": 0.07}, "bank", "fee", "bank:fees"),
    "payer's fee": ({"bank.fees.payer_share": 0.07}, "bank", "fee", "bank:fees"),
    "reserve": ({"bank.rolling_reserve.share": 0.07}, "bank", "retention", "bank:rolling-reserve"),
    "compensation": (LATE, "shop", "allowance", "shop:refunds-payable"),
    "transport": (DOOR, "shop", "transport", "shop:supplier-advances"),
}


@pytest.mark.parametrize(
    ("share", "amount", "expected"),
    [
        (0.07, 150, 10), (0.07, 250, 18), (0.5, 1, 0), (0.5, 3, 2), (0.0, 2**62, 0), (1, 2**63 - 1, 2**63 - 1),
        (0.1, 2**63 - 1, 922_337_203_685_477_581), (5e-324, 2**63 - 1, 0),
        (0.3333333333333333, 3 * 10**16, 9_999_999_999_999_999),
        (0.005, 100, 0), (0.015, 100, 2), (0.025, 100, 2), (np.float64(0.07), 150, 10),
    ],
)  # fmt: skip
def test_a_share_is_what_its_shortest_text_writes_and_rounds_half_to_even(share, amount, expected):
    assert Share.read(share).of(amount) == expected


def sold(price, settings):
    """Return the result of one purchase of one unit at a price in minor units, by a user who can pay it."""
    dear = price > 10**6
    goods = {"sku": "p", "name": "P", "marked_price": str(price), "price": str(price), "charge": price, "cost": 1}
    parts = {
        "horizon": 1000, "currency": {"code": "JPY", "decimals": 0}, "catalogue": [goods],
        "users": {"count": 1, "opening_balance": 4e18 if dear else 1000},
        "shop": {"opening_balance": price}, "supplier": {"return_transport": price},
        "demand": {"kind": "single", "quantities": {"p": 1}},
    }  # fmt: skip
    simulation = Simulation(Scenario.model_validate(parts).with_settings(settings), 1)
    simulation.run()
    assert simulation.result().check() == []
    return simulation.result()


def moved(result, book, code, credit):
    transfers = result.columns("transfers")
    rows = equals(text_column(transfers, "book"), book) & equals(text_column(transfers, "code"), code)
    return numbers(transfers, "amount")[rows & equals(text_column(transfers, "credit"), credit)].tolist()


@pytest.mark.parametrize("price", [150, LARGE])
@pytest.mark.parametrize("place", PLACES)
def test_a_share_of_money_is_exact_wherever_it_is_taken(place, price):
    settings, *rows = PLACES[place]
    assert moved(sold(price, settings), *rows) == [round(Fraction(7, 100) * price)]


@pytest.mark.parametrize("price", [150, LARGE])
def test_what_is_kept_for_restocking_is_exact(price):
    result = sold(price, {"shop.restocking_fee": 0.07, "catalogue": [
        {"sku": "p", "name": "P", "marked_price": str(price), "price": str(price), "charge": price, "cost": 1,
         "return_share": 1}
    ]})  # fmt: skip
    assert moved(result, "shop", "return", "shop:refunds-payable") == [price - round(Fraction(7, 100) * price)]
