"""The shop's decisions on pages and carts, without SimPy processes."""

from math import inf

import pytest
from counterparts import shop_terms

from alesha_sim.books.ledger import Ledger
from alesha_sim.books.shop import ShopBook
from alesha_sim.columns import MISSING_TIME
from alesha_sim.entities.entity import Wallet
from alesha_sim.entities.shop.order import CatalogueItem, Order
from alesha_sim.entities.shop.order_states import ARRIVED, CAME_BACK, CANCELLATION_DONE, PAID, REFUSED, SENT
from alesha_sim.entities.shop.shop import Shop
from alesha_sim.entities.sources import Seller
from alesha_sim.kernel.clock import Clock
from alesha_sim.messages import (
    Checkout,
    Confirmation,
    Homepage,
    Invoice,
    LoggedIn,
    LogIn,
    Method,
    Offer,
    ProductPage,
    Reason,
    Refusal,
    Register,
    Registered,
    Secret,
    ViewHomepage,
    ViewProduct,
)
from alesha_sim.recording.run_logs import Records
from alesha_sim.vocabulary import COMPLETED, NO_ID

LAPTOP, WATCH = Offer("laptop", "Laptop", 60000, 50000), Offer("watch", "Watch", 30000, 25000)
PASSWORD, OTHER = Secret("opensesame"), Secret("closesesame")


def opened(**terms):
    catalogue = [CatalogueItem(LAPTOP, 40000, 100.0, 10.0), CatalogueItem(WATCH, 18000, 100.0, 10.0)]
    book = ShopBook(Ledger("BDT", ("laptop", "watch")))
    terms = shop_terms(catalogue, workers=1, **terms)
    return Shop(Clock(), book, Records(("laptop", "watch"), 3), Wallet(1, Secret("x")), terms)


@pytest.fixture
def shop():
    return opened()


@pytest.fixture
def customer(shop):
    shop.storefront.answer(Register(PASSWORD), 0)
    shop.storefront.answer(LogIn(PASSWORD), 0)
    return shop


def test_the_home_page_shows_all_products_with_both_prices(shop):
    assert shop.storefront.answer(ViewHomepage(), 0) == Homepage((LAPTOP, WATCH))


def test_a_product_page_tells_warranty_and_return_window(shop):
    assert shop.storefront.answer(ViewProduct("watch"), 0) == ProductPage(WATCH, 100.0, 10.0)
    assert shop.storefront.answer(ViewProduct("phone"), 0) == Refusal(Reason.UNKNOWN_PRODUCT)


def test_only_a_registered_user_logs_in(shop):
    assert shop.storefront.answer(LogIn(PASSWORD), 0) == Refusal(Reason.NOT_REGISTERED)
    assert shop.storefront.answer(Register(PASSWORD), 0) == Registered()
    assert shop.storefront.answer(LogIn(PASSWORD), 0) == LoggedIn()
    assert shop.storefront.answer(LogIn(PASSWORD), 1) == Refusal(Reason.NOT_REGISTERED)


def test_registering_twice_is_refused_and_keeps_the_first_password(shop):
    shop.storefront.answer(Register(PASSWORD), 0)
    assert shop.storefront.answer(Register(OTHER), 0) == Refusal(Reason.ALREADY_REGISTERED)
    assert shop.storefront.answer(LogIn(OTHER), 0) == Refusal(Reason.WRONG_PASSWORD)
    assert shop.storefront.answer(LogIn(PASSWORD), 0) == LoggedIn()


def test_check_out_needs_a_login(shop):
    shop.storefront.answer(Register(PASSWORD), 0)
    assert shop.storefront.answer(Checkout((("laptop", 1),)), 0) == Refusal(Reason.NOT_LOGGED_IN)
    assert len(shop.desk.log) == 0


@pytest.mark.parametrize(
    ("payment", "paid"),
    [
        (17, "Your payment was received (transaction 17)."),
        (NO_ID, "Your order was received; it is to be paid at the door."),
    ],
)
def test_a_confirmation_says_what_was_paid_or_is_to_be_paid_and_what_will_come(customer, payment, paid):
    customer.storefront.answer(Checkout((("laptop", 1), ("watch", 2))), 0)
    order = customer.desk.find(1)
    order.payment = payment
    told = f"{paid} The ordered products will be supplied: 1 Laptop, 2 Watch."
    assert customer.desk.confirmation(order) == Confirmation(1, payment, 100_000, "received", told, 0)


CARTS = {
    "nothing": ((), Reason.EMPTY_CART),
    "unknown product": ((("phone", 1),), Reason.UNKNOWN_PRODUCT),
    "one known, one unknown": ((("laptop", 1), ("phone", 1)), Reason.UNKNOWN_PRODUCT),
    "none of a product": ((("laptop", 0),), Reason.INVALID_QUANTITY),
    "less than none": ((("laptop", -1),), Reason.INVALID_QUANTITY),
    "half a product": ((("laptop", 0.5),), Reason.INVALID_QUANTITY),
    "a whole float": ((("laptop", 1.0),), Reason.INVALID_QUANTITY),
    "a truth": ((("laptop", True),), Reason.INVALID_QUANTITY),
    "text": ((("laptop", "2"),), Reason.INVALID_QUANTITY),
    "twice the same": ((("laptop", 1), ("laptop", 2)), Reason.REPEATED_PRODUCT),
}


@pytest.mark.parametrize("name", CARTS)
def test_a_bad_cart_is_refused_and_no_order_is_placed(customer, name):
    lines, reason = CARTS[name]
    assert customer.storefront.answer(Checkout(lines), 0) == Refusal(reason)
    assert len(customer.desk.log) == 0


def test_the_shop_totals_the_order_itself(customer):
    assert customer.storefront.answer(Checkout((("laptop", 1), ("watch", 2))), 0) == Invoice(
        1, 100_000, 100_000, inf
    )
    lines = customer.desk.log.line_columns()
    assert lines["unit_price"].tolist() == [50000, 25000]
    assert lines["unit_charge"].tolist() == [40000, 18000]
    assert lines["quantity"].tolist() == [1, 2]


@pytest.mark.interpreted
def test_an_order_can_be_paid_only_by_its_user_and_only_while_received(customer):
    customer.storefront.answer(Checkout((("laptop", 1),)), 0)
    desk = customer.desk
    assert desk.payable(1, 2) == Reason.UNKNOWN_ORDER
    assert desk.payable(99, 0) == Reason.UNKNOWN_ORDER
    order = desk.payable(1, 0)
    order.answer = object()
    assert desk.payable(1, 0) == Reason.NOT_PAYABLE
    order.answer = None
    desk.note(order, PAID, 1.0)
    assert desk.payable(1, 0) == Reason.NOT_PAYABLE
    desk.note(order, ARRIVED, 2.0)
    assert desk.payable(1, 0) == Reason.UNKNOWN_ORDER


def test_an_acceptance_that_was_overtaken_changes_nothing(customer):
    customer.storefront.answer(Checkout((("laptop", 1),)), 0)
    desk, order = customer.desk, customer.desk.find(1)
    for event, at in ((PAID, 4.0), (ARRIVED, 5.0), (SENT, 6.0)):
        desk.note(order, event, at)
    assert order.status == COMPLETED
    columns = desk.log.order_columns()
    assert columns["status"].codes.tolist() == [COMPLETED]
    assert columns["closed_at"].tolist() == [5_000_000]


ENDS = {"completed": (PAID, ARRIVED), "cancelled": (CANCELLATION_DONE,), "declined": (REFUSED,)}


@pytest.mark.parametrize("events", ENDS.values(), ids=ENDS)
def test_a_closed_order_leaves_the_desk(customer, events):
    customer.storefront.answer(Checkout((("laptop", 1),)), 0)
    order = customer.desk.find(1)
    for event in events:
        assert customer.desk.find(1) is order
        customer.desk.note(order, event, 5.0)
    assert customer.desk.find(1) is None


@pytest.mark.interpreted
def test_the_shop_keeps_no_password_that_can_be_read(customer):
    kept = repr(vars(customer)) + repr(vars(customer.desk)) + repr(vars(customer.storefront))
    assert "opensesame" not in kept


# Terms of an order: what is paid when, by when it is promised, how much of it one may order


def check_out(shop, lines=(("laptop", 1),), user=0, method=Method.ACCOUNT):
    shop.storefront.answer(Register(PASSWORD), user)
    shop.storefront.answer(LogIn(PASSWORD), user)
    return shop.storefront.answer(Checkout(lines, None, method), user)


TERMS = {
    "all in advance": ({}, Method.ACCOUNT, 50_000, inf),
    "a third in advance, rounded": ({"advance": 1 / 3}, Method.ACCOUNT, 16_667, inf),
    "nothing in advance": ({"advance": 0.0}, Method.ACCOUNT, 0, inf),
    "at the door": ({"advance": 0.5}, Method.CASH_ON_DELIVERY, 0, inf),
    "promised": ({"promise_seconds": 86_400.0}, Method.ACCOUNT, 50_000, 86_400.0),
}


@pytest.mark.parametrize("name", TERMS)
def test_the_invoice_tells_what_is_paid_in_advance_and_when_delivery_is_promised(name):
    terms, method, advance, promised_at = TERMS[name]
    shop = opened(**terms)
    assert check_out(shop, method=method) == Invoice(1, 50_000, advance, promised_at)
    row = shop.desk.log.order_columns()
    assert row["advance"].tolist() == [advance]
    assert row["promised_at"].tolist() == [MISSING_TIME if promised_at == inf else promised_at * 1_000_000]
    assert row["payment_method"].labels[row["payment_method"].codes[0]] == method


def test_nobody_orders_by_the_shops_own_method():
    assert check_out(opened(), method=Method.REPLENISHMENT) == Refusal(Reason.METHOD_NOT_OFFERED)


@pytest.mark.parametrize(("advance", "at_door"), [(1.0, True), (0.0, False)])
def test_an_order_is_paid_only_as_its_invoice_says(advance, at_door):
    shop = opened(advance=advance)
    check_out(shop)
    assert shop.desk.payable(1, 0, at_door=at_door) == Reason.NOT_PAYABLE
    assert shop.desk.payable(1, 0, at_door=not at_door).number == 1


def test_a_limit_holds_for_all_orders_of_a_user_and_for_each_product():
    shop = opened(purchase_limit=2)
    assert check_out(shop, (("laptop", 3),)) == Refusal(Reason.PURCHASE_LIMIT_REACHED)
    assert check_out(shop, (("laptop", 1), ("watch", 2))).order == 1
    assert check_out(shop, (("laptop", 2),)) == Refusal(Reason.PURCHASE_LIMIT_REACHED)
    assert check_out(shop, (("laptop", 1), ("watch", 1))) == Refusal(Reason.PURCHASE_LIMIT_REACHED)
    assert check_out(shop, (("laptop", 1),)).order == 2
    assert check_out(shop, (("laptop", 2), ("watch", 2)), user=1).order == 3


@pytest.mark.parametrize(("end", "may_order"), [("cancelled", True), ("declined", True), ("completed", False)])
def test_what_was_cancelled_or_declined_does_not_count_towards_the_limit(end, may_order):
    shop = opened(purchase_limit=1)
    check_out(shop)
    order = shop.desk.find(1)
    for event in ENDS[end]:
        shop.desk.note(order, event, 5.0)
    assert isinstance(check_out(shop), Invoice) == may_order


def test_a_shop_that_keeps_orders_remembers_them_when_they_are_closed():
    shop = opened(keeps_orders=True)
    check_out(shop)
    order = shop.desk.find(1)
    for event in ENDS["completed"]:
        shop.desk.note(order, event, 5.0)
    assert shop.desk.find(1) is order
    assert shop.desk.payable(1, 0) == Reason.NOT_PAYABLE
    assert shop.desk.all_open() == []
    shop.desk.note(order, CAME_BACK, 9.0)
    assert shop.desk.log.order_columns()["closed_at"].tolist() == [5_000_000]


# What is given back: never more than was paid, each part of the payment that it names

GRANTS = {
    "part of the payment": (100, [("a", 1, 100)]),
    "all of the payment": (150, [("a", 1, 150)]),
    "more than the payment": (200, [("a", 1, 150), ("a:door", 2, 50)]),
    "nothing": (0, []),
}


@pytest.mark.parametrize("name", GRANTS)
def test_a_refund_names_the_payment_first_and_the_collection_for_the_rest(name):
    amount, expected = GRANTS[name]
    order = Order(1, 0, (("laptop", 1),), 500, 400, 150, inf, Seller(-3, 2, (400,)))
    order.payment, order.collection, order.collected = 1, 2, 350
    refunds_payable = order.grant("a", amount)
    assert [(due.name, due.transaction, due.amount) for due in refunds_payable] == expected
    assert order.left == 500 - amount
    rest = order.grant("b", order.left)
    assert sum(due.amount for due in (*refunds_payable, *rest)) == 500
    assert [sum(due.amount for due in order.refunds_payable if due.transaction == which) for which in (1, 2)] == [
        150,
        350,
    ]
