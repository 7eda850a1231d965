"""Markets of several banks, run whole: every law holds, and what is planted between banks is found."""

from random import Random

import numpy as np
import pytest

from alesha_sim import Scenario, Simulation, simulate
from alesha_sim.audit import laws
from alesha_sim.columns import text_column
from alesha_sim.policies.clearing import QUEUES
from alesha_sim.tables.schema import SCHEMA

MARKET = """
horizon = "3 days"
users = { count = 20, opening_balance = 2000 }
demand = { kind = "poisson", visits_per_day = 60, buy_share = 0.7 }
[[shops]]
name = "daraz"
bank = "city"
[[suppliers]]
name = "mill"
bank = "union"
[[banks]]
name = "city"
[[banks]]
name = "union"
[clearing]
kind = "gross"
"""


def market(**settings):
    return Scenario.from_toml(MARKET).with_settings(
        {name.replace("__", "."): each for name, each in settings.items()}
    )


def drawn(seed):
    """A market of two or three banks, many of them short of reserves, with fees, returns, crashes and losses."""
    random = Random(seed)
    chance = random.random
    banks = [{"name": name} for name in ("city", "union", "trust")[: random.choice((2, 3))]]
    names = [bank["name"] for bank in banks]
    shops = [{"name": name, "bank": random.choice(names), "suppliers": ["mill"], "promise": "3 days",
              "opening_balance": random.choice((0, 500, 5000))} for name in ("daraz", "pickaboo")]  # fmt: skip
    for bank in banks:
        bank |= {"reserves": random.choice((0, 500, 3000, 50_000))} if chance() < 0.5 else {}
        bank |= {"credit": random.choice((100, 1000))} if chance() < 0.3 else {}
        bank |= {"settlement": random.choice(SETTLEMENTS)} if chance() < 0.4 else {}
        bank |= {"fees": {"fixed": 1, "payer_fixed": 0.5, "declined": 1}} if chance() < 0.3 else {}
    tree = {
        "horizon": "4 days", "banks": banks, "shops": shops,
        "users": {"count": 8, "opening_balance": 900, "after_sales": {"cancel_share": 0.2},
                  "income": {"amount": 300, "every": "1 day"}},
        "demand": {"kind": "poisson", "visits_per_day": 20, "buy_share": 0.7},
        "suppliers": [{"name": "mill", "bank": random.choice(names), "unmet_demand": "rejected",
                       "stock": {"kind": "base_stock", "level": 3}}],
        "clearing": {"kind": random.choice(KINDS), "interchange": random.choice((0, 0.01)),
                     "every": random.choice(("1 h", "1 day")), "queue": random.choice([*QUEUES])},
    }  # fmt: skip
    if chance() < 0.3:
        link = {"loss": 0.05, "duplication": 0.05, "timeout": "5 s", "attempts": 4, "backoff": 2}
        crashed = random.choice([*names, "daraz"])
        crash = {"kind": "crash", "entity": crashed, "start": "1 day", "duration": "1 h"}
        tree |= {"network": {"default": link}, "faults": [crash]}
    if chance() < 0.3:
        random.choice(banks)["closes"] = "2 days"
    return Scenario.model_validate(tree)


KINDS = ("gross", "net", "guaranteed")
SETTLEMENTS = (
    {"kind": "delayed", "after": "1 day"},
    {"kind": "escrow"},
    {"kind": "escrow", "refund_after": "1 day"},
)


@pytest.mark.slow
def test_every_law_holds_in_drawn_markets_of_several_banks(full_size):
    waits = 0
    for seed in range(400 if full_size else 60):
        simulation = Simulation(drawn(seed), seed)
        simulation.run()
        assert simulation.result().check() == [], seed
        waits += bool(simulation.clearing_house.waiting)
    assert waits


@pytest.mark.parametrize("kind", ["gross", "net", "guaranteed"])
def test_what_is_bought_and_paid_between_banks_ends_where_it_does_at_one(kind):
    alone = simulate(Scenario.from_toml(MARKET.split("[[banks]]")[0].replace('bank = "city"', "")
                                        .replace('bank = "union"', "")), seed=3)  # fmt: skip
    several = simulate(market(clearing__kind=kind), seed=3)
    assert (several.orders["status"] == "completed").sum() > 50
    ends = [
        dict(zip(result.accounts["account"], result.accounts["closing"], strict=True))
        for result in (alone, several)
    ]
    for account in ("daraz:cash", "mill:cash", "daraz:sales", "mill:sales", "users:spending"):
        assert ends[0][account] == ends[1][account] != 0
    assert ends[1]["city:deposits:daraz"] == ends[1]["daraz:cash"]


@pytest.fixture(scope="module")
def result():
    simulation = Simulation(market(clearing__interchange=0.01, banks__union__reserves=30_000), 7)
    simulation.run()
    assert simulation.result().check() == []
    return simulation.result()


def checked(result, credit=0, **changed):
    """Check the tables of a result with other columns of its transfers, or other credit lines."""
    minor = result.scenario.currency.minor
    catalogue = [
        laws.Priced(each.sku, minor(each.price), minor(each.charge), minor(each.cost))
        for each in result.scenario.catalogue
    ]
    columns = {table: dict(result.columns(table)) for table in SCHEMA}
    columns["transfers"] |= changed
    settling = laws.Settling({"city": credit, "union": credit})
    return laws.check(columns, catalogue, drained=True, roles=result.scenario.roles, settling=settling)


def test_no_planted_amount_between_banks_goes_unnoticed(result):
    transfers = result.columns("transfers")
    debit, credit = (text_column(transfers, side) for side in ("debit", "credit"))
    touched = [
        row
        for row, names in enumerate(zip(debit.codes.tolist(), credit.codes.tolist(), strict=True))
        if any(":clearing-" in side.labels[code] or "clearing:" in side.labels[code]
               for side, code in zip((debit, credit), names, strict=True))
    ]  # fmt: skip
    for row in Random(1).sample(touched, 25):
        amount = transfers["amount"].copy()
        amount[row] += 1
        found = checked(result, amount=amount)
        assert any(line.startswith(("L2", "L3", "L11")) for line in found), row


def test_reserves_below_the_credit_line_break_l1(result):
    assert checked(result) == []
    assert any(line.startswith("L1: clearing:reserves:city") for line in checked(result, credit=-(10**9)))


def test_a_payment_that_only_one_bank_knows_breaks_l3(result):
    transfers = result.columns("transfers")
    code, book = text_column(transfers, "code"), text_column(transfers, "book")
    rows = np.flatnonzero(
        (code.codes == code.labels.index("charges")) & (book.codes == book.labels.index("union"))
    )
    entry = transfers["entry"].copy()
    entry[rows[0]] = entry.max() + 1
    assert any(line.startswith("L3") for line in checked(result, entry=entry))


def test_an_instruction_that_the_network_doubles_is_settled_once():
    result = simulate(market(network__default__duplication=1, clearing__interchange=0.5), seed=3)
    settled = result.transfers["code"].eq("settle") & result.transfers["book"].eq("clearing")
    assert 2 * settled.sum() == result.messages["kind"].eq("Clear").sum() > 0
