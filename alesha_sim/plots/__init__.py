"""Pictures of a result: money, visits, orders, goods, queues, what was said; and `dashboard`, all on one page.

Of a study: `distribution`, `band`, `effects`, `precision`, `heat_map`, `warm_up`.

Each draws into the `Axes` that it is given, or makes a figure of its own with `pyplot`, and returns the `Axes`.
None shows, saves or closes anything: that is up to the caller. `pyplot` is loaded only for a figure of its own.
"""

from alesha_sim.plots.balances import balances
from alesha_sim.plots.bridge import cash_bridge
from alesha_sim.plots.calendar import calendar
from alesha_sim.plots.dashboard import dashboard
from alesha_sim.plots.delivery import delivery_times
from alesha_sim.plots.funnel import funnel
from alesha_sim.plots.goods import stock
from alesha_sim.plots.liquidity import liquidity
from alesha_sim.plots.queueing import queues, waiting
from alesha_sim.plots.sequence import conversation
from alesha_sim.plots.studies import band, distribution, effects, heat_map, precision, warm_up
from alesha_sim.plots.wave import wave

__all__ = [
    "balances",
    "band",
    "calendar",
    "cash_bridge",
    "conversation",
    "dashboard",
    "delivery_times",
    "distribution",
    "effects",
    "funnel",
    "heat_map",
    "liquidity",
    "precision",
    "queues",
    "stock",
    "waiting",
    "warm_up",
    "wave",
]
