"""The shop among clerks: payments in every pocket and at the door, cancellations, late refunds, what comes after.

The clerks are in `counterparts.py`. Whatever happens, every balance that belongs to an order is zero when it is
over, and the shop knows what it has.
"""

import random

import pytest
from counterparts import SECRET, Market

from alesha_sim.entities.shop.order_states import STOP
from alesha_sim.messages import (
    CancelOrder,
    ClaimAccepted,
    ClaimWarranty,
    Compensated,
    Complain,
    Confirmation,
    Decline,
    EnquirePayment,
    FundsLocation,
    Method,
    OrderCancelled,
    Pay,
    Reason,
    Refund,
    Refusal,
    Replace,
    ReturnGoods,
    ReturnReceived,
)
from alesha_sim.vocabulary import NO_ID, SHOP, SUPPLIER

LAPTOP, WATCHES = ("laptop", 1), ("watch", 2)
BOTH = (LAPTOP, WATCHES)
LOCATIONS = list(FundsLocation)
DOOR = Method.CASH_ON_DELIVERY


def codes(market, order):
    return [row[0] for row in market.moved(order)]


# Pockets: where the payment goes, and when it comes


@pytest.mark.parametrize("held_in", LOCATIONS)
@pytest.mark.parametrize("settled_first", [False, True])
def test_a_delivered_order_leaves_no_balance_whenever_it_is_settled(held_in, settled_first):
    market = Market(held_in=held_in)
    order = market.buy(BOTH)
    market.bank.fee, market.bank.retained = 20, 30
    acts = [lambda: market.supplier.deliver(order), lambda: market.bank.settle(order)]
    for act in reversed(acts) if settled_first else acts:
        act()
        market.run()
    assert market.status(order) == ("completed", None)
    assert market.shop.desk.find(order) is None
    market.assert_over()


@pytest.mark.parametrize("held_in", LOCATIONS)
def test_a_rejected_order_is_refunded_from_where_its_payment_is_held(held_in):
    market = Market(held_in=held_in)
    market.supplier.rejects = True
    order = market.buy()
    assert market.status(order) == ("cancelled", "out_of_stock")
    refusal = Refusal(Reason.OUT_OF_STOCK, order, market.bank.payment_of[order], 500)
    assert market.replies[f"pay:{order}"] == refusal
    source = {
        FundsLocation.DEPOSIT: "cash",
        FundsLocation.SETTLEMENT_DUE: "settlement-due",
        FundsLocation.ESCROW: None,
    }[held_in]
    refunds = [] if source is None else [("refund", "refunds-payable", source, 500)]
    assert market.moved(order, codes=("refund",)) == refunds
    assert market.shop.desk.find(order) is None
    market.assert_over()


def test_fees_and_what_is_kept_back_of_a_payment_are_booked_and_the_payers_fee_is_told():
    market = Market()
    market.bank.fee, market.bank.retained, market.bank.payer_fee = 10, 40, 7
    order = market.buy()
    reply = market.replies[f"pay:{order}"]
    assert (reply.total, reply.fee) == (500, 7)
    assert market.moved(order, codes=("payment", "fee", "retention")) == [
        ("payment", "cash", "customer-prepayments", 500), ("fee", "payment-fees", "cash", 10),
        ("retention", "rolling-reserve", "cash", 40),
    ]  # fmt: skip
    market.supplier.deliver(order)
    market.bank.release(order, 40)
    market.run()
    market.assert_over()


def test_a_declined_attempt_that_costs_a_fee_is_booked():
    market = Market()
    market.bank.declines, market.bank.fee = Reason.WRONG_SECRET, 5
    order = market.buy()
    assert market.status(order) == ("declined", "wrong_secret")
    assert market.moved(order) == [("fee", "payment-fees", "cash", 5)]
    market.assert_over()


# At the door


@pytest.mark.parametrize(("advance", "collect"), [(0.0, 500), (0.3, 350)])
def test_the_rest_is_collected_at_the_door_and_remitted(advance, collect):
    market = Market(advance=advance)
    order = market.buy()
    assert market.supplier.orders[order].collect == collect
    reply = market.replies[f"pay:{order}"]
    assert (reply.transaction == -1, reply.total, reply.status) == (advance == 0, 500 - collect, "on_the_way")
    market.supplier.deliver(order, twice=True)
    market.run()
    assert market.moved(order, codes=("collection",)) == [
        ("collection", "collections-receivable", "customer-prepayments", collect)
    ]
    market.supplier.remit(order)
    market.run()
    assert market.status(order) == ("completed", None)
    market.assert_over()


def test_the_remittance_may_come_before_the_news_of_the_delivery():
    market = Market()
    order = market.buy(method=DOOR)
    market.supplier.remit(order)
    market.run()
    market.supplier.deliver(order)
    market.run()
    market.assert_over()


@pytest.mark.parametrize("advance", [0.0, 0.3])
def test_goods_refused_at_the_door_cancel_the_order_and_cost_transport(advance):
    market = Market(advance=advance)
    order = market.buy()
    market.supplier.shipped.add(order)
    market.supplier.come_back(order)
    market.run()
    assert market.status(order) == ("cancelled", "refused_at_door")
    assert market.moved(order, codes=("charges-return", "transport")) == [
        ("charges-return", "cash", "supplier-advances", 370), ("transport", "transport", "supplier-advances", 30),
    ]  # fmt: skip
    assert sum(payment[0] for payment in market.bank.payments.values()) == 0
    market.assert_over()


# Parcels


@pytest.mark.parametrize("held_in", LOCATIONS)
def test_an_order_is_completed_by_its_last_parcel_and_each_is_sold_once(held_in):
    market = Market(held_in=held_in)
    order = market.buy(BOTH)
    market.supplier.deliver(order, (WATCHES,), twice=True)
    market.run()
    assert market.status(order) == ("on_the_way", None)
    assert [row[3] for row in market.moved(order, codes=("sale", "cost"))] == [500, 360]
    market.supplier.deliver(order, (LAPTOP,), twice=True)
    market.run()
    market.bank.settle(order)
    market.run()
    assert market.status(order) == ("completed", None)
    assert [row[3] for row in market.moved(order, codes=("sale", "cost"))] == [500, 360, 500, 400]
    market.assert_over()


def test_half_of_a_line_does_not_complete_an_order():
    market = Market()
    order = market.buy((WATCHES,))
    for expected in ("on_the_way", "completed"):
        market.supplier.deliver(order, (("watch", 1),))
        market.run()
        assert market.status(order)[0] == expected
    market.assert_over()


def test_goods_that_overtake_the_acceptance_confirm_the_order():
    market = Market()
    market.supplier.is_slow = True
    order = market.buy()
    market.supplier.deliver(order)
    market.run()
    assert market.replies[f"pay:{order}"].status == "completed"
    market.assert_over()


# Cancelled by the user


def cancelled(market, order, *, user=0, name="cancel"):
    market.ask(name, CancelOrder(), user=user, order=order)
    market.run()
    return market.replies[name]


def test_an_order_that_is_not_paid_is_cancelled_at_once():
    market = Market()
    order = market.check_out()
    assert cancelled(market, order) == OrderCancelled(Reason.CHANGED_MIND)
    assert market.status(order) == ("cancelled", "changed_mind")
    assert market.moved(order) == []
    assert market.shop.desk.find(order) is None


def test_nobody_cancels_what_is_not_theirs():
    market = Market()
    order = market.check_out()
    assert cancelled(market, order, user=1) == Refusal(Reason.UNKNOWN_ORDER, order)
    assert cancelled(market, 99, name="another") == Refusal(Reason.UNKNOWN_ORDER, 99)
    assert market.status(order) == ("received", None)


@pytest.mark.parametrize("held_in", LOCATIONS)
@pytest.mark.interpreted
def test_an_order_that_waits_for_money_is_cancelled_and_refunded(held_in):
    market = Market(cash=0, held_in=held_in)
    market.shop.book.cash_balance = lambda: 0
    order = market.buy()
    assert market.replies[f"pay:{order}"].status == "processing"
    assert cancelled(market, order) == OrderCancelled(Reason.CHANGED_MIND)
    assert market.status(order) == ("cancelled", "changed_mind")
    assert market.supplier.orders == {}
    assert market.shop.desk.find(order) is None
    assert market.open_balances() == {}


@pytest.mark.parametrize("held_in", LOCATIONS)
def test_an_accepted_order_is_cancelled_if_the_supplier_has_sent_nothing(held_in):
    market = Market(held_in=held_in)
    order = market.buy(BOTH)
    market.bank.settle(order) if held_in is FundsLocation.SETTLEMENT_DUE else None
    assert cancelled(market, order) == OrderCancelled(Reason.CHANGED_MIND)
    assert market.status(order) == ("cancelled", "changed_mind")
    assert sum(payment[0] for payment in market.bank.payments.values()) == 0
    market.assert_over()


def test_an_order_to_be_paid_at_the_door_is_cancelled_without_a_refund():
    market = Market()
    order = market.buy(method=DOOR)
    assert isinstance(cancelled(market, order), OrderCancelled)
    assert market.status(order) == ("cancelled", "changed_mind")
    assert not any(isinstance(message, Refund) for message in market.bank.seen)
    market.assert_over()


def test_an_order_that_was_sent_is_not_cancelled_and_may_be_asked_about_again():
    market = Market()
    order = market.buy()
    market.supplier.shipped.add(order)
    for name in ("once", "again"):
        assert cancelled(market, order, name=name) == Refusal(Reason.NOT_CANCELLABLE, order)
    log = market.records.messages.array()
    assert sum((log["sender"] == SHOP) & (log["recipient"] == SUPPLIER)) == 3  # the order, and twice to cancel it
    market.supplier.deliver(order)
    market.run()
    assert market.status(order) == ("completed", None)
    assert cancelled(market, order, name="late") == Refusal(Reason.UNKNOWN_ORDER, order)
    market.assert_over()


@pytest.mark.parametrize("after", [1.5, 2.5, 3.5, 4.5, 5.5, 6.5])
def test_an_order_that_is_being_paid_or_bought_is_not_cancelled(after):
    market = Market()
    order = market.check_out()
    market.pay(order)
    market.at(after - 1, lambda: market.ask("cancel", CancelOrder(), order=order))
    market.run()
    assert market.replies["cancel"] == Refusal(Reason.NOT_CANCELLABLE, order)
    assert market.status(order) == ("on_the_way", None)


def test_two_requests_to_cancel_ask_the_supplier_once():
    market = Market()
    order = market.buy()
    for name in ("one", "other"):
        market.ask(name, CancelOrder(), order=order)
    market.run()
    assert sorted(map(type, (market.replies["one"], market.replies["other"])), key=str) == [
        OrderCancelled,
        Refusal,
    ]
    assert [type(message) for message in market.supplier.seen].count(CancelOrder) == 1
    market.assert_over()


@pytest.mark.parametrize("at", [0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
def test_a_shop_that_crashes_while_it_asks_the_supplier_still_tells_the_user_the_outcome(at):
    market = Market(patient=True)
    order = market.buy()
    market.ask("cancel", CancelOrder(), order=order)
    market.at(at, lambda: market.crash(7.0))
    market.run()
    assert market.replies["cancel"] == OrderCancelled(Reason.CHANGED_MIND)
    assert market.status(order) == ("cancelled", "changed_mind")
    market.assert_over()


# Asked what became of a payment


def enquired(market, order, *, user=0, name="enquiry"):
    market.ask(name, EnquirePayment(), user=user, order=order)
    market.run()
    return market.replies[name]


@pytest.mark.parametrize("kept", [False, True])
def test_an_order_that_its_user_asks_after_unpaid_is_never_paid(kept):
    market = Market(keeps_orders=kept)
    order = market.check_out()
    assert enquired(market, order) == Refusal(Reason.UNPAID, order)
    assert market.status(order) == ("cancelled", "unpaid")
    market.ask("pay", Pay(order, 10_000_000, SECRET), order=order)
    market.run()
    assert isinstance(market.replies["pay"], Refusal)
    assert market.moved(order) == []


@pytest.mark.parametrize("held_in", LOCATIONS)
@pytest.mark.parametrize("cash", [10_000, 0])
def test_who_asks_after_a_payment_is_told_of_it(held_in, cash):
    market = Market(held_in=held_in, cash=cash)
    market.bank.payer_fee = 7
    order = market.buy()
    told = enquired(market, order)
    assert (told.transaction, told.total, told.fee) == (market.bank.payment_of[order], 500, 7)
    assert type(told) is type(market.replies[f"pay:{order}"]) is Confirmation


@pytest.mark.parametrize("crash_at", [None, *(half / 2 for half in range(3, 18))])
@pytest.mark.parametrize(("declines", "answer"), [(None, Confirmation), (Reason.WRONG_SECRET, Refusal)])
def test_an_enquiry_waits_for_a_payment_under_way(declines, answer, crash_at):
    market = Market(patient=True)
    market.bank.declines = declines
    order = market.check_out()
    market.pay(order)
    market.at(1.5, lambda: market.ask("enquiry", EnquirePayment(), order=order))
    if crash_at is not None:
        market.at(crash_at, lambda: market.crash(7.0))
    market.run()
    told = [market.replies[name] for name in ("enquiry", f"pay:{order}")]
    assert [type(reply) for reply in told] == [answer] * 2
    assert {reply.transaction for reply in told} == {market.bank.payment_of.get(order, NO_ID)}


def test_an_enquiry_about_a_refund_that_waits_for_money_tells_of_the_payment():
    market = Market(held_in=FundsLocation.SETTLEMENT_DUE)
    market.supplier.rejects = True
    market.bank.refund = lambda message, delivery: Decline(Reason.INSUFFICIENT_FUNDS)
    order = market.buy()
    told = enquired(market, order)
    assert (told.reason, told.transaction) == (Reason.OUT_OF_STOCK, market.bank.payment_of[order])


def test_nothing_is_told_of_orders_that_are_over_or_another_users():
    market = Market()
    order = market.delivered()
    other = market.buy(user=1)
    assert enquired(market, order) == Refusal(Reason.UNKNOWN_ORDER, order)
    assert enquired(market, other, name="other") == Refusal(Reason.UNKNOWN_ORDER, other)


# Refunded late by the bank, out of escrow


def escrowed(**terms):
    return Market(held_in=FundsLocation.ESCROW, promise_seconds=50.0, **terms)


def test_a_late_refund_stops_goods_that_have_not_been_sent():
    market = escrowed()
    order = market.buy()
    market.bank.refund_late(order)
    market.run()
    assert market.status(order) == ("cancelled", "late")
    assert codes(market, order) == ["charges", "charges-return"]
    assert market.shop.desk.find(order) is None
    market.assert_over()


def test_goods_that_were_sent_arrive_after_a_late_refund_for_nothing():
    market = escrowed()
    order = market.buy(BOTH)
    market.supplier.shipped.add(order)
    market.bank.refund_late(order)
    market.run()
    for line in BOTH:
        market.supplier.deliver(order, (line,))
        market.run()
    assert market.status(order) == ("completed", "late")
    rows = market.moved(order, codes=("sale", "allowance"))
    assert rows == [
        (code, *sides, 500) for _ in BOTH
        for code, *sides in (("sale", "settlement-due", "sales"), ("allowance", "sales-returns", "settlement-due"))
    ]  # fmt: skip
    market.assert_over()


def test_a_late_refund_after_the_first_parcel_gives_back_what_was_delivered_and_what_will_be():
    market = escrowed()
    order = market.buy(BOTH)
    market.supplier.deliver(order, (LAPTOP,))
    market.run()
    market.bank.refund_late(order)
    market.run()
    assert market.moved(order, codes=("allowance",)) == [("allowance", "sales-returns", "settlement-due", 500)]
    market.supplier.deliver(order, (WATCHES,))
    market.run()
    assert market.status(order) == ("completed", "late")
    market.assert_over()


@pytest.mark.parametrize("keeps", [False, True])
def test_an_order_that_arrived_and_was_not_confirmed_may_still_be_refunded_late(keeps):
    market = escrowed(keeps_orders=keeps)
    order = market.buy(BOTH)
    market.supplier.deliver(order)
    market.run()
    assert market.shop.desk.find(order) is not None
    market.bank.refund_late(order)
    market.run()
    assert market.status(order) == ("completed", "late")
    assert (market.shop.desk.find(order) is not None) == keeps
    market.assert_over()


def test_a_late_refund_of_an_order_that_waits_for_money_cancels_it():
    market = escrowed(cash=0)
    order, other = market.buy(), market.buy(user=1)
    market.bank.refund_late(order)
    market.run()
    assert market.status(order) == ("cancelled", "late")
    assert market.status(other) == ("processing", None)
    market.bank.deposit += 400
    market.shop.book.open(market.clock.now, market.ledger.new_entry(), 400)
    market.shop.payables.money_in()
    market.run()
    assert market.status(other) == ("on_the_way", None)
    assert not market.shop.payables


@pytest.mark.parametrize("after", [1.5, 2.5, 3.5, 4.5, 5.5])
def test_a_late_refund_in_the_middle_of_buying_recalls_the_goods_once_they_are_ordered(after):
    market = escrowed()
    order = market.check_out()
    market.pay(order)
    market.at(after, lambda: market.bank.refund_late(order) if order in market.bank.payment_of else None)
    market.run()
    market.bank.refund_late(order)
    market.run()
    assert market.status(order) == ("cancelled", "late")
    market.assert_over()


def test_news_of_a_late_refund_may_come_before_the_receipt_of_the_payment():
    market = escrowed()
    order = market.check_out()
    market.shop.channels["bank"].back.latency = lambda: next(slow)
    slow = iter([50.0, 1.0])
    market.pay(order)
    market.at(5, lambda: market.bank.refund_late(order))
    market.run()
    assert market.status(order) == ("cancelled", "late")
    transaction = market.bank.payment_of[order]
    assert market.replies[f"pay:{order}"] == Refusal(Reason.LATE, order, transaction, 500)
    assert market.moved(order) == []
    assert market.supplier.orders == {}


def test_a_late_refund_while_the_bank_declines_the_charges_calls_the_order_off():
    market = escrowed()
    market.bank.deposit = 0  # somebody else was quicker
    order = market.check_out()
    market.pay(order)
    market.at(4.5, lambda: market.bank.refund_late(order))
    market.shop.channels["bank"].latency = iter([1.0, 3.0]).__next__
    market.run()
    transaction = market.bank.payment_of[order]
    assert market.replies[f"pay:{order}"] == Refusal(Reason.LATE, order, transaction, 500)
    assert market.status(order) == ("cancelled", "late")
    assert not market.shop.payables
    assert market.supplier.orders == {}


def test_a_late_refund_while_the_user_cancels_refunds_once_and_answers_the_user():
    market = escrowed()
    order = market.buy()
    market.ask("cancel", CancelOrder(), order=order)
    market.at(0.5, lambda: market.bank.refund_late(order))
    market.run()
    assert market.replies["cancel"] == OrderCancelled(Reason.CHANGED_MIND)
    kinds = market.records.messages.columns()["kind"]
    assert [kinds.labels[code] for code in kinds.codes].count("CancelOrder") == 2  # the user's, and the shop's
    assert market.status(order) == ("cancelled", "late")
    market.assert_over()


def test_a_late_refund_that_overtakes_the_shops_own_refund_ends_it():
    market = escrowed()
    market.supplier.rejects = True
    order = market.check_out()
    market.pay(order)
    market.at(6.5, lambda: market.bank.refund_late(order))  # just before the shop's `Refund` is served
    market.run()
    declined = [message for message in market.bank.seen if isinstance(message, Refund)]
    assert len(declined) == 1
    assert market.status(order)[0] == "cancelled"
    assert not market.shop.payables
    market.assert_over()


# Returns


def returned(market, order, lines, *, user=0, name="return"):
    market.ask(name, ReturnGoods(lines), user=user, order=order)
    market.run()
    return market.replies[name]


def kept(**terms):
    return Market(keeps_orders=True, **terms)


@pytest.mark.parametrize("held_in", LOCATIONS)
def test_returned_goods_are_in_stock_and_their_price_less_a_fee_is_given_back(held_in):
    market = kept(held_in=held_in, restocking_fee=0.1)
    order = market.delivered(BOTH)
    reply = returned(market, order, (("watch", 1),))
    assert (reply.lines, reply.amount) == ((("watch", 1),), 225)
    assert market.moved(order, codes=("return",)) == [
        ("return", "stock", "goods-clearing", 1), ("return", "stock", "cost-of-sales", 180),
        ("return", "sales-returns", "refunds-payable", 225),
    ]  # fmt: skip
    assert market.status(order) == ("completed", None)
    assert isinstance(returned(market, order, (("watch", 1), LAPTOP), name="rest"), ReturnReceived)
    assert market.status(order) == ("returned", None)
    assert [payment[0] for payment in market.bank.payments.values()] == [100]
    market.assert_over()


REFUSED_RETURNS = {
    "more than bought": ((("watch", 3),), 0, Reason.MORE_THAN_BOUGHT),
    "not bought": ((("laptop", 1),), 0, Reason.MORE_THAN_BOUGHT),
    "unknown": ((("phone", 1),), 0, Reason.UNKNOWN_PRODUCT),
    "none": ((), 0, Reason.EMPTY_CART),
    "less than none": ((("watch", -1),), 0, Reason.INVALID_QUANTITY),
    "too late": ((("watch", 1),), 51, Reason.RETURN_WINDOW_OVER),
}


@pytest.mark.parametrize("name", REFUSED_RETURNS)
def test_a_return_is_refused_and_moves_nothing(name):
    lines, after, reason = REFUSED_RETURNS[name]
    market = kept()
    order = market.delivered((WATCHES,))
    before = market.moved(order)
    market.wait(after)
    assert returned(market, order, lines) == Refusal(reason, order)
    assert market.moved(order) == before


def test_goods_come_back_up_to_the_last_instant_of_each_products_window():
    market = kept()
    order = market.delivered(BOTH)
    market.wait(market.shop.desk.find(order).delivered_at + 50 - market.clock.now - 1)
    assert isinstance(returned(market, order, (("watch", 1),)), ReturnReceived)
    assert returned(market, order, (("watch", 1),), name="over") == Refusal(Reason.RETURN_WINDOW_OVER, order)
    assert isinstance(returned(market, order, (LAPTOP,), name="longer"), ReturnReceived)


def test_nothing_comes_back_before_delivery_before_release_or_after_a_late_refund():
    market = kept(held_in=FundsLocation.ESCROW)
    order = market.buy((WATCHES,))
    assert returned(market, order, (WATCHES,), name="1") == Refusal(Reason.NOT_DELIVERED, order)
    market.supplier.deliver(order)
    market.run()
    assert returned(market, order, (WATCHES,), name="2") == Refusal(Reason.NOT_SETTLED, order)
    assert returned(market, order, (WATCHES,), name="3", user=1) == Refusal(Reason.UNKNOWN_ORDER, order)
    market.bank.refund_late(order)
    market.run()
    assert returned(market, order, (WATCHES,), name="4") == Refusal(Reason.ESCROW_CLOSED, order)
    market.assert_over()


def test_units_come_back_once():
    market = kept()
    order = market.delivered((WATCHES,))
    assert isinstance(returned(market, order, (("watch", 1),), name="1"), ReturnReceived)
    assert returned(market, order, (WATCHES,), name="2") == Refusal(Reason.MORE_THAN_BOUGHT, order)
    assert isinstance(returned(market, order, (("watch", 1),), name="3"), ReturnReceived)
    assert returned(market, order, (("watch", 1),), name="4") == Refusal(Reason.MORE_THAN_BOUGHT, order)
    market.assert_over()


def test_unfit_goods_are_written_off_unit_by_unit_as_chance_has_it():
    chances = iter([0.2, 0.9, 0.1])
    market = kept(unfit=0.25, unfit_draw=lambda: next(chances))
    order = market.delivered(BOTH)
    returned(market, order, BOTH)
    assert market.moved(order, codes=("write-off",)) == [
        ("write-off", "losses", "stock", 1), ("write-off", "losses", "stock", 1),
        ("write-off", "losses", "stock", 580),
    ]  # fmt: skip


def test_a_return_of_an_order_paid_in_part_at_the_door_is_refunded_from_both():
    market = kept(advance=0.3)
    order = market.delivered(settle=False)
    market.supplier.remit(order)
    market.run()
    assert returned(market, order, (LAPTOP,)).amount == 500
    refunds = [message for message in market.bank.seen if isinstance(message, Refund)]
    assert [refund.amount for refund in refunds] == [150, 350]
    assert [payment[0] for payment in market.bank.payments.values()] == [0, 0]
    market.assert_over()


def test_what_is_kept_for_restocking_is_rounded():
    market = kept(restocking_fee=0.0051)
    order = market.delivered()
    assert returned(market, order, (LAPTOP,)).amount == 500 - 3  # of 2.55
    market.assert_over()


def test_an_order_is_cancelled_by_its_last_refund():
    market = Market()
    number = market.buy()
    order = market.shop.desk.find(number)
    market.shop.book.cancelled(market.clock.now, number, order.advance)
    order.take_step(STOP)
    refunds_payable = (*order.grant("one", 300), *order.grant("other", 200))
    market.clock.process(market.shop.payables.give_back(order, refunds_payable))
    for seconds, status in ((3, "on_the_way"), (2, "cancelled")):  # two seconds a refund
        market.at(seconds, lambda: None)
        market.clock.run_to(market.clock.now + seconds)
        assert market.status(number)[0] == status


def test_what_was_compensated_is_not_given_back_again():
    market = kept(compensation=0.2, promise_seconds=10.0)
    order = market.delivered(after=20)
    market.ask("complain", Complain(), order=order)
    market.run()
    assert market.replies["complain"].amount == 100
    assert returned(market, order, (LAPTOP,)).amount == 400
    assert [payment[0] for payment in market.bank.payments.values()] == [0]
    market.assert_over()


def test_a_shop_that_forgets_closed_orders_takes_nothing_back():
    market = Market()
    order = market.delivered()
    assert returned(market, order, (LAPTOP,)) == Refusal(Reason.UNKNOWN_ORDER, order)


# Debts: they wait for money in order of arrival, and hold up nobody


def test_refunds_and_charges_wait_for_money_in_order_of_arrival():
    market = kept(cash=0)
    back = [market.delivered(user=user) for user in (0, 1)]
    for user, order in enumerate(back):  # the shop has 200 left and owes 500 twice
        assert isinstance(returned(market, order, (LAPTOP,), user=user, name=f"return:{order}"), ReturnReceived)
    later = [market.buy((("watch", 1),), user=user) for user in range(2, 7)]  # each brings 250 and needs 180
    assert {market.replies[f"pay:{order}"].status for order in later} == {"processing"}
    codes = market.ledger.columns()["code"]
    rows = zip(
        market.ledger.columns()["order"].tolist(), (codes.labels[code] for code in codes.codes), strict=True
    )
    paid = [(code, order) for order, code in rows if code == "refund" or (code == "charges" and order in later)]
    assert paid == [("refund", back[0]), ("refund", back[1]), ("charges", later[0]), ("charges", later[1])]
    assert market.shop.book.cash_balance() == market.bank.deposit == 90


def test_a_refund_out_of_escrow_waits_for_no_debt():
    market = Market(cash=0, held_in=FundsLocation.ESCROW)
    first, second = market.buy(), market.buy(user=1)
    assert isinstance(cancelled(market, second, user=1), OrderCancelled)
    assert market.status(second) == ("cancelled", "changed_mind")
    assert market.status(first) == ("processing", None)


def test_debts_are_paid_when_a_settlement_a_release_or_a_remittance_comes():
    for bring in ("settle", "release", "remit"):
        market = Market(cash=400, held_in=FundsLocation.SETTLEMENT_DUE)
        paid = market.buy(method=DOOR if bring == "remit" else Method.ACCOUNT)
        waiting = market.buy(user=1, lines=(("watch", 1),))
        assert market.status(waiting) == ("processing", None)
        if bring == "settle":
            market.bank.settle(paid)
        elif bring == "release":
            market.bank.release(paid, 180)
        else:
            market.supplier.remit(paid)
        market.run()
        assert market.status(waiting) == ("on_the_way", None)


@pytest.mark.parametrize("at", [1.5, 2.5])
def test_a_refund_that_a_crash_interrupts_is_not_put_behind_a_debt_for_which_it_took_the_money(at):
    market = kept(cash=350, patient=True)
    back = market.delivered()
    assert isinstance(returned(market, back, (LAPTOP,)), ReturnReceived)  # 450 there, 500 due
    waiting = market.buy((("laptop", 2),), user=1, method=DOOR)  # no payment: first on recovery
    market.bank.release(back, 100)
    market.at(at, lambda: market.crash(7.0))
    market.run()
    assert market.status(waiting) == ("processing", None)
    assert ("refund", "refunds-payable", "cash", 500) in market.moved(back)
    assert market.shop.book.cash_balance() == market.bank.deposit == 50


# Complaints


def complained(market, order, *, user=0, name="complain"):
    market.ask(name, Complain(), user=user, order=order)
    market.run()
    return market.replies[name]


@pytest.mark.parametrize("held_in", LOCATIONS)
def test_a_late_delivery_is_compensated_once(held_in):
    market = kept(held_in=held_in, compensation=0.1, promise_seconds=10.0)
    order = market.delivered(after=20)
    reply = complained(market, order)
    assert reply.amount == 50
    assert market.moved(order, codes=("allowance",)) == [("allowance", "sales-returns", "refunds-payable", 50)]
    assert complained(market, order, name="again") == Compensated()
    assert [payment[0] for payment in market.bank.payments.values()] == [450]
    assert market.status(order) == ("completed", None)
    market.assert_over()


COMPLAINTS = {
    "in time": ({"promise_seconds": 100.0, "compensation": 0.1}, Compensated()),
    "nothing promised": ({"compensation": 0.1}, Compensated()),
    "nothing granted": ({"promise_seconds": 10.0}, Compensated()),
}


@pytest.mark.parametrize("name", COMPLAINTS)
def test_a_complaint_without_grounds_moves_nothing(name):
    terms, reply = COMPLAINTS[name]
    market = kept(**terms)
    order = market.delivered(after=20)
    before = market.moved(order)
    assert complained(market, order) == reply
    assert complained(market, order, user=1, name="other") == Refusal(Reason.UNKNOWN_ORDER, order)
    assert market.moved(order) == before


def test_a_complaint_that_cannot_be_judged_yet_may_be_made_again():
    market = kept(held_in=FundsLocation.ESCROW, compensation=0.1, promise_seconds=10.0)
    order = market.buy()
    assert complained(market, order, name="1") == Refusal(Reason.NOT_DELIVERED, order)
    market.wait(20)
    market.supplier.deliver(order)
    market.run()
    assert complained(market, order, name="2") == Refusal(Reason.NOT_SETTLED, order)
    market.bank.settle(order)
    market.run()
    assert complained(market, order, name="3").amount == 50
    market.assert_over()


def test_an_order_paid_in_part_at_the_door_is_compensated_for_all_of_it():
    market = kept(advance=0.3, compensation=0.1, promise_seconds=10.0)
    order = market.delivered(after=20, settle=False)
    market.supplier.remit(order)
    market.run()
    assert complained(market, order).amount == 50
    market.assert_over()


def test_whoever_got_everything_back_is_not_compensated():
    market = kept(held_in=FundsLocation.ESCROW, compensation=0.1, promise_seconds=10.0)
    order = market.delivered(after=20, settle=False)
    market.bank.refund_late(order)
    market.run()
    assert complained(market, order) == Compensated()
    market.assert_over()


# Claims under warranty


def claimed(market, order, lines, *, user=0, name="claim"):
    market.ask(name, ClaimWarranty(lines), user=user, order=order)
    market.run()
    return market.replies[name]


def test_a_claim_has_the_supplier_send_new_goods_once_a_line():
    market = kept()
    order = market.delivered(BOTH, user=7)
    assert claimed(market, order, (WATCHES,), user=7) == ClaimAccepted()
    assert Replace((WATCHES,), 7) in market.supplier.seen
    refusal = Refusal(Reason.MORE_THAN_BOUGHT, order)
    assert claimed(market, order, (WATCHES,), user=7, name="again") == refusal
    assert claimed(market, order, (LAPTOP,), user=7, name="other") == ClaimAccepted()
    market.assert_over()


def test_a_claim_that_the_supplier_rejects_is_refused():
    market = kept()
    order = market.delivered()
    market.supplier.rejects = True
    assert claimed(market, order, (LAPTOP,)) == Refusal(Reason.OUT_OF_STOCK, order)


def test_a_claim_is_refused_before_delivery_after_the_warranty_and_for_what_went_back():
    market = kept()
    order = market.buy(BOTH)
    assert claimed(market, order, (LAPTOP,), name="1") == Refusal(Reason.NOT_DELIVERED, order)
    market.supplier.deliver(order)
    market.run()
    returned(market, order, (("watch", 1),))
    assert claimed(market, order, (WATCHES,), name="2") == Refusal(Reason.MORE_THAN_BOUGHT, order)
    assert claimed(market, order, (LAPTOP,), name="3", user=1) == Refusal(Reason.UNKNOWN_ORDER, order)
    market.wait(1000)
    assert claimed(market, order, (LAPTOP,), name="4") == Refusal(Reason.WARRANTY_OVER, order)
    assert not any(isinstance(message, Replace) for message in market.supplier.seen)


# Memory


@pytest.mark.parametrize("held_in", LOCATIONS)
def test_a_shop_that_does_not_keep_orders_remembers_none_that_is_over(held_in):
    market = Market(held_in=held_in)
    for user in range(3):
        market.delivered(user=user)
    assert isinstance(cancelled(market, market.buy(user=4), user=4), OrderCancelled)
    market.supplier.rejects = True
    market.buy(user=5)
    market.bank.declines = Reason.WRONG_SECRET
    market.buy(user=6)
    assert market.shop.desk._orders == {}
    market.assert_over()


# Anything, in any order, over channels that lose and double messages, with a shop that crashes


class Turmoil:
    """A market in which everything happens at random instants, drawn from a seed; then it comes to rest."""

    def __init__(self, seed, held_in, **terms):
        self.draw = random.Random(f"{seed} {held_in}")
        advance = 1.0 if held_in is FundsLocation.ESCROW else self.draw.choice([1.0, 0.4, 0.0])
        self.market = Market(
            cash=self.draw.choice([0, 500, 10_000]), held_in=held_in, hostile=self._uniform, keeps_orders=True,
            advance=advance, promise_seconds=300.0, compensation=0.1, restocking_fee=0.05, unfit=0.3,
            unfit_draw=self.draw.random, unpaid_seconds=400.0, **terms,
        )  # fmt: skip
        self.market.bank.fee, self.market.bank.payer_fee = self.draw.choice([(0, 0), (7, 3)])
        self.market.supplier.rejects = self.draw.random() < 0.2
        self.parcels = {}

    def _uniform(self, name):
        return random.Random(f"{name} {self.draw.random()}").random

    def soon(self, act, most=600.0):
        """Do something at some instant."""
        self.market.at(self.draw.uniform(0, most), act)

    def begin(self, orders=6, crashes=3):
        for user in range(orders):
            self.soon(lambda user=user: self.order(user), 200.0)
        for number in range(crashes):
            self.market.at(200.0 * number + self.draw.uniform(0, 150), self.market.crash)
        self.market.run()

    def order(self, user):
        market, lines = self.market, self.draw.choice([(LAPTOP,), BOTH, (WATCHES,)])
        method = (
            DOOR
            if market.bank.held_in is not FundsLocation.ESCROW and self.draw.random() < 0.3
            else Method.ACCOUNT
        )
        order = market.check_out(lines, user=user, method=method)
        if self.draw.random() < 0.9:
            market.pay(order, user=user)
        if self.draw.random() < 0.4:
            self.soon(lambda: market.ask(f"cancel:{order}", CancelOrder(), user=user, order=order))
        self.soon(lambda: self.supply(order))
        self.soon(lambda: self.supply(order))
        after = [
            (Complain(), 900),
            (ReturnGoods(lines[:1]), 400),
            (ReturnGoods(lines), 600),
            (ClaimWarranty(lines), 800),
        ]
        for number, (message, most) in enumerate(after):
            name = f"after:{order}:{number}"
            self.soon(lambda message=message, name=name: market.ask(name, message, user=user, order=order), most)
        self.soon(lambda: self.settle(order))
        self.soon(lambda: order in market.bank.payment_of and market.bank.refund_late(order))

    def settle(self, order):
        """Settle a payment; what is in escrow, only once the user has everything."""
        is_delivered = self.parcels.get(order) == []
        if order in self.market.bank.payment_of and (
            is_delivered or self.market.bank.held_in is not FundsLocation.ESCROW
        ):
            self.market.bank.settle(order)

    def supply(self, order):
        """Send what is left of an order, or one line of it, if it was placed; some are refused at the door."""
        supplier = self.market.supplier
        placed = supplier.orders.get(order)
        if placed is None or order in supplier.over:
            return
        left = self.parcels.setdefault(order, list(placed.lines))
        if not left:
            return
        if placed.collect and self.draw.random() < 0.3:
            supplier.shipped.add(order)
            supplier.come_back(order)
            return
        lines = tuple(left) if placed.collect or self.draw.random() < 0.5 else (left[0],)
        self.parcels[order] = [line for line in left if line not in lines]
        supplier.deliver(order, lines, twice=self.draw.random() < 0.5)
        if placed.collect:
            supplier.remit(order)

    def end(self):
        """Bring in money and goods until nothing is left to be done."""
        market = self.market
        for _ in range(12):
            market.bank.deposit += 5_000
            market.shop.book.open(market.clock.now, market.ledger.new_entry(), 5_000)
            market.shop.payables.money_in()
            market.run()
            for order in list(market.supplier.orders):
                self.supply(order)
            market.run()
            for order in market.bank.payment_of:
                self.settle(order)
            market.run()


WORLDS = [(seed, held_in) for seed in range(12) for held_in in LOCATIONS]


@pytest.mark.parametrize(("seed", "held_in"), WORLDS)
def test_in_any_turmoil_every_order_ends_and_leaves_no_balance(seed, held_in):
    turmoil = Turmoil(seed, held_in)
    turmoil.begin()
    turmoil.end()
    market = turmoil.market
    assert not market.shop.payables
    assert market.shop.desk.all_open() == []
    assert [name for name, reply in market.replies.items() if reply is None] == []
    assert all(payment[0] >= 0 for payment in market.bank.payments.values())
    market.assert_over()
    for order in range(1, len(market.records.orders) + 1):
        status, _ = market.status(order)
        given_back = sum(row[3] for row in market.moved(order, codes=("refund",)))
        kept_money = sum(row[3] for row in market.moved(order, codes=("payment", "collection"))) - given_back
        assert status in ("completed", "returned", "cancelled", "declined")
        assert kept_money >= 0 if held_in is not FundsLocation.ESCROW else given_back <= 1_000
        assert kept_money == 0 or status in ("completed", "returned")
