"""What a bank writes of payments from and to customers of other banks, and of their settlement at the house."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from alesha_sim.books.accounts import (
    CODES,
    FEE,
    INCOME,
    INTERCHANGE,
    LOSS_SHARE,
    OPENING,
    RECOVER,
    RETURN,
    SETTLE,
    WRITE_OFF,
    Account,
)
from alesha_sim.books.bank import BankBook, Transaction
from alesha_sim.books.ledger import Ledger, Row
from alesha_sim.books.party_accounts import PartyAccounts
from alesha_sim.messages.clearing import CreditTransfer
from alesha_sim.units import AMOUNT_MAX
from alesha_sim.vocabulary import NO_ID

CODE_PLACES: Final = {code: place for place, code in enumerate(CODES)}


class InterbankBook:
    """The part of the `bank`'s book that other banks stand in; `banks` has their names by their codes.

    Reserves have no floor here: the house keeps it, and the bank may hear of outflows first. `at` in seconds,
    amounts in minor units.
    """

    def __init__(self, ledger: Ledger, bank: BankBook, name: str, banks: Mapping[int, str]) -> None:
        accounts = PartyAccounts(ledger, name)
        self._ledger = ledger
        self._book = accounts.book
        self._bank = bank
        self._reserves = bank.reserves
        ledger.chart.allow_below_zero(self._reserves, AMOUNT_MAX)
        self._due = {code: accounts.lazy(Account.BANK_CLEARING_DUE, other) for code, other in banks.items()}
        self._claims = {code: accounts.lazy(Account.BANK_CLEARING_CLAIM, other) for code, other in banks.items()}
        self._income = accounts.lazy(Account.BANK_INTERCHANGE_INCOME)
        self._interchange = accounts.lazy(Account.BANK_INTERCHANGE)
        self._guarantee_claims = accounts.lazy(Account.BANK_GUARANTEE_CLAIMS)
        self._guarantee_due = accounts.lazy(Account.BANK_GUARANTEE_DUE)
        self._debts = accounts.lazy(Account.BANK_UNSECURED_DEBTS)
        self._losses = accounts.lazy(Account.BANK_LOSSES)
        self._loans = accounts.lazy(Account.BANK_LOANS)
        self._equity = accounts.lazy(Account.BANK_EQUITY)
        self.banks = tuple(banks)
        self._transactions: dict[int, Transaction] = {}

    def open_reserves(self, at: float, entry: int, difference: int) -> None:
        """Opening reserves above what depositors brought: reserves / equity; below: loans / reserves."""
        above, below = max(difference, 0), max(-difference, 0)
        rows: list[Row] = [(self._reserves, self._equity.id, above, OPENING)] if above else []
        if below:
            rows.append((self._loans.id, self._reserves, below, OPENING))
        self._ledger.post(at, self._book, entry, NO_ID, rows)

    # A payment, at the bank that money leaves and at the one that gets it

    def sent(
        self, at: float, order: int, source: int, to_bank: int, amount: int, code: str, interchange: int, fee: int
    ) -> int:
        """Payment of the account `source`: source / clearing-due, of which interchange; the payer's fee.

        Returns the entry, which is the transaction number.
        """
        due = self._due[to_bank].id
        rows: list[Row] = [(source, due, amount, CODE_PLACES[code])]
        if interchange:
            rows.append((due, self._income.id, interchange, INTERCHANGE))
        if fee:
            rows.append((source, self._bank.funds.fees.id, fee, FEE))
        return self._ledger.post_new(at, self._book, order, rows)

    def received(
        self, at: float, transfer: CreditTransfer, from_bank: int, target: int, deductions: Sequence[Row] = ()
    ) -> bool:
        """Payment into the account `target`: clearing-claim / target, less interchange; False if it is here."""
        claim = self._claims[from_bank].id
        rows: list[Row] = [(claim, target, transfer.amount, CODE_PLACES[transfer.code])]
        if transfer.interchange:
            rows.append((self._interchange.id, claim, transfer.interchange, INTERCHANGE))
        return self._ledger.post(at, self._book, transfer.transaction, transfer.order, [*rows, *deductions])

    def holds(self, transaction: int) -> bool:
        """Tell whether a payment is written here."""
        return self._ledger.holds(self._book, transaction)

    def note(self, transaction: int, payer: int, payee: int, amount: int, order: int) -> None:
        """Remember who paid whom, by the codes of both."""
        self._transactions[transaction] = Transaction(payer, payee, amount, order)

    def transaction(self, entry: int) -> Transaction | None:
        """Return what is booked under a transaction number between customers of two banks."""
        return self._transactions.get(entry)

    # Settlement

    def settled(
        self,
        at: float,
        entry: int,
        order: int,
        sent: Iterable[tuple[int, int]],
        received: Iterable[tuple[int, int]],
        shares: Sequence[Row] = (),
    ) -> bool:
        """Settled: clearing-due / reserves; reserves / clearing-claim, the sum of each bank."""
        rows: list[Row] = [(self._due[bank].id, self._reserves, amount, SETTLE) for bank, amount in sent]
        rows += [(self._reserves, self._claims[bank].id, amount, SETTLE) for bank, amount in received]
        return self._ledger.post(at, self._book, entry, order, [*rows, *shares])

    def shares(self, borne: int, owed: int, recovered: int, repaid: int) -> list[Row]:
        """Return the rows of losses shared: guarantee-claims / reserves; reserves / guarantee-due; and back."""
        reserves = self._reserves
        rows: list[Row] = []
        if borne:
            rows.append((self._guarantee_claims.id, reserves, borne, LOSS_SHARE))
        if owed:
            rows.append((reserves, self._guarantee_due.id, owed, LOSS_SHARE))
        if recovered:
            rows.append((reserves, self._guarantee_claims.id, recovered, RECOVER))
        if repaid:
            rows.append((self._guarantee_due.id, reserves, repaid, RECOVER))
        return rows

    def returned(self, at: float, transfer: CreditTransfer, source: int, to_bank: int, fee: int) -> int:
        """Unsettled: clearing-due / source, interchange and the payer's fee back. Returns an entry of its own."""
        due = self._due[to_bank].id
        rows: list[Row] = [(due, source, transfer.amount, RETURN)]
        if transfer.interchange:
            rows.append((self._income.id, due, transfer.interchange, RETURN))
        if fee:
            rows.append((self._bank.funds.fees.id, source, fee, RETURN))
        self._transactions.pop(transfer.transaction, None)
        return self._ledger.post_new(at, self._book, transfer.order, rows)

    def debt_written_off(self, at: float, entry: int, dues: Iterable[tuple[int, int]], owed: int) -> bool:
        """A closed bank's own part: clearing-due / unsecured-debts; guarantee-due / unsecured-debts."""
        rows: list[Row] = [(self._due[bank].id, self._debts.id, amount, WRITE_OFF) for bank, amount in dues]
        if owed:
            rows.append((self._guarantee_due.id, self._debts.id, owed, WRITE_OFF))
        return self._ledger.post(at, self._book, entry, NO_ID, rows)

    def claim_written_off(self, at: float, entry: int, bank: int, claim: int, shares: int) -> bool:
        """A closed bank's creditors: losses / clearing-claim; losses / guarantee-claims."""
        rows: list[Row] = []
        if claim:
            rows.append((self._losses.id, self._claims[bank].id, claim, WRITE_OFF))
        if shares:
            rows.append((self._losses.id, self._guarantee_claims.id, shares, WRITE_OFF))
        return self._ledger.post(at, self._book, entry, NO_ID, rows)

    def income(self, at: float, entry: int, user: int, amount: int) -> bool:
        """Income of a user from outside, as the house reported it: reserves / deposits:user:n."""
        deposit = self._bank.deposit(user)
        return self._ledger.transfer(at, self._book, entry, NO_ID, self._reserves, deposit, amount, INCOME)
