"""Campaigns that sell below the supplier's charge for prepayment: a model of a mechanism, Bangladesh 2021.

The question: when does such a shop run out of money, whose money is then stranded, and what would the rules have
done that came later? Waves of a campaign sell motorcycles far below list price, paid in advance and promised in 45
days; the shop pays its supplier near list price, out of its own capital and of what the next wave brings.

Figures are those of press reports, read as excerpts, and some conflict; this is a model of a mechanism, compared
with press figures, and says nothing of any person or firm.

Reported, with the source and how certain it is:

- last wave: 46,000 motorcycles, Tk 658 crore prepaid, 35 % off, none delivered by 14 July 2021 (dhakapress24.com,
  14 July 2021; one report, which also says 33 %). Derived: Tk 143,043 paid for each, Tk 220,067 list price.
- promised in 45 days, the first of the last wave due on 6 July 2021 (ajkerpatrika.com; agrees).
- turnover of the first six months Tk 1,100 to 1,400 crore (tbsnews.net 276391 and 340291; two reports differ).
- subsidy by the owners Tk 350 crore, 210 of it for discounts (tbsnews.net 276391; the shop's own figure).
- owed to 7,000 customers at the end Tk 258 to 300 crore (priyo.com, thedailystar.net; reports differ).
- escrow rule of 30 June 2021: released on confirmed delivery (tbsnews.net 268687; the circular).
- guidelines of 4 July 2021: deliver in 5 days, or 10 to another city, refund within 10 days by the same
  channel, at most 10 % advance without ready stock (observerbd.com 320709; published text).

Assumed here, for want of reports: when the earlier waves were and how large (their sum is such that turnover lies
within the reported range), that the supplier takes 95 % of list, how long it takes, and 2.6 motorcycles a customer
(from the debts reported: Tk 370,000 to 430,000 each).
"""

from math import ceil
from typing import Any, Literal

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.errors import scenario_error
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY, Share

CRORE = 10_000_000

LIST_PRICE = 220_067
LAST_WAVE = 46_000
WAVES = ((14, 5_000), (50, 12_000), (95, 20_000), (141, LAST_WAVE))
"""Day of the year 2021 on which each wave opens, counted from 0, and how many motorcycles it sells.

The last opens 45 days before 6 July, when its first delivery was due; the others are assumed."""

WAVE_DAYS = 7.0
RULE_DAY = 180.0
"""30 June 2021, counted from 1 January."""

GUIDELINE_DAYS = 10.0


def prepaid_campaigns(
    rule: Literal["none", "escrow", "guidelines", "advance"] = "none",
    rule_from: float | None = None,
    discount: float = 0.35,
    promised_days: float = 45,
    own_capital: float = 210,
    charge_share: float = 0.95,
    refund_after_days: float = 10,
    scale: float = 0.01,
) -> Scenario:
    """Return the scenario of four campaign waves in the first half of 2021, at `scale` of their full size.

    `rule`: "none", payments reach the shop at once; "escrow", the bank holds them until delivery is confirmed
    and gives them back when it is more than `refund_after_days` late; "guidelines", the same with a promise of
    10 days; "advance", no escrow but at most 10 % paid in advance, the rest at the door. It holds from day
    `rule_from` of 2021 on (left out: from the start; 180 is the day of the escrow rule; only of "escrow" and
    "guidelines"). `discount` is the share off list price, `own_capital` what the owners put into discounts
    (crore Tk at full size), `charge_share` the supplier's charge as a share of list price. Raises ScenarioError.
    """
    part = knob("scale", scale)
    if not 0 < part <= 1:
        raise scenario_error("scale", scale, "must be above 0 and at most 1")
    if rule not in ("none", "escrow", "guidelines", "advance"):
        raise scenario_error("rule", rule, "must be one of none, escrow, guidelines, advance")
    waves = [
        {"at": day * DAY, "duration": WAVE_DAYS * DAY, "visits": max(1, round(size * part))} for day, size in WAVES
    ]
    price = LIST_PRICE - Share.read(knob("discount", discount)).of(LIST_PRICE)
    promise = knob("promised_days", promised_days) if rule != "guidelines" else GUIDELINE_DAYS
    shop: dict[str, Any] = {
        "opening_balance": Share.read(part).of(Share.read(knob("own_capital", own_capital)).of(CRORE)),
        "promise": promise * DAY,
    }
    bank: dict[str, Any] = {}
    if rule in ("escrow", "guidelines"):
        since = 0.0 if rule_from is None else knob("rule_from", rule_from)
        refund_after = knob("refund_after_days", refund_after_days) * DAY
        bank["settlement"] = {"kind": "escrow", "refund_after": refund_after, "since": since * DAY}
    elif rule == "advance":
        shop["advance"] = 0.1
    orders = sum(wave["visits"] for wave in waves)
    return Scenario.model_validate(
        {
            "name": "prepaid_campaigns",
            "description": SHIPPED["prepaid_campaigns"],
            "start": "2021-01-01",
            "horizon": 335 * DAY,
            "catalogue": [
                {
                    "sku": "motorcycle",
                    "name": "Motorcycle",
                    "marked_price": LIST_PRICE,
                    "price": price,
                    "charge": Share.read(knob("charge_share", charge_share)).of(LIST_PRICE),
                    "cost": Share.read(0.85).of(LIST_PRICE),
                }
            ],
            "users": {"count": ceil(orders / 2.6), "opening_balance": 20 * LIST_PRICE},
            "demand": {"kind": "waves", "waves": waves},
            "shop": shop,
            "bank": bank,
            "supplier": {
                "opening_balance": 0,
                "lead_time": {"kind": "gamma", "mean": (4 if rule == "guidelines" else 32) * DAY, "cv": 0.2},
                "delivery_time": {"kind": "uniform", "low": DAY, "high": 3 * DAY},
            },
        }
    )
