"""A world of random trade, driven by hand: every fact of the posting rules, told to the books in random order.

No entity and no kernel: what an owner has not yet heard of waits in a pool, from which any item may be next.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import NamedTuple

import numpy as np

from alesha_sim.audit.laws import Priced
from alesha_sim.books import BankBook, Ledger, ShopBook, SupplierBook, UsersBook
from alesha_sim.columns import MISSING_TIME, TextColumn
from alesha_sim.messages import FundsLocation
from alesha_sim.vocabulary import OUTCOMES, SHOP, STATUSES, SUPPLIER

CATALOGUE = (
    Priced("hp-laptop", 500, 400, 300), Priced("apple-watch", 250, 180, 120), Priced("iphone-x", 1000, 720, 540),
)  # fmt: skip
METHODS = ("account", "cash_on_delivery")

Lines = list[tuple[int, int]]


def worth(lines: Lines, value: int) -> int:
    """Return what goods are worth: by 1 at price, 2 at charge, 3 at cost."""
    return sum(CATALOGUE[product][value] * units for product, units in lines)


def by_line(lines: Lines, value: int) -> list[int]:
    """Return what each line of goods is worth, as `worth` does."""
    return [worth([line], value) for line in lines]


class Terms(NamedTuple):
    """What makes a world rich or poor, likely or not; chances are between 0 and 1."""

    users: int = 3
    cash: int = 200_000
    opening: int = 20_000
    locations: Sequence[FundsLocation] = tuple(FundsLocation)
    chance: float = 0.3
    fees: bool = True


@dataclass(eq=False)
class Order:
    """One order as the world knows it, with what each owner has heard of it."""

    number: int
    user: int
    lines: Lines
    advance: int
    method: str
    held_in: FundsLocation
    status: str = "received"
    outcome: str | None = None
    payment: int = -1
    payer_fee: int = 0
    charges: int = -1
    collection: int = -1
    settled: bool = False
    released: bool = False
    due: int = 0
    refunded_late: bool = False
    user_knows_late: bool = False
    shop_knows_late: bool = False
    accepted: bool = False
    rejected: bool = False
    waiting: Lines = field(default_factory=list)
    ready: Lines = field(default_factory=list)
    reserved: Lines = field(default_factory=list)
    shipped: bool = False
    user_has: Lines = field(default_factory=list)
    shop_sold: int = 0
    returned: Lines = field(default_factory=list)
    granted: int = 0
    own: bool = False
    claimed: bool = False

    @property
    def total(self) -> int:
        return 0 if self.method == "replenishment" else worth(self.lines, 1)

    @property
    def charge(self) -> int:
        return worth(self.lines, 2)


class World:
    """Four books and the orders that move them; `step` lets one thing happen, `run` all."""

    def __init__(self, seed: int, terms: Terms | None = None) -> None:
        self.terms = terms or Terms()
        self.random = Random(seed)
        self.ledger = Ledger("BDT", [product.sku for product in CATALOGUE])
        users = self.terms.users
        self.bank, self.shop = BankBook(self.ledger, users), ShopBook(self.ledger)
        self.supplier = SupplierBook(self.ledger, [product.cost for product in CATALOGUE])
        self.users = UsersBook(self.ledger, users)
        self.orders: list[Order] = []
        self.pool: list[Callable[[], None]] = []
        self.debts: deque[tuple[Order, int, Callable[[], None]]] = deque()
        self.free = [0, 0, 0]
        self.own = [0, 0, 0]
        self.at = 0.0

    def likely(self, chance: float | None = None) -> bool:
        return self.random.random() < (self.terms.chance if chance is None else chance)

    def later(self, step: Callable[..., None], *arguments: object) -> None:
        self.pool.append(partial(step, *arguments))

    def open(self) -> None:
        amounts = np.full(self.terms.users, self.terms.opening)
        self.users.open(0.0, self.bank.open_users(0.0, amounts), amounts)
        cash = self.terms.cash
        if cash:
            self.shop.open(0.0, self.bank.open_owner(0.0, SHOP, cash), cash)
        self.supplier.open(0.0, self.bank.open_owner(0.0, SUPPLIER, 5000), 5000)
        lines = [(0, 2), (1, 3)]
        self.supplier.open_stock(0.0, lines)
        for product, units in lines:
            self.free[product] += units
        self.shop.invest(0.0, 5000 + worth(lines, 3))

    def run(self, orders: int, incomes: int = 2) -> "World":
        """Let so many orders and everything that follows from them happen."""
        for _ in self.steps(orders, incomes):
            pass
        return self

    def steps(self, orders: int, incomes: int = 2):
        """Pause after each thing that happens."""
        self.open()
        yield
        for _ in range(orders):
            self.later(self.place)
        for _ in range(incomes):
            self.later(self.earn)
        while self.pool:
            self.at += self.random.choice((0.0, 1.0))
            self.pool.pop(self.random.randrange(len(self.pool)))()
            self.pay_debts()
            yield

    def pay_debts(self) -> None:
        while self.debts and self.shop.cash_balance() >= self.debts[0][1] <= self.bank.available(SHOP):
            self.debts.popleft()[2]()

    def owe(self, order: Order, amount: int, pay: Callable[..., None], *arguments: object) -> None:
        self.debts.append((order, amount, partial(pay, *arguments)))

    # Money from outside

    def earn(self) -> None:
        user, amount = self.random.randrange(self.terms.users), 700
        self.later(self.told_income, self.bank.income(self.at, user, amount), user, amount)

    def told_income(self, entry: int, user: int, amount: int) -> None:
        self.users.income(self.at, entry, user, amount)

    # An order is placed and paid

    def place(self) -> None:
        choice, products = self.random, range(len(CATALOGUE))
        lines = [(product, choice.randint(1, 3)) for product in choice.sample(products, choice.choice((1, 1, 2)))]
        user, held_in = choice.randrange(self.terms.users), choice.choice(self.terms.locations)
        method, advance = "account", worth(lines, 1)
        if self.likely(0.15):
            method, user, advance, held_in = "replenishment", SHOP, 0, FundsLocation.DEPOSIT
            lines = [(product, units + 4) for product, units in lines]
        elif held_in is not FundsLocation.ESCROW and self.likely():
            advance = choice.choice((0, advance // 10))
            method = "account" if advance else "cash_on_delivery"
        order = Order(len(self.orders) + 1, user, lines, advance, method, held_in)
        self.orders.append(order)
        if not self.likely(0.05):  # else it is never paid
            self.later(self.pay if advance else self.promise, order)

    def promise(self, order: Order) -> None:
        """Nothing is paid in advance."""
        order.status = "processing"
        if order.user >= 0:
            self.later(self.send_notice, order)
        self.supply(order)

    def pay(self, order: Order) -> None:
        fee = 5 if self.terms.fees and self.likely() else 0
        if self.likely(0.1) and self.terms.fees and self.bank.available(SHOP) >= 3:
            self.later(self.note_declined_fee, self.bank.declined_fee(self.at, order.number, 3), order)
        if self.bank.available(order.user) < order.advance + fee + 100 or self.likely(0.05):
            order.status, order.outcome = "declined", "declined"
            return
        order.payer_fee = fee
        if self.likely():
            self.hold(order, order.advance + fee + 100)
            return
        taken, kept = self.deductions(order, order.advance, order.held_in is FundsLocation.DEPOSIT)
        entry = self.bank.payment(
            self.at, order.number, order.user, order.advance, order.held_in, taken, kept, fee
        )  # fmt: skip
        self.captured(order, entry, taken, kept)

    def hold(self, order: Order, amount: int) -> None:
        entry = self.bank.holds.place(self.at, order.number, order.user, amount)
        self.later(self.let_go if self.likely() else self.post, order, entry)

    def let_go(self, order: Order, hold: int) -> None:
        self.bank.holds.void(self.at, hold)
        if self.bank.available(order.user) < order.advance + order.payer_fee + 100:
            order.status, order.outcome = "declined", "declined"
        else:
            self.hold(order, order.advance + order.payer_fee + self.random.choice((0, 100)))

    def post(self, order: Order, hold: int) -> None:
        taken, kept = self.deductions(order, order.advance, order.held_in is FundsLocation.DEPOSIT)
        entry = self.bank.holds.post(
            self.at, hold, order.advance, held_in=order.held_in, fee=taken, retained=kept,
            payer_fee=order.payer_fee
        )  # fmt: skip
        self.captured(order, entry, taken, kept)

    def deductions(self, order: Order, amount: int, now: bool) -> tuple[int, int]:
        if not (now and self.terms.fees and self.likely(0.6)):
            return 0, 0
        fee = min(amount, 2 + amount // 50)
        return fee, round((amount - fee) * self.random.choice((0, 0.1)))

    def captured(self, order: Order, entry: int, fee: int, kept: int) -> None:
        order.payment, order.due = entry, 0 if order.held_in is FundsLocation.DEPOSIT else order.advance
        self.later(self.note_paid, order, entry, fee, kept)
        if kept:
            self.later(self.release, order, kept)
        if order.held_in is FundsLocation.SETTLEMENT_DUE:
            self.later(self.settle, order)
        if order.held_in is FundsLocation.ESCROW and self.likely():
            self.later(self.refund_late, order)

    def note_paid(self, order: Order, entry: int, fee: int, kept: int) -> None:
        self.shop.payment(self.at, entry, order.number, order.advance, order.held_in, fee, kept)
        order.status = "processing"
        if order.shop_knows_late:
            order.status, order.outcome = "cancelled", "declined"
        else:
            self.supply(order)
        self.later(self.send_notice, order)

    def note_declined_fee(self, entry: int, order: Order) -> None:
        self.shop.declined_fee(self.at, entry, order.number, 3)

    def send_notice(self, order: Order) -> None:
        """The user is told, at last."""
        if order.payment >= 0:
            self.users.payment(
                self.at, order.payment, order.user, order.number, order.advance, order.payer_fee
            )  # fmt: skip
        order.outcome = "declined" if order.status == "cancelled" else "bought"

    # Settlement

    def settle(self, order: Order) -> None:
        due, order.due, order.settled = order.due, 0, True
        fee, kept = self.deductions(order, due, now=True)
        entry = self.bank.settle(self.at, order.number, order.user, order.held_in, due, fee, kept)
        self.later(self.note_settled, order, entry, due, fee, kept)
        if kept:
            self.later(self.release, order, kept)

    def note_settled(self, order: Order, entry: int, due: int, fee: int, kept: int) -> None:
        self.shop.settled(self.at, entry, order.number, due, fee, kept)
        order.released = True
        if order.held_in is FundsLocation.ESCROW and order.status == "completed":
            self.after_sale(order)

    def release(self, order: Order, amount: int) -> None:
        self.later(self.note_released, order, self.bank.release(self.at, order.number, amount), amount)

    def note_released(self, order: Order, entry: int, amount: int) -> None:
        self.shop.released(self.at, entry, order.number, amount)

    def confirm(self, order: Order) -> None:
        if not order.refunded_late and not order.settled:
            self.settle(order)

    def refund_late(self, order: Order) -> None:
        if order.settled or order.refunded_late or not order.due:
            return
        order.refunded_late, order.due = True, 0
        entry = self.bank.refund(self.at, order.number, order.user, order.total, FundsLocation.ESCROW)
        self.later(self.told_late, order, entry)
        self.later(self.note_late, order, entry)

    def told_late(self, order: Order, entry: int) -> None:
        order.user_knows_late = True
        self.users.refunded(
            self.at, entry, order.payment, order.user, order.number, order.total, order.total, order.payer_fee,
            worth(order.user_has, 1),
        )  # fmt: skip

    def note_late(self, order: Order, entry: int) -> None:
        order.shop_knows_late = True
        self.shop.late_refund(self.at, entry, order.number, order.shop_sold)
        self.cancel_order(order)

    # The shop buys

    def supply(self, order: Order) -> None:
        if order.advance == order.total > 0 and all(self.own[product] >= units for product, units in order.lines):
            for product, units in order.lines:
                self.own[product] -= units
            order.own, order.status = True, "on_the_way"
            self.send_own(order)
        else:
            self.owe(order, order.charge, self.buy, order)

    def buy(self, order: Order) -> None:
        entry = self.bank.charges(self.at, order.number, order.charge)
        self.later(self.note_charges, order, entry)

    def note_charges(self, order: Order, entry: int) -> None:
        order.charges = entry
        self.shop.charges(self.at, entry, order.number, order.charge)
        self.later(self.decide, order, entry)

    def decide(self, order: Order, entry: int) -> None:
        """The supplier accepts or rejects."""
        self.supplier.charges(self.at, entry, order.number, order.charge)
        if order.rejected or self.likely(0.1):
            order.rejected = True
            self.give_charges_back(order, order.charge, 0)
            return
        order.accepted = True
        self.later(self.note_accepted, order)
        order.waiting = list(order.lines)
        for line in order.lines:
            self.later(self.provide, order, line)
        if self.likely(0.2):
            self.later(self.cancel_order, order)

    def note_accepted(self, order: Order) -> None:
        if order.status == "processing":
            order.status = "on_the_way"

    def give_charges_back(self, order: Order, amount: int, transport: int) -> None:
        entry = self.bank.charges_return(self.at, order.number, amount)
        self.supplier.charges_returned(self.at, entry, order.number, amount, transport)
        self.later(self.note_charges_back, order, entry, amount, transport)

    def note_charges_back(self, order: Order, entry: int, amount: int, transport: int) -> None:
        self.shop.charges_returned(self.at, entry, order.number, amount, transport)
        if order.held_in is FundsLocation.ESCROW:
            if not order.refunded_late:
                order.refunded_late, order.due = True, 0
                entry = self.bank.refund(self.at, order.number, order.user, order.total, FundsLocation.ESCROW)
                self.shop.refund(self.at, entry, order.number, order.total, FundsLocation.ESCROW)
                self.later(self.told_late, order, entry)
            order.status = "cancelled"
        elif order.advance:
            self.shop.cancelled(self.at, order.number, order.advance)
            self.give_back(order, order.advance, closes=True)
        else:
            order.status = "cancelled"

    def cancel_order(self, order: Order) -> None:
        """Cancel what nobody has sent: by the user's wish, or after a late refund."""
        if order.shipped or order.rejected or order.own or order.status in ("cancelled", "declined", "completed"):
            return
        if order.accepted:
            order.rejected, order.waiting = True, []
            if order.reserved:
                self.supplier.reservation_ended(self.at, order.number, order.reserved)
                for product, units in order.reserved:
                    self.free[product] += units
                order.reserved = []
            self.give_charges_back(order, order.charge, 0)
        elif order.shop_knows_late and any(debt[0] is order for debt in self.debts):
            self.debts = deque(debt for debt in self.debts if debt[0] is not order)
            order.status = "cancelled"
        else:
            order.rejected = True

    def give_back(self, order: Order, amount: int, *, closes: bool = False) -> None:
        """Refund what the shop owes, when it has the money, from where the payment is now."""
        if order.due >= amount:
            self.refund(order, amount, closes)
        else:
            self.owe(order, amount, self.refund, order, amount, closes)

    def refund(self, order: Order, amount: int, closes: bool) -> None:
        held_in = (
            order.held_in
            if order.due >= amount and order.held_in is not FundsLocation.DEPOSIT
            else FundsLocation.DEPOSIT
        )
        if held_in is not FundsLocation.DEPOSIT:
            order.due -= amount
        entry = self.bank.refund(self.at, order.number, order.user, amount, held_in)
        self.later(self.note_refund, order, entry, amount, held_in, closes)
        self.later(self.told_refund, order, entry, amount)

    def note_refund(self, order: Order, entry: int, amount: int, held_in: FundsLocation, closes: bool) -> None:
        self.shop.refund(self.at, entry, order.number, amount, held_in)
        if closes:
            order.status = "cancelled"

    def told_refund(self, order: Order, entry: int, amount: int) -> None:
        payment, total = (order.payment, order.advance) if order.payment >= 0 else (order.collection, order.total)
        self.users.refunded(self.at, entry, payment, order.user, order.number, total, amount, order.payer_fee)

    # The supplier provides and sends

    def provide(self, order: Order, line: tuple[int, int]) -> None:
        product, units = line
        if line not in order.waiting:  # called off while it was made
            self.supplier.made_to_stock(self.at, [line])
            self.free[product] += units
            return
        self.keep(order.number, line)
        order.waiting.remove(line)
        order.reserved.append(line)
        if order.waiting and (order.total > order.advance or self.likely(0.5)):
            return
        if not order.waiting or order.total == order.advance:
            parcel, order.reserved = order.reserved, []
            order.shipped = True
            self.send(order, parcel)

    def keep(self, number: int, line: tuple[int, int]) -> None:
        """Reserve free units for an order, or make them for it."""
        product, units = line
        if self.free[product] < units and self.likely(0.5):
            self.supplier.made_to_order(self.at, number, [line])
            return
        if self.free[product] < units:
            self.supplier.made_to_stock(self.at, [(product, units + 1)])
            self.free[product] += units + 1
        self.supplier.reserved(self.at, number, [line])
        self.free[product] -= units

    def send(self, order: Order, parcel: Lines, *, replaces: bool = False) -> None:
        self.supplier.shipped(self.at, order.number, parcel)
        entry = self.supplier.allot()
        if self.likely(0.15):
            self.later(self.lose, order, parcel, replaces)
        else:
            self.later(self.swap if replaces else self.arrive, order, parcel, entry)

    def lose(self, order: Order, parcel: Lines, replaces: bool) -> None:
        self.supplier.lost(self.at, order.number, parcel, worth(parcel, 3))
        for line in parcel:
            self.keep(order.number, line)
        self.send(order, parcel, replaces=replaces)

    def arrive(self, order: Order, parcel: Lines, entry: int) -> None:
        number, price = order.number, worth(parcel, 1)
        if order.user == SHOP:
            self.shop.received(self.at, entry, number, parcel, by_line(parcel, 2))
            for product, units in parcel:
                self.own[product] += units
            order.user_has = order.user_has + parcel
            if worth(order.user_has, 2) == order.charge:
                order.status = "completed"
            self.later(self.note_given, order, parcel, entry)
            return
        rest = order.total - order.advance
        if rest and (self.likely(0.3) or self.bank.available(order.user) < rest):
            self.later(self.come_back, order, parcel)
            return
        if rest:
            order.collection = self.bank.collection(self.at, number, order.user, rest)
            self.users.collection(self.at, order.collection, order.user, number, rest)
        self.users.delivered(self.at, entry, number, parcel, price, price if order.user_knows_late else 0)
        self.take(order, parcel)
        self.later(self.note_given, order, parcel, entry)

    def take(self, order: Order, parcel: Lines) -> None:
        order.user_has = order.user_has + parcel
        if order.held_in is FundsLocation.ESCROW and worth(order.user_has, 1) == order.total:
            self.later(self.confirm if self.likely(0.7) else self.refund_late, order)

    def come_back(self, order: Order, parcel: Lines) -> None:
        """Refused at the door: half of the transport back is charged on."""
        transport = 12
        self.supplier.came_back(self.at, order.number, parcel, by_line(parcel, 3), transport)
        for product, units in parcel:
            self.free[product] += units
        self.give_charges_back(order, order.charge - transport // 2, transport // 2)

    def note_given(self, order: Order, parcel: Lines, entry: int) -> None:
        rest = order.total - order.advance if order.user >= 0 else 0
        if rest:
            self.supplier.collected(self.at, order.collection, order.number, rest)
            self.later(self.remit, order, rest)
        self.supplier.delivered(self.at, entry, order.number, parcel, worth(parcel, 2), worth(parcel, 3))
        if order.user >= 0:
            self.later(self.note_delivered, order, parcel, entry, rest)

    def note_delivered(self, order: Order, parcel: Lines, entry: int, rest: int) -> None:
        price = worth(parcel, 1)
        if rest:
            self.shop.collected(self.at, order.collection, order.number, rest)
        allowance = price if order.shop_knows_late else 0
        self.shop.delivered(self.at, entry, order.number, price, worth(parcel, 2), order.held_in, allowance)
        self.sold(order, price)

    def sold(self, order: Order, price: int) -> None:
        order.shop_sold += price
        if order.shop_sold == order.total:
            order.status = "completed"
            if order.held_in is not FundsLocation.ESCROW or order.released:
                self.after_sale(order)

    def remit(self, order: Order, amount: int) -> None:
        entry = self.bank.remittance(self.at, order.number, amount)
        self.supplier.remitted(self.at, entry, order.number, amount)
        self.later(self.note_remitted, order, entry, amount)

    def note_remitted(self, order: Order, entry: int, amount: int) -> None:
        self.shop.remitted(self.at, entry, order.number, amount)

    # The shop's own stock

    def send_own(self, order: Order) -> None:
        self.shop.shipped(self.at, order.number, order.lines)
        again = all(self.own[product] >= units for product, units in order.lines)
        if again and self.likely():
            for product, units in order.lines:
                self.own[product] -= units
            self.later(self.lose_own, order)
        else:
            self.later(self.arrive_own, order, self.shop.allot())

    def lose_own(self, order: Order) -> None:
        self.shop.lost(self.at, order.number, order.lines, order.charge)
        self.send_own(order)

    def arrive_own(self, order: Order, entry: int) -> None:
        price = order.total
        self.users.delivered(
            self.at, entry, order.number, order.lines, price, price if order.user_knows_late else 0
        )  # fmt: skip
        self.take(order, order.lines)
        self.later(self.note_given_own, order, entry)

    def note_given_own(self, order: Order, entry: int) -> None:
        price = order.total
        allowance = price if order.shop_knows_late else 0
        self.shop.delivered_own(
            self.at, entry, order.number, order.lines, price, order.charge, order.held_in, allowance
        )  # fmt: skip
        self.sold(order, price)

    # After the sale

    def after_sale(self, order: Order) -> None:
        if order.shop_knows_late or order.refunded_late:
            return
        for step in (self.send_back, self.compensate, self.claim):
            if self.likely(0.6):
                self.later(step, order)

    def send_back(self, order: Order) -> None:
        if order.claimed:
            return
        lines = order.lines if self.likely(0.5) else [(order.lines[0][0], 1)]
        restocking = self.random.choice((0, 7))
        amount = min(worth(lines, 1) - restocking, order.total - order.granted)
        order.granted += amount
        entry = self.shop.returned(self.at, order.number, lines, by_line(lines, 2), amount)
        order.returned = lines
        for product, units in lines:
            self.own[product] += units
        if lines == order.lines:
            order.status = "returned"
        self.later(self.told_returned, order, entry, lines, amount)
        self.give_back(order, amount)
        if self.likely(0.5):
            unfit = [(lines[0][0], 1)]
            self.own[unfit[0][0]] -= 1
            self.shop.written_off(self.at, order.number, unfit)

    def told_returned(self, order: Order, entry: int, lines: Lines, amount: int) -> None:
        self.users.returned(self.at, entry, order.number, lines, amount)

    def compensate(self, order: Order) -> None:
        amount = min(order.total // 20, order.total - order.granted)
        if amount:
            order.granted += amount
            self.later(self.told_compensated, order, self.shop.compensated(self.at, order.number, amount), amount)
            self.give_back(order, amount)

    def told_compensated(self, order: Order, entry: int, amount: int) -> None:
        self.users.compensated(self.at, entry, order.number, amount)

    def claim(self, order: Order) -> None:
        line = order.lines[0]
        if order.returned:
            return
        order.claimed = True
        self.keep(order.number, line)
        self.send(order, [line], replaces=True)

    def swap(self, order: Order, parcel: Lines, entry: int) -> None:
        self.users.replaced(self.at, entry, order.number, parcel)
        self.later(self.note_swapped, order, parcel, entry)

    def note_swapped(self, order: Order, parcel: Lines, entry: int) -> None:
        self.supplier.replaced(self.at, entry, order.number, parcel, worth(parcel, 3))

    # Tables

    def tables(self):
        """Return the canonical columns as they are now."""
        accounts = self.ledger.account_columns()
        return {
            "transfers": self.ledger.columns(),
            "accounts": accounts,
            "orders": self._orders(),
            "purchases": self._purchases(),
            "order_lines": self._lines(),
            "visits": self._visits(),
            "users": users_of(accounts, self.terms.users),
        }

    def _orders(self):
        orders = [order for order in self.orders if order.user >= 0]
        known = np.array([self.ledger.holds(1, order.payment) for order in orders], np.bool_)
        return {
            "order": column(orders, "number"), "user": column(orders, "user"), "total": column(orders, "total"),
            "payment_method": text([order.method for order in orders], METHODS),
            "status": text([order.status for order in orders], STATUSES),
            "payment_transaction": np.where(known, column(orders, "payment"), -1),
            "charges_transaction": column(orders, "charges"), "advance": column(orders, "advance"),
            "promised_at": np.full(len(orders), MISSING_TIME), "seller": text(["shop"] * len(orders), ["shop"]),
        }  # fmt: skip

    def _purchases(self):
        orders = [order for order in self.orders if order.user < 0]
        sides = [text([name] * len(orders), [name]) for name in ("shop", "supplier")]
        return {
            "order": column(orders, "number"), "buyer": sides[0], "seller": sides[1],
            "total": np.array([worth(order.lines, 2) for order in orders], np.int64),
            "status": text([order.status for order in orders], STATUSES),
            "charges_transaction": column(orders, "charges"),
        }  # fmt: skip

    def _lines(self):
        rows = [
            (order.number, product, units, 0 if order.user == SHOP else CATALOGUE[product].price)
            for order in self.orders for product, units in order.lines
        ]  # fmt: skip
        order, product, units, price = np.array(rows, np.int64).reshape(-1, 4).T
        return {
            "order": order, "sku": TextColumn(product.astype(np.int32), [priced.sku for priced in CATALOGUE]),
            "quantity": units, "unit_price": price,
            "unit_charge": np.array([priced.charge for priced in CATALOGUE])[product],
        }  # fmt: skip

    def _visits(self):
        orders = [order for order in self.orders if order.user >= 0]
        return {
            "visit": np.arange(len(orders)),
            "user": np.array([order.user for order in orders], np.int64),
            "outcome": text([order.outcome for order in orders], OUTCOMES),
            "order": np.array([order.number for order in orders], np.int64),
        }


def column(orders: Sequence[Order], name: str):
    return np.array([getattr(order, name) for order in orders], np.int64)


def text(words: Sequence[str | None], labels: Sequence[str]) -> TextColumn:
    return TextColumn(np.array([-1 if word is None else labels.index(word) for word in words], np.int32), labels)


def users_of(accounts, users: int):
    """Return the table `users` that an account table implies."""
    names = np.array(accounts["account"].labels)[accounts["account"].codes]
    deposits = np.char.startswith(names, "bank:deposits:user:")
    return {
        "user": np.arange(users),
        "opening_balance": accounts["opening"][deposits],
        "closing_balance": accounts["closing"][deposits],
    }
