"""The supplier alone, over real channels, with a shop, a bank and users that only play their parts."""

from collections import Counter

import parties
import pytest

from alesha_sim.books.ledger import Ledger
from alesha_sim.books.supplier import SupplierBook
from alesha_sim.entities.courier import Courier
from alesha_sim.entities.entity import Entity, EntityError
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.timers import Schedule
from alesha_sim.messages import (
    Acknowledged,
    CancelOrder,
    CashCollected,
    Decline,
    Deliver,
    Delivered,
    DeliveryRefused,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    PlaceOrder,
    Reason,
    Receipt,
    Refusal,
    Remitted,
    Replace,
    ReturnedToSender,
    Transfer,
    Verification,
    VerifyTransaction,
)
from alesha_sim.network import Channel, Faults, RetryPolicy
from alesha_sim.policies import BaseStock, MakeToOrder, Periodic, ReorderPoint
from alesha_sim.recording.message_log import MessageLog
from alesha_sim.recording.production_lot_log import ProductionLotLog
from alesha_sim.simulation.fault_injection import uniform
from alesha_sim.streams import Streams
from alesha_sim.vocabulary import BANK, COURIER, NO_ID, SHOP, SUPPLIER

ACCOUNTS = {SHOP: 1, SUPPLIER: 2, COURIER: 3}
SKUS, COSTS = ("laptop", "watch"), (300, 120)
CHARGES = {"laptop": (0, 400), "watch": (1, 180)}
LAPTOP, WATCHES, BOTH = (("laptop", 1),), (("watch", 2),), (("laptop", 1), ("watch", 2))


def constant(*seconds):
    """A function that gives these values, the last of them again and again."""
    left = list(seconds)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


class Player(Entity):
    """A party that notes everything that reaches it, and answers as its `part` says."""

    def __init__(self, world, name, code, part):
        super().__init__(world.clock, name, code, None)
        self.part = part
        self.heard = []

    def work(self):
        worker = self.inbox.new_worker()
        while True:
            delivery = yield worker.receive()
            self.heard.append((self.clock.now, delivery.order, delivery.message))
            if delivery.request is None:
                delivery.close()
            else:
                delivery.answer(self.part(delivery))


class World:
    """A supplier with constant latencies of `latency` seconds, and those with whom it talks."""

    def __init__(
        self, stock=None, *, lead=lambda: 10.0, travel=lambda: 5.0, lost=0.0, chance=None, latency=0.0, loss=0.0,
        seed=1, door=lambda delivery: Acknowledged(), retries=False, crashes=(), **fields,
    ):  # fmt: skip
        kept = {name: fields.pop(name) for name in ("minimum_lot", "capacity") if name in fields}
        stocks = parties.stock_terms(stock, horizon=fields.pop("horizon", 1000.0), **kept)
        courier = Courier([travel], None, lost, chance, lambda: 2.0)
        terms = parties.supplier_terms(CHARGES, lead=lead, courier=courier, stock=stocks, **fields)
        self.clock, self.messages, self.log = Clock(), MessageLog(), ProductionLotLog(SKUS)
        self.ledger = Ledger("BDT", SKUS)
        self.supplier = parties.supplier(self.clock, SupplierBook(self.ledger, COSTS), self.log, terms)
        self.shop = Player(self, "shop", SHOP, lambda delivery: Acknowledged())
        self.bank = Player(self, "bank", BANK, self.serve_at_bank)
        self.users = Player(self, "users", NO_ID, door)
        self.paid, self.transfers, self.replies = {}, [], {}
        self.streams, self.latency, self.loss, self.retries = Streams(seed), latency, loss, retries or loss > 0
        self.supplier.channels["bank"] = self.join(self.supplier, self.bank)
        self.supplier.channels["shop"] = self.join(self.supplier, self.shop)
        self.supplier.channels["users"] = self.join(self.supplier, self.users)
        self.shop.channels["supplier"] = self.supplier.channels["shop"].back
        if opening := self.supplier.opening_stock():
            self.supplier.book.open_stock(0.0, opening)
        if loss or crashes:
            for party in (self.supplier, self.shop, self.bank, self.users):
                party.inbox.deduplicate()
        if crashes:
            self.supplier.track_processes()
            acts = (self.supplier.crash, self.supplier.restart)
            Schedule(self.clock, list(crashes), lambda number: acts[number % 2]())
        self.supplier.open_for_business()

    def join(self, one, other):
        there, back = self.channel(one, other), self.channel(other, one)
        there.connect(other.inbox, back)
        back.connect(one.inbox, there)
        return there

    def channel(self, sender, recipient):
        channel = Channel(self.clock, self.messages, lambda: self.latency, recipient.code)
        if self.loss:
            chances = [uniform(self.streams, f"{sender.name}:{recipient.name}:{n}") for n in range(2)]
            channel.faults = Faults(self.loss, self.loss, (), *chances)
        channel.is_keyed = True
        if self.retries:
            channel.retry_with(RetryPolicy(1.0, None, 2.0, 0.0), lambda: 0.5)
        return channel

    def serve_at_bank(self, delivery):
        message = delivery.message
        if isinstance(message, VerifyTransaction):
            return Verification(message.transaction, self.paid[message.transaction], 1, 2, delivery.order)
        assert isinstance(message, Transfer)
        self.transfers.append((delivery.order, message.account, message.amount, message.payee))
        return Receipt(self.ledger.new_entry(), message.amount)

    def pay(self, lines):
        """Have charges paid that nobody asks for here, and return their transaction."""
        transaction = self.ledger.new_entry()
        self.paid[transaction] = sum(CHARGES[sku][1] * units for sku, units in lines)
        return transaction

    def order(self, at, number, lines, user=0, collect=0):
        place = PlaceOrder(lines, user, 1, self.pay(lines), collect)
        self.ask(at, number, place, "place")

    def ask(self, at, number, message, step=None):
        """Let the shop ask the supplier something at an instant."""

        def asking():
            if at:
                yield self.clock.timeout(at)
            named = step or f"{type(message).__name__}:{at}"
            reply = yield from self.shop.ask_until_answered(
                self.shop.channels["supplier"], message, step=named, order=number
            )
            self.replies.setdefault(number, []).append((self.clock.now, reply))

        self.clock.process(asking())

    def run(self):
        self.clock.run_to(1e7)
        assert not [*self.clock.calendar]
        self.check()
        return self

    def check(self):
        """What must hold once nothing is under way and no order waits."""
        free, cost = self.supplier.production.warehouse.available, COSTS
        assert self.units("stock") == free
        assert self.units("reserved") == self.units("goods-in-transit") == [0, 0]
        assert self.money("stock") == sum(units * each for units, each in zip(free, cost, strict=True))
        assert self.money("shop-advances") == self.money("goods-in-transit") == 0
        assert not self.supplier._open
        assert self.supplier.production.warehouse.backordered == [0, 0]
        assert self.supplier.production.warehouse.on_order == [0, 0]

    def account(self, name, commodity):
        columns = self.ledger.account_columns()
        for row, code in enumerate(columns["account"].codes.tolist()):
            if columns["account"].labels[code] == f"supplier:{name}":
                held = columns["commodity"]
                if held.labels[held.codes[row]] == commodity:
                    return int(columns["closing"][row])
        return 0

    def units(self, name):
        return [self.account(name, sku) for sku in SKUS]

    def money(self, name):
        return self.account(name, "BDT")

    def parcels(self):
        """When which parcels came to whom: (instant, order, lines)."""
        return [(at, order, message.lines) for at, order, message in self.users.heard]

    def told(self, kind):
        return [(at, order, message) for at, order, message in self.shop.heard if isinstance(message, kind)]

    def lots(self):
        rows = self.log._table.array()
        names = ("product", "quantity", "ordered_at", "arrived_at")
        return list(zip(*(rows[name].tolist() for name in names), strict=True))

    def codes(self):
        """The codes of the supplier's transfers of units, in their order."""
        columns = self.ledger.columns()
        code, commodity = columns["code"], columns["commodity"]
        return [
            code.labels[each]
            for each, kind in zip(code.codes.tolist(), commodity.codes.tolist(), strict=True)
            if kind
        ]


# Which transaction pays for which order

PLACED = PlaceOrder((("laptop", 1), ("watch", 2)), 0, 4, 5)
CLAIMS = {
    "as agreed": (Verification(5, 760, 1, 2, 7), None),
    "too little": (Verification(5, 759, 1, 2, 7), Reason.TRANSACTION_MISMATCH),
    "too much": (Verification(5, 761, 1, 2, 7), Reason.TRANSACTION_MISMATCH),
    "paid to another": (Verification(5, 760, 1, 1, 7), Reason.TRANSACTION_MISMATCH),
    "for another order": (Verification(5, 760, 1, 2, 8), Reason.TRANSACTION_MISMATCH),
    "unknown to the bank": (Decline(Reason.UNKNOWN_TRANSACTION), Reason.UNKNOWN_TRANSACTION),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_only_the_right_transaction_pays_for_an_order(name):
    answer, refusal_reason = CLAIMS[name]
    assert World().supplier.decisions.refusal_reason(PLACED, answer, 7) == refusal_reason


def test_a_product_that_the_supplier_does_not_know_is_refused():
    placed = PLACED.replaced(lines=(("phone", 1),))
    assert World().supplier.decisions.refusal_reason(placed, CLAIMS["as agreed"][0], 7) == Reason.UNKNOWN_PRODUCT


def test_a_transaction_pays_once():
    world = World()
    place = PlaceOrder(LAPTOP, 0, 1, world.pay(LAPTOP))
    world.ask(0, 7, place, "place")
    world.ask(1, 7, place, "another")
    world.run()
    assert [reply for _, reply in world.replies[7]] == [
        OrderAccepted(), OrderRejected(Reason.TRANSACTION_USED),
    ]  # fmt: skip
    assert len(world.parcels()) == 1


# Made to order


def test_goods_made_to_order_take_the_lead_time_and_the_journey():
    world = World(latency=1.0)
    world.order(0, 7, BOTH)
    world.run()
    # 1 s to the supplier, 2 s to the bank and back, 10 s of production, 5 s of travel, 1 s to the door and back.
    assert world.replies[7] == [(4.0, OrderAccepted())]
    assert world.parcels() == [(19.0, 7, BOTH)]
    assert [(at, message.lines) for at, _, message in world.told(Delivered)] == [(21.0, BOTH)]
    assert world.lots() == [(0, 1, 3.0, 13.0), (1, 2, 3.0, 13.0)]
    assert world.codes() == ["make", "make", "ship", "ship", "deliver", "deliver"]


def test_the_plain_flow_costs_two_events_beside_its_messages():
    world = World(latency=1.0)
    world.order(0, 7, BOTH)
    world.run()
    # 7 messages: place, verify and deliver with their replies, and delivered. Two durations pass; besides, the
    # process of this test that asks starts and ends.
    assert world.clock.events == 7 + 2 + 2


def test_an_order_of_what_is_not_made_is_rejected_and_its_charges_go_back():
    world = World(MakeToOrder(("watch",)))
    world.order(0, 7, BOTH)
    world.run()
    ((_, reply),) = world.replies[7]
    assert (reply.reason, reply.returned) == (Reason.OUT_OF_STOCK, 760)
    assert world.transfers == [(7, 2, 760, 1)]


# Cancellation


def test_an_order_that_is_being_made_is_cancelled_and_its_goods_serve_the_next_one():
    world = World()
    world.order(0, 7, BOTH)
    world.ask(4, 7, CancelOrder())
    world.order(20, 8, LAPTOP)
    world.run()
    assert world.replies[7][0] == (0.0, OrderAccepted())
    (at, cancelled) = world.replies[7][1]
    assert at == 4.0
    assert (type(cancelled), cancelled.reason, cancelled.returned) == (OrderCancelled, Reason.CHANGED_MIND, 760)
    assert world.parcels() == [(25.0, 8, LAPTOP)]  # from free stock: no lead time
    assert world.units("stock") == [0, 2]


def test_what_was_reserved_for_a_cancelled_order_goes_to_who_waits_longest():
    world = World(BaseStock({"laptop": 1}), lead=constant(10.0))
    world.order(0, 7, LAPTOP + WATCHES)  # waits for its watches, which are made
    world.order(1, 8, LAPTOP)
    world.order(2, 9, LAPTOP)
    world.ask(5, 7, CancelOrder())
    world.run()
    assert world.parcels()[0] == (10.0, 8, LAPTOP)  # the cancelled order's laptop
    assert world.units("stock") == [2, 2]  # three lots of one laptop were ordered, and are not taken back


@pytest.mark.parametrize("asked_at", [10.0, 12.0, 16.0])
def test_what_has_been_shipped_cannot_be_cancelled(asked_at):
    world = World()
    world.order(0, 7, LAPTOP)
    world.ask(asked_at, 7, CancelOrder())
    world.run()
    assert world.replies[7][1][1] == Refusal(Reason.NOT_CANCELLABLE, 7)
    assert world.transfers == []


def test_cancelling_twice_gives_the_same_answer_and_returns_the_charges_once():
    world = World(latency=1.0)
    world.order(0, 7, LAPTOP)
    for at in (5, 5.5, 9):
        world.ask(at, 7, CancelOrder())
    world.run()
    answers = {reply for _, reply in world.replies[7][1:]}
    assert len(answers) == 1
    assert [amount for _, _, amount, _ in world.transfers] == [400]


def test_nobody_but_the_shop_cancels_or_claims():
    world = World()
    world.order(0, 7, LAPTOP)
    world.clock.run_to(0.5)
    world.shop.code = 4
    world.ask(1, 7, CancelOrder())
    world.ask(2, 7, Replace(LAPTOP, 0))
    world.run()
    assert [reply for _, reply in world.replies[7]] == [
        OrderAccepted(), Refusal(Reason.NOT_CANCELLABLE, 7), OrderRejected(Reason.NOT_THE_SHOP),
    ]  # fmt: skip
    assert world.parcels() == [(15.0, 7, LAPTOP)]


# At the door


def at_the_door(reply):
    """Users who give `reply` at a door where something is to be paid, and take the rest."""
    return lambda delivery: reply if delivery.message.collect else Acknowledged()


def test_what_is_collected_at_the_door_is_told_and_remitted_later():
    world = World(remit_seconds=100.0)
    transaction = world.ledger.new_entry()
    world.users.part = at_the_door(CashCollected(transaction))
    world.order(0, 7, LAPTOP, collect=500)
    world.run()
    ((_, _, deliver),) = world.users.heard
    assert (deliver.collect, deliver.payee, deliver.replaces) == (500, ACCOUNTS[COURIER], False)
    ((at, _, delivered),) = world.told(Delivered)
    assert (at, delivered.transaction, delivered.collected) == (15.0, transaction, 500)
    assert world.transfers == [(7, 3, 500, 1)]
    ((at, _, remitted),) = world.told(Remitted)
    assert (at, remitted.amount) == (115.0, 500)
    assert world.money("collections") == world.money("collections-payable") == 0


@pytest.mark.parametrize(
    ("transport", "share", "returned", "charged"),
    [(60, 1.0, 340, 60), (60, 0.5, 370, 30), (60, 0.0, 400, 0), (400, 1.0, 0, 400), (999, 1.0, 0, 400)],
)
def test_goods_refused_at_the_door_come_back_and_their_charges_less_transport(transport, share, returned, charged):
    refuse = at_the_door(DeliveryRefused(Reason.REFUSED_AT_DOOR))
    world = World(door=refuse, return_transport=transport, transport_charged=share)
    world.order(0, 7, LAPTOP, collect=500)
    world.run()
    ((_, _, back),) = world.told(ReturnedToSender)
    assert (back.reason, back.returned, back.transport) == (Reason.REFUSED_AT_DOOR, returned, charged)
    assert world.transfers == ([(7, 2, returned, 1)] if returned else [])
    assert world.units("stock") == [1, 0]
    assert world.money("transport") == transport - charged
    assert world.told(Delivered) == []


def test_goods_that_came_back_serve_the_next_order_at_once():
    world = World(door=at_the_door(DeliveryRefused(Reason.REFUSED_AT_DOOR)))
    world.order(0, 7, LAPTOP, collect=500)
    world.order(100, 8, LAPTOP)
    world.run()
    assert world.parcels()[1] == (105.0, 8, LAPTOP)
    assert len(world.lots()) == 1


# Couriers


def test_a_courier_travels_by_the_users_zone_and_to_the_shop_by_the_first():
    courier = Courier([lambda: 5.0, lambda: 50.0], [1, 0, 1], 0.0, None, lambda: 2.0)
    assert [courier.travel(user) for user in (0, 1, 2, SHOP)] == [50.0, 5.0, 50.0, 5.0]


def test_a_parcel_is_lost_if_chance_is_below_the_probability():
    courier = Courier([lambda: 5.0], None, 0.25, constant(0.0, 0.2499, 0.25, 0.9), lambda: 2.0)
    assert [courier.loses() for _ in range(4)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("lost", "loss_draw", "fault"),
    [
        (1.0, lambda: 0.5, "lost: 1.0: must be a number from 0 to less than 1"),
        (-0.1, lambda: 0.5, "lost: -0.1: must be a number from 0 to less than 1"),
        (0.1, None, "loss_draw: None: must be given where parcels are lost, 0.1"),
    ],
)
def test_a_courier_that_never_brings_anything_is_refused(lost, loss_draw, fault):
    with pytest.raises(ValueError, match="must") as error:
        Courier([lambda: 5.0], None, lost, loss_draw, lambda: 2.0)
    assert str(error.value) == fault


# Lost parcels


def test_a_lost_parcel_is_reported_written_off_made_again_and_sent_again():
    chances = constant(0.1, 0.1, 0.9)
    world = World(lost=0.5, chance=chances)
    world.order(0, 7, LAPTOP)
    world.run()
    # Each round: 10 s of production, 5 s of travel; a loss is reported 2 s later.
    assert world.parcels() == [(17.0 + 17.0 + 15.0, 7, LAPTOP)]
    assert world.units("losses") == [2, 0]
    assert world.units("production") == [3, 0]
    assert [round(at) for _, _, at, _ in world.lots()] == [0, 17, 34]


def test_who_lost_a_parcel_gets_goods_before_those_who_wait():
    chances = constant(0.1, 0.9)
    world = World(BaseStock({"laptop": 1, "watch": 0}), lead=constant(20.0), lost=0.5, chance=chances)
    world.order(0, 7, LAPTOP)  # lost, which is reported at 7 s
    world.order(1, 8, LAPTOP)
    world.order(2, 9, LAPTOP)
    world.run()
    # Lots come at 20, 21, 22 and 27 s.
    assert [(at, order) for at, order, _ in world.parcels()] == [(25.0, 7), (26.0, 8), (27.0, 9)]
    assert world.units("stock") == [1, 0]


# Partial delivery


@pytest.mark.parametrize(
    ("partial", "collect", "parcels"),
    [
        (True, 0, [(5.0, 7, LAPTOP), (15.0, 7, WATCHES)]),
        (False, 0, [(15.0, 7, BOTH)]),
        (True, 100, [(15.0, 7, BOTH)]),
    ],
)
def test_lines_are_sent_as_they_are_complete_only_if_that_is_wanted(partial, collect, parcels):
    world = World(BaseStock({"laptop": 5}), partial=partial, remit_seconds=1.0)
    if collect:
        world.users.part = at_the_door(CashCollected(world.ledger.new_entry()))
    world.order(0, 7, BOTH, collect=collect)
    world.run()
    assert world.parcels() == parcels
    assert len(world.told(Delivered)) == len(parcels)


def test_lots_that_come_at_one_instant_go_in_one_parcel():
    world = World(BaseStock(0), partial=True)
    world.order(0, 7, BOTH)
    world.run()
    assert world.parcels() == [(15.0, 7, BOTH)]


def test_an_order_of_which_a_part_has_been_shipped_cannot_be_cancelled():
    world = World(BaseStock({"laptop": 5}), partial=True)
    world.order(0, 7, BOTH)
    world.ask(7, 7, CancelOrder())
    world.run()
    assert world.replies[7][1][1] == Refusal(Reason.NOT_CANCELLABLE, 7)


# Warranty, and the shop's own orders


def test_broken_goods_are_replaced_at_the_suppliers_cost():
    world = World()
    world.order(0, 7, LAPTOP)
    world.ask(50, 7, Replace(LAPTOP, 0))
    world.run()
    assert world.replies[7][1] == (50.0, OrderAccepted())
    (first, _, _), (again, _, swapped) = world.users.heard
    assert (first, again) == (15.0, 65.0)
    assert swapped == Deliver(swapped.entry, LAPTOP, collect=0, payee=-1, replaces=True, payment=-1, fee=0)
    assert (world.units("losses"), world.units("production")) == ([1, 0], [2, 0])
    assert world.money("losses") == 300
    assert len(world.told(Delivered)) == 1


@pytest.mark.parametrize(
    ("lines", "stock", "reason"),
    [
        ((("phone", 1),), MakeToOrder(), Reason.UNKNOWN_PRODUCT),
        (LAPTOP, MakeToOrder(("laptop",)), Reason.OUT_OF_STOCK),
        (LAPTOP, BaseStock(0), Reason.OUT_OF_STOCK),
    ],
)
def test_what_cannot_be_had_is_not_replaced(lines, stock, reason):
    world = World(stock, unmet_demand="rejected")
    world.ask(0, 7, Replace(lines, 0))
    world.run()
    assert world.replies[7] == [(0.0, OrderRejected(reason))]


def test_goods_for_the_shops_stock_go_to_the_shop_which_is_told_nothing_else():
    world = World()
    world.order(0, 7, LAPTOP, user=SHOP)
    world.run()
    ((at, order, deliver),) = world.shop.heard
    assert (at, order, type(deliver), deliver.lines) == (15.0, 7, Deliver, LAPTOP)
    assert world.users.heard == []
    assert world.money("sales") == 400


# Crashes, loss and duplication

CRASHES = {
    "in production": (5.0, 8.0, 15.0),
    "while it is ready": (5.0, 12.0, 17.0),
    "on the way": (11.0, 13.0, 15.0),
    "while it arrives": (14.0, 30.0, 30.0),
    "all the time": (5.0, 30.0, 35.0),
}


@pytest.mark.parametrize("name", CRASHES)
@pytest.mark.parametrize("stock", [MakeToOrder(), BaseStock(0)])
def test_a_crash_loses_nothing_and_what_fell_into_it_happens_at_the_restart(name, stock):
    down, up, arrives_at = CRASHES[name]
    world = World(stock, crashes=(down, up))
    world.order(0, 7, LAPTOP)
    world.run()
    assert world.parcels() == [(arrives_at, 7, LAPTOP)]
    assert len(world.told(Delivered)) == 1


def test_reviews_that_fell_into_a_crash_happen_once_at_the_restart():
    world = World(Periodic(5, 9, 10.0), lead=constant(0.0), crashes=(15.0, 45.0))
    for number in range(12):
        world.order(1 + number, number, LAPTOP)
    world.run()
    assert world.lots()[0] == (0, 10, 10.0, 10.0)
    assert [ordered for _, _, ordered, _ in world.lots()] == [10.0]
    world = World(Periodic(5, 9, 10.0), lead=constant(0.0), crashes=(15.0, 45.0))
    for number in range(14):
        world.order(1 + number, number, LAPTOP)
    world.run()
    assert [(units, ordered) for _, units, ordered, _ in world.lots()] == [(10, 10.0), (4, 45.0)]


def test_a_cancellation_survives_a_crash():
    world = World(latency=1.0, crashes=(6.5, 20.0))
    world.order(0, 7, LAPTOP)
    world.ask(5, 7, CancelOrder())
    world.run()
    # The reply died with the supplier's connection; the charges went back, and the laptop is in stock.
    assert [amount for _, _, amount, _ in world.transfers] == [400]
    assert world.units("stock") == [1, 0]


def test_a_rejection_survives_a_crash_though_the_shop_asks_again_meanwhile():
    # The charges' way back, from 3 to 5 s, is cut off, and begins again at 30.5 s. The shop asks at 31 s, when
    # nobody can tell yet, and at 63 s.
    world = World(MakeToOrder(("laptop",)), latency=1.0, crashes=(3.5, 30.5), retries=True)
    world.order(0, 7, LAPTOP)
    world.run()
    ((at, reply),) = world.replies[7]
    assert (at, reply.reason, reply.returned) == (65.0, Reason.OUT_OF_STOCK, 400)


def test_a_crash_before_the_remittance_repeats_no_news():
    world = World(remit_seconds=100.0, crashes=(50.0, 60.0))
    world.users.part = at_the_door(CashCollected(world.ledger.new_entry()))
    world.order(0, 7, LAPTOP, collect=500)
    world.run()
    assert len(world.told(Delivered)) == 1
    assert [at for at, _, _ in world.told(Remitted)] == [115.0]


FIERCE = {
    "made to order": {"stock": MakeToOrder()},
    "base stock": {"stock": BaseStock(3)},
    "(r, Q)": {"stock": ReorderPoint(1, 5), "partial": True},
    "(s, S)": {"stock": Periodic(2, 6, 40.0), "partial": True},
    "tight": {"stock": BaseStock(4), "capacity": 3, "minimum_lot": 2},
    "rejecting": {"stock": BaseStock(2), "unmet_demand": "rejected"},
}


def fierce(name, seed):
    """A world in which messages and parcels are lost, doors stay closed, orders are cancelled and all crashes."""
    streams = Streams(seed)
    lead, chance = uniform(streams, "lead"), uniform(streams, "parcels")
    world = World(
        lead=lambda: round(40 * lead(), 6), travel=constant(5.0), latency=0.5, loss=0.2, seed=seed, lost=0.2,
        chance=chance, return_transport=30, remit_seconds=20.0,
        crashes=[at + extra for at in range(30, 900, 90) for extra in (0.0, 30.0)], **FIERCE[name],
    )  # fmt: skip
    mood = uniform(streams, "mood")

    def door(delivery):
        if not delivery.message.collect:
            return Acknowledged()
        if mood() < 0.5:
            return DeliveryRefused(Reason.REFUSED_AT_DOOR)
        return CashCollected(world.ledger.new_entry())

    world.users.part = door
    draw = uniform(streams, "orders")
    for number in range(60):
        at, lines = round(800 * draw(), 3), (LAPTOP, WATCHES, BOTH)[int(3 * draw())]
        world.order(at, number, lines, collect=500 * (draw() < 0.3))
        if draw() < 0.2:
            world.ask(at + round(20 * draw(), 3), number, CancelOrder())
        if draw() < 0.1:
            world.ask(at + 100 + round(20 * draw(), 3), 1000 + number, Replace(lines, 0))
    return world


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", FIERCE)
def test_whatever_is_lost_every_order_ends_once(name, seed):
    world = fierce(name, seed).run()
    delivered, refused = Counter(), Counter()
    for _, order, message in world.shop.heard:
        refused[order] += isinstance(message, ReturnedToSender)
        delivered[order] += isinstance(message, Delivered) and sum(units for _, units in message.lines)
    for number in range(60):
        kinds = {type(reply) for _, reply in world.replies[number]}
        ends = [OrderRejected in kinds, OrderCancelled in kinds, refused[number] == 1, delivered[number] > 0]
        assert sum(ends) == 1, (number, kinds)
    replaced = sum(units for _, _, each in world.users.heard if each.replaces for _, units in each.lines)
    assert sum(world.units("goods-clearing")) == -sum(delivered.values()) < 0
    assert sum(world.units("losses")) > replaced >= 0
    assert world.money("collections") == world.money("collections-payable") == 0


def test_an_error_in_a_policy_names_the_order():
    class Broken(BaseStock):
        def order(self, sku, position, demands):
            return -1

    world = World(Broken(1))
    world.order(0, 7, LAPTOP)
    with pytest.raises(EntityError, match=r"order 7.*order of laptop: -1: must be a whole number from 0 on"):
        world.run()


@pytest.mark.parametrize("collect", [0, 30])
def test_every_delivery_note_names_the_payment_that_the_shop_named_and_its_fee(collect):
    world = World(partial=True)
    world.ask(0, 7, PlaceOrder(BOTH, 0, 41, world.pay(BOTH), collect, 6), "place")
    world.run()
    notes = [message for _, _, message in world.users.heard]
    assert {(note.payment, note.fee, note.collect) for note in notes} == {(41, 6, collect)}
