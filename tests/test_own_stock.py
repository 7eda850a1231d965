"""The shop's own stock, among clerks: what is sent from it, how it is filled, and what returns to it."""

import random
from math import inf

import pytest
from counterparts import Market

from alesha_sim.entities.courier import Courier, Parcel
from alesha_sim.messages import CancelOrder, Deliver, FundsLocation, Method, Reason, Refusal, Replace, ReturnGoods
from alesha_sim.policies import BaseStock, Periodic, ReorderPoint

LAPTOP, WATCHES = ("laptop", 1), ("watch", 2)
GOODS_AT_HOME = ("stock", "goods-in-transit", "losses")


def courier(seconds=10.0, lost=0.0, chance=None):
    return Courier([lambda: seconds], None, lost, chance, lambda: 5.0)


COURIER = courier()


def stocked(policy=None, *, filled=True, courier=COURIER, **terms):
    """A market whose shop has two of each product, unless it is yet to be filled."""
    market = Market(stock=policy or BaseStock(2), courier=courier, **terms)
    market.run()
    if filled:
        fill(market)
    return market


def fill(market):
    """Let everything arrive that the shop has ordered for its stock."""
    for order in list(market.supplier.orders):
        if market.status(order)[0] == "on_the_way" and market.supplier.orders[order].user == -1:
            market.supplier.deliver_stock(order)
    market.run()


def assert_over(market):
    """Once the stock is full again, nothing is open."""
    fill(market)
    market.assert_over()


def goods(market, name):
    """Units of each product in an account of the shop's."""
    accounts = market.ledger.account_columns()
    rows = zip(
        (accounts["account"].labels[code] for code in accounts["account"].codes), accounts["commodity"].codes,
        accounts["closing"].tolist(), strict=True,
    )  # fmt: skip
    return [closing for account, commodity, closing in rows if account == f"shop:{name}" and commodity]


def placed(market):
    """The goods of every replenishment, in order."""
    return [order.lines for order in market.supplier.orders.values() if order.user == -1]


def test_a_shop_with_a_stock_policy_needs_a_courier():
    with pytest.raises(ValueError, match="courier: None: must be given where the shop has a stock policy"):
        Market(stock=BaseStock(2))


def test_the_shop_opens_empty_and_orders_up_to_its_level_as_the_supplier_is_paid():
    market = stocked(filled=False)
    assert placed(market) == [(("laptop", 2),), (("watch", 2),)]
    assert market.bank.deposit == 10_000 - 2 * 400 - 2 * 180
    columns = market.records.orders.purchase_columns()
    assert columns["order"].tolist() == [1, 2]
    assert columns["total"].tolist() == [2 * 400, 2 * 180]
    assert market.records.orders.order_columns()["order"].tolist() == []
    assert market.records.orders.line_columns()["unit_price"].tolist() == [0, 0]
    assert market.shop.stock.warehouse.available == [0, 0]
    fill(market)
    assert market.shop.stock.warehouse.available == goods(market, "stock") == [2, 2]
    assert market.status(1) == ("completed", None)
    assert_over(market)


def test_an_order_whose_goods_are_all_there_is_sent_by_the_shop():
    market = stocked()
    order = market.buy((LAPTOP, WATCHES), user=3)
    assert [parcel[1:] for parcel in market.users.parcels] == [(order, 3, (LAPTOP, WATCHES))]
    assert market.status(order) == ("completed", None)
    assert market.replies[f"pay:{order}"].status == "on_the_way"
    assert order not in market.supplier.orders
    assert [row for row in market.moved(order) if row[0] != "payment"] == [
        ("ship", "goods-in-transit", "stock", 1), ("ship", "goods-in-transit", "stock", 2),
        ("ship", "goods-in-transit", "stock", 760),
        ("deliver", "goods-clearing", "goods-in-transit", 1), ("deliver", "goods-clearing", "goods-in-transit", 2),
        ("sale", "customer-prepayments", "sales", 1000), ("cost", "cost-of-sales", "goods-in-transit", 760),
    ]  # fmt: skip
    assert_over(market)


@pytest.mark.parametrize("filled", [True, False])
def test_the_delivery_note_names_the_payment_and_its_fee_whoever_sends_the_goods(filled):
    market = stocked(filled=filled)
    market.bank.payer_fee = 7
    order = market.buy()
    payment = market.bank.payment_of[order]
    if filled:
        (note,) = (message for message in market.users.seen if isinstance(message, Deliver))
        assert (note.payment, note.fee) == (payment, 7)
    else:
        placed = market.supplier.orders[order]
        assert (placed.payment, placed.fee) == (payment, 7)


def test_the_parcel_travels_as_long_as_the_courier_takes():
    market = stocked(courier=courier(1000.0))
    start = market.clock.now
    market.buy()
    assert [parcel[0] - start for parcel in market.users.parcels] == [
        1000.0 + 4
    ]  # Pay, Authorise, Receipt, Deliver


OTHERS = {
    "more than is there": ((("laptop", 3),), {}, Method.ACCOUNT),
    "one line is short": ((LAPTOP, ("watch", 3)), {}, Method.ACCOUNT),
    "to be paid at the door": ((LAPTOP,), {}, Method.CASH_ON_DELIVERY),
    "a part at the door": ((LAPTOP,), {"advance": 0.5}, Method.ACCOUNT),
}


@pytest.mark.parametrize("name", OTHERS)
def test_any_other_order_goes_to_the_supplier_whole(name):
    lines, terms, method = OTHERS[name]
    market = stocked(**terms)
    order = market.buy(lines, method=method)
    assert market.supplier.orders[order].lines == lines
    assert market.users.parcels == []
    assert goods(market, "stock") == [2, 2]
    market.supplier.deliver(order)
    if market.supplier.orders[order].collect:
        market.supplier.remit(order)
    market.run()
    assert_over(market)


def test_what_is_sent_is_ordered_again_and_what_is_ordered_is_not():
    market = stocked()
    for _ in range(3):
        market.buy()
    assert placed(market)[2:] == [(LAPTOP,), (LAPTOP,)]  # the third order found nothing and took nothing


@pytest.mark.interpreted
def test_an_order_is_sent_without_money_for_its_charges():
    market = stocked(cash=1160)
    assert market.bank.deposit == 0
    waiting = market.buy((("laptop", 3),), user=1)
    assert market.replies[f"pay:{waiting}"].status == "on_the_way"  # its own price pays for it
    market.shop.book.cash_balance = lambda: 0
    late = market.buy((("laptop", 3),), user=2)
    order = market.buy(user=3)
    assert market.status(late) == ("processing", None)
    assert market.status(order) == ("completed", None)


def test_replenishments_wait_for_money_behind_what_is_owed_for_orders_of_users():
    market = stocked(cash=100, filled=False, keeps_orders=True)
    assert [market.status(order)[0] for order in (1, 2)] == ["processing"] * 2
    order = market.buy()  # brings 500, of which 400 are its charges: 200 are left, and 600 would be needed
    assert market.status(order) == ("on_the_way", None)
    market.supplier.deliver(order)
    market.run()
    market.ask("return", ReturnGoods((LAPTOP,)), order=order)
    market.run()
    assert [due.amount for due in market.shop.desk.find(order).refunds_payable] == [500]
    market.bank.release(order, 300)
    market.run()
    assert market.status(order) == ("returned", None)
    assert market.shop.desk.find(order).refunds_payable == ()
    market.bank.release(order, 1160)
    market.run()
    assert [market.status(order)[0] for order in (1, 2)] == ["on_the_way"] * 2


def test_money_that_comes_while_a_refund_is_declined_pays_it_before_a_replenishment():
    market = stocked(cash=1160, keeps_orders=True)
    market.bank.deposit -= 950  # somebody else's debt
    market.shop.book.charges(0.0, market.ledger.new_entry(), 99, 950)
    order = market.buy((("laptop", 2),))
    assert market.bank.deposit == 50
    assert market.shop.payables  # a replenishment waits for 800
    market.ask("return", ReturnGoods((LAPTOP,)), order=order)
    market.bank.channels["shop"].latency = iter([50.0] + [1.0] * 9).__next__
    market.at(10, lambda: market.bank.release(order, 450))
    market.run()
    assert market.shop.desk.find(order).refunds_payable == ()
    assert market.bank.deposit == 0


def test_a_rejected_replenishment_is_given_up_and_ordered_again_with_the_next_demand():
    market = Market(stock=BaseStock(2), courier=courier())
    market.supplier.rejects = True
    market.run()
    assert market.status(1) == ("cancelled", "out_of_stock")
    assert market.shop.stock.warehouse.on_order == [0, 0]
    market.supplier.rejects = False
    order = market.buy((("laptop", 1),))
    assert placed(market) == [(("laptop", 2),)]
    market.supplier.deliver(order)
    market.run()
    assert_over(market)


def test_a_periodic_policy_is_asked_at_its_reviews_until_the_horizon():
    market = stocked(Periodic(1, 3, 100.0), filled=False, horizon=250.0)
    columns = market.records.orders.purchase_columns()
    assert (columns["placed_at"] / 1e6).tolist() == [100.0, 100.0]
    assert market.clock.now == 203.0 or market.clock.now == 200.0
    assert placed(market) == [(("laptop", 3),), (("watch", 3),)]


def test_goods_that_come_back_fit_serve_the_next_order():
    chances = iter([0.1, 0.9])
    market = stocked(BaseStock({"watch": 2}), keeps_orders=True, unfit=0.5, unfit_draw=lambda: next(chances))
    order = market.delivered((("laptop", 2),))
    market.ask("return", ReturnGoods((("laptop", 2),)), order=order)
    market.run()
    assert market.shop.stock.warehouse.available == goods(market, "stock") == [1, 2]
    second = market.buy(user=1)
    assert second not in market.supplier.orders
    assert market.status(second) == ("completed", None)
    assert_over(market)


def test_a_lost_parcel_is_a_loss_and_sent_once_more():
    chances = iter([0.0, 0.9])
    market = stocked(courier=courier(10.0, 0.5, lambda: next(chances)))
    order = market.buy()
    assert market.status(order) == ("completed", None)
    assert goods(market, "losses") == [1, 0]
    assert len(market.users.parcels) == 1
    assert order not in market.supplier.orders
    assert_over(market)


@pytest.mark.parametrize("travels", [10.0, 1000.0])
def test_a_loss_is_reported_once_the_parcel_has_travelled(travels):
    chances = iter([0.0, 0.9])
    sender = courier(travels, 0.5, lambda: next(chances))
    parcels = [Parcel(1, (), [], [], sender, 3, 100.0) for _ in range(2)]
    assert [(parcel.is_lost, parcel.arrives_at - 100.0) for parcel in parcels] == [
        (True, travels + 5.0), (False, travels),
    ]  # fmt: skip


def test_a_lost_parcel_for_which_there_is_no_other_is_bought_from_the_supplier():
    market = stocked(courier=courier(10.0, 0.5, lambda: 0.0))
    order = market.buy((("laptop", 2),))
    assert goods(market, "losses") == [2, 0]
    assert market.supplier.orders[order].lines == (("laptop", 2),)
    market.supplier.deliver(order)
    market.run()
    assert market.status(order) == ("completed", None)
    assert_over(market)


def test_what_was_sent_from_stock_is_not_cancelled():
    market = stocked(courier=courier(1000.0))
    order = market.check_out()
    market.pay(order)
    market.at(100, lambda: market.ask("cancel", CancelOrder(), order=order))
    market.run()
    assert market.replies["cancel"] == Refusal(Reason.NOT_CANCELLABLE, order)
    assert market.status(order) == ("completed", None)


@pytest.mark.parametrize("at", [500.0, 2000.0])
def test_goods_sent_from_stock_may_be_refunded_late(at):
    market = stocked(courier=courier(1000.0), held_in=FundsLocation.ESCROW)
    order = market.check_out()
    market.pay(order)
    market.at(at, lambda: market.bank.refund_late(order))
    market.run()
    assert market.status(order) == ("completed", "late")
    assert [row[3] for row in market.moved(order, codes=("sale", "allowance"))] == [500, 500]
    assert not any(isinstance(message, (CancelOrder, Replace)) for message in market.supplier.seen)
    assert_over(market)


def test_a_parcel_lost_after_a_late_refund_is_not_sent_again():
    market = stocked(courier=courier(1000.0, 0.5, lambda: 0.0), held_in=FundsLocation.ESCROW)
    order = market.check_out()
    market.pay(order)
    market.at(500, lambda: market.bank.refund_late(order))
    market.run()
    assert market.status(order) == ("cancelled", "late")
    assert market.users.parcels == []
    assert_over(market)


# With crashes, and over channels that lose and double messages


@pytest.mark.parametrize("seed", range(25))
def test_in_any_turmoil_every_unit_is_somewhere_and_every_order_ends(seed):
    draw = random.Random(seed)
    market = Market(
        stock=draw.choice([BaseStock(3), ReorderPoint(1, 4), Periodic(2, 5, 150.0)]), horizon=600.0,
        courier=courier(40.0, 0.3, draw.random), cash=draw.choice([500, 10_000]), keeps_orders=True, unfit=0.5,
        unfit_draw=draw.random, hostile=lambda name: random.Random(f"{name} {seed}").random,
    )  # fmt: skip
    for user in range(8):
        market.at(draw.uniform(0, 500), lambda user=user: begin(market, draw, user))
    for number in range(3):
        market.at(200.0 * number + draw.uniform(1, 150), market.crash)
        market.at(200.0 * number + 190, lambda: supply(market))
    market.run()
    for _ in range(10):
        market.bank.deposit += 3_000
        market.shop.book.open(market.clock.now, market.ledger.new_entry(), 3_000)
        market.shop.payables.money_in()
        market.run()
        supply(market)
        market.run()
    assert market.shop.desk.all_open() == []
    assert {market.status(order)[0] for order in range(1, len(market.records.orders) + 1)} <= {
        "completed", "declined", "returned",
    }  # fmt: skip
    assert market.shop.stock.warehouse.available == goods(market, "stock")
    assert goods(market, "goods-in-transit") in ([0, 0], [])
    sent = [order for _, order, *_ in market.users.parcels]
    assert len(sent) == len(set(sent))
    market.assert_over()


def begin(market, draw, user):
    lines = draw.choice([(LAPTOP,), (WATCHES,), (LAPTOP, WATCHES)])
    order = market.check_out(lines, user=user)
    market.pay(order, user=user)
    market.at(draw.uniform(200, 400), lambda: market.ask(
        f"return:{order}", ReturnGoods(lines), user=user, order=order))  # fmt: skip


def supply(market):
    """Let everything arrive that the supplier has not sent yet."""
    for order, message in list(market.supplier.orders.items()):
        if order not in market.supplier.shipped:
            market.supplier.shipped.add(order)
            if message.user == -1:
                market.supplier.deliver_stock(order)
            else:
                market.supplier.deliver(order)


def test_without_a_horizon_a_policy_reviewed_at_demands_lets_the_run_end():
    market = stocked(horizon=inf)
    market.buy()
    assert market.clock.peek() == inf
