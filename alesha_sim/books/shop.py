"""The shop's book: the seller's prepayments, advances, stock and earnings, and its cash to its knowledge."""

from collections.abc import Iterable, Sequence

from alesha_sim.books.accounts import (
    ALLOWANCE,
    CANCEL,
    CHARGES,
    CHARGES_RETURN,
    COLLECTION,
    COST,
    DELIVER,
    FEE,
    LOSS,
    OPENING,
    PAYMENT,
    REFUND,
    RELEASE,
    REMITTANCE,
    RETENTION,
    RETURN,
    SALE,
    SETTLEMENT,
    SHIP,
    TRANSPORT,
    WRITE_OFF,
    Account,
)
from alesha_sim.books.goods import Lines, unit_rows
from alesha_sim.books.ledger import Ledger, Row
from alesha_sim.books.party_accounts import PartyAccounts
from alesha_sim.books.shop_stock import StockAccounts
from alesha_sim.messages import DEPOSIT, ESCROW, FundsLocation
from alesha_sim.vocabulary import NO_ID


class ShopBook:
    """Posts a shop's part of each entry when the shop learns of it; the book bears the shop's name.

    `at` in seconds, amounts in minor units, `charge` what the supplier charges for the goods named. A method that
    allots an entry returns it; any other tells whether it wrote: not if the book holds the entry.
    """

    def __init__(self, ledger: Ledger, name: str = "shop") -> None:
        accounts = PartyAccounts(ledger, name)
        self._ledger = ledger
        self._book = accounts.book
        self._investment = accounts.money(Account.SHOP_INVESTMENT)
        self.cash = accounts.money(Account.SHOP_CASH)
        self._advances = accounts.money(Account.SHOP_SUPPLIER_ADVANCES)
        self._prepayments = accounts.money(Account.SHOP_CUSTOMER_PREPAYMENTS)
        self._refunds_payable = accounts.money(Account.SHOP_REFUNDS_PAYABLE)
        self._equity = accounts.money(Account.SHOP_EQUITY)
        self._sales = accounts.money(Account.SHOP_SALES)
        self._cost_of_sales = accounts.money(Account.SHOP_COST_OF_SALES)
        self._transport = accounts.money(Account.SHOP_TRANSPORT)
        self._stock_accounts = StockAccounts(accounts)
        # A shop that is paid at once and takes nothing back has none of these.
        self._settlement_due = accounts.lazy(Account.SHOP_SETTLEMENT_DUE)
        self._rolling_reserve = accounts.lazy(Account.SHOP_ROLLING_RESERVE)
        self._collections_receivable = accounts.lazy(Account.SHOP_COLLECTIONS_RECEIVABLE)
        self._trade_payables = accounts.lazy(Account.SHOP_TRADE_PAYABLES)
        self._sales_returns = accounts.lazy(Account.SHOP_SALES_RETURNS)
        self._payment_fees = accounts.lazy(Account.SHOP_PAYMENT_FEES)

    def open(self, at: float, entry: int, amount: int) -> bool:
        """Opening: cash / equity."""
        return self._ledger.transfer(at, self._book, entry, NO_ID, self.cash, self._equity, amount, OPENING)

    def invest(self, at: float, amount: int) -> int:
        """Opening of its holding in the supplier, at the supplier's opening capital: investment / equity."""
        return self._ledger.new_transfer(at, self._book, NO_ID, self._investment, self._equity, amount, OPENING)

    def cash_balance(self) -> int:
        """Return the cash that the shop knows it has."""
        return self._ledger.balance(self.cash)

    # Money from users

    def payment(
        self,
        at: float,
        entry: int,
        order: int,
        total: int,
        held_in: FundsLocation = DEPOSIT,
        fee: int = 0,
        retained: int = 0,
    ) -> bool:
        """Payment: cash or settlement-due / customer-prepayments; nothing if the money is in escrow.

        At once also payment-fees / cash; rolling-reserve / cash.
        """
        if held_in is DEPOSIT:
            if not (fee or retained):
                return self._ledger.transfer(
                    at, self._book, entry, order, self.cash, self._prepayments, total, PAYMENT
                )
            rows = [(self.cash, self._prepayments, total, PAYMENT), *self._deductions(fee, retained)]
            return self._ledger.post(at, self._book, entry, order, rows)
        if held_in is ESCROW:
            return self._ledger.post(at, self._book, entry, order, ())
        due = self._settlement_due.id
        return self._ledger.transfer(at, self._book, entry, order, due, self._prepayments, total, PAYMENT)

    def settled(self, at: float, entry: int, order: int, due: int, fee: int = 0, retained: int = 0) -> bool:
        """Settlement: cash / settlement-due; payment-fees / cash; rolling-reserve / cash."""
        rows = [(self.cash, self._settlement_due.id, due, SETTLEMENT), *self._deductions(fee, retained)]
        return self._ledger.post(at, self._book, entry, order, rows)

    def released(self, at: float, entry: int, order: int, amount: int) -> bool:
        """Reserve released: cash / rolling-reserve."""
        return self._ledger.transfer(
            at, self._book, entry, order, self.cash, self._rolling_reserve.id, amount, RELEASE
        )

    def declined_fee(self, at: float, entry: int, order: int, fee: int) -> bool:
        """Fee of a declined payment: payment-fees / cash."""
        return self._ledger.transfer(at, self._book, entry, order, self._payment_fees.id, self.cash, fee, FEE)

    def collected(self, at: float, entry: int, order: int, amount: int) -> bool:
        """Collected at the door: collections-receivable / customer-prepayments."""
        due = self._collections_receivable.id
        return self._ledger.transfer(at, self._book, entry, order, due, self._prepayments, amount, COLLECTION)

    def remitted(self, at: float, entry: int, order: int, amount: int) -> bool:
        """Collections passed on by the supplier: cash / collections-receivable."""
        due = self._collections_receivable.id
        return self._ledger.transfer(at, self._book, entry, order, self.cash, due, amount, REMITTANCE)

    # Charges

    def charges(self, at: float, entry: int, order: int, amount: int) -> bool:
        """Charges: supplier-advances / cash."""
        return self._ledger.transfer(at, self._book, entry, order, self._advances, self.cash, amount, CHARGES)

    def charges_returned(self, at: float, entry: int, order: int, amount: int, transport: int = 0) -> bool:
        """Charges returned, less transport: cash / supplier-advances; transport / supplier-advances."""
        rows = (
            (self.cash, self._advances, amount, CHARGES_RETURN),
            (self._transport, self._advances, transport, TRANSPORT),
        )
        return self._ledger.post(at, self._book, entry, order, rows)

    # Delivered by the supplier

    def delivered(
        self,
        at: float,
        entry: int,
        order: int,
        price: int,
        charge: int,
        held_in: FundsLocation = DEPOSIT,
        allowance: int = 0,
    ) -> bool:
        """Delivered: customer-prepayments / sales at price; cost-of-sales / supplier-advances at charge.

        If the payment went into escrow, settlement-due / sales; the allowance for goods that arrive after a late
        refund: sales-returns / settlement-due.
        """
        cost = (self._cost_of_sales, self._advances, charge, COST)
        if held_in is ESCROW or allowance:
            rows: Iterable[Row] = (*self._sold(price, held_in, allowance), cost)
        else:
            rows = ((self._prepayments, self._sales, price, SALE), cost)
        return self._ledger.post(at, self._book, entry, order, rows)

    # Given back

    def cancelled(self, at: float, order: int, amount: int) -> int:
        """Cancelled, so that a refund is due: customer-prepayments / refunds-payable. Returns the entry."""
        return self._ledger.new_transfer(
            at, self._book, order, self._prepayments, self._refunds_payable, amount, CANCEL
        )

    def refund(self, at: float, entry: int, order: int, amount: int, held_in: FundsLocation = DEPOSIT) -> bool:
        """Refund: refunds-payable / cash or settlement-due; nothing if it came out of escrow."""
        if held_in is ESCROW:
            return self._ledger.post(at, self._book, entry, order, ())
        source = self.cash if held_in is DEPOSIT else self._settlement_due.id
        return self._ledger.transfer(at, self._book, entry, order, self._refunds_payable, source, amount, REFUND)

    def late_refund(self, at: float, entry: int, order: int, delivered: int) -> bool:
        """Refund out of escrow of goods delivered too late: sales-returns / settlement-due."""
        if not delivered:
            return self._ledger.post(at, self._book, entry, order, ())
        returns, due = self._sales_returns.id, self._settlement_due.id
        return self._ledger.transfer(at, self._book, entry, order, returns, due, delivered, ALLOWANCE)

    def compensated(self, at: float, order: int, amount: int) -> int:
        """Compensation for a late delivery, so that a refund is due: sales-returns / refunds-payable."""
        return self._ledger.new_transfer(
            at, self._book, order, self._sales_returns.id, self._refunds_payable, amount, ALLOWANCE
        )

    # Goods of its own: those that came back, and its stock

    def returned(self, at: float, order: int, lines: Lines, charges: Sequence[int], amount: int) -> int:
        """Sent back by the user: stock / goods-clearing in units; stock / cost-of-sales at charge, by line.

        What is given back of the price: sales-returns / refunds-payable.
        """
        self._stock_accounts.goods_value.put(lines, charges)
        rows = unit_rows(self._stock_accounts.stock.ids, self._stock_accounts.goods_clearing.ids, lines, RETURN)
        rows.append((self._stock_accounts.stock_value.id, self._cost_of_sales, sum(charges), RETURN))
        rows.append((self._sales_returns.id, self._refunds_payable, amount, RETURN))
        return self._ledger.post_new(at, self._book, order, rows)

    def written_off(self, at: float, order: int, lines: Lines) -> int:
        """Written off: losses / stock in units, and at charge."""
        charge = sum(self._stock_accounts.goods_value.take(lines))
        return self._ledger.post_new(
            at, self._book, order, self._stock_accounts.written_off(lines, charge, WRITE_OFF)
        )

    def received(
        self, at: float, entry: int, order: int, lines: Lines, charges: Sequence[int], on_credit: bool = False
    ) -> bool:
        """Own stock received: stock / goods-clearing in units; at charge, by line, stock / supplier-advances.

        On credit stock / trade-payables.
        """
        rows = unit_rows(self._stock_accounts.stock.ids, self._stock_accounts.goods_clearing.ids, lines, DELIVER)
        source = self._trade_payables.id if on_credit else self._advances
        rows.append((self._stock_accounts.stock_value.id, source, sum(charges), COST))
        is_new = self._ledger.post(at, self._book, entry, order, rows)
        if is_new:
            self._stock_accounts.goods_value.put(lines, charges)
        return is_new

    def shipped(self, at: float, order: int, lines: Lines) -> list[int]:
        """Own stock shipped: goods-in-transit / stock in units, and at charge. Returns each line's charge."""
        charges = self._stock_accounts.goods_value.take(lines)
        self._ledger.post_new(at, self._book, order, self._stock_accounts.shipped(lines, sum(charges), SHIP))
        return charges

    def lost(self, at: float, order: int, lines: Lines, charge: int) -> int:
        """Own stock lost: losses / goods-in-transit in units, and at charge."""
        return self._ledger.post_new(at, self._book, order, self._stock_accounts.lost(lines, charge, LOSS))

    def allot(self) -> int:
        """Return a new entry for a delivery of own stock: the giver allots it when it ships."""
        return self._ledger.new_entry()

    def delivered_own(
        self,
        at: float,
        entry: int,
        order: int,
        lines: Lines,
        price: int,
        charge: int,
        held_in: FundsLocation = DEPOSIT,
        allowance: int = 0,
    ) -> bool:
        """Own stock delivered: goods-clearing / goods-in-transit; cost-of-sales / goods-in-transit at charge.

        Sold as by `delivered`.
        """
        accounts = self._stock_accounts
        rows = unit_rows(accounts.goods_clearing.ids, accounts.transit.ids, lines, DELIVER)
        rows += self._sold(price, held_in, allowance)
        rows.append((self._cost_of_sales, accounts.transit_value.id, charge, COST))
        return self._ledger.post(at, self._book, entry, order, rows)

    def _sold(self, price: int, held_in: FundsLocation, allowance: int) -> list[Row]:
        """Return the rows of a sale, and of what is given back of it because it came after a late refund."""
        source = self._settlement_due.id if held_in is ESCROW else self._prepayments
        rows = [(source, self._sales, price, SALE)]
        if allowance:
            rows.append((self._sales_returns.id, source, allowance, ALLOWANCE))
        return rows

    def _deductions(self, fee: int, retained: int) -> list[Row]:
        """Return the rows of what the bank took and kept back of a payment or settlement."""
        rows = []
        if fee:
            rows.append((self._payment_fees.id, self.cash, fee, FEE))
        if retained:
            rows.append((self._rolling_reserve.id, self.cash, retained, RETENTION))
        return rows
