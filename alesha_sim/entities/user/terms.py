"""What users buy, and how they react, in the units of a run: minor units, seconds, draws."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from alesha_sim.entities.price_lists import Changes
from alesha_sim.policies.shop_choice import ShopChoicePolicy
from alesha_sim.policies.users import ChoicePolicy, TrustPolicy


class BehaviourRates(NamedTuple):
    """How likely users are to do what about an order, each from 0 to 1.

    `return_shares` and `defect_shares` hold one share a product, by the product's index; the first is multiplied
    by `late_return_factor` if the order came late. `complaint_share` is that of late orders complained about.
    `confirms` says that users tell the bank when everything is there, as money in escrow asks for.
    """

    door_refusal: float = 0.0
    cancel_share: float = 0.0
    return_shares: tuple[float, ...] = ()
    late_return_factor: float = 1.0
    defect_shares: tuple[float, ...] = ()
    complaint_share: float = 0.0
    confirms: bool = False

    @property
    def act_later(self) -> bool:
        """Whether users may do anything about an order once it is placed."""
        some = self.door_refusal or self.cancel_share or self.complaint_share or self.confirms
        return bool(some) or any(self.return_shares) or any(self.defect_shares)


_NONE = BehaviourRates()
_ONE_BANK: Final[Mapping[str, range | None]] = {"bank": None}


class UserTerms(NamedTuple):
    """What all users have in common; `simulation/terms.py` makes it from a scenario.

    `products` maps each SKU to (product index, price at first in minor units), of which a major unit has `scale`;
    `price_changes` say by shop from when on prices are others. A user waits `patience()` seconds for each reply
    (None: as long as it takes), may order for `budget` (minor units; None: without limit) in each period of
    `budget_seconds` (0: the whole run), chooses among the products by `choice` (None: what was meant to be
    bought), and visits if `trust` allows it (None: always).

    `shops` and `suppliers` are those that users can reach, by name. Where there are several shops, `shop_choice`
    says to which a user goes (None: to each as likely), and trust keeps nobody away but by that policy. `banks`
    has the users of each bank by its name, None for all.
    """

    products: Mapping[str, tuple[int, int]]
    scale: int = 1
    behaviour: BehaviourRates = _NONE
    patience: Callable[[], float] | None = None
    choice: ChoicePolicy | None = None
    trust: TrustPolicy | None = None
    budget: int | None = None
    budget_seconds: float = 0.0
    shops: tuple[str, ...] = ("shop",)
    suppliers: tuple[str, ...] = ("supplier",)
    banks: Mapping[str, range | None] = _ONE_BANK
    shop_choice: ShopChoicePolicy | None = None
    price_changes: Mapping[str, Changes] = {}
