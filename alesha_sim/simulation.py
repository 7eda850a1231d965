"""A simulation: one scenario, one seed, and the market that they make, from its first event to its last.

Here the entities, channels, books and records are put together and the clock is driven. No decision lives here.
"""

from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from alesha_sim.books.bank import BankBook
from alesha_sim.books.ledger import LawBroken, Ledger
from alesha_sim.books.shop import ShopBook
from alesha_sim.books.supplier import SupplierBook
from alesha_sim.books.users import UsersBook
from alesha_sim.distributions import Distribution, durations
from alesha_sim.entities.bank import Bank, account_number, secret_text
from alesha_sim.entities.entity import Asking, Entity, Process, Wallet
from alesha_sim.entities.orders import Article
from alesha_sim.entities.shop import Shop
from alesha_sim.entities.supplier import Supplier
from alesha_sim.entities.user import Visit
from alesha_sim.entities.users import Users
from alesha_sim.hostility import make_hostile, schedule_crashes
from alesha_sim.messages import Offer
from alesha_sim.network import Channel, Clock, NoReply, Timetable
from alesha_sim.network.clock import INFINITY
from alesha_sim.records import INTENTS, NO_ID, SHOP, SUPPLIER, Coded, Columns, Records, times
from alesha_sim.result import Result
from alesha_sim.streams import Streams, fresh_seed

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario

LINKS = (
    ("user", "shop"), ("user", "bank"), ("supplier", "user"),
    ("shop", "bank"), ("shop", "supplier"), ("supplier", "bank"),
)  # fmt: skip
_WATCHED = 200  # how often a horizon's progress is reported


class Progress(NamedTuple):
    """How far a run is: simulated seconds, the horizon's seconds, orders placed and kernel events so far."""

    at: float
    horizon: float
    orders: int
    events: int


class MessageSeen(NamedTuple):
    """A message that has just been delivered; the receiver has acted up to its next wait."""

    message: int
    at: float
    sender: str
    recipient: str
    kind: str
    order: int


class Simulation:
    """One market, ready to run; without a `seed` one is drawn and kept in `seed`.

    Times are seconds since the scenario's start. Visits of the users who are `played` do not begin: whoever plays
    them visits in their place. Once an entity's code has raised, the simulation stays stopped.
    Raises ValueError for a seed that is no whole number from 0 to 2**63 - 1.
    """

    def __init__(self, scenario: "Scenario", seed: int | None = None, *, played: Container[int] = ()) -> None:
        self.scenario = scenario
        self._played = played
        self.seed = fresh_seed() if seed is None else seed
        self._streams = Streams(self.seed)
        self._currency = scenario.currency
        self.clock = Clock()
        self.skus = tuple(product.sku for product in scenario.catalogue)
        self.records = Records(self.skus, scenario.users.count)
        self.ledger = Ledger(scenario.currency.code, self.skus)
        self._failure: Exception | None = None
        self._build_entities()
        self._open_books()
        self._connect()
        self._let_visits_arrive()

    # Putting the market together

    def _durations(self, name: str, distribution: Distribution) -> Callable[[], float]:
        return durations(distribution, self._streams.generator(name))

    def _secrets(self, name: str, count: int) -> npt.NDArray[np.uint64]:
        return self._streams.generator(name).integers(0, 2**64, size=count, dtype=np.uint64)

    def _build_entities(self) -> None:
        scenario, clock = self.scenario, self.clock
        users = scenario.users.count
        minor = self._currency.minor
        secrets = self._secrets("user:secret", users)
        own = dict(zip((SHOP, SUPPLIER), self._secrets("bank:organisation_secret", 2).tolist(), strict=True))
        wallets = {owner: Wallet(account_number(owner), secret_text(secret)) for owner, secret in own.items()}
        charges = {product.sku: (k, minor(product.charge)) for k, product in enumerate(scenario.catalogue)}
        self.bank = Bank(
            clock, BankBook(self.ledger, users), workers=scenario.bank.workers,
            authorisation_seconds=self._durations("bank:service", scenario.bank.authorisation_time),
            secrets=secrets, organisation_secrets=own, secret_attempts=scenario.bank.secret_attempts,
            lock_seconds=scenario.bank.lock_time,
        )  # fmt: skip
        self.shop = Shop(
            clock, ShopBook(self.ledger), self.records, wallets[SHOP], workers=scenario.shop.workers,
            page_seconds=self._durations("shop:service", scenario.shop.page_time), articles=self._articles(),
            supplier_account=account_number(SUPPLIER), unpaid_seconds=scenario.shop.unpaid_after,
        )  # fmt: skip
        self.supplier = Supplier(
            clock, SupplierBook(self.ledger, [minor(product.cost) for product in scenario.catalogue]),
            self.records.replenishments, wallets[SUPPLIER], workers=scenario.supplier.workers, charges=charges,
            stock=scenario.supplier.stock,
            handling_seconds=self._durations("supplier:service", scenario.supplier.handling_time),
            lead_seconds=self._durations("supplier:lead_time", scenario.supplier.lead_time),
            delivery_seconds=self._durations("supplier:delivery_time", scenario.supplier.delivery_time),
        )  # fmt: skip
        self.users = Users(
            clock, UsersBook(self.ledger, users), self.records.visits,
            products={sku: k for k, sku in enumerate(self.skus)},
            secrets=secrets, passwords=self._secrets("user:password", users), patience=self._patience(),
        )  # fmt: skip

    def _patience(self) -> Callable[[], float] | None:
        patience = self.scenario.users.patience
        return None if patience is None else self._durations("users:patience", patience)

    def _articles(self) -> list[Article]:
        minor = self._currency.minor
        return [
            Article(
                Offer(product.sku, product.name, minor(product.marked_price), minor(product.price)),
                minor(product.charge), product.warranty, product.return_window,
            )
            for product in self.scenario.catalogue
        ]  # fmt: skip

    def _open_books(self) -> None:
        minor = self._currency.minor
        amounts = self.scenario.opening_balances(self.seed)
        self._opening_balances = amounts
        self.users.book.open(0.0, self.bank.book.open_users(0.0, amounts), amounts)
        shop_cash = minor(self.scenario.shop.opening_balance)
        self.shop.book.open(0.0, self.bank.book.open_owner(0.0, "shop", shop_cash), shop_cash)
        supplier_cash = minor(self.scenario.supplier.opening_balance)
        self.supplier.book.open(0.0, self.bank.book.open_owner(0.0, "supplier", supplier_cash), supplier_cash)
        self.shop.book.invest(0.0, supplier_cash)

    def _connect(self) -> None:
        parties: dict[str, Entity] = {
            "user": self.users, "shop": self.shop, "bank": self.bank, "supplier": self.supplier,
        }  # fmt: skip
        for one, other in LINKS:
            there, back = self._channel(one, other, parties), self._channel(other, one, parties)
            there.connect(parties[other].inbox, back)
            back.connect(parties[one].inbox, there)
            for owner, channel, peer in ((one, there, other), (other, back, one)):
                setattr(parties[owner], "users" if peer == "user" else peer, channel)
        if self.scenario.is_hostile:
            for party in parties.values():
                party.inbox.screen()
                party.doubt = self.records.orders.doubt
            schedule_crashes(self.clock, self.scenario, parties)
        for party in parties.values():
            party.open_for_business()

    def _channel(self, sender: str, recipient: str, parties: dict[str, Entity]) -> Channel:
        name = f"{sender}->{recipient}"
        link = self.scenario.network.link(name)
        latency = self._durations(f"channel:{name}", link.latency)
        channel = Channel(self.clock, self.records.messages, latency, parties[recipient].code)
        if self.scenario.is_hostile:
            make_hostile(channel, name, self.scenario, self._streams)
        return channel

    def _let_visits_arrive(self) -> None:
        visits = self.scenario.visits(self.seed)
        views_all = self.scenario.users.views == "all"
        users, slips, intents = visits.user.tolist(), visits.wrong_secret.tolist(), visits.intent.tolist()
        quantities = visits.quantities

        def begin(number: int) -> None:
            if users[number] in self._played:
                return
            wanted = zip(self.skus, quantities[number].tolist(), strict=True)
            cart = tuple((sku, units) for sku, units in wanted if units)
            if intents[number] and not cart:
                cart = ((self.skus[0], 1),)  # an attacker always wants something
            views = self.skus if views_all else tuple(sku for sku, _ in cart)
            self.users.arrive(Visit(users[number], cart, views, slips[number], INTENTS[intents[number]]))

        Timetable(self.clock, visits.at.tolist(), begin)

    # Driving the clock

    @property
    def now(self) -> float:
        """Seconds since the scenario's start."""
        return self.clock.now

    @property
    def drained(self) -> bool:
        """Whether nothing is left to happen: no message on its way, no timer running."""
        return self.clock.peek() == INFINITY

    def step(self) -> bool:
        """Process one kernel event; False if there is none."""
        self._check_sound()
        if self.drained:
            return False
        with self._stopping_for_good():
            self.clock.step()
        return True

    def next_message(self) -> MessageSeen | None:
        """Run until the next message has been delivered and return it; None if there is none."""
        log = self.records.messages
        before, log.last_landed = log.last_landed, NO_ID
        while log.last_landed == NO_ID:
            if not self.step():
                log.last_landed = before
                return None
        return self._seen(log.last_landed)

    @property
    def last_message(self) -> MessageSeen | None:
        """The message that was delivered last; None before the first."""
        row = self.records.messages.last_landed
        return None if row == NO_ID else self._seen(row)

    def ask(self, asking: Asking) -> Any:
        """Let an entity ask, step until the reply is there, and return it; NoReply if the simulation ended first.

        `asking` is what an entity's method returns that asks: `simulation.ask(simulation.users.show_balance(0))`.
        """
        answers: list[Any] = []

        def listen() -> Process:
            answers.append((yield from asking))

        self.clock.process(listen())
        return answers[0] if self.run_until(lambda: bool(answers)) else NoReply()

    def run_until(self, condition: Callable[[], bool]) -> bool:
        """Process events until `condition()` holds; False if the simulation ended first."""
        while not condition():
            if not self.step():
                return False
        return True

    def run(self, until: float | str | None = None, *, progress: Callable[[Progress], None] | None = None) -> None:
        """Run up to an instant (seconds, or text such as "2 days"), or to the end that the scenario sets.

        `progress` is called about 200 times a horizon. The laws are not checked: `Result.check` does.
        """
        limit = self._end() if until is None else _seconds(until)
        self._check_sound()
        stride = INFINITY if progress is None else self.scenario.horizon / _WATCHED
        while not self.drained and self.clock.peek() <= limit:
            with self._stopping_for_good():
                self.clock.run_to(min(limit, max(self.clock.peek(), self.now + stride)))
            if progress is not None:
                progress(Progress(self.now, self.scenario.horizon, len(self.records.orders), self.clock.events))
        if limit < INFINITY:
            self.clock.advance_to(limit)

    def _end(self) -> float:
        """Return the instant at which the scenario cuts a run off."""
        drain = self.scenario.drain
        return INFINITY if drain is None else self.scenario.horizon + drain

    def _check_sound(self) -> None:
        if self._failure is not None:
            raise RuntimeError(f"this simulation stopped for good: {self._failure}") from self._failure

    @contextmanager
    def _stopping_for_good(self) -> Iterator[None]:
        """Remember an error: the market behind it may be half-way through a step."""
        try:
            yield
        except Exception as error:
            self._failure = error
            raise

    # What can be seen

    def balances(self) -> dict[str, float]:
        """Return the deposits of all users together, of the shop and of the supplier, in major units."""
        available = self.bank.book.available
        minor = {
            "users": sum(available(user) for user in range(self.scenario.users.count)),
            "shop": available(SHOP),
            "supplier": available(SUPPLIER),
        }
        return {name: float(self._currency.major(amount)) for name, amount in minor.items()}

    def enquire_balances(self) -> dict[str, int]:
        """Let every user, the shop and the supplier ask the bank for their balance; minor units by name.

        The questions travel through the channels and take their time, so the clock moves on.
        """
        answers: dict[str, int] = {}

        def listen(name: str, asking: Asking) -> Process:
            answers[name] = yield from asking

        for user in range(self.scenario.users.count):
            self.clock.process(listen(f"user:{user}", self.users.show_balance(user)))
        for party in (self.shop, self.supplier):
            self.clock.process(listen(party.name, party.enquire(party.bank, party.wallet)))
        self.run_until(lambda: len(answers) == self.scenario.users.count + 2)
        return answers

    def _seen(self, row: int) -> MessageSeen:
        log = self.records.messages
        message = log.row(row)
        return MessageSeen(
            row, message["delivered_at"], log.name(message["sender"]), log.name(message["recipient"]),
            message["kind"], message["order"],
        )  # fmt: skip

    def _tables(self) -> dict[str, Columns]:
        orders, ledger = self.records.orders, self.ledger
        return {
            "orders": orders.order_columns(),
            "order_lines": orders.line_columns(),
            "visits": self.records.visits.columns(),
            "messages": self.records.messages.columns(),
            "transfers": ledger.columns(),
            "accounts": ledger.account_columns(),
            "replenishments": self.records.replenishments.columns(),
            "users": self._user_columns(),
        }

    def _user_columns(self) -> Columns:
        """Return the table `users`; `spent` is the total of orders paid and not cancelled."""
        users = np.arange(self.scenario.users.count, dtype=np.int64)
        available = self.bank.book.available
        placed, spent = self.records.orders.by_user(len(users))
        return {
            "user": users,
            "account": Coded(users.astype(np.int32), [str(account_number(user)) for user in range(len(users))]),
            "registered_at": times(self.records.registered_at),
            "opening_balance": self._opening_balances,
            "closing_balance": np.array([available(user) for user in range(len(users))], np.int64),
            "orders": placed,
            "spent": spent,
        }

    def result(self) -> Result:
        """Return everything recorded so far."""
        return Result(
            self.scenario, self.seed, self._tables(), ended_at=self.now, drained=self.drained,
            events=self.clock.events,
            inboxes={party.name: party.inbox.statistics() for party in (self.shop, self.bank, self.supplier)},
        )  # fmt: skip


def _seconds(until: float | str) -> float:
    """Read an instant as scenarios read durations; only here, since it may need pandas."""
    from alesha_sim.scenarios.fields import seconds

    return seconds(until)


def simulate(
    scenario: "Scenario", seed: int | None = None, *, progress: Callable[[Progress], None] | None = None
) -> Result:
    """Run a scenario to its end, check the laws, and return the result.

    Without a `seed` one is drawn; the result tells which. Raises LawBroken, naming each violation, if a law does
    not hold, and EntityError if an entity's code raised.
    """
    simulation = Simulation(scenario, seed)
    simulation.run(progress=progress)
    result = simulation.result()
    violations = result.check()
    if violations:
        raise LawBroken("\n".join(violations))
    return result
