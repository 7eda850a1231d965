"""Every law holds in every shipped scenario under every pair of policies, with faults switched on.

The combinations are a pairwise cover: any two settings of any two factors meet in at least one run.
"""

import itertools

import pytest
from allpairspy import AllPairs
from conftest import is_full_size, needs

from alesha_sim import Simulation, scenarios
from alesha_sim.units import DAY

SMALL = {
    "first_purchase": {},
    "market_day": {"users": 40, "visits_per_day": 120, "days": 0.5},
    "repeat_buyers": {"users": 30, "weeks": 20},
    "cdnow": {},
    "flash_sale": {"users": 60, "visits": 50, "stock": 20, "quiet_visits_per_day": 20},
    "cash_on_delivery": {"users": 40, "visits_per_day": 12, "days": 6},
    "returns_season": {"users": 40, "visits_per_day": 12, "days": 6},
    "supplier_disruption": {"users": 40, "visits_per_day": 8, "days": 10, "closed_from": 3, "closed_days": 3},
    "slow_bank": {"users": 40, "visits_per_day": 1000, "days": 0.1},
    "unreliable_network": {"users": 30, "visits_per_day": 60},
    "card_testing": {"users": 30, "visits_per_day": 60, "days": 1},
    "growth": {"users": 20, "visits_per_day": 0.5, "years": 0.4},
    "prepaid_campaigns": {"scale": 0.0008},
}
"""Knobs that make each shipped scenario small; the replay, which has none, is cut off after some days."""

FACTORS = {
    "scenario": list(SMALL),
    "settlement": ["immediate", "delayed", "escrow"],
    "payment": ["in advance", "at the door", "part in advance"],
    "fees": ["none", "all"],
    "stock": ["make_to_order", "base_stock", "reorder_point", "periodic", "moving_average", "anchor_adjust"],
    "unmet": ["backordered", "rejected"],
    "shop": ["no stock", "stock"],
    "delivery": ["plain", "lost and partial"],
    "users": ["plain", "reacting"],
    "faults": ["lossy", "crashes"],
}


def is_sound(row):
    """Tell whether the settings of a combination, or of its beginning, do not contradict each other."""
    chosen = dict(zip(FACTORS, row, strict=False))
    return chosen.get("settlement") != "escrow" or chosen.get("payment", "in advance") == "in advance"


def pairs_of(rows):
    return {pair for row in rows for pair in itertools.combinations(row.items(), 2)}


def sound_pairs():
    """Yield every pair of settings that do not contradict each other."""
    for one, other in itertools.combinations(FACTORS, 2):
        for pair in itertools.product(FACTORS[one], FACTORS[other]):
            if (one, other) != ("settlement", "payment") or pair[0] != "escrow" or pair[1] == "in advance":
                yield (one, pair[0]), (other, pair[1])


def covering_rows():
    """Return a pairwise cover; what the generator leaves out because of the filter is added, a row each."""
    rows = [dict(zip(FACTORS, row, strict=True)) for row in AllPairs(list(FACTORS.values()), filter_func=is_sound)]
    plain = {name: settings[0] for name, settings in FACTORS.items()}
    for pair in sound_pairs():
        if pair not in pairs_of(rows):
            rows.append(plain | dict(pair))
    return rows


ROWS = covering_rows()


def stock_of(kind):
    return {
        "make_to_order": {"kind": "make_to_order"},
        "base_stock": {"kind": "base_stock", "level": 4},
        "reorder_point": {"kind": "reorder_point", "reorder_point": 2, "quantity": 5},
        "periodic": {"kind": "periodic", "reorder_point": 2, "order_up_to": 9, "period": DAY},
        "moving_average": {
            "kind": "moving_average", "periods": 3, "period": DAY, "lead_periods": 3, "opening_stock": 4,
        },
        "anchor_adjust": {
            "kind": "anchor_adjust", "goal": 9, "period": DAY, "gain": 0.5, "counted": 0.3, "smoothing": 0.4,
        },
    }[kind]  # fmt: skip


def scenario_of(row):
    if row["scenario"] == "cdnow":
        needs("lifetimes")
    plain = scenarios.load(row["scenario"], **SMALL[row["scenario"]])
    if row["scenario"] == "cdnow":
        plain = plain.with_settings({"horizon": "8 days", "demand.cut": True})
    changes = {"supplier.stock": stock_of(row["stock"]), "supplier.unmet_demand": row["unmet"]}
    changes["users.payment.cash_on_delivery"] = 0.5 if row["payment"] == "at the door" else 0
    changes["users.payment.door_refusal"] = 0.2
    changes["supplier.return_transport"] = 5
    changes["shop.advance"] = 0.3 if row["payment"] == "part in advance" else 1
    changes["shop.promise"] = 60 * DAY
    changes["bank.settlement"] = {
        "immediate": {"kind": "immediate"},
        "delayed": {"kind": "delayed", "after": 2 * DAY},
        "escrow": {"kind": "escrow", "refund_after": DAY},
    }[row["settlement"]]
    if row["settlement"] == "escrow":
        changes["supplier.lead_time"] = {"kind": "exponential", "mean": 20 * DAY}
        changes["supplier.delivery_time"] = {"kind": "exponential", "mean": 20 * DAY}
        changes["shop.promise"] = 30 * DAY
    if row["fees"] == "all":
        changes["bank.fees"] = {"fixed": 1, "share": 0.02, "payer_fixed": 1, "payer_share": 0.01, "declined": 2}
        changes["bank.rolling_reserve"] = {"share": 0.2, "period": 5 * DAY}
    changes["shop.stock"] = {"kind": "base_stock", "level": 3} if row["shop"] == "stock" else None
    if row["delivery"] == "lost and partial":
        changes["delivery"] = {"lost": 0.2, "partial": True}
    if row["users"] == "reacting":
        changes["users.after_sales"] = {
            "cancel_share": 0.2, "return_after": DAY, "late_return_factor": 2, "defect_after": DAY,
            "complaint_share": 0.5,
        }  # fmt: skip
        changes |= {"shop.restocking_fee": 0.1, "shop.unfit": 0.3, "shop.compensation": 0.1}
        changes["users.trust"] = {"kind": "trust", "late": 0.3, "refused": 0.3, "on_time": 0.2}
        changes["users.choice"] = {"kind": "logit", "price_sensitivity": 0.001}
        changes |= {"users.budget": 10**6, "users.income": {"amount": 50, "every": 3 * DAY}}
        for sku in plain.skus:
            changes |= {f"catalogue.{sku}.return_share": 0.3, f"catalogue.{sku}.defect_share": 0.2}
    changes["network.default.timeout"] = 20
    changes["network.default.loss"] = 0.1 if row["faults"] == "lossy" else 0.0
    changes["network.default.duplication"] = 0.1 if row["faults"] == "lossy" else 0.0
    if row["faults"] == "crashes":
        third = plain.horizon / 3
        changes["faults"] = [
            {"kind": "crash", "entity": entity, "start": start + third, "duration": third / 4}
            for start, entity in enumerate(("shop", "bank", "supplier"))
        ]
    return plain.with_settings(changes)


def test_the_rows_cover_every_pair_that_is_sound_and_no_other():
    assert pairs_of(ROWS) == set(sound_pairs())
    assert all(is_sound(list(row.values())) for row in ROWS)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(row.values()).replace(" ", "_"))
def test_the_laws_hold(row):
    for seed in range(5 if is_full_size() else 1):
        simulation = Simulation(scenario_of(row), seed)
        simulation.run()
        result = simulation.result()
        assert result.drained
        assert result.check() == []
