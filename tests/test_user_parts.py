"""What users act with, and one user's order: each part alone, without all users, channels or a running clock."""

import numpy as np
import pytest

from alesha_sim.books.ledger import Ledger
from alesha_sim.books.users import UsersBook
from alesha_sim.entities.entity import Entity
from alesha_sim.entities.user.context import UserContext
from alesha_sim.entities.user.credentials import Credentials
from alesha_sim.entities.user.fraud import Attacker
from alesha_sim.entities.user.intent import VisitDraws, VisitIntent, mistyped
from alesha_sim.entities.user.open_orders import OpenOrders
from alesha_sim.entities.user.order_follow_up import OrderFollowUp, PlacedOrder
from alesha_sim.entities.user.terms import BehaviourRates, UserTerms
from alesha_sim.entities.user.trust import TrustLevels
from alesha_sim.kernel.clock import Clock
from alesha_sim.messages import Confirmation, Invoice, Reason, Refusal, Secret
from alesha_sim.network import Channel
from alesha_sim.policies.users import LATE, ON_TIME, Logit, Trust
from alesha_sim.recording.message_log import MessageLog
from alesha_sim.recording.visit_log import VisitLog
from alesha_sim.scenarios import first_purchase
from alesha_sim.simulation.roster import roster
from alesha_sim.simulation.terms import user_terms
from alesha_sim.streams import Streams
from alesha_sim.vocabulary import NO_ID, SHOP

PRODUCTS = {"laptop": (0, 500), "watch": (1, 250)}
CART = (("laptop", 1), ("watch", 2))
INTENT = VisitIntent(1, CART, (), False)
INVOICE = Invoice(7, 1000, 1000, 50.0)
HALVED = Trust(late=0.5, refused=0.5, on_time=0.5)
KEYS = np.array([10, 11, 255], np.uint64)
PAYMENT = 4
"""The first link after those of three openings."""


SHOP_CHANNEL = Channel(Clock(), MessageLog(), lambda: 0.0, SHOP)


def context(**terms):
    """What users act with, around an entity that knows nothing of them and whose channel leads nowhere."""
    clock = Clock()
    party = Entity(clock, "anybody", NO_ID, None)
    party.channels["shop"] = Channel(clock, MessageLog(), lambda: 0.0, SHOP)
    ledger, users = Ledger("BDT", tuple(PRODUCTS)), len(KEYS)
    book = UsersBook(ledger, users)
    book.open(0.0, ledger.new_entries(users), np.full(users, 5000))
    assert ledger.new_entry() == PAYMENT
    return UserContext(party, book, VisitLog(), Credentials(KEYS, KEYS), UserTerms(PRODUCTS, **terms))


def test_every_user_has_an_account_and_secrets_of_16_digits():
    credentials = Credentials(KEYS, KEYS + np.uint64(1))
    assert len(credentials) == 3
    assert credentials.wallet(2) == (10_000_002, "00000000000000ff")
    assert credentials.password(2) == "0000000000000100"


@pytest.mark.parametrize(("users", "others"), [(1, [0]), (2, [1, 0]), (3, [1, 2, 0])])
def test_someone_else_is_another_user_if_there_is_one(users, others):
    credentials = Credentials(KEYS[:users], KEYS[:users])
    assert [credentials.someone_else(user) for user in range(users)] == others


@pytest.mark.parametrize(("secret", "wrong"), [("1230", "1231"), ("1003", "1000"), ("0120", "0121"), ("4", "0")])
def test_a_mistyped_secret_differs_in_its_last_digit_alone(secret, wrong):
    assert mistyped(Secret(secret)) == Secret(wrong)


def test_trust_is_a_users_own_and_suffices_for_moods_below_it():
    trust = TrustLevels(HALVED, 2)
    trust.judge(1, LATE)
    assert [trust.suffices(0, 0.99), trust.suffices(1, 0.5), trust.suffices(1, 0.49)] == [True, False, True]
    trust.judge(1, ON_TIME)
    assert trust.suffices(1, 0.74)


def test_a_refused_cart_frees_the_budget_and_costs_trust():
    shared = context(budget=1000, trust=HALVED)
    assert [shared.budgets.take(1, 1000), shared.budgets.take(1, 1)] == [True, False]
    shared.note_refused_cart(1, 1000, 0.0, shared.shop())
    assert shared.budgets.take(1, 1000)
    assert [shared.trust.suffices(user, 0.5) for user in (0, 1)] == [True, False]


def test_without_budget_and_trust_nothing_is_kept_of_a_refused_cart():
    shared = context()
    shared.note_refused_cart(1, 1000, 0.0, shared.shop())
    assert (shared.budgets, shared.trust) == (None, None)


CLOSED = {
    "refused": lambda follow_up: follow_up.note_refused(Reason.OUT_OF_STOCK),
    "all goods": lambda follow_up: follow_up.note_parcel(CART, 1000),
    "money back": lambda follow_up: follow_up.note_refund(late=False),
}


@pytest.mark.parametrize("name", CLOSED)
def test_an_order_is_closed_once_by_what_ends_it(name):
    closed = []
    CLOSED[name](OrderFollowUp(context(), PlacedOrder(0, INTENT, CART, INVOICE, SHOP_CHANNEL), closed.append))
    assert closed == [7]


def test_an_order_is_kept_and_not_judged_while_some_goods_are_missing():
    closed, shared = [], context(trust=HALVED)
    follow_up = OrderFollowUp(
        shared, PlacedOrder(0, INTENT, CART, INVOICE.replaced(promised_at=-1.0), SHOP_CHANNEL), closed.append
    )
    follow_up.note_parcel((("laptop", 1), ("watch", 1)), 750)
    assert (closed, shared.trust.suffices(1, 0.9)) == ([], True)
    follow_up.note_parcel((("watch", 1),), 250)
    assert (closed, shared.trust.suffices(1, 0.9)) == ([7], False)


def test_what_is_due_as_the_goods_come_is_asked_for_in_the_same_event():
    shared = context(behaviour=BehaviourRates(return_shares=(1.0, 1.0)))
    intent = INTENT._replace(draws=VisitDraws(returns=(0.0, 0.0)))
    follow_up = OrderFollowUp(shared, PlacedOrder(0, intent, CART, INVOICE, shared.shop()), [].append)
    follow_up.note_parcel(CART, 1000)
    assert len(shared.party.channels["shop"].log) == 1
    assert shared.clock.events == 0


KEPT = [
    # terms, paid in advance, whether the order is kept
    ({}, 1000, False), ({}, 999, True), ({"trust": HALVED}, 1000, True),
    ({"behaviour": BehaviourRates(complaint_share=0.1)}, 1000, True),
    ({"behaviour": BehaviourRates(return_shares=(0.0, 0.0))}, 1000, False),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "advance", "is_kept"), KEPT)
def test_an_order_is_kept_only_where_something_may_be_done_about_it(terms, advance, is_kept):
    orders = OpenOrders(context(**terms))
    orders.place(0, INTENT, CART, INVOICE.replaced(advance=advance), SHOP_CHANNEL)
    assert (orders.find(7) is not None) == is_kept
    orders.close(7)
    assert orders.find(7) is None


def test_what_the_shop_says_of_a_payment_is_written_and_overheard():
    shared = context()
    orders = OpenOrders(shared)
    assert orders.note_reply(1, 7, Confirmation(7, PAYMENT, 1000, "on_the_way", ""))
    assert shared.intercepted.transaction == PAYMENT
    assert not shared.book.payment(0.0, PAYMENT, 1, 7, 1000)  # it has been written
    assert not orders.note_reply(1, 8, Refusal(Reason.OUT_OF_STOCK, 8))
    assert shared.intercepted.transaction == PAYMENT


def test_an_attack_needs_what_visits_need_and_pays_from_an_account():
    shared = context()
    attacker = Attacker(shared, OpenOrders(shared), INTENT._replace(purpose="borrow_account"))
    assert (attacker.name, attacker.subject, attacker._victims_account) == ("user:1", "visit 0", 10_000_002)


def test_terms_are_in_minor_units_and_seconds():
    users = {
        "budget": "12.50", "budget_period": "2 days", "choice": Logit(0.1), "trust": HALVED, "patience": 60,
        "payment": {"door_refusal": 0.25}, "after_sales": {"complaint_share": 0.5, "late_return_factor": 2},
    }  # fmt: skip
    scenario = first_purchase().with_settings({"users": users})
    terms = user_terms(scenario, Streams(1), roster(scenario))
    assert (terms.budget, terms.budget_seconds, terms.patience()) == (1250, 172_800.0, 60.0)
    assert (terms.choice, terms.trust, terms.scale) == (Logit(0.1), HALVED, 100)
    assert list(terms.products) == list(scenario.skus)
    second = scenario.catalogue[1]
    assert terms.products[second.sku] == (1, 100 * second.price)
    assert (terms.behaviour.door_refusal, terms.behaviour.complaint_share, terms.behaviour.late_return_factor) == (
        0.25,
        0.5,
        2.0,
    )


def test_terms_left_out_ask_nothing_of_users():
    scenario = first_purchase()
    terms = user_terms(scenario, Streams(1), roster(scenario))
    assert (terms.patience, terms.choice, terms.trust, terms.budget) == (None,) * 4
    assert not terms.behaviour.act_later
