"""Where a bank holds payments to its shops: in the shop's deposit, or elsewhere until they are settled."""

from collections.abc import Mapping

from alesha_sim.books.accounts import FEE, PAYMENT, RETENTION, Account
from alesha_sim.books.ledger import Row
from alesha_sim.books.party_accounts import PartyAccounts
from alesha_sim.messages import FundsLocation
from alesha_sim.vocabulary import NO_ID


class MerchantFunds:
    """A bank's accounts for money on its way to its shops, each opened when it is first used.

    `shops` has each shop's deposit by the shop's code. Amounts in minor units.
    """

    def __init__(self, accounts: PartyAccounts, shops: Mapping[int, int]) -> None:
        self._shops = shops
        self.first = next(iter(shops), NO_ID)
        """The shop that is meant where none is named."""
        self._settlement_due = accounts.lazy(Account.BANK_SETTLEMENT_DUE)
        self._escrow = accounts.lazy(Account.BANK_ESCROW)
        self.rolling_reserve = accounts.lazy(Account.BANK_ROLLING_RESERVE)
        self.fees = accounts.lazy(Account.BANK_FEES)
        self._escrowed: dict[int, int] = {}
        self._shop_of: dict[int, int] = {}
        """By order, of what is or was held elsewhere: whose it is to be. Left out where there is one shop."""

    def account(self, held_in: FundsLocation, shop: int) -> int:
        """Return the account of a location."""
        if held_in is FundsLocation.DEPOSIT:
            return self._shops[shop]
        return self._escrow.id if held_in is FundsLocation.ESCROW else self._settlement_due.id

    def owner(self, account: int, order: int) -> int | None:
        """Return the shop to which what an account holds for an order will be settled; None for other accounts."""
        if account not in (self._settlement_due.opened_as, self._escrow.opened_as):
            return None
        return self._shop_of.get(order, self.first)

    def captured(
        self, source: int, shop: int, total: int, held_in: FundsLocation, fee: int, retained: int, payer_fee: int
    ) -> list[Row]:
        """Return the rows of a payment to a shop out of a user's account `source`, to be held in `held_in`."""
        rows = [(source, self.account(held_in, shop), total, PAYMENT), *self.deductions(shop, fee, retained)]
        if payer_fee:
            rows.append((source, self.fees.id, payer_fee, FEE))
        return rows

    def deductions(self, shop: int, fee: int, retained: int) -> list[Row]:
        """Return the rows of what the bank takes and keeps back of what a shop is paid."""
        rows, deposit = [], self._shops[shop]
        if fee:
            rows.append((deposit, self.fees.id, fee, FEE))
        if retained:
            rows.append((deposit, self.rolling_reserve.id, retained, RETENTION))
        return rows

    def escrowed(self, order: int) -> int:
        """Return what is in escrow for an order."""
        return self._escrowed.get(order, 0)

    def put(self, order: int, shop: int, held_in: FundsLocation, amount: int) -> None:
        """Note that `amount` is held for an order of a shop from now on, or no longer if it is negative."""
        if len(self._shops) > 1 and held_in is not FundsLocation.DEPOSIT:
            self._shop_of[order] = shop
        if held_in is not FundsLocation.ESCROW:
            return
        left = self._escrowed.pop(order, 0) + amount
        if left:
            self._escrowed[order] = left
