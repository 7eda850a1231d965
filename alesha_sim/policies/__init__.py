"""Policies: pure decisions that an entity asks for, one module for each who asks.

Contains frozen values with a method or two, without a clock, a generator or a book of their own. A scenario
names them by their `kind`; in Python any object with the same methods takes their place.
"""

from alesha_sim.policies.settlement import (
    SETTLEMENTS,
    Delayed,
    Escrow,
    Fees,
    Immediate,
    SettlementPolicy,
    SettlementTerms,
)
from alesha_sim.policies.stock import (
    STOCKS,
    BaseStock,
    MakeToOrder,
    MovingAverage,
    Periodic,
    PolicyError,
    ReorderPoint,
    StockPolicy,
)
from alesha_sim.policies.users import CHOICES, TRUSTS, ChoicePolicy, Logit, Priced, Trust, TrustPolicy

__all__ = [
    "CHOICES",
    "SETTLEMENTS",
    "STOCKS",
    "TRUSTS",
    "BaseStock",
    "ChoicePolicy",
    "Delayed",
    "Escrow",
    "Fees",
    "Immediate",
    "Logit",
    "MakeToOrder",
    "MovingAverage",
    "Periodic",
    "PolicyError",
    "Priced",
    "ReorderPoint",
    "SettlementPolicy",
    "SettlementTerms",
    "StockPolicy",
    "Trust",
    "TrustPolicy",
]
