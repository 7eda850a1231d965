"""What the bank decides by: when a payment reaches the shop, or goes back, and what the bank takes for it.

Contains policies only: what is unsettled at the moment, and the clock, are in `entities/bank/settlement.py`.
Amounts are whole numbers of minor units, instants and durations are seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from typing import ClassVar, NamedTuple, Protocol, TypeGuard, runtime_checkable

from alesha_sim.messages import FundsLocation
from alesha_sim.units import AMOUNT_MAX, Share

SECONDS_MAX = 2.0**53
"""The longest duration: up to here a float64 holds every whole number."""


class SettlementTerms(NamedTuple):
    """Where a payment is held, and when it is settled or given back: at whichever instant comes first.

    Infinity means never, and an instant that has passed means now. A payment into the shop's deposit ignores both.
    Only a payment in escrow is given back by itself; its payer also settles it by confirming the delivery.
    """

    held_in: FundsLocation
    settles_at: float = inf
    refunds_at: float = inf


@runtime_checkable
class SettlementPolicy(Protocol):
    """What a bank asks about each payment.

    A policy of your own that uses the escrow sets `needs_confirmation = True`, so that users confirm deliveries.
    """

    def terms(self, amount: int, paid_at: float, promised_at: float) -> SettlementTerms:
        """Say where a payment goes and when it is settled or given back.

        `amount` is in minor units; `promised_at` is when its goods are promised, infinity if nothing is promised.
        """


@dataclass(frozen=True, slots=True)
class Immediate:
    """Payments are the shop's at once."""

    kind: ClassVar[str] = "immediate"
    durations: ClassVar[tuple[str, ...]] = ()
    needs_confirmation: ClassVar[bool] = False

    def terms(self, amount: int, paid_at: float, promised_at: float) -> SettlementTerms:
        """Name the shop's deposit."""
        return SettlementTerms(FundsLocation.DEPOSIT)


@dataclass(frozen=True, slots=True)
class Delayed:
    """Payments are the shop's some time after they were made (T+n).

    Raises ValueError unless `after` is finite and not negative.
    """

    kind: ClassVar[str] = "delayed"
    durations: ClassVar[tuple[str, ...]] = ("after",)
    needs_confirmation: ClassVar[bool] = False
    after: float = field(metadata={"description": "how long after the payment", "example": "2 days"})

    def __post_init__(self) -> None:
        """Keep the duration as a float."""
        refuse(seconds_faults(after=self.after))
        object.__setattr__(self, "after", float(self.after))

    def terms(self, amount: int, paid_at: float, promised_at: float) -> SettlementTerms:
        """Settle some time after the payment."""
        return SettlementTerms(FundsLocation.SETTLEMENT_DUE, settles_at=paid_at + self.after)


@dataclass(frozen=True, slots=True)
class Escrow:
    """Payments are settled when the payer confirms the delivery.

    They go back `refund_after` seconds after the goods were promised, unless that has happened before; None:
    never. Payments before the instant `since` are the shop's at once: the rule is in force from then on. Raises
    ValueError unless both are finite and not negative, or `refund_after` None.
    """

    kind: ClassVar[str] = "escrow"
    durations: ClassVar[tuple[str, ...]] = ("refund_after", "since")
    needs_confirmation: ClassVar[bool] = True
    refund_after: float | None = field(
        default=None,
        metadata={
            "description": "how much later than promised the user gets the money back; left out, never",
            "example": "10 days",
        },
    )
    since: float = field(
        default=0.0, metadata={"description": "payments before this instant are the shop's at once"}
    )

    def __post_init__(self) -> None:
        """Keep both as floats."""
        given = {"since": self.since}
        if self.refund_after is not None:
            given["refund_after"] = self.refund_after
        refuse(seconds_faults(**given))
        for name, seconds in given.items():
            object.__setattr__(self, name, float(seconds))

    def terms(self, amount: int, paid_at: float, promised_at: float) -> SettlementTerms:
        """Keep the money until it is known where it belongs."""
        if paid_at < self.since:
            return SettlementTerms(FundsLocation.DEPOSIT)
        late = inf if self.refund_after is None else promised_at + self.refund_after
        return SettlementTerms(FundsLocation.ESCROW, refunds_at=late)


@dataclass(frozen=True, slots=True)
class Fees:
    """What the bank takes: `fixed`, `payer_fixed` and `declined` in minor units, `share` and `payer_share` 0 to 1.

    Shares are rounded to the nearest minor unit, halves to even. Raises ValueError with one line for each field
    that breaks its rule.
    """

    amounts: ClassVar[tuple[str, ...]] = ("fixed", "payer_fixed", "declined")
    fixed: int = 0
    share: float = 0.0
    payer_fixed: int = 0
    payer_share: float = 0.0
    declined: int = 0
    _of_shop: Share = field(init=False, repr=False, compare=False)
    _of_payer: Share = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what is no amount or no share."""
        amounts = {name: getattr(self, name) for name in self.amounts}
        refuse([*amount_faults(**amounts), *share_faults(share=self.share, payer_share=self.payer_share)])
        object.__setattr__(self, "_of_shop", Share.read(self.share))
        object.__setattr__(self, "_of_payer", Share.read(self.payer_share))

    def of_shop(self, due: int) -> int:
        """Return what the shop pays when `due` is settled to it: at most all of that."""
        return min(self.fixed + self._of_shop.of(due), due)

    def of_payer(self, amount: int) -> int:
        """Return what the payer of an amount pays in addition; nothing for nothing."""
        return self.payer_fixed + self._of_payer.of(amount) if amount > 0 else 0


def share_faults(**shares: object) -> list[str]:
    """Return a line for each of the named values that is no share."""
    return [
        f"{name}: {share!r}: must be a number from 0 to 1"
        for name, share in shares.items()
        if not (_is_number(share) and 0 <= share <= 1)
    ]


def seconds_faults(least: float = 0.0, **durations: object) -> list[str]:
    """Return a line for each of the named values that is no duration of at least `least` seconds."""
    return [
        f"{name}: {seconds!r}: must be a number of seconds from {least:g} to 2**53"
        for name, seconds in durations.items()
        if not (_is_number(seconds) and least <= seconds <= SECONDS_MAX)
    ]


def amount_faults(least: int = 0, **amounts: object) -> list[str]:
    """Return a line for each of the named values that is no amount of at least `least` minor units."""
    return [
        f"{name}: {amount!r}: must be a whole number of minor units from {least} to {AMOUNT_MAX}"
        for name, amount in amounts.items()
        if not (isinstance(amount, int) and not isinstance(amount, bool) and least <= amount <= AMOUNT_MAX)
    ]


def refuse(faults: Iterable[str]) -> None:
    """Raise ValueError with one line for each fault, if there are any."""
    if lines := "\n".join(faults):
        raise ValueError(lines)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


SETTLEMENTS: dict[str, type[Immediate | Delayed | Escrow]] = {
    kind.kind: kind for kind in (Immediate, Delayed, Escrow)
}
"""Every settlement policy of this module by its `kind`."""
