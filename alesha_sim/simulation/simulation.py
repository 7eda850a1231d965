"""A simulation: one scenario, one seed, and the market that they make, from its first event to its last.

Here the entities, channels, books and records are put together and the clock is driven. Contains no decisions.
"""

import math
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from alesha_sim.books.counting import CountingLedger
from alesha_sim.books.ledger import LawBroken
from alesha_sim.columns import Columns, TextColumn, times
from alesha_sim.entities.accounts import account_number
from alesha_sim.entities.entity import Asking, Process, Value
from alesha_sim.kernel.scheduled import INFINITY, MANY
from alesha_sim.kernel.timers import Schedule
from alesha_sim.messages import Decline
from alesha_sim.network import NoReply
from alesha_sim.numbered import NumberedLabels
from alesha_sim.recording.levels import ALL, Tallies, known
from alesha_sim.results.result import Result
from alesha_sim.scenarios import with_extensions
from alesha_sim.simulation.arrivals import Arrivals
from alesha_sim.simulation.assembly import Market
from alesha_sim.simulation.collecting import Collectors
from alesha_sim.simulation.doors import Doors
from alesha_sim.simulation.gc_tuning import relaxed_collector
from alesha_sim.storage import Spool
from alesha_sim.storage.saved import Manifest
from alesha_sim.streams import fresh_seed
from alesha_sim.tables.schema import recorded
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario

_WATCHED = 200  # how often a horizon's progress is reported
_PATIENCE = 2**18  # after how many events at the latest it is reported: where time stands still it would never be
_RELIEVED = 2**14  # after how many kernel events full blocks are looked for


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


class Simulation(Doors):
    """One market, ready to run; without a `seed` one is drawn and kept in `seed`.

    Times are seconds since the scenario's start. The visits of `played` users do not begin: the caller visits in
    their place. Once an entity's code has raised, the simulation cannot continue.

    With a folder as `spool`, rows leave memory for that folder as the run goes, and `result` completes a result
    there; nothing else differs. After `result` such a simulation cannot continue.

    `record` says what is kept: "all", or "summary" (metrics, accounts and users only). What happens is the same,
    and so is every metric; whatever needs a table that is off raises NotRecorded, which names it. At both levels
    the ledger refuses, at each transfer, what would break the laws L0 (two accounts of one book and commodity) or
    L1 (a floor), and writes each entry once.

    Before the first event, the functions of `scenario.extensions` and then `setup` are handed the simulation:
    there a reader's own entities, books and collectors are added. `setup` stays among the scenario's extensions.

    Raises TypeError for anything but a scenario, ValueError for an unknown level or a seed that is not a whole
    number from 0 to 2**63 - 1, FileExistsError for a spool folder that is not empty, and OSError, naming the
    folder, if it cannot be written, now or later in the run.
    """

    def __init__(
        self,
        scenario: "Scenario",
        seed: int | None = None,
        *,
        played: Container[int] = (),
        spool: str | PathLike[str] | None = None,
        record: str = ALL,
        setup: Callable[["Simulation"], object] | None = None,
    ) -> None:
        self.record = known(record)
        self.seed = fresh_seed() if seed is None else seed
        scenario, extensions = with_extensions(scenario, setup)
        drawn = scenario.visits(self.seed)
        self.scenario = scenario = scenario.ending(drawn)
        self._visits_cut = drawn.cut
        self._currency = scenario.currency
        self._failure: Exception | None = None
        self._spool = None if spool is None else Spool(spool, scenario)
        self._spooled: Result | None = None
        market = Market(scenario, self.seed, self._spool, record)
        self.clock, self.ledger, self.records = market.clock, market.ledger, market.records
        self.shops, self.banks, self.suppliers = market.shops, market.banks, market.suppliers
        self.users = market.users
        self.parties = market.parties
        tallied = self.ledger if isinstance(self.ledger, CountingLedger) else None
        self._flushed = [each for each in (self._spool, tallied) if each is not None]
        self.skus = market.skus
        self._opening_balances = market.open_books()
        market.connect()
        self.clearing_house = None if market.settlement is None else market.settlement.house
        views_all = scenario.users.views == "all"
        arrivals = Arrivals(self.users, drawn, self.skus, views_all, played)
        Schedule(self.clock, arrivals.at, arrivals.begin)
        self._collectors = Collectors()
        for extension in extensions:
            extension(self)
        if extensions:
            self.parties.check_links()

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
        with self._keeping_failure():
            self._sample_to(math.nextafter(self.clock.peek(), 0.0))
            self.clock.step()
            self._flush()
        if self.clock.peek() == INFINITY:
            self._sample_to(self.now)
        return True

    def next_message(self) -> MessageSeen | None:
        """Run until the next message has been delivered and return it; None if there is none.

        Raises NotRecorded if messages are off.
        """
        log = self.records.messages
        before = log.last_landed
        while log.last_landed == before:
            if not self.step():
                return None
        return self._seen(log.last_landed)

    @property
    def last_message(self) -> MessageSeen | None:
        """The message that was delivered last; None before the first. Raises NotRecorded if messages are off."""
        row = self.records.messages.last_landed
        return None if row == NO_ID else self._seen(row)

    def ask(self, asking: Asking[Value]) -> Value | NoReply:
        """Let an entity ask, step until the reply is there, and return it; NoReply if the simulation ended first.

        `asking` is what an entity's method returns that asks: `simulation.ask(simulation.users.show_balance(0))`.
        """
        answers: list[Value] = []

        def listen() -> Process:
            answers.append((yield from asking))

        self.clock.process(listen())
        return answers[0] if self.run_until(lambda: bool(answers)) else NoReply()

    @relaxed_collector()
    def run_until(self, condition: Callable[[], bool]) -> bool:
        """Process events until `condition()` holds; False if the simulation ended first."""
        while not condition():
            if not self.step():
                return False
        return True

    @relaxed_collector()
    def run(self, until: float | str | None = None, *, progress: Callable[[Progress], None] | None = None) -> None:
        """Run up to an instant (seconds, or text such as "2 days"), or to the end that the scenario sets.

        `progress` is called about 200 times a horizon, and after many events without it. The laws are not
        checked: `Result.check` does.
        """
        limit = self._end() if until is None else _seconds(until)
        self._check_sound()
        was_over = self.drained
        stride, most = (INFINITY, MANY) if progress is None else (self.scenario.horizon / _WATCHED, _PATIENCE)
        while not self.drained and self.clock.peek() <= limit:
            with self._keeping_failure():
                self._run_to(min(limit, max(self.clock.peek(), self.now + stride)), self.clock.events + most)
            if progress is not None:
                progress(Progress(self.now, self.scenario.horizon, len(self.records.orders), self.clock.events))
        if not was_over:
            self._sample_to(self.now if self.drained else limit)
        if limit < INFINITY:
            self.clock.advance_to(limit)

    def _sample_to(self, at: float) -> None:
        """Take the samples that are due up to an instant, before which nothing more happens."""
        while self._collectors.due <= at and self._failure is None:
            with self._keeping_failure():
                self._collectors.sample(self)

    def _run_to(self, until: float, events: int) -> None:
        """Run up to an instant, or until so many events have been processed in all."""
        clock = self.clock
        if not (self._flushed or self._collectors):
            clock.run_to(until, events - clock.events)
            return
        while not self.drained and clock.peek() <= until and clock.events < events:
            self._sample_to(math.nextafter(clock.peek(), 0.0))
            clock.run_to(min(until, self._collectors.due), _RELIEVED)
            self._flush()

    def _flush(self) -> None:
        """Let what has been recorded, or counted, leave memory."""
        for rows in self._flushed:
            rows.flush()

    def _end(self) -> float:
        """Return the instant at which the scenario cuts a run off."""
        drain = self.scenario.drain
        return INFINITY if drain is None else self.scenario.horizon + drain

    def _check_sound(self) -> None:
        if self._failure is not None:
            raise RuntimeError(f"this simulation cannot continue: {self._failure}") from self._failure
        if self._spooled is not None:
            raise RuntimeError("this simulation cannot continue: its result is in its spool")

    @contextmanager
    def _keeping_failure(self) -> Iterator[None]:
        """Remember an error: the market behind it may be half-way through a step."""
        try:
            yield
        except Exception as error:
            self._failure = error
            if self._spool is not None:
                self._spool.abandon(error)
            raise

    # What can be seen

    def balances(self) -> dict[str, float]:
        """Return the deposits of all users together, of the shops and of the suppliers, in major units."""
        minor = {"users": sum(self._users_deposits())}
        for firm in self.firms:
            minor[firm.name] = self.banks[firm.bank].book.available(firm.code)
        return {name: float(self._currency.major(amount)) for name, amount in minor.items()}

    def _users_deposits(self) -> list[int]:
        """Return what each user can spend, minor units."""
        books = [bank.book for bank in self.banks.values()]  # whose users follow each other
        return [book.available(user) for book in books for user in book.users]

    def enquire_balances(self) -> dict[str, int | None]:
        """Let every user, shop and supplier ask their bank for their balance; minor units by name.

        None stands for one who got no answer, or was declined because the account is locked.
        The questions travel through the channels and take their time, so the clock moves on.
        """
        answers: dict[str, int | None] = {}

        def listen(name: str, asking: Asking[int | Decline | NoReply]) -> Process:
            reply = yield from asking
            answers[name] = reply if isinstance(reply, int) else None

        for user in range(self.scenario.users.count):
            self.clock.process(listen(f"user:{user}", self.users.show_balance(user)))
        firms = self.firms
        for firm in firms:
            self.clock.process(listen(firm.name, firm.query_balance(firm.channels[firm.bank], firm.wallet)))
        self.run_until(lambda: len(answers) == self.scenario.users.count + len(firms))
        return answers

    def _seen(self, row: int) -> MessageSeen:
        log = self.records.messages
        message = log.row(row)
        return MessageSeen(
            row,
            message["delivered_at"],
            log.name(message["sender"]),
            log.name(message["recipient"]),
            message["kind"],
            message["order"],
        )

    def _tables(self) -> Mapping[str, Columns]:
        orders, ledger = self.records.orders, self.ledger
        makers: dict[str, Callable[[], Columns]] = {
            "orders": orders.order_columns,
            "purchases": orders.purchase_columns,
            "order_lines": orders.line_columns,
            "visits": self.records.visits.columns,
            "messages": lambda: self.records.messages.columns(),
            "transfers": ledger.columns,
            "accounts": ledger.account_columns,
            "production_lots": self.records.production_lots.columns,
            "users": self._user_columns,
        }
        return {table: makers[table]() for table in recorded(self.record)}

    def _user_columns(self) -> Columns:
        """Return the table `users`; `spent` is the total of orders paid and not cancelled."""
        users = np.arange(self.scenario.users.count, dtype=np.int64)
        placed, spent = self.records.orders.by_user(len(users))
        return {
            "user": users,
            "account": TextColumn(users.astype(np.int32), NumberedLabels([""], users + account_number(0) + 1)),
            "registered_at": times(self.records.registered_at),
            "opening_balance": self._opening_balances,
            "closing_balance": np.array(self._users_deposits(), np.int64),
            "orders": placed,
            "spent": spent,
        }

    def result(self) -> Result:
        """Return everything recorded so far; with a spool, finish it first."""
        if self.now < self.clock.peek() < INFINITY:
            self._sample_to(self.now)
        if self._spool is None:
            return Result(self.scenario, self.seed, self._tables(), record=self.record, **self._ending())
        if self._spooled is None:
            with self._keeping_failure():
                self._check_sound()
                tables = self._spool.finish(
                    {"accounts": self.ledger.account_columns(), "users": self._user_columns()},
                    Manifest(self.scenario, self.seed, "", recorded=self.record, **self._ending()),
                )
            self._spooled = Result(self.scenario, self.seed, tables, record=self.record, **self._ending())
        return self._spooled

    def _ending(self) -> dict[str, Any]:
        """Return how the run stands: where, whether anything is left to happen, and what came through inboxes."""
        inboxes = {name: entity.inbox.statistics() for name, _, _, entity in self.parties.organisations}
        return {
            "ended_at": self.now,
            "drained": self.drained,
            "events": self.clock.events,
            "inboxes": inboxes,
            "tallies": self._tallies(),
            "visits_cut": self._visits_cut,
            "collected": self._collectors.samples(),
        }

    def _tallies(self) -> Tallies:
        """Return what was counted in the place of the tables that are off."""
        found = self.records.tallies()
        return {**found, "transfers": self.ledger.counts()} if isinstance(self.ledger, CountingLedger) else found


def _seconds(until: float | str) -> float:
    """Read an instant as scenarios read durations; only here, since it may need pandas."""
    from alesha_sim.scenarios.fields import seconds

    return seconds(until)


def simulate(
    scenario: "Scenario",
    seed: int | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    spool: str | PathLike[str] | None = None,
    record: str = ALL,
    setup: Callable[[Simulation], object] | None = None,
) -> Result:
    """Run a scenario to its end, check the laws, and return the result.

    Without a `seed` one is drawn; the result tells which. With a folder as `spool` the tables are there and not
    in memory; `record` says which are kept, and `setup` takes along what is your own, as in `Simulation`. With
    `record="summary"` there are no transfers to check; the ledger refuses at both levels what breaks L0 or L1 or
    writes an entry twice. Raises LawBroken, naming each violation, if a law does not hold, and EntityError if an
    entity's code raised.
    """
    simulation = Simulation(scenario, seed, spool=spool, record=record, setup=setup)
    simulation.run(progress=progress)
    result = simulation.result()
    del simulation  # a check needs the memory more
    violations = result.check() if result.is_checkable else []
    if violations:
        raise LawBroken("\n".join(violations))
    return result
