"""A customer whose steps the reader decides: the same user entity, channels and books as in any run.

Here is what a click does, without anything that shows it.
"""

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsFloat

from alesha_sim.columns import numbers, text_column
from alesha_sim.conversation import Conversation, Step
from alesha_sim.entities.entity import Asking, Value, Wallet
from alesha_sim.entities.user.intent import NoAnswer, VisitIntent
from alesha_sim.entities.user.population import UserPopulation
from alesha_sim.entities.user.visit import UserVisit
from alesha_sim.messages import (
    Balance,
    Confirmation,
    EnquireBalance,
    Homepage,
    Invoice,
    LoggedIn,
    LogIn,
    Pay,
    Refusal,
    Register,
    Secret,
    ViewProduct,
)
from alesha_sim.network import NoReply
from alesha_sim.results.result import Result
from alesha_sim.scenarios.errors import shown
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.units import as_whole
from alesha_sim.vocabulary import ABANDONED, BOUGHT, BROWSED, LOGGED_IN, LOOKED, REFUSED

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario

MOST_UNITS = 10**6
"""How many units of a product a cart can hold at most."""

IN_WALLET = "*" * 16
"""What stands for the shopper's own secret: giving it means the right one, which is never shown."""


class PlacedOrder(NamedTuple):
    """An order of the shopper's, as it stands; the total in minor units."""

    order: int
    total: int
    status: str


class Guest(UserVisit):
    """A user on a visit whose steps the caller decides; pays with what was `typed` into the payment pop-up."""

    def __init__(self, users: UserPopulation, user: int) -> None:
        super().__init__(users.context, users.orders, VisitIntent(user, (), (), False))
        self.outcome = LOOKED
        self.typed: Wallet | None = None

    def fill_in(self, invoice: Invoice) -> Pay:
        """Give the account and the secret that were typed in; nobody overhears them."""
        account, secret = self.context.credentials.wallet(self.code) if self.typed is None else self.typed
        return Pay(invoice.order, account, secret)

    def fill(self, cart: dict[str, int]) -> None:
        """Say what is in the cart."""
        self.cart = tuple(cart.items())


class Shopper:
    """User `user` of a scenario, played by the reader; all others do what they do anyway.

    Each method is a click: it steps the simulation until the reply is there and returns it, as the shop sent it
    (NoReply if none came). `last_click` is the conversation that it caused, `clicks` what was called so far,
    without secrets. `cart` is units by SKU. Raises ValueError for an unknown user. A click whose argument
    is of another type or beyond its bounds raises ValueError, sends nothing and is not kept.
    """

    def __init__(self, scenario: "Scenario", seed: int | None = None, *, user: int = 0) -> None:
        if not 0 <= user < scenario.users.count:
            raise ValueError(f"user {user}: must be from 0 to {scenario.users.count - 1}")
        self.simulation = Simulation(scenario, seed, played={user})
        self.scenario = scenario
        self.user = user
        self.cart: dict[str, int] = {}
        self.is_logged_in = False
        self.invoice: Invoice | None = None
        self.clicks: list[str] = []
        self._passwords: dict[str, str] = {}
        self._guest: Guest | None = None
        self._clicks = 0
        self._since = (0, 0)

    # The shop's pages

    def home(self) -> Homepage | NoReply:
        """Look at the home page."""
        self.clicks.append("home()")
        return self._ask(self._visit().view_homepage())

    def register(self, password: str) -> Any:
        """Ask for a login with a password: `Registered`, or the shop's `Refusal`."""
        _text("register: password", password)
        self.clicks.append(f"register({self._named(password)!r})")
        return self._ask(self._visit().ask_shop(Register(Secret(password)), step=self._step("register")))

    def log_in(self, password: str) -> Any:
        """Ask to be let in: `LoggedIn`, or the shop's `Refusal`."""
        _text("log_in: password", password)
        self.clicks.append(f"log_in({self._named(password)!r})")
        visit = self._visit()
        reply = self._ask(visit.ask_shop(LogIn(Secret(password))))
        if isinstance(reply, LoggedIn):
            self.is_logged_in = True
            visit.context.log.reached(visit.number, LOGGED_IN)
        return reply

    def look_at(self, sku: str) -> Any:
        """Look at a product's page: `ProductPage`, or the shop's `Refusal`."""
        _text("look_at: sku", sku)
        self.clicks.append(f"look_at({sku!r})")
        visit = self._visit()
        reply = self._ask(visit.ask_shop(ViewProduct(sku)))
        if self.is_logged_in and not isinstance(reply, Refusal | NoReply):
            visit.context.log.reached(visit.number, BROWSED)
        return reply

    def put(self, sku: str, units: int) -> None:
        """Have so many units of a product in the cart, a million at most; 0 takes it out. Nothing is sent."""
        _text("put: sku", sku)
        if _whole("put: units", units) > MOST_UNITS:
            raise ValueError(f"put: units {shown(units)}: must be at most {MOST_UNITS:,}")
        self.clicks.append(f"put({sku!r}, {units})")
        self.cart.pop(sku, None)
        if units:
            self.cart[sku] = units

    def check_out(self) -> Invoice | Refusal | NoReply:
        """Order what is in the cart: the `Invoice`, or the shop's `Refusal`."""
        self.clicks.append("check_out()")
        visit = self._visit()
        visit.fill(self.cart)
        refusals: list[Any] = []
        self._clicks += 1
        reply = self._ask(_overhear(visit.check_out(self._clicks), refusals))
        if isinstance(reply, Invoice):
            self.invoice = reply
            visit.outcome = ABANDONED
            return reply
        refusal: Refusal | NoReply = refusals[-1] if refusals else NoReply()
        return refusal

    def pay(self, account: int, secret: str) -> Confirmation | Refusal | NoReply:
        """Fill in the pop-up and pay the invoice: the success message, or the shop's `Refusal`.

        Either ends the visit: a declined order is closed, and paying again is a new check-out. Raises ValueError,
        and sends nothing, if there is no invoice, the account is no whole number or the secret is no text.
        """
        account = _whole("pay: account", account)
        _text("pay: secret", secret)
        if self.invoice is None:
            raise ValueError("pay: there is no invoice; check out first")
        visit = self._visit()
        own = self.simulation.users.credentials.wallet(self.user)
        is_right = secret in (IN_WALLET, own.secret)
        self.clicks.append(f"pay({account}, {IN_WALLET if is_right else 'wrong'!r})")
        visit.typed = Wallet(account, own.secret if secret == IN_WALLET else Secret(secret))
        replies: list[Any] = []
        paid = self._ask(_overhear(visit.pay(self.invoice), replies))
        self.invoice = None
        if isinstance(paid, NoReply):
            return paid
        visit.outcome = BOUGHT if paid else REFUSED
        self._leave()
        if paid:
            self.cart = {}
        return replies[-1]  # type: ignore[no-any-return]

    def leave(self) -> None:
        """End the visit; the next click on a page begins another."""
        self.clicks.append("leave()")
        self._leave()

    def _leave(self) -> None:
        if self._guest is not None:
            self._guest.leave(self._guest.outcome)
            self._guest = None

    # Time, and what there is to know

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        seconds = _duration("wait: seconds", seconds)
        self.clicks.append(f"wait({seconds!r})")
        self._begin_click()
        self.simulation.run(until=self.simulation.now + seconds)

    def balances(self) -> dict[str, int]:
        """Let the shopper, the shop and the supplier each ask the bank for their balance; minor units by name."""
        self.clicks.append("balances()")
        self._begin_click()
        simulation = self.simulation
        found = {f"user:{self.user}": simulation.ask(simulation.users.show_balance(self.user))}
        for party in simulation.firms:
            found[party.name] = simulation.ask(party.query_balance(party.channels[party.bank], party.wallet))
        return {name: answer for name, answer in found.items() if isinstance(answer, int)}

    @property
    def account(self) -> int:
        """The number of the shopper's account at the bank."""
        return self.simulation.users.credentials.wallet(self.user).account

    def orders(self) -> list[PlacedOrder]:
        """Return the shopper's orders as they stand."""
        orders = self.simulation.result().columns("orders")
        status = text_column(orders, "status")
        rows = (numbers(orders, "user") == self.user).nonzero()[0].tolist()
        number, total = numbers(orders, "order"), numbers(orders, "total")
        return [PlacedOrder(int(number[row]), int(total[row]), status.labels[status.codes[row]]) for row in rows]

    @property
    def last_click(self) -> Conversation:
        """What the last click sent through the channels, by and to the shopper and about the shopper's orders."""
        result = self.simulation.result()
        followed = result.follow(user=self.user)
        mine = {said.message for said in followed.messages}
        orders = {order.order for order in self.orders()}

        def concerns(step: Step) -> bool:
            said = step.message
            if said is None:
                return any(row.order in orders for row in step.transfers)
            return said.message in mine or said.kind in (EnquireBalance.__name__, Balance.__name__)

        talk = result.since(*self._since).where(steps=concerns)
        talk.title = "What the last click sent"
        return talk

    def finish(self) -> Result:
        """Leave the shop, let everything end that is under way, and return the result."""
        self._leave()
        self.simulation.run()
        return self.simulation.result()

    def reproduce(self) -> None:
        """Print the lines of Python that give a result with the same digest; secrets are not in them."""
        print(f"shopper = alesha.notebook.Shopper(scenario, seed={self.simulation.seed}, user={self.user})")
        print(*(f"shopper.{click}" for click in self.clicks), sep="\n")
        print("result = shopper.finish()")

    def _named(self, password: str) -> str:
        """Return what stands for a password: nothing that is kept or shown depends on more than which it is."""
        return self._passwords.setdefault(password, f"password {len(self._passwords) + 1}")

    def _visit(self) -> Guest:
        if self._guest is None:
            self._guest = Guest(self.simulation.users, self.user)
        return self._guest

    def _step(self, name: str) -> str:
        """Return a name for a step that no other click has."""
        self._clicks += 1
        return f"{name}:{self._clicks}"

    def _begin_click(self) -> None:
        self._since = (len(self.simulation.records.messages), len(self.simulation.ledger))

    def _ask(self, asking: Asking[Value]) -> Value | NoReply:
        """Ask, and step the simulation until the reply is there; without one the visit is over."""
        self._begin_click()
        reply = self.simulation.ask(_until_silence(asking))
        if isinstance(reply, NoAnswer):
            if self._guest is not None:
                self._guest.outcome = reply.outcome
            self._leave()
            return NoReply()
        return reply


def _whole(name: str, value: object) -> int:
    """Return a whole number of any type as an int; raises ValueError for anything else."""
    found = as_whole(value)
    if found is None:
        raise ValueError(f"{name} {shown(value)}: must be a whole number, without quotation marks")
    return found


def _duration(name: str, value: object) -> float:
    seconds = math.nan
    with suppress(OverflowError):
        seconds = float(value) if isinstance(value, SupportsFloat) else math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{name} {shown(value)}: must be a finite number, not negative")
    return int(seconds) if seconds.is_integer() else seconds


def _text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{name}: must be a text, not {type(value).__name__}")


def _until_silence(asking: Asking[Value]) -> Asking[Value | NoAnswer]:
    """Go on with an asking, and return the silence if that is what it ends with."""
    try:
        return (yield from asking)
    except NoAnswer as silence:
        return silence


def _overhear(asking: Asking[Value], heard: list[Any]) -> Asking[Value]:
    """Go on with an asking, and keep every reply that comes in."""
    try:
        event = next(asking)
        while True:
            reply = yield event
            heard.append(reply)
            event = asking.send(reply)
    except StopIteration as end:
        value: Value = end.value
        return value
