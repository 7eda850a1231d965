"""An order and what belongs to it."""

from math import inf
from typing import NamedTuple

from alesha_sim.entities.courier import Parcel
from alesha_sim.entities.shop.order_states import OFF, OPEN, fulfilment_after
from alesha_sim.entities.sources import Seller
from alesha_sim.entities.stock import Reservation
from alesha_sim.messages import DEPOSIT, ESCROW, Lines, Offer, Reason, Refusal
from alesha_sim.network import Answer
from alesha_sim.vocabulary import CANCELLED, COMPLETED, DECLINED, NO_ID, RECEIVED, RETURNED

CLOSED = (COMPLETED, CANCELLED, DECLINED, RETURNED)


class CatalogueItem(NamedTuple):
    """A product as the shop knows it: `charge` is what its supplier takes for one, in minor units."""

    offer: Offer
    charge: int
    warranty_seconds: float
    return_window_seconds: float


class RefundPayable:
    """A refund that is granted and not yet paid: `amount` of the payment or collection `transaction`.

    It is asked for under the step `name` and `tries`, which is how often the bank declined for want of money. It
    `is_begun` while the bank is asked: then it waits for no other debt, for money may have moved already.
    """

    __slots__ = ("amount", "is_begun", "name", "transaction", "tries")

    def __init__(self, name: str, transaction: int, amount: int) -> None:
        self.name = name
        self.transaction = transaction
        self.amount = amount
        self.tries = 0
        self.is_begun = False


class WarrantyClaim(NamedTuple):
    """A warranty claim about which the supplier has not been heard yet: the goods, and the answer to the user."""

    lines: Lines
    answer: Answer


class AfterSaleRecord:
    """What came after the sale: units returned and claimed by SKU, claims not yet answered."""

    __slots__ = ("claimed", "claims", "is_compensated", "returned", "returns")

    def __init__(self) -> None:
        self.returned: dict[str, int] = {}
        self.returns = 0
        self.claimed: dict[str, int] = {}
        self.claims: list[WarrantyClaim] = []
        self.is_compensated = False


class Order:
    """What the shop has on record of an order; amounts in minor units, instants in seconds.

    `total` is by the shop's list number `price_list`. `advance` is what is paid before delivery, into `held_in`
    under the transaction number `payment`, with `fee` taken from the user in addition; `collected` came at the
    door under `collection`; `granted` of both together is given back or among the `refunds_payable`. The user who
    is paying is owed `answer`, one who asks what became of that `enquirer`, the one who cancels `canceller`.
    `seller` supplies it, after those `rejected` it whose codes are there; `last_line` is the row of its last in
    the log. Charges are paid under `charges_paid`, after the bank declined them `tries` times for want of money.

    `status` and `fulfilment` change by the tables of `order_states.py` alone. `is_settled` and `is_refunded_late`
    say where the payment is by now: in the shop's deposit, or back with its user because the goods were late.
    `parcel` is what is sent from the shop's own stock, `reservations` what an order waits for there, and `costs`
    what each line was worth, once the user has it; None if a supplier sent it. `undelivered` are the units to come
    by SKU, None for all of them.
    """

    __slots__ = (
        "advance",
        "after_sale_record",
        "answer",
        "canceller",
        "charges",
        "charges_paid",
        "collected",
        "collection",
        "costs",
        "delivered_at",
        "delivered_price",
        "enquirer",
        "fee",
        "fulfilment",
        "granted",
        "held_in",
        "is_refunded_late",
        "is_settled",
        "last_line",
        "lines",
        "number",
        "parcel",
        "payment",
        "price_list",
        "promised_at",
        "reason",
        "refunds_payable",
        "rejected",
        "reservations",
        "seller",
        "status",
        "total",
        "tries",
        "undelivered",
        "user",
    )  # fmt: skip

    def __init__(  # the order's own terms; a tuple would hide them
        self, number: int, user: int, lines: Lines, total: int, charges: int, advance: int, promised_at: float,
        seller: Seller,
    ) -> None:  # fmt: skip
        self.number = number
        self.user = user
        self.lines = lines
        self.total = total
        self.charges = charges
        self.advance = advance
        self.promised_at = promised_at
        self.price_list = 0
        self.seller = seller
        self.rejected: frozenset[int] = frozenset()
        self.last_line = NO_ID
        self.status = RECEIVED
        self.reason = ""
        self.answer: Answer | None = None
        self.enquirer: Answer | None = None
        self.canceller: Answer | None = None
        self.payment = self.collection = self.charges_paid = NO_ID
        self.held_in = DEPOSIT
        self.fee = self.collected = self.granted = self.tries = self.delivered_price = 0
        self.fulfilment = OPEN
        self.is_refunded_late = self.is_settled = False
        self.parcel: Parcel | None = None
        self.reservations: list[Reservation] = []
        self.costs: list[int] | None = None
        self.undelivered: dict[str, int] | None = None
        self.delivered_at = inf
        self.refunds_payable: tuple[RefundPayable, ...] = ()
        self.after_sale_record: AfterSaleRecord | None = None

    @property
    def is_paid(self) -> bool:
        """Whether all has been paid that is to be paid in advance."""
        return self.payment != NO_ID or (self.advance == 0 and self.status != RECEIVED)

    @property
    def is_closed(self) -> bool:
        """Whether nothing is to be sent, received or cancelled any more."""
        return self.status in CLOSED

    @property
    def is_delivered(self) -> bool:
        """Whether all of it has arrived, even if it has been returned since."""
        return self.status in (COMPLETED, RETURNED)

    @property
    def is_off(self) -> bool:
        """Whether it is cancelled, even if not refunded yet."""
        return self.fulfilment == OFF

    @property
    def waits_for_money(self) -> bool:
        """Whether the user has done their part, and the shop has not begun to buy the goods."""
        return self.fulfilment == OPEN and self.is_paid and not self.is_closed

    @property
    def is_escrowed(self) -> bool:
        """Whether what was paid is still with the bank, which may give it back of its own accord."""
        return self.held_in is ESCROW and not self.is_settled and self.left > 0

    @property
    def needs_cash(self) -> bool:
        """Whether refunds of it come out of the shop's deposit, to the shop's knowledge."""
        return self.held_in is DEPOSIT or self.is_settled

    @property
    def left(self) -> int:
        """What was paid in advance or at the door and not given back."""
        return (self.advance if self.payment != NO_ID else 0) + self.collected - self.granted

    def take_step(self, step: int) -> None:
        """Take a step of the fulfilment; raises ImpossibleTransition where the table has none."""
        self.fulfilment = fulfilment_after(step, self.fulfilment, self.number)

    def refusal(self) -> Refusal:
        """Return why it is not supplied, and what was paid for it."""
        paid = self.advance if self.payment != NO_ID else 0
        return Refusal(Reason(self.reason), self.number, self.payment, paid, self.fee)

    def grant(self, name: str, amount: int) -> tuple[RefundPayable, ...]:
        """Owe `amount` to the user, at most what is left: out of the payment first, then out of the collection."""
        from_payment = min(amount, max(self.left - self.collected, 0))
        parts = ((name, self.payment, from_payment), (f"{name}:door", self.collection, amount - from_payment))
        refunds_payable = tuple(RefundPayable(*part) for part in parts if part[2] > 0)
        self.granted += amount
        self.refunds_payable += refunds_payable
        return refunds_payable
