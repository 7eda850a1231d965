"""What users do about an order: at the door, before and after the goods came, and before they order again.

The users are real, over real channels; shop, bank and supplier are scripted.
"""

from itertools import pairwise, permutations

import numpy as np
import pytest

from alesha_sim.books.accounts import CODES
from alesha_sim.books.ledger import Ledger
from alesha_sim.books.users import UsersBook
from alesha_sim.entities import EntityError
from alesha_sim.entities.entity import Entity, Party
from alesha_sim.entities.user.budget import Budgets
from alesha_sim.entities.user.credentials import Credentials
from alesha_sim.entities.user.fraud import NO_SUCH_TRANSACTION
from alesha_sim.entities.user.intent import VisitDraws, VisitIntent
from alesha_sim.entities.user.population import UserPopulation
from alesha_sim.entities.user.price_list import PriceList
from alesha_sim.entities.user.terms import BehaviourRates, UserTerms
from alesha_sim.kernel.clock import Clock
from alesha_sim.messages import (
    Acknowledged,
    CancelOrder,
    CashCollected,
    Checkout,
    ClaimAccepted,
    ClaimWarranty,
    Compensated,
    Complain,
    Confirmation,
    ConfirmDelivery,
    Credited,
    Decline,
    Deliver,
    DeliveryRefused,
    EnquirePayment,
    Homepage,
    Invoice,
    LoggedIn,
    LogIn,
    Method,
    Offer,
    OrderCancelled,
    OrderRejected,
    Pay,
    PayAtDoor,
    PlaceOrder,
    ProductPage,
    Reason,
    Receipt,
    Refunded,
    Refusal,
    ReturnGoods,
    ReturnReceived,
    Transfer,
    ViewHomepage,
    ViewProduct,
)
from alesha_sim.network import Channel, Faults, RetryPolicy
from alesha_sim.policies.users import CHOICES, TRUSTS, ChoicePolicy, Logit, Priced, Trust, TrustPolicy
from alesha_sim.recording.message_log import MessageLog
from alesha_sim.recording.visit_log import VisitLog
from alesha_sim.units import DAY
from alesha_sim.vocabulary import BANK, OUTCOMES, SHOP, STAGES, SUPPLIER

PRICES = {"laptop": 500, "watch": 250, "phone": 100}
PRODUCTS = {sku: (k, price) for k, (sku, price) in enumerate(PRICES.items())}
OFFERS = tuple(Offer(sku, sku, 2 * price if sku == "phone" else price, price) for sku, price in PRICES.items())
CART = (("laptop", 1), ("watch", 2))
LAPTOP, WATCHES = CART
TOTAL = 1000
CASH = 100_000
PAYMENT = 3
"""The link of the first order's payment, after the two openings."""

DOOR_ACCOUNT = 9_000_003
"""Into which is paid at doors."""

ALWAYS = VisitDraws(door_refusal=0.0, cancel=0.0, returns=(0.0,) * 3, defects=(0.0,) * 3, complaint=0.0)
"""Chance has everything in store that the habits allow."""


class Scripted(Entity):
    """An organisation that answers by a table: message type to a reply, None for none, or f(delivery) -> reply."""

    def __init__(self, clock, name, code):
        super().__init__(clock, name, code, None)
        self.answers, self.heard = {}, []

    def work(self):
        worker = self.inbox.new_worker()
        while True:
            delivery = yield worker.receive()
            self.heard.append((self.clock.now, delivery.message, delivery.key))
            reply = self.answers[type(delivery.message)]
            reply = reply(delivery) if callable(reply) else reply
            if reply is not None:
                delivery.answer(reply)

    def asked(self, kind):
        """The instants and contents of what was asked of one kind."""
        return [(at, message) for at, message, _ in self.heard if isinstance(message, kind)]


class Town:
    """Two users and those they deal with; every message takes `latency` seconds, an order is paid at 10 x that."""

    def __init__(self, *, latency=1.0, advance=TOTAL, promised_at=1e9, **reacting):
        self.clock, self.log, self.visits = Clock(), MessageLog(), VisitLog()
        self.ledger = Ledger("BDT", tuple(PRICES))
        book = UsersBook(self.ledger, 2)
        book.open(0.0, self.ledger.new_entries(2), np.full(2, CASH))
        self.advance, self.promised_at, self.orders = advance, promised_at, 0
        self.payments = {1: PAYMENT}
        assert self.entry() == PAYMENT
        keys = np.array([1, 2], np.uint64)
        self.users = UserPopulation(
            self.clock, book, self.visits, Credentials(keys, keys), UserTerms(PRODUCTS, **reacting)
        )
        self.shop, self.bank, self.supplier = (
            Scripted(self.clock, name, code)
            for name, code in (("shop", SHOP), ("bank", BANK), ("supplier", SUPPLIER))
        )
        self.channels = []
        for party in (self.shop, self.bank, self.supplier):
            self._connect(party, latency)
        self.script()
        self.replies, self.doubtful = [], []
        self.users.mark_in_doubt = self.doubtful.append

    def _connect(self, party, latency):
        there = Channel(self.clock, self.log, lambda: latency, party.code)
        back = Channel(self.clock, self.log, lambda: latency, -1)
        there.connect(party.inbox, back)
        back.connect(self.users.inbox, there)
        self.users.channels[party.name] = there
        party.channels["users"] = back
        self.channels += [there, back]

    def make_hostile(self, loss=0.3, attempts=None, seed=1):
        """Let messages be lost and doubled, and asked again."""
        uniform = np.random.default_rng(seed).random
        for party in (self.users, self.shop, self.bank, self.supplier):
            party.inbox.deduplicate()
        for channel in self.channels:
            channel.retry_with(RetryPolicy(5.0, attempts, 1.0, 0.0), uniform)
            channel.faults = Faults(loss, loss, [], uniform, uniform)
        return self

    def script(self):
        """Let shop and bank do what is asked; each fact gets a link of its own."""
        offers = {offer.sku: offer for offer in OFFERS}
        self.shop.answers = {
            ViewHomepage: Homepage(OFFERS), LogIn: LoggedIn(), Checkout: self.invoice,
            ViewProduct: lambda asked: ProductPage(offers[asked.message.sku], 1.0, 1.0),
            Pay: lambda asked: self.confirmation(asked, self.payment(asked.message.order), self.advance),
            PayAtDoor: lambda asked: self.confirmation(asked, -1, 0),
            CancelOrder: OrderCancelled(Reason.CHANGED_MIND), Complain: lambda _: Compensated(self.entry(), 30),
            ReturnGoods: lambda asked: ReturnReceived(self.entry(), asked.message.lines, 400),
            ClaimWarranty: ClaimAccepted(),
        }  # fmt: skip
        self.bank.answers = {
            Transfer: lambda asked: Receipt(self.entry(), asked.message.amount), ConfirmDelivery: Acknowledged(),
        }  # fmt: skip

    def entry(self):
        return self.ledger.new_entry()

    def payment(self, order):
        return self.payments.pop(order, None) or self.entry()

    def invoice(self, asked):
        self.orders += 1
        asked.order = self.orders
        total = sum(PRICES[sku] * units for sku, units in asked.message.lines)
        return Invoice(self.orders, total, min(self.advance, total), self.promised_at)

    def confirmation(self, asked, transaction, paid):
        return Confirmation(asked.message.order, transaction, paid, "on_the_way", "")

    def visit(self, draws=ALWAYS, at=0.0, cart=CART, user=0, method=Method.ACCOUNT, slip=False, purpose="honest"):
        """Let a user come at an instant."""
        self.do_at(at, lambda: self.users.arrive(VisitIntent(user, cart, (), slip, purpose, method, draws)))
        return self

    def do_at(self, at, act):
        self.clock.process(self._do_at(at, act))

    def _do_at(self, at, act):
        yield self.clock.timeout(at)
        asking = act()
        if asking is not None:
            self.replies.append((yield from asking))

    def send(self, sender, message, at, step="deliver", order=1, user=0):
        """Let an organisation bring a user something, and keep the reply."""
        party = Party(self.clock, sender.name, sender.code)
        self.do_at(
            at,
            lambda: party.ask_until_answered(sender.channels["users"], message, step=step, order=order, to=user),
        )
        return self

    def parcel(self, at, lines=CART, entry=None, **fields):
        keys = {name: fields.pop(name) for name in ("step", "order", "user") if name in fields}
        return self.send(self.supplier, Deliver(entry or self.entry(), lines, **fields), at, **keys)

    def refund(self, at, payment, amount=TOTAL, late=False, fee=0, entry=None, step="refund", **keys):
        message = Refunded(payment, TOTAL, entry or self.entry(), amount, fee, late)
        return self.send(self.bank, message, at, step=step, **keys)

    def run(self):
        self.clock.run_to()
        return self

    @property
    def rows(self):
        """The users' rows after the openings: code and amount."""
        columns = self.ledger.columns()
        codes = [CODES[code] for code in columns["code"].codes]
        return [row for row in zip(codes, columns["amount"].tolist(), strict=True) if row[0] != "opening"]

    def balance(self, name, commodity="BDT"):
        columns = self.ledger.account_columns()
        names, commodities = columns["account"], columns["commodity"]
        for row, code in enumerate(names.codes):
            if (names.labels[code], commodities.labels[commodities.codes[row]]) == (name, commodity):
                return int(columns["closing"][row])
        raise KeyError(name)

    @property
    def balances(self):
        """What user 0 has spent in all, what is owed for it, and the goods: laptops, watches."""
        goods = [self.balance("users:goods", sku) for sku in ("laptop", "watch")]
        return CASH - self.balance("users:cash:0"), self.balance("users:advances"), *goods

    @property
    def ends(self):
        """The stage and the outcome of every visit."""
        columns = self.visits.columns()
        return [
            (STAGES[stage], OUTCOMES[outcome])
            for stage, outcome in zip(columns["stage"].codes, columns["outcome"].codes, strict=True)
        ]

    @property
    def kept(self):
        """The orders that users keep in mind."""
        orders = self.users.orders
        assert sorted(follow_up.order for buyers in orders._waiting.values() for follow_up in buyers) in (
            [], sorted(orders._follow_ups),
        )  # fmt: skip
        return sorted(orders._follow_ups)

    @property
    def trust(self):
        """How far each user trusts the shop."""
        return self.users.context.trust._levels[0]


def test_a_purchase_that_needs_nothing_special_costs_nothing_more():
    calm, eager = (Town().visit(draws).parcel(100).run() for draws in (VisitDraws(), ALWAYS))
    assert calm.clock.events == eager.clock.events
    assert bytes(calm.log.array()) == bytes(eager.log.array())
    assert calm.rows == [("payment", TOTAL), ("deliver", 1), ("deliver", 2), ("sale", TOTAL)]
    # An event a message, and three each for what brings visitor and parcel here.
    assert calm.clock.events == len(calm.log) + 2 * 3
    assert calm.kept == []
    assert calm.ends == [("paid", "bought")]


EVERYTHING = BehaviourRates(0.0, 0.5, (0.5,) * 3, 1.0, (0.5,) * 3, 0.5, True)
NEWS = ("told", "first", "second", "refund")


@pytest.mark.parametrize("order", list(permutations(NEWS)), ids="-".join)
def test_news_of_a_late_refund_may_come_in_any_order(order):
    town = Town(behaviour=EVERYTHING, promised_at=15.0)
    at = {news: 100.0 * n for n, news in enumerate(order, 1)}
    town.bank.answers[ConfirmDelivery] = Decline(Reason.ESCROW_CLOSED)
    town.shop.answers[CancelOrder] = Refusal(Reason.NOT_CANCELLABLE)
    told = Confirmation(1, PAYMENT, TOTAL, "processing", "", 7)
    town.shop.answers[Pay] = lambda asked: town.do_at(at["told"] - town.clock.now, lambda: asked.answer(told))
    town.visit().parcel(at["first"], (LAPTOP,), step="first").parcel(at["second"], (WATCHES,), step="second")
    town.refund(at["refund"], PAYMENT, late=True, fee=7).run()
    assert town.balances == (7, 0, 1, 2)
    assert town.balance("users:spending") == 7
    assert town.kept == []
    asked = {type(message) for _, message, _ in town.shop.heard}
    assert asked.isdisjoint({ReturnGoods, ClaimWarranty, Complain})
    assert town.replies == [Acknowledged()] * 3


def test_what_comes_twice_is_taken_once():
    town = Town(behaviour=BehaviourRates(return_shares=(1.0, 0.0, 0.0))).visit(ALWAYS._replace(return_after=50.0))
    parcel, refund = town.entry(), town.entry()
    for at in (100, 120, 300):  # before and after the buyer is done with what was to do
        town.parcel(at, entry=parcel, step=f"deliver:{at}")
    for at in (200, 210):
        town.refund(at, PAYMENT, 400, entry=refund, step=f"refund:{at}")
    town.run()
    assert [code for code, _ in town.rows] == [
        "payment",
        "deliver",
        "deliver",
        "sale",
        "return",
        "return",
        "refund",
    ]
    assert len(town.shop.asked(ReturnGoods)) == 1
    assert town.replies == [Acknowledged()] * 5
    assert town.balances == (600, 0, 0, 2)
    assert town.kept == []


def test_a_parcel_that_comes_twice_does_not_stand_for_another():
    town = Town(behaviour=BehaviourRates(confirms=True)).visit()
    entry = town.entry()
    town.parcel(20, (WATCHES,), entry=entry, step="one").parcel(30, (WATCHES,), entry=entry, step="two")
    town.parcel(100, (LAPTOP,), step="three").run()
    assert town.bank.asked(ConfirmDelivery) == [(102.0, ConfirmDelivery())]


def test_only_a_late_refund_makes_later_goods_cost_nothing():
    town = Town().visit().refund(100, PAYMENT, 400).parcel(200).run()
    assert town.balance("users:spending") == TOTAL


def test_a_parcel_and_a_refund_of_an_order_that_nobody_keeps_in_mind_are_taken_calmly():
    town = Town(behaviour=EVERYTHING).parcel(10, order=7).refund(20, PAYMENT, late=True, order=8)
    town.parcel(30, (LAPTOP,), order=8).run()
    assert town.replies == [Acknowledged()] * 3
    assert town.balances == (0, -TOTAL, 2, 2)  # goods of an order whose payment nobody told of
    assert town.balance("users:spending") == TOTAL
    assert town.kept == []


# At the door

AT_DOOR = {"advance": 0, "behaviour": BehaviourRates(door_refusal=0.5)}
TAKES = VisitDraws(door_refusal=0.5)


def at_the_door(draws=TAKES, collect=TOTAL, **fields):
    """A town in which an order is to be paid when it is delivered, at 100 s."""
    town = Town(**(AT_DOOR | fields)).visit(draws, method=Method.CASH_ON_DELIVERY)
    return town.parcel(100, collect=collect, payee=DOOR_ACCOUNT)


def test_an_order_to_be_paid_at_the_door_is_paid_there_and_taken():
    town = at_the_door().run()
    (checkout,) = (message for _, message in town.shop.asked(Checkout))
    assert checkout.method == Method.CASH_ON_DELIVERY
    assert town.shop.asked(Pay) == []
    assert town.shop.asked(PayAtDoor) == [(7.0, PayAtDoor(1))]
    ((at, transfer),) = town.bank.asked(Transfer)
    assert (at, transfer) == (102.0, Transfer(*town.users.credentials.wallet(0), TOTAL, DOOR_ACCOUNT))
    assert town.rows == [("collection", TOTAL), ("deliver", 1), ("deliver", 2), ("sale", TOTAL)]
    assert town.balances == (TOTAL, 0, 1, 2)
    assert [type(reply) for reply in town.replies] == [CashCollected]
    assert town.ends == [("paid", "bought")]
    assert town.kept == []


def test_an_order_is_not_yet_paid_before_its_parcel_comes():
    town = Town(advance=0).visit(method=Method.CASH_ON_DELIVERY).run()
    assert town.ends == [("checked_out", "bought")]
    assert town.kept == [1]


def test_the_rest_of_an_order_is_paid_at_the_door():
    town = at_the_door(advance=300, collect=700).run()
    assert [row for row in town.rows if row[0] != "deliver"] == [
        ("payment", 300), ("collection", 700), ("sale", TOTAL),
    ]  # fmt: skip
    assert town.balances == (TOTAL, 0, 1, 2)


def test_no_more_than_the_rest_is_paid_at_the_door():
    town = at_the_door(advance=300, collect=701).run()
    assert town.replies == [DeliveryRefused(Reason.WRONG_TOTAL)]
    assert (town.bank.heard, town.rows) == ([], [("payment", 300)])


POOR = Decline(Reason.INSUFFICIENT_FUNDS)
REFUSALS = {
    "changed mind": (TAKES._replace(door_refusal=0.49), {}, Reason.CHANGED_MIND),
    "not the money": (TAKES, {"declined": POOR}, Reason.INSUFFICIENT_FUNDS),
    "too much asked": (TAKES, {"collect": TOTAL + 1}, Reason.WRONG_TOTAL),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_parcel_refused_at_the_door_moves_nothing_and_is_forgotten(name):
    draws, fields, reason = REFUSALS[name]
    town = at_the_door(draws, fields.get("collect", TOTAL))
    if "declined" in fields:
        town.bank.answers[Transfer] = fields["declined"]
    town.run()
    assert town.replies == [DeliveryRefused(reason)]
    assert len(town.bank.heard) == ("declined" in fields)
    assert town.rows == []
    assert town.kept == []


def test_who_mistypes_the_secret_does_so_at_the_door():
    town = Town(advance=0).visit(slip=True, method=Method.CASH_ON_DELIVERY).parcel(100, collect=TOTAL).run()
    ((_, transfer),) = town.bank.asked(Transfer)
    assert transfer.secret != town.users.credentials.wallet(0).secret


def test_nobody_pays_at_the_door_for_what_was_not_ordered():
    town = Town(**AT_DOOR).parcel(10, collect=TOTAL, order=3).run()
    assert town.replies == [DeliveryRefused(Reason.UNKNOWN_ORDER)]
    assert town.bank.heard == []


# Cancellation

SOON = ALWAYS._replace(cancel_after=50.0)
CANCELS = BehaviourRates(cancel_share=0.5)


def test_a_cancelled_order_is_asked_for_once_and_forgotten():
    town = Town(behaviour=CANCELS).visit(SOON).run()
    assert town.shop.asked(CancelOrder) == [(59.0, CancelOrder())]
    assert town.kept == []
    assert town.refund(100, PAYMENT).run().balances == (0, 0, 0, 0)


def test_a_user_who_does_not_change_his_mind_asks_for_no_cancellation():
    town = Town(behaviour=CANCELS).visit(SOON._replace(cancel=0.5)).run()
    assert town.shop.asked(CancelOrder) == []
    assert town.kept == [1]


def test_an_order_that_cannot_be_cancelled_any_more_is_taken():
    town = Town(behaviour=CANCELS).visit(SOON).parcel(100)
    town.shop.answers[CancelOrder] = Refusal(Reason.NOT_CANCELLABLE)
    town.run()
    assert len(town.shop.asked(CancelOrder)) == 1
    assert town.balances == (TOTAL, 0, 1, 2)
    assert town.kept == []


@pytest.mark.parametrize("late", [True, False])
def test_an_order_that_was_refunded_before_is_not_cancelled(late):
    town = Town(behaviour=CANCELS).visit(SOON).refund(20, PAYMENT, late=late).run()
    assert town.shop.asked(CancelOrder) == []
    assert town.balances == (0, 0, 0, 0)


def test_an_order_whose_goods_came_before_is_not_cancelled():
    town = Town(behaviour=CANCELS).visit(SOON).parcel(20, (LAPTOP,)).run()
    assert town.shop.asked(CancelOrder) == []


def test_goods_may_come_while_the_shop_still_decides_on_a_cancellation():
    town = Town(behaviour=CANCELS).visit(SOON).parcel(60)
    refused = Refusal(Reason.NOT_CANCELLABLE)
    town.shop.answers[CancelOrder] = lambda asked: town.do_at(100, lambda: asked.answer(refused))
    town.clock.run_to(150.0)
    assert town.kept == [1]
    assert town.run().kept == []
    assert town.balances == (TOTAL, 0, 1, 2)


# Hung up while paying

ACKNOWLEDGED = [("payment", TOTAL), ("fee", 7)]


def hung_up(reply=None, **reacting):
    """Return a town whose user hangs up on the payment after 50 s, and what the shop says of it when asked."""
    town = Town(patience=lambda: 50.0, **reacting).visit()
    town.shop.answers |= {Pay: None, EnquirePayment: reply or paid}
    return town


def paid(asked):
    return Confirmation(asked.order, PAYMENT, TOTAL, "on_the_way", "", 7)


def money(town):
    return [row for row in town.rows if row[0] != "deliver"]


def test_who_hung_up_learns_of_the_payment_by_the_delivery_note():
    town = hung_up().parcel(100, payment=PAYMENT, fee=7).run()
    assert money(town) == [*ACKNOWLEDGED, ("sale", TOTAL)]
    assert town.ends == [("checked_out", "abandoned")]
    assert town.shop.asked(EnquirePayment) == []
    assert town.balances == (TOTAL + 7, 0, 1, 2)


@pytest.mark.parametrize("at", [20, 40])
def test_goods_that_come_before_the_user_hangs_up_tell_of_the_payment_too(at):
    town = hung_up(Refusal(Reason.UNKNOWN_ORDER, 1)).parcel(at, payment=PAYMENT, fee=7).run()
    assert money(town) == [*ACKNOWLEDGED, ("sale", TOTAL)]
    assert [outcome for _, outcome in town.ends] == ["abandoned"]
    assert town.shop.asked(EnquirePayment) == []


@pytest.mark.parametrize("loss", [0, 0.3])
def test_who_hung_up_and_got_nothing_asks_the_shop_a_day_later(loss):
    town = hung_up()
    if loss:
        town.make_hostile(loss)
    assert money(town.run()) == ACKNOWLEDGED
    assert 86_400 < min(at for at, _ in town.shop.asked(EnquirePayment)) < 86_500
    assert not town.users.orders._unanswered


def test_goods_that_overtake_the_answer_to_an_enquiry_tell_first():
    town = hung_up(lambda asked: town.do_at(1000, lambda: asked.answer(paid(asked))))
    town.parcel(86_500, payment=PAYMENT, fee=7).run()
    assert len(town.shop.asked(EnquirePayment)) == 1
    assert money(town) == [*ACKNOWLEDGED, ("sale", TOTAL)]


def test_who_hung_up_and_has_the_money_back_asks_nothing():
    town = hung_up().refund(100, PAYMENT, fee=7).run()
    assert town.rows == [*ACKNOWLEDGED, ("refund", TOTAL)]
    assert town.shop.asked(EnquirePayment) == []


@pytest.mark.parametrize("transaction", [PAYMENT, -1])
def test_who_hung_up_is_told_what_was_paid_of_an_order_that_is_off(transaction):
    refusal = Refusal(Reason.OUT_OF_STOCK, 1, transaction, TOTAL, 7)
    town = hung_up(refusal, trust=Trust(refused=0.5)).run()
    assert town.rows == (ACKNOWLEDGED if transaction == PAYMENT else [])
    assert (town.kept, town.trust[0]) == ([], 0.5)


def test_who_hung_up_may_change_his_mind_once_the_order_is_confirmed():
    assert len(hung_up(behaviour=CANCELS).run().shop.asked(CancelOrder)) == 1


@pytest.mark.parametrize(("seconds", "advance"), [(5.0, 0), (50.0, TOTAL)])
def test_who_owes_nothing_or_has_an_answer_asks_nothing(seconds, advance):
    town = Town(patience=lambda: seconds, advance=advance)
    town.shop.answers |= {PayAtDoor: None}
    town.visit().run()
    assert [outcome for _, outcome in town.ends] == ["bought" if advance else "abandoned"]
    assert town.shop.asked(EnquirePayment) == []


# After the delivery

PROMISED = 100.0


def delivered(at, behaviour, draws=ALWAYS, answers=None, **fields):
    """A town whose order came in two parcels, the second at an instant."""
    town = Town(behaviour=behaviour, promised_at=PROMISED, **fields).visit(draws)
    town.shop.answers.update(answers or {})
    return town.parcel(20, (LAPTOP,), step="first").parcel(at - 1, (WATCHES,), step="second")


def test_the_bank_is_told_once_when_every_parcel_is_there():
    town = delivered(60, BehaviourRates(confirms=True)).run()
    assert town.bank.asked(ConfirmDelivery) == [(61.0, ConfirmDelivery())]
    assert town.kept == []


def test_an_order_in_escrow_is_kept_in_mind_until_the_bank_has_answered():
    town = delivered(60, BehaviourRates(confirms=True))
    town.bank.answers[ConfirmDelivery] = lambda asked: town.do_at(100, lambda: asked.answer(Acknowledged()))
    town.clock.run_to(161.0)
    assert town.kept == [1]
    assert town.run().kept == []


@pytest.mark.parametrize(("at", "complaints"), [(PROMISED, 0), (PROMISED + 1, 1)])
def test_a_late_delivery_is_complained_about_and_may_be_compensated(at, complaints):
    town = delivered(at, BehaviourRates(complaint_share=0.5)).run()
    assert town.shop.asked(Complain) == [(at + DAY + 1, Complain())] * complaints
    assert town.rows[-1] == (("allowance", 30) if complaints else ("sale", 500))
    assert town.kept == []


def test_a_complaint_may_be_in_vain():
    town = delivered(200, BehaviourRates(complaint_share=0.5), answers={Complain: Compensated()}).run()
    assert [code for code, _ in town.rows].count("allowance") == 0
    assert town.kept == []


def test_whoever_does_not_care_does_not_complain():
    assert (
        delivered(200, BehaviourRates(complaint_share=0.5), VisitDraws(complaint=0.5)).run().shop.asked(Complain)
        == []
    )


RETURNS = [
    # share of laptops and watches, factor if late, delivered at, what goes back
    ((0.5, 0.5), 1.0, 60, (WATCHES,)),
    ((0.7, 0.5), 1.0, 60, CART),
    ((0.5, 0.5), 1.3, 60, (WATCHES,)),
    ((0.5, 0.5), 1.3, 200, CART),
    ((0.7, 0.5), 0.5, 200, ()),
    ((0.0, 0.0), 1.3, 200, ()),
]


@pytest.mark.parametrize(("shares", "factor", "at", "back"), RETURNS)
def test_goods_go_back_by_chance_and_lateness(shares, factor, at, back):
    draws = VisitDraws(returns=(0.6, 0.4, 0.0), return_after=1000.0)
    town = delivered(at, BehaviourRates(return_shares=(*shares, 1.0), late_return_factor=factor), draws).run()
    assert town.shop.asked(ReturnGoods) == ([(at + 1001.0, ReturnGoods(back))] if back else [])
    assert town.balances == (TOTAL, 400 if back else 0, LAPTOP not in back, 2 * (WATCHES not in back))
    assert town.kept == []


BACK = BehaviourRates(return_shares=(0.5, 0.5, 0.5))


@pytest.mark.parametrize("reason", [Reason.NOT_SETTLED, Reason.NOT_DELIVERED])
def test_a_return_that_comes_too_early_is_tried_again_a_day_later_ten_times_at_most(reason):
    town = delivered(60, BACK, answers={ReturnGoods: Refusal(reason)}).make_hostile(loss=0.0).run()
    asked = [(at, key[-1]) for at, message, key in town.shop.heard if isinstance(message, ReturnGoods)]
    assert [step for _, step in asked] == ["return", *(f"return:{again}" for again in range(1, 11))]
    assert {round(later[0] - early[0]) for early, later in pairwise(asked)} == {round(DAY) + 2}
    assert town.kept == []


def test_a_return_out_of_time_is_given_up():
    town = delivered(60, BACK, answers={ReturnGoods: Refusal(Reason.RETURN_WINDOW_OVER)}).run()
    assert len(town.shop.asked(ReturnGoods)) == 1
    assert town.balances == (TOTAL, 0, 1, 2)
    assert town.kept == []


BREAKS = BehaviourRates(return_shares=(0.5, 0.0, 0.0), defect_shares=(0.5,) * 3)
BROKEN = {
    "nothing sent back": (BREAKS._replace(return_shares=()), ALWAYS, [], [LAPTOP, WATCHES]),
    "sent back before": (BREAKS, ALWAYS._replace(defect_after=5.0), [LAPTOP], [WATCHES]),
    "replaced before": (BREAKS, ALWAYS._replace(return_after=5.0), [], [LAPTOP, WATCHES]),
    "one breaks": (BREAKS, ALWAYS._replace(defects=(0.5, 0.4, 0.0), defect_after=5.0), [LAPTOP], [WATCHES]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_goods_are_claimed_line_by_line_but_for_those_sent_back(name):
    behaviour, draws, back, claimed = BROKEN[name]
    town = delivered(60, behaviour, draws).run()
    assert [line for _, message in town.shop.asked(ReturnGoods) for line in message.lines] == back
    assert [message.lines for _, message in town.shop.asked(ClaimWarranty)] == [(line,) for line in claimed]
    assert town.kept == []


def test_a_return_follows_a_claim_that_was_refused():
    answers = {ClaimWarranty: Refusal(Reason.WARRANTY_OVER)}
    town = delivered(60, BREAKS, ALWAYS._replace(return_after=50.0), answers).run()
    assert [message.lines for _, message in town.shop.asked(ReturnGoods)] == [(LAPTOP,)]


def test_a_refund_of_some_goods_is_not_the_end_of_the_others():
    town = delivered(60, BREAKS, ALWAYS._replace(defect_after=500.0)).refund(100, PAYMENT, 400).run()
    assert [message.lines for _, message in town.shop.asked(ClaimWarranty)] == [(WATCHES,)]
    assert town.balances == (600, 0, 0, 2)
    assert town.kept == []


def test_new_goods_are_swapped_for_broken_ones():
    town = delivered(60, BREAKS).parcel(500, (WATCHES,), step="replace", replaces=True).run()
    assert town.rows[-2:] == [("replace", 2), ("replace", 2)]
    assert town.replies == [Acknowledged()] * 3
    assert town.balance("users:goods", "watch") == 2


def test_everything_is_done_once_each_in_its_time():
    draws = ALWAYS._replace(return_after=3 * DAY, defect_after=2 * DAY, cancel=1.0)
    town = delivered(200, EVERYTHING._replace(return_shares=(0.5, 0.5, 0.5)), draws).run()
    kinds = [type(message).__name__ for _, message, _ in town.shop.heard]
    assert kinds[-3:] == ["Complain", "ClaimWarranty", "ClaimWarranty"]  # what is replaced does not go back
    assert town.bank.asked(ConfirmDelivery) == [(201.0, ConfirmDelivery())]
    assert town.kept == []


# A network that loses and doubles

STEPS = ["claim:laptop", "complain", "confirm", "door", "return"]


@pytest.mark.parametrize("seed", range(8))
def test_each_request_is_done_once_over_a_network_that_loses_and_doubles(seed):
    behaviour = BehaviourRates(0.0, 0.0, (0.0, 0.5, 0.0), 1.0, (0.5, 0.0, 0.0), 0.5, True)
    town = Town(behaviour=behaviour, advance=300, promised_at=PROMISED).make_hostile(seed=seed)
    town.visit().parcel(2000, collect=700)
    town.parcel(9 * DAY, (LAPTOP,), step="replace", replaces=True).refund(10 * DAY, PAYMENT, 400).run()
    keys = [key for party in (town.shop, town.bank) for _, message, key in party.heard if key is not None]
    assert sorted(key[-1] for key in keys if key[2] == -1) == STEPS
    assert all(key[:2] == (0, 1) for key in keys if key[2] == -1)
    assert len(keys) == len(set(keys))
    assert sorted(code for code, _ in town.rows) == sorted(
        ["payment", "collection", "deliver", "deliver", "sale", "allowance", "return", "return", "refund"]
        + ["replace"] * 2
    )
    assert town.balances == (TOTAL - 400, 30, 1, 0)
    assert town.kept == []


@pytest.mark.parametrize("step", [CancelOrder, Complain, ReturnGoods, ClaimWarranty])
def test_a_request_that_nobody_ever_answers_leaves_the_order_in_doubt_and_is_dropped(step, monkeypatch):
    monkeypatch.setattr("alesha_sim.entities.entity.ROUNDS", 3)
    behaviour = {
        CancelOrder: CANCELS, Complain: BehaviourRates(complaint_share=0.5), ReturnGoods: BACK,
        ClaimWarranty: BehaviourRates(defect_shares=(0.5, 0.0, 0.0)),
    }  # fmt: skip
    draws = SOON._replace(cancel_after=0.0)
    town = Town(behaviour=behaviour[step], promised_at=PROMISED).visit(draws).parcel(200, step="deliver")
    town.make_hostile(loss=0.0, attempts=2)
    town.shop.answers[step] = None
    town.run()
    assert town.doubtful == [1]
    assert town.balances == (TOTAL, 0, 1, 2)
    assert town.kept == []


def test_a_courier_gets_no_answer_while_nobody_knows_whether_the_money_moved(monkeypatch):
    monkeypatch.setattr("alesha_sim.entities.entity.ROUNDS", 3)
    town = at_the_door().make_hostile(loss=0.0, attempts=2)
    town.bank.answers[Transfer] = None
    town.run()
    assert not any(isinstance(reply, CashCollected | DeliveryRefused) for reply in town.replies)
    assert town.doubtful == [1]
    assert town.kept == [1]


def test_an_error_names_the_user_and_the_order():
    town = delivered(60, BACK, answers={ReturnGoods: ReturnReceived(10_000, CART, 400)})
    with pytest.raises(EntityError, match=r"user:0 failed on order 1 at 62\.0 s: LawBroken: L0"):
        town.run()


def test_memory_stays_flat_over_many_orders():
    behaviour = EVERYTHING._replace(cancel_share=0.0)
    town = Town(behaviour=behaviour, promised_at=PROMISED, trust=Trust())
    for n in range(40):
        town.visit(at=1000.0 * n, user=n % 2).parcel(
            1000.0 * n + 500, order=n + 1, user=n % 2, step=f"deliver:{n}"
        )
    town.clock.run_to(39_100.0)
    assert town.kept
    assert town.run().kept == []
    assert town.users.orders._waiting == {}


# Income, budgets, trust


def test_income_is_written_once():
    town = Town()
    credit = Credited(town.entry(), 5000, "income")
    for at in (10, 20):
        town.send(town.bank, credit, at, step=f"income:{at}", order=-1, user=1)
    town.run()
    assert town.rows == [("income", 5000)]
    assert town.balance("users:cash:1") == CASH + 5000
    assert town.replies == [Acknowledged()] * 2


ONE = (("laptop", 1),)
BUDGETS = [
    # budget, its seconds, instants of visits for 500 each: how many order
    (999, 0, [0, 100, 200], 1),
    (1000, 0, [0, 100, 200], 2),
    (499, 0, [0], 0),
    (500, 1000, [0, 100, 994], 1),
    (500, 1000, [0, 100, 1000, 1100, 2500], 3),
    (500, 0, [0, 0], 1),
]


@pytest.mark.parametrize(("budget", "seconds", "instants", "orders"), BUDGETS)
def test_a_cart_beyond_the_budget_is_left(budget, seconds, instants, orders):
    town = Town(budget=budget, budget_seconds=seconds)
    for at in instants:
        town.visit(cart=ONE, at=at)
    town.run()
    assert len(town.shop.asked(Checkout)) == orders
    assert sorted(town.ends) == [("browsed", "looked")] * (len(instants) - orders) + [("paid", "bought")] * orders


def test_a_budget_is_a_users_own_and_free_again_if_the_shop_does_not_take_the_cart():
    town = Town(budget=500).visit(cart=ONE).visit(cart=ONE, at=100).visit(cart=ONE, user=1)
    take = town.shop.answers[Checkout]
    town.shop.answers[Checkout] = lambda asked: (
        take(asked) if town.clock.now > 50 else Refusal(Reason.PURCHASE_LIMIT_REACHED)
    )
    town.run()
    assert sorted(town.ends) == [("browsed", "declined"), ("browsed", "declined"), ("paid", "bought")]


def test_what_is_given_back_frees_nothing_of_another_period():
    clock = Clock()
    budgets = Budgets(clock, 2, 500, 1000.0)
    assert budgets.take(0, 400)
    clock.advance_to(1500.0)
    assert budgets.take(0, 300)
    budgets.give_back(0, 400, 0.0)  # what was taken in the period before
    assert not budgets.take(0, 201)
    budgets.give_back(0, 50, 1500.0)
    assert not budgets.take(0, 251)
    assert budgets.take(0, 250)


HALVED = Trust(late=0.5, refused=0.75, on_time=0.5)


def trust_after(town):
    town.run()
    return float(town.trust[0])


def test_an_order_in_time_restores_trust_and_a_late_one_costs_it():
    assert trust_after(Town(trust=HALVED, promised_at=PROMISED).visit().parcel(200)) == 0.5
    assert trust_after(Town(trust=HALVED, promised_at=PROMISED).visit().parcel(50)) == 1.0
    town = Town(trust=HALVED, promised_at=PROMISED).visit().parcel(200, order=1, step="one")
    town.visit(at=300, cart=ONE).parcel(400, ONE, order=2, step="two")
    town.do_at(250, lambda: setattr(town, "promised_at", 1e9))
    assert trust_after(town) == 0.75


def refusing(reason, request=Pay, **fields):
    town = Town(trust=HALVED, **fields).visit()
    town.shop.answers[request] = Refusal(reason)
    return town


REFUSED_ORDERS = {
    "out of stock": (lambda: refusing(Reason.OUT_OF_STOCK), 0.25),
    "limit": (lambda: refusing(Reason.PURCHASE_LIMIT_REACHED, Checkout), 0.25),
    "no money": (lambda: refusing(Reason.INSUFFICIENT_FUNDS), 1.0),
    "refunded later": (lambda: Town(trust=HALVED).visit().refund(100, PAYMENT), 0.25),
    "late refund": (
        lambda: Town(trust=HALVED).visit().refund(100, PAYMENT, late=True).parcel(200), 0.5,
    ),
    "cancelled by the user": (lambda: Town(trust=HALVED, behaviour=CANCELS).visit().refund(100, PAYMENT), 1.0),
    "refused at the door": (lambda: at_the_door(ALWAYS, trust=HALVED), 1.0),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_ORDERS)
def test_trust_falls_when_the_shop_does_not_supply(name):
    begin, trust = REFUSED_ORDERS[name]
    town = begin()
    assert trust_after(town) == trust
    assert town.kept == []


def test_a_refund_that_overtakes_the_refusal_counts_once():
    town = Town(trust=HALVED)
    refusal = Refusal(Reason.OUT_OF_STOCK, 1, PAYMENT, TOTAL)
    town.shop.answers[Pay] = lambda asked: town.do_at(100, lambda: asked.answer(refusal))
    assert trust_after(town.visit().refund(50, PAYMENT)) == 0.25
    assert town.balances == (0, 0, 0, 0)


@pytest.mark.parametrize(("late", "trust"), [(False, 1.0), (True, 0.5)])
def test_a_refund_that_overtakes_the_answer_to_a_cancellation_is_no_fault_of_the_shop_unless_late(late, trust):
    town = Town(trust=HALVED, behaviour=CANCELS)
    cancelled = OrderCancelled(Reason.CHANGED_MIND)
    town.shop.answers[CancelOrder] = lambda asked: town.do_at(200, lambda: asked.answer(cancelled))
    assert trust_after(town.visit().refund(100, PAYMENT, late=late)) == trust
    assert town.kept == []


def test_goods_that_were_never_confirmed_are_not_missed():
    town = Town(trust=Trust(late=1.0), promised_at=PROMISED).visit().visit(at=200)
    town.shop.answers[Pay] = None
    assert trust_after(town) == 1.0


def test_who_trusts_too_little_stays_away_and_leaves_no_trace():
    town = Town(trust=HALVED, promised_at=PROMISED).visit().parcel(200)
    for at, trust in ((300, 0.5), (400, 0.49)):
        town.visit(ALWAYS._replace(trust=trust), at=at, cart=())
    town.run()
    assert town.ends == [("paid", "bought"), ("home", "looked")]


def test_goods_that_are_overdue_are_missed_when_the_user_would_come_again():
    town = (
        Town(trust=Trust(late=1.0), promised_at=PROMISED).visit().visit(at=100).visit(at=101).visit(at=102, user=1)
    )
    town.parcel(500, order=1)
    town.run()
    assert len(town.ends) == 3
    assert town.trust.tolist() == [0.0, 1.0]
    assert town.kept == [2, 3]


def test_an_attacker_comes_whatever_he_trusts_and_pays_from_an_account():
    town = Town(trust=Trust(refused=1.0))
    town.shop.answers[Pay] = Refusal(Reason.WRONG_SECRET)
    town.trust[0] = 0.0
    town.visit(purpose="borrow_account", method=Method.CASH_ON_DELIVERY).run()
    ((_, checkout),) = town.shop.asked(Checkout)
    assert checkout.method == Method.ACCOUNT
    assert town.ends == [("checked_out", "declined")]
    assert town.kept == []


def test_who_claims_a_transaction_asks_for_the_goods_himself():
    town = Town().visit(user=1, purpose="claim_transaction")
    town.supplier.answers[PlaceOrder] = OrderRejected(Reason.UNKNOWN_TRANSACTION)
    town.run()
    ((_, place),) = town.supplier.asked(PlaceOrder)
    assert place == PlaceOrder(CART, 1, NO_SUCH_TRANSACTION, NO_SUCH_TRANSACTION)
    assert town.ends[-1][1] == "declined"


# Policies

PAGE = [Priced("laptop", 600.0, 500.0), Priced("watch", 250.0, 250.0), Priced("phone", 200.0, 100.0)]
LOGIT = Logit(0.004, discount_attraction=2.0, appeal={"laptop": 1.5, "watch": 0.7}, outside=-0.5)


def test_a_logits_shares_are_those_of_the_formula():
    utilities = [1.5 - 0.004 * 500 + 2 / 6, 0.7 - 0.004 * 250, -0.004 * 100 + 2 * 0.5, -0.5]
    expected = np.exp(utilities) / np.exp(utilities).sum()
    assert LOGIT.shares(PAGE) == pytest.approx(expected.tolist(), rel=1e-12)
    assert Logit(0.004).shares(PAGE)[-1] == 0.0
    assert Logit(0.0).shares(PAGE) == pytest.approx([1 / 3] * 3 + [0.0])


CHI_SQUARE = 30.66
"""What a chi-square variable of three degrees of freedom exceeds once in a million."""


def chi_square(counts, shares):
    expected = np.array(shares) * sum(counts)
    return float(((np.array(counts) - expected) ** 2 / expected).sum())


def test_users_order_by_the_shares_of_the_logit_and_never_other_units_than_they_came_for():
    size, choice = 3000, np.random.default_rng(4).random
    town = Town(choice=LOGIT)
    for n in range(size):
        town.visit(VisitDraws(choice=float(choice())), at=20.0 * n, cart=(("laptop", n % 3), ("watch", 1)))
    town.run()
    asked = [message.lines for _, message in town.shop.asked(Checkout)]
    units = [lines[0][1] for at, message in town.shop.asked(Checkout) for lines in [message.lines]]
    visits = [round((at - 5) / 20) for at, _ in town.shop.asked(Checkout)]
    assert units == [n % 3 + 1 for n in visits]
    assert {len(lines) for lines in asked} == {1}
    chosen = [lines[0][0] for lines in asked]
    counts = [*(chosen.count(sku) for sku in PRICES), size - len(asked)]
    page = [Priced(offer.sku, offer.marked_price, offer.price) for offer in OFFERS]
    assert chi_square(counts, LOGIT.shares(page)) < CHI_SQUARE
    assert (
        chi_square(counts, Logit(0.004, 0.0, LOGIT.appeal, -0.5).shares(page)) > CHI_SQUARE
    )  # it would see a fault
    assert town.ends.count(("browsed", "looked")) == size - len(asked)


def test_a_choice_sees_prices_in_major_units():
    assert PriceList(PRODUCTS, 100).priced(OFFERS)[2] == Priced("phone", 2.0, 1.0)


@pytest.mark.parametrize(
    ("policy", "choice", "chosen"),
    [
        (Logit(1e9, appeal={"phone": 1e9}), 0.999, "phone"),  # exponents far beyond what a float holds
        (Logit(1e9, outside=-1e9), 0.5, None),
        (Logit(0.0, appeal={"laptop": -1e9}), 0.0, "watch"),  # what is never bought is not bought at 0 either
        (Logit(0.0, appeal={"phone": -1e9}), 1 - 2**-53, "watch"),
        (Logit(0.0, appeal=1e9, outside=0.0), 1 - 2**-53, "phone"),
        (Logit(0.0, appeal=-1e9, outside=0.0), 0.0, None),
        (Logit(0.0, outside=0.0), 1.0, None),
        (Logit(0.0), 1.0, "phone"),
    ],
)
def test_a_logit_is_numerically_safe(policy, choice, chosen):
    assert policy.choose(PAGE, CART, choice) == (((chosen, 3),) if chosen else ())
    assert sum(policy.shares(PAGE)) == pytest.approx(1)


def test_nothing_is_chosen_where_nothing_is_on_sale():
    assert LOGIT.choose([], CART, 0.5) == ()


BAD = [
    (Logit, {"price_sensitivity": -1}, "price_sensitivity: -1: must be a number from 0 to 1e+09"),
    (Logit, {"price_sensitivity": "dear"}, "price_sensitivity: 'dear': must be a number from 0 to 1e+09"),
    (Logit, {"price_sensitivity": True}, "price_sensitivity: True: must be a number from 0 to 1e+09"),
    (
        Logit,
        {"price_sensitivity": 1, "outside": float("nan")},
        "outside: nan: must be a number from -1e+09 to 1e+09",
    ),
    (
        Logit,
        {"price_sensitivity": 1, "appeal": {"a": None}},
        "appeal.a: None: must be a number from -1e+09 to 1e+09",
    ),
    (
        Logit,
        {"price_sensitivity": 1, "appeal": 1e10},
        "appeal: 10000000000.0: must be a number from -1e+09 to 1e+09",
    ),
    (Trust, {"late": 1.5}, "late: 1.5: must be a number from 0 to 1"),
    (
        Trust,
        {"late": -1, "refused": 2},
        "late: -1: must be a number from 0 to 1\nrefused: 2: must be a number from 0 to 1",
    ),
]


@pytest.mark.parametrize(("kind", "fields", "text"), BAD)
def test_a_policy_names_each_field_that_breaks_its_rule(kind, fields, text):
    with pytest.raises(ValueError, match="must be") as error:
        kind(**fields)
    assert str(error.value) == text


def test_a_policys_table_cannot_be_changed_from_outside():
    appeal = {"phone": 1.0}
    policy = Logit(1.0, appeal=appeal)
    appeal["phone"] = 9.0
    assert policy == Logit(1.0, appeal={"phone": 1.0})


def test_the_policies_have_the_methods_that_users_ask():
    assert all(isinstance(kind(0.5), ChoicePolicy) for kind in CHOICES.values())
    assert all(isinstance(kind(), TrustPolicy) for kind in TRUSTS.values())


@pytest.mark.parametrize(("event", "trust"), [("on_time", 0.7), ("late", 0.2), ("refused", 0.1)])
def test_trust_moves_by_shares(event, trust):
    assert Trust(late=0.5, refused=0.75, on_time=0.5).after(0.4, event) == pytest.approx(trust)
    assert Trust().after(0.4, event) == 0.4
