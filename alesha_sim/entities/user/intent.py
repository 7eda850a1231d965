"""What a visit means to do."""

from typing import NamedTuple

from alesha_sim.messages import Lines, Method, Secret


class NoAnswer(Exception):
    """The shop did not answer in time; the visit ends with this `outcome`."""

    def __init__(self, outcome: int) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Whims(NamedTuple):
    """What chance has in store for a visit and its order, drawn with the demand.

    Each number is from [0, 1), and its thing happens where it is below the probability that `Habits` or a policy
    gives: `mood` to visit at all, `taste` in choosing, then to cancel, to refuse at the `door`, to send products
    back, their breaking, a `complaint`. `returns` and `defects` hold one number a product, by the product's index.
    `cancel_after` is counted from the confirmation, the other two durations from the last parcel; seconds.
    """

    door: float = 1.0
    cancel: float = 1.0
    cancel_after: float = 0.0
    returns: tuple[float, ...] = ()
    return_after: float = 0.0
    defects: tuple[float, ...] = ()
    defect_after: float = 0.0
    complaint: float = 1.0
    taste: float = 1.0
    mood: float = 0.0


_CALM = Whims()


class Visit(NamedTuple):
    """What a visitor means to do, known before the clock starts: an empty cart is a look at the home page."""

    user: int
    cart: Lines
    views: tuple[str, ...]
    mistypes_secret: bool
    purpose: str = "honest"
    method: Method = Method.ACCOUNT
    whims: Whims = _CALM


def mistyped(secret: Secret) -> Secret:
    """Return a secret with its last digit wrong."""
    return Secret(secret[:-1] + ("0" if secret[-1] != "0" else "1"))
