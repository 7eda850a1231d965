"""The market of a run: its entities, books and channels, made from a scenario and a seed. No decision here."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from alesha_sim.books.bank import BankBook
from alesha_sim.books.counting import CountingLedger
from alesha_sim.books.ledger import Ledger
from alesha_sim.books.shop import ShopBook
from alesha_sim.books.supplier import SupplierBook
from alesha_sim.books.users import UsersBook
from alesha_sim.entities.accounts import account_number, secret_text
from alesha_sim.entities.bank.bank import Bank
from alesha_sim.entities.entity import Wallet
from alesha_sim.entities.shop.shop import Shop
from alesha_sim.entities.supplier.supplier import Supplier
from alesha_sim.entities.user.credentials import Credentials
from alesha_sim.entities.user.population import UserPopulation
from alesha_sim.kernel.clock import Clock
from alesha_sim.recording.levels import ALL
from alesha_sim.recording.run_logs import Records
from alesha_sim.simulation.fault_injection import schedule_crashes
from alesha_sim.simulation.parties import USER, USERS, Parties
from alesha_sim.simulation.terms import bank_terms, shop_terms, supplier_terms, user_terms
from alesha_sim.storage import Spool
from alesha_sim.streams import Streams
from alesha_sim.vocabulary import CONNECTED, COURIER, SHOP, SUPPLIER

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario


class Market:
    """Everything of one run but its visits: made here, opened by `open_books`, joined by `connect`.

    It records what the level `record` says; with a `spool`, that leaves memory by it.
    """

    def __init__(self, scenario: "Scenario", seed: int, spool: Spool | None = None, record: str = ALL) -> None:
        self.scenario = scenario
        self.clock = Clock()
        self.skus = scenario.skus
        users, code = scenario.users.count, scenario.currency.code
        if record == ALL:
            self.records = (spool.records if spool else Records)(self.skus, users)
            self.ledger: Ledger = (spool.ledger if spool else Ledger)(code, self.skus)
        else:
            self.records, self.ledger = Records(self.skus, users, record=record), CountingLedger(code, self.skus)
        self._streams = Streams(seed)
        self.parties = Parties(self.clock, self.records, scenario, self._streams)
        self._currency = scenario.currency
        self._user_secrets = self._secrets("user:secret", scenario.users.count)
        own = self._secrets("bank:organisation_secret", 3).tolist()
        self._own_secrets = dict(zip((SHOP, SUPPLIER, COURIER), own, strict=True))
        self._wallets = {
            owner: Wallet(account_number(owner), secret_text(secret))
            for owner, secret in self._own_secrets.items()
        }
        self.bank, self.shop, self.supplier = self._bank(), self._shop(), self._supplier()
        self.users = self._users()

    def _secrets(self, name: str, count: int) -> npt.NDArray[np.uint64]:
        return self._streams.generator(name).integers(0, 2**64, size=count, dtype=np.uint64)

    def _bank(self) -> Bank:
        book, terms = BankBook(self.ledger, self.scenario.users.count), bank_terms(self.scenario, self._streams)
        return Bank(self.clock, book, self._user_secrets, self._own_secrets, terms)

    def _shop(self) -> Shop:
        terms = shop_terms(self.scenario, self._streams)
        return Shop(self.clock, ShopBook(self.ledger), self.records, self._wallets[SHOP], terms)

    def _supplier(self) -> Supplier:
        costs = [self._currency.minor(product.cost) for product in self.scenario.catalogue]
        wallets = {owner: self._wallets[owner] for owner in (SUPPLIER, COURIER)}
        terms = supplier_terms(self.scenario, self._streams)
        return Supplier(self.clock, SupplierBook(self.ledger, costs), self.records.production_lots, wallets, terms)

    def _users(self) -> UserPopulation:
        count = self.scenario.users.count
        credentials = Credentials(self._user_secrets, self._secrets("user:password", count))
        terms = user_terms(self.scenario, self._streams)
        return UserPopulation(self.clock, UsersBook(self.ledger, count), self.records.visits, credentials, terms)

    def open_books(self) -> npt.NDArray[np.int64]:
        """Write all openings, and return what each user has in the bank at the start, in minor units."""
        minor = self._currency.minor
        amounts = self.scenario.opening_balances(self._streams.seed)
        self.users.book.open(0.0, self.bank.book.open_users(0.0, amounts), amounts)
        shop_cash = minor(self.scenario.shop.opening_balance)
        self.shop.book.open(0.0, self.bank.book.open_owner(0.0, SHOP, shop_cash), shop_cash)
        supplier_cash = minor(self.scenario.supplier.opening_balance)
        self.supplier.book.open(0.0, self.bank.book.open_owner(0.0, SUPPLIER, supplier_cash), supplier_cash)
        goods = self.supplier.opening_stock()
        if goods:
            self.supplier.book.open_stock(0.0, goods)
        costs = [minor(product.cost) for product in self.scenario.catalogue]
        self.shop.book.invest(0.0, supplier_cash + sum(costs[product] * units for product, units in goods))
        return amounts

    def connect(self) -> None:
        """Join the entities by channels, let happen what is to go wrong, and open for business."""
        parties = self.parties
        for entity, name, role in (
            (self.users, USERS, USER),
            (self.shop, "shop", "shop"),
            (self.bank, "bank", "bank"),
            (self.supplier, "supplier", "supplier"),
        ):
            parties.add(entity, name, role)
        for one, other in CONNECTED:
            parties.connect(*(parties[USERS if name == USER else name] for name in (one, other)))
        entities = {member.name: member.entity for member in parties}
        schedule_crashes(self.clock, self.scenario, entities)
        for party in entities.values():
            party.open_for_business()
