"""The names and descriptions of the shipped scenarios."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


SHIPPED = {
    "first_purchase": "One user registers, buys a laptop and two watches, and waits for them.",
    "market_day": "Visitors by the hour of the day; some look, some buy, some cannot pay.",
    "repeat_buyers": "Customers enter over 12 weeks, buy again at their own rates and drop out (BG/NBD).",
    "cdnow": "Replays the purchases of 2,357 customers of CDNOW, 1997 to mid-1998.",
    "flash_sale": "Many come at once for a few phones at half price; who gets one?",
    "cash_on_delivery": "Part of the buyers pays at the door, and some refuse there.",
    "returns_season": "Goods come back, the more so when they came late.",
    "supplier_disruption": "The supplier closes for weeks; stock carries the shop over them, or does not.",
    "slow_bank": "Authorisations queue at the bank, and buyers hang up.",
    "unreliable_network": "Messages are lost, doubled and late; nobody is charged twice.",
    "card_testing": "Attackers try secrets and stolen accounts; none gets anything.",
    "growth": "Visits multiply from year to year; so do waiting and costs.",
    "prepaid_campaigns": "Campaigns sell below the supplier's charge; when does the money run out?",
    "beer_game": "Four tiers order from each other, one step in demand; where does the wave come from?",
    "dual_sourcing": "A fast, dear supplier beside a slow, cheap one; what is it worth?",
    "two_banks": "Every sale crosses between two banks; how much liquidity does settling take?",
    "gridlock": "Two banks without reserves wait for each other; what moves them?",
    "bank_failure": "A bank cannot pay and is closed; who loses what?",
    "rival_shops": "Shops compete by price, promise and trust; one starts a price war, one gives up.",
}
"""The scenarios of this package, each with its description: the four plain ones, simplest first, then one for each
question. The descriptions stand here, so that a list of all scenarios need not make a single one."""

GROUP = "alesha_sim.scenarios"
"""The entry-point group in which other packages name functions that return a `Scenario`."""
