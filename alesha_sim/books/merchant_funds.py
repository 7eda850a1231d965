"""Where the bank holds payments to the shop: in the shop's deposit, or elsewhere until they are settled."""

from alesha_sim.books.accounts import FEE, PAYMENT, RETENTION, Account
from alesha_sim.books.lazy_accounts import LazyAccount
from alesha_sim.books.ledger import Ledger, Row
from alesha_sim.messages import FundsLocation


class MerchantFunds:
    """The bank's accounts for money on its way to the shop, each opened when it is first used.

    `shop` is the shop's deposit. Amounts in minor units.
    """

    def __init__(self, ledger: Ledger, shop: int) -> None:
        self._shop = shop
        self._settlement_due = LazyAccount(ledger, Account.BANK_SETTLEMENT_DUE)
        self._escrow = LazyAccount(ledger, Account.BANK_ESCROW)
        self.rolling_reserve = LazyAccount(ledger, Account.BANK_ROLLING_RESERVE)
        self.fees = LazyAccount(ledger, Account.BANK_FEES)
        self._escrowed: dict[int, int] = {}

    def account(self, held_in: FundsLocation) -> int:
        """Return the account of a location."""
        if held_in is FundsLocation.DEPOSIT:
            return self._shop
        return self._escrow.id if held_in is FundsLocation.ESCROW else self._settlement_due.id

    def keeps(self, account: int) -> bool:
        """Tell whether an account holds money that is not settled to the shop yet."""
        return account in (self._settlement_due.opened_as, self._escrow.opened_as)

    def captured(
        self, source: int, total: int, held_in: FundsLocation, fee: int, retained: int, payer_fee: int
    ) -> list[Row]:
        """Return the rows of a payment out of a user's account `source`, to be held in `held_in`."""
        rows = [(source, self.account(held_in), total, PAYMENT), *self.deductions(fee, retained)]
        if payer_fee:
            rows.append((source, self.fees.id, payer_fee, FEE))
        return rows

    def deductions(self, fee: int, retained: int) -> list[Row]:
        """Return the rows of what the bank takes and keeps back of what the shop is paid."""
        rows = []
        if fee:
            rows.append((self._shop, self.fees.id, fee, FEE))
        if retained:
            rows.append((self._shop, self.rolling_reserve.id, retained, RETENTION))
        return rows

    def escrowed(self, order: int) -> int:
        """Return what is in escrow for an order."""
        return self._escrowed.get(order, 0)

    def put(self, order: int, held_in: FundsLocation, amount: int) -> None:
        """Note that `amount` is held for an order from now on, or no longer if it is negative."""
        if held_in is not FundsLocation.ESCROW:
            return
        left = self._escrowed.pop(order, 0) + amount
        if left:
            self._escrowed[order] = left
