"""Textbook results that a run must agree with: queues, impatience, stocks, repeat buying, retries.

Formulas only: nothing here simulates, draws or reads a scenario. A queue's times are in the time unit of its
rates, a customer's in the unit of `alpha` (weeks, as a rule).
"""

from alesha_sim.theory.customers import BGNBD, ParetoNBD
from alesha_sim.theory.impatience import ErlangA
from alesha_sim.theory.queues import MG1, MMc, erlang_b
from alesha_sim.theory.retries import Retries
from alesha_sim.theory.serial import SerialStock
from alesha_sim.theory.stock import (
    BaseStock,
    EconomicOrder,
    LostSales,
    Newsvendor,
    Periodic,
    ReorderPoint,
    bullwhip,
    bullwhip_chain,
    newsvendor_cost,
)

__all__ = [
    "BGNBD",
    "MG1",
    "BaseStock",
    "EconomicOrder",
    "ErlangA",
    "LostSales",
    "MMc",
    "Newsvendor",
    "ParetoNBD",
    "Periodic",
    "ReorderPoint",
    "Retries",
    "SerialStock",
    "bullwhip",
    "bullwhip_chain",
    "erlang_b",
    "newsvendor_cost",
]
