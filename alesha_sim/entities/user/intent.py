"""What a visitor intends, and the random draws of a visit."""

from typing import NamedTuple

from alesha_sim.messages import Lines, Method, Secret


class NoAnswer(Exception):
    """The shop did not answer in time; the visit ends with this `outcome`."""

    def __init__(self, outcome: int) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class VisitDraws(NamedTuple):
    """Random draws for a visit and its order, made with the demand.

    Each number is from [0, 1), and its event happens where it is below the probability that `BehaviourRates` or a
    policy gives: `trust` to visit at all, `shop` and `choice` of a product, then to cancel, `door_refusal`, to
    send products back, their breaking, a `complaint`. `returns` and `defects` hold one number a product, by the
    product's index. `cancel_after` is counted from the confirmation, the other two durations from the last parcel;
    seconds.
    """

    door_refusal: float = 1.0
    cancel: float = 1.0
    cancel_after: float = 0.0
    returns: tuple[float, ...] = ()
    return_after: float = 0.0
    defects: tuple[float, ...] = ()
    defect_after: float = 0.0
    complaint: float = 1.0
    choice: float = 1.0
    trust: float = 0.0
    shop: float = 0.0


_NO_DRAWS = VisitDraws()


class VisitIntent(NamedTuple):
    """What a visitor intends, known before the clock starts: an empty cart is a look at the home page."""

    user: int
    cart: Lines
    views: tuple[str, ...]
    mistypes_secret: bool
    purpose: str = "honest"
    method: Method = Method.ACCOUNT
    draws: VisitDraws = _NO_DRAWS


def mistyped(secret: Secret) -> Secret:
    """Return a secret with its last digit wrong."""
    return Secret(secret[:-1] + ("0" if secret[-1] != "0" else "1"))
