"""The terms on which a bank serves, in the units of a run: minor units, seconds, draws."""

from collections.abc import Callable
from typing import NamedTuple

from alesha_sim.entities.bank.calendar import Income
from alesha_sim.policies.settlement import Fees, Immediate, SettlementPolicy


class BankTerms(NamedTuple):
    """How a bank serves and what it takes for it; `simulation/terms.py` makes it from a scenario.

    To decide on what moves money takes one of `workers` (None: as many as it takes) `authorisation_seconds()`.
    After `secret_attempts` wrong secrets in a row (None: never) an account is locked for `lock_seconds`.

    Payments reach the shop as `settlement` says, less `fees`; of what is settled, `rolling_reserve_share` is kept
    back for `rolling_reserve_seconds`. Users get their `income`, if there is any, on its pay-days.
    """

    authorisation_seconds: Callable[[], float]
    workers: int | None = None
    secret_attempts: int | None = None
    lock_seconds: float = 0.0
    settlement: SettlementPolicy = Immediate()
    fees: Fees = Fees()
    rolling_reserve_share: float = 0.0
    rolling_reserve_seconds: float = 0.0
    income: Income | None = None
