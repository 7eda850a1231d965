"""The shop's decisions on pages and carts, without SimPy processes."""

import pytest

from alesha_sim.books.ledger import Ledger
from alesha_sim.books.shop import ShopBook
from alesha_sim.entities.entity import Wallet
from alesha_sim.entities.orders import Article
from alesha_sim.entities.shop import Shop
from alesha_sim.messages import (
    Checkout,
    Homepage,
    Invoice,
    LoggedIn,
    LogIn,
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
from alesha_sim.network import Clock
from alesha_sim.records import CANCELLED, COMPLETED, DECLINED, ON_THE_WAY, PROCESSING, Records

LAPTOP, WATCH = Offer("laptop", "Laptop", 60000, 50000), Offer("watch", "Watch", 30000, 25000)
PASSWORD, OTHER = Secret("opensesame"), Secret("closesesame")


@pytest.fixture
def shop():
    articles = [Article(LAPTOP, 40000, 100.0, 10.0), Article(WATCH, 18000, 100.0, 10.0)]
    book = ShopBook(Ledger("BDT", ("laptop", "watch")))
    return Shop(
        Clock(), book, Records(("laptop", "watch"), 3), Wallet(1, Secret("x")), workers=1,
        page_seconds=lambda: 0.0, articles=articles, supplier_account=2,
    )  # fmt: skip


@pytest.fixture
def customer(shop):
    shop.page(Register(PASSWORD), 0)
    shop.page(LogIn(PASSWORD), 0)
    return shop


def test_the_home_page_shows_all_products_with_both_prices(shop):
    assert shop.page(ViewHomepage(), 0) == Homepage((LAPTOP, WATCH))


def test_a_product_page_tells_warranty_and_return_window(shop):
    assert shop.page(ViewProduct("watch"), 0) == ProductPage(WATCH, 100.0, 10.0)
    assert shop.page(ViewProduct("phone"), 0) == Refusal(Reason.UNKNOWN_PRODUCT)


def test_only_a_registered_user_logs_in(shop):
    assert shop.page(LogIn(PASSWORD), 0) == Refusal(Reason.NOT_REGISTERED)
    assert shop.page(Register(PASSWORD), 0) == Registered()
    assert shop.page(LogIn(PASSWORD), 0) == LoggedIn()
    assert shop.page(LogIn(PASSWORD), 1) == Refusal(Reason.NOT_REGISTERED)


def test_registering_twice_is_refused_and_keeps_the_first_password(shop):
    shop.page(Register(PASSWORD), 0)
    assert shop.page(Register(OTHER), 0) == Refusal(Reason.ALREADY_REGISTERED)
    assert shop.page(LogIn(OTHER), 0) == Refusal(Reason.WRONG_PASSWORD)
    assert shop.page(LogIn(PASSWORD), 0) == LoggedIn()


def test_check_out_needs_a_login(shop):
    shop.page(Register(PASSWORD), 0)
    assert shop.page(Checkout((("laptop", 1),)), 0) == Refusal(Reason.NOT_LOGGED_IN)
    assert len(shop.desk.log) == 0


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
    assert customer.page(Checkout(lines), 0) == Refusal(reason)
    assert len(customer.desk.log) == 0


def test_the_shop_totals_the_order_itself(customer):
    assert customer.page(Checkout((("laptop", 1), ("watch", 2))), 0) == Invoice(1, 100_000)
    lines = customer.desk.log.line_columns()
    assert lines["unit_price"].tolist() == [50000, 25000]
    assert lines["unit_charge"].tolist() == [40000, 18000]
    assert lines["quantity"].tolist() == [1, 2]


def test_an_order_can_be_paid_only_by_its_user_and_only_while_received(customer):
    customer.page(Checkout((("laptop", 1),)), 0)
    desk = customer.desk
    assert desk.payable(1, 2) == Reason.UNKNOWN_ORDER
    assert desk.payable(99, 0) == Reason.UNKNOWN_ORDER
    order = desk.payable(1, 0)
    order.answer = object()
    assert desk.payable(1, 0) == Reason.NOT_PAYABLE
    order.answer = None
    desk.advance(order, PROCESSING, 1.0)
    assert desk.payable(1, 0) == Reason.NOT_PAYABLE
    desk.advance(order, COMPLETED, 2.0)
    assert desk.payable(1, 0) == Reason.UNKNOWN_ORDER


def test_a_status_only_moves_forward(customer):
    customer.page(Checkout((("laptop", 1),)), 0)
    desk, order = customer.desk, customer.desk.open_order(1)
    for status in (COMPLETED, ON_THE_WAY, PROCESSING):
        desk.advance(order, status, 5.0)
    assert order.status == COMPLETED
    columns = desk.log.order_columns()
    assert columns["status"].codes.tolist() == [COMPLETED]
    assert columns["closed_at"].tolist() == [5_000_000]


@pytest.mark.parametrize("status", [COMPLETED, CANCELLED, DECLINED])
def test_a_closed_order_leaves_the_desk(customer, status):
    customer.page(Checkout((("laptop", 1),)), 0)
    customer.desk.advance(customer.desk.open_order(1), status, 5.0)
    with pytest.raises(KeyError):
        customer.desk.open_order(1)


def test_the_shop_keeps_no_password_that_can_be_read(customer):
    kept = repr(vars(customer)) + repr(vars(customer.desk))
    assert "opensesame" not in kept
