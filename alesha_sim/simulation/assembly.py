"""The market of a run: its entities, books and channels, made from a scenario and a seed. No decision here."""

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from alesha_sim.books.bank import BankBook
from alesha_sim.books.counting import CountingLedger
from alesha_sim.books.ledger import Ledger
from alesha_sim.books.owners import of_role
from alesha_sim.books.shop import ShopBook
from alesha_sim.books.supplier import SupplierBook
from alesha_sim.books.users import UsersBook
from alesha_sim.entities.accounts import secret_text
from alesha_sim.entities.bank.bank import Bank
from alesha_sim.entities.entity import Entity, Wallet
from alesha_sim.entities.shop.shop import Shop
from alesha_sim.entities.supplier.supplier import Supplier
from alesha_sim.entities.user.credentials import Credentials
from alesha_sim.entities.user.population import UserPopulation
from alesha_sim.kernel.clock import Clock
from alesha_sim.recording.levels import ALL
from alesha_sim.recording.run_logs import Records
from alesha_sim.simulation.clearing import Settlement
from alesha_sim.simulation.fault_injection import schedule_crashes
from alesha_sim.simulation.parties import USER, USERS, Parties
from alesha_sim.simulation.roster import roster
from alesha_sim.simulation.terms import bank_terms, shop_terms, supplier_terms, user_terms
from alesha_sim.storage import Spool
from alesha_sim.streams import Streams
from alesha_sim.vocabulary import CLEARING, COURIER, SUPPLIER

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario

Client = TypeVar("Client", bound=Entity)


class Market:
    """Everything of one run but its visits: made here, opened by `open_books`, joined by `connect`.

    `shops`, `banks` and `suppliers` are by name, in the scenario's order. It records what the level `record` says;
    with a `spool`, that leaves memory by it.
    """

    def __init__(self, scenario: "Scenario", seed: int, spool: Spool | None = None, record: str = ALL) -> None:
        self.scenario = scenario
        self.clock = Clock()
        self.skus = scenario.skus
        self.roster = roster(scenario)
        users, code, books = scenario.users.count, scenario.currency.code, self.roster.books
        if record == ALL:
            self.records = (spool.records if spool else Records)(self.skus, users)
            ledger = spool.ledger(code, self.skus, books) if spool else Ledger(code, self.skus, books=books)
            self.ledger: Ledger = ledger
        else:
            self.records = Records(self.skus, users, record=record)
            self.ledger = CountingLedger(code, self.skus, books)
        if scenario.is_market:
            self.records.organisations[:] = self.roster.names
        self._streams = Streams(seed)
        self.parties = Parties(self.clock, self.records, scenario, self._streams)
        self._currency = scenario.currency
        self._user_secrets = self._secrets("user:secret", scenario.users.count)
        holders = self.roster.directory.holders
        own = self._secrets("bank:organisation_secret", len(holders)).tolist()
        self._own_secrets = {holder.code: secret for holder, secret in zip(holders, own, strict=True)}
        self.settlement = None
        if scenario.clearing is not None:
            self.settlement = Settlement(scenario, self.clock, self.ledger, self.roster, scenario.clearing)
        roles = scenario.roles
        self.banks = {name: self._bank(name) for name in of_role("bank", roles)}
        self.shops = {name: self._shop(name) for name in of_role("shop", roles)}
        self.suppliers = {name: self._supplier(name) for name in of_role("supplier", roles)}
        self.users = self._users()

    def _secrets(self, name: str, count: int) -> npt.NDArray[np.uint64]:
        return self._streams.generator(name).integers(0, 2**64, size=count, dtype=np.uint64)

    def _wallet(self, name: str) -> Wallet:
        secret = self._own_secrets[self.roster.code(name)]
        return Wallet(self.roster.account(name), secret_text(secret))

    def _bank(self, name: str) -> Bank:
        users, depositors = self.roster.customers(name), self.roster.depositors(name)
        book = BankBook(self.ledger, users, depositors, name)
        terms = bank_terms(self.scenario, self._streams, name)
        secrets = self._user_secrets[users.start : users.stop]
        own = {each.code: self._own_secrets[each.code] for each in depositors}
        if self.settlement is not None:
            return self.settlement.bank(self.clock, name, book, secrets, own, terms)
        return Bank(self.clock, book, secrets, own, terms, self.roster.directory)

    def _shop(self, name: str) -> Shop:
        terms = shop_terms(self.scenario, self._streams, name, self.roster)
        return self._with_bank(
            Shop(self.clock, ShopBook(self.ledger, name), self.records, self._wallet(name), terms), name
        )

    def _supplier(self, name: str) -> Supplier:
        costs = [self._currency.minor(product.cost) for product in self.scenario.catalogue]
        book = SupplierBook(self.ledger, costs, name, of_many=self.scenario.is_market)
        wallets = {SUPPLIER: self._wallet(name), COURIER: self._wallet(self.roster.couriers[name])}
        terms = supplier_terms(self.scenario, self._streams, name, self.roster)
        if terms.on_credit:
            book.give_credit()
        lots = self.records.production_lots
        return self._with_bank(Supplier(self.clock, book, lots, wallets, terms, self.records.orders), name)

    def _with_bank(self, client: Client, name: str) -> Client:
        client.bank = self.scenario.bank_of(name)
        return client

    def _users(self) -> UserPopulation:
        count = self.scenario.users.count
        credentials = Credentials(self._user_secrets, self._secrets("user:password", count))
        terms = user_terms(self.scenario, self._streams, self.roster)
        return UserPopulation(self.clock, UsersBook(self.ledger, count), self.records.visits, credentials, terms)

    def open_books(self) -> npt.NDArray[np.int64]:
        """Write all openings, and return what each user has in the bank at the start, in minor units."""
        amounts = self.scenario.opening_balances(self._streams.seed)
        for name, bank in self.banks.items():
            users = bank.book.users
            block = amounts[users.start : users.stop]
            entries = bank.book.open_users(0.0, block)
            self.users.book.open(0.0, entries, block, users)
            if self.settlement is not None:
                self.settlement.bring(name, entries, block)
        for name, shop in self.shops.items():
            shop.book.open(0.0, *self._open_deposit(name))
        worth = sum(self._open_supplier(name) for name in self.suppliers)
        if self.settlement is not None:
            self.settlement.open_reserves()
        if not self.scenario.is_market:
            self.shops["shop"].book.invest(0.0, worth)
        return amounts

    def _open_deposit(self, name: str) -> tuple[int, int]:
        """Write the opening of a firm's deposit; return the entry and the amount."""
        amount = self._currency.minor(self.scenario.party(name).terms.opening_balance)
        bank = self.scenario.bank_of(name)
        entry = self.banks[bank].book.open_owner(0.0, self.roster.code(name), amount)
        if self.settlement is not None:
            self.settlement.bring(bank, range(entry, entry + 1), np.array([amount], np.int64))
        return entry, amount

    def _open_supplier(self, name: str) -> int:
        """Write the openings of a supplier, cash and goods, and return what they are worth."""
        supplier = self.suppliers[name]
        entry, cash = self._open_deposit(name)
        supplier.book.open(0.0, entry, cash)
        goods = supplier.opening_stock()
        if goods:
            supplier.book.open_stock(0.0, goods)
        return cash + sum(supplier.book.costs[product] * units for product, units in goods)

    def connect(self) -> None:
        """Join the entities by channels, let happen what is to go wrong, and open for business."""
        parties = self.parties
        parties.add(self.users, USERS, USER)
        for role, entities in (("shop", self.shops), ("bank", self.banks), ("supplier", self.suppliers)):
            for name, entity in entities.items():
                parties.add(entity, name, role)
        if self.settlement is not None:
            parties.add(self.settlement.house, CLEARING, CLEARING)
        for pair in self.scenario.connected:
            one, other = (parties[USERS if name == USER else name] for name in pair)
            parties.connect(one, other)
        members = {member.name: member.entity for member in parties}
        schedule_crashes(self.clock, self.scenario, members)
        for member in members.values():
            member.open_for_business()
