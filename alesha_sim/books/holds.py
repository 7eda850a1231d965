"""The bank's pending transfers: money kept back from a deposit until it is posted, voided or expired.

The register says in which state each one is; the rows are the ledger's, and who may ask for what the bank decides.
"""

from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from math import inf

from alesha_sim.books.accounts import PENDING, VOID, Account
from alesha_sim.books.ledger import LawBroken, Ledger
from alesha_sim.books.merchant_funds import MerchantFunds
from alesha_sim.books.party_accounts import PartyAccounts
from alesha_sim.messages import FundsLocation


class HoldState(StrEnum):
    """What became of a pending transfer; only a pending one can change."""

    PENDING = "pending"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"


@dataclass(slots=True)
class PendingTransfer:
    """What `user` may not spend for the sake of `order`, in minor units; `shop` is for whom it is kept."""

    order: int
    user: int
    amount: int
    shop: int
    state: HoldState = HoldState.PENDING


class Holds:
    """Pending transfers from users' `deposits` to the `merchant_funds`, by the entry that made each.

    `users` are the numbers of the users, one for each of their deposits. A run without a pending transfer opens no
    account for them. `at` in seconds, amounts in minor units.
    """

    def __init__(
        self, ledger: Ledger, accounts: PartyAccounts, users: range, deposits: range, merchant_funds: MerchantFunds
    ) -> None:
        self.accounts = range(0)
        self._party_accounts = accounts
        self._book = accounts.book
        self._users = users
        self._ledger = ledger
        self._deposits = deposits
        self._merchant_funds = merchant_funds
        self._register: dict[int, PendingTransfer] = {}
        self._expiries: list[tuple[float, int]] = []

    def place(
        self, at: float, order: int, user: int, amount: int, expires_at: float = inf, shop: int | None = None
    ) -> int:
        """Pending: deposits:user:n / holds:user:n. Returns the entry; without `expires_at` it never expires."""
        if not self.accounts:
            self.accounts = self._party_accounts.family(Account.BANK_USER_HOLDS, self._users)
        deposit, account = self._accounts_of(user)
        payee = self._merchant_funds.first if shop is None else shop
        entry = self._ledger.new_entry()
        self._ledger.transfer(at, self._book, entry, order, deposit, account, amount, PENDING)
        self._register[entry] = PendingTransfer(order, user, amount, payee)
        if expires_at < inf:
            heappush(self._expiries, (expires_at, entry))
        return entry

    def post(
        self,
        at: float,
        hold: int,
        amount: int,
        held_in: FundsLocation = FundsLocation.DEPOSIT,
        fee: int = 0,
        retained: int = 0,
        payer_fee: int = 0,
    ) -> int:
        """Payment, as `BankBook.payment` but out of holds:user:n; rest: holds:user:n / deposits:user:n.

        Returns the entry of both. Raises LawBroken, and writes nothing, for what is not pending or more than is
        held, the user's fee included.
        """
        held = self._pending(hold)
        # The account's own floor would not tell: it holds the money of the user's other pending transfers too.
        if amount + payer_fee > held.amount:
            posted = f"{amount} posted" + (f", fee {payer_fee}" if payer_fee else "")
            raise LawBroken(f"L4: hold {hold}, order {held.order}: {held.amount} held, {posted}")
        deposit, account = self._accounts_of(held.user)
        entry = self._ledger.new_entry()
        rows = self._merchant_funds.captured(account, held.shop, amount, held_in, fee, retained, payer_fee)
        rows.append((account, deposit, held.amount - amount - payer_fee, VOID))
        self._ledger.post(at, self._book, entry, held.order, rows)
        self._merchant_funds.put(held.order, held.shop, held_in, amount)
        held.state = HoldState.POSTED
        return entry

    def void(self, at: float, hold: int) -> int:
        """Void: holds:user:n / deposits:user:n. Returns its entry; raises LawBroken for what is not pending."""
        return self._give_back(at, hold, HoldState.VOIDED)

    def expire(self, at: float) -> None:
        """Expiry of all that is due: holds:user:n / deposits:user:n. What was posted or voided is left alone."""
        while self.next_expiry() <= at:
            self._give_back(at, heappop(self._expiries)[1], HoldState.EXPIRED)

    def next_expiry(self) -> float:
        """Return when the next pending transfer expires, infinity if none does."""
        expiries, register = self._expiries, self._register
        while expiries and register[expiries[0][1]].state is not HoldState.PENDING:
            heappop(expiries)
        return expiries[0][0] if expiries else inf

    def find(self, hold: int) -> PendingTransfer | None:
        """Return the pending transfer that an entry made, whatever became of it; None if there is none."""
        return self._register.get(hold)

    def pending(self, user: int) -> int:
        """Return what is held of a user's money."""
        return self._ledger.balance(self._accounts_of(user)[1]) if self.accounts else 0

    def _accounts_of(self, user: int) -> tuple[int, int]:
        """Return a user's deposit and the account of what is held of it."""
        place = self._users.index(user)
        return self._deposits[place], self.accounts[place]

    def _pending(self, hold: int) -> PendingTransfer:
        held = self._register.get(hold)
        if held is None or held.state is not HoldState.PENDING:
            state = "unknown" if held is None else held.state
            raise LawBroken(f"L4: hold {hold} is {state}, so nothing can be posted or given back")
        return held

    def _give_back(self, at: float, hold: int, state: HoldState) -> int:
        held = self._pending(hold)
        entry = self._ledger.new_entry()
        credit, debit = self._accounts_of(held.user)
        self._ledger.transfer(at, self._book, entry, held.order, debit, credit, held.amount, VOID)
        held.state = state
        return entry
