"""The work that all contenders do: who comes when for what, with which money, and how long everything takes.

A user looks at the home page, logs in (and registers first, the first time), looks at the page of each product in
the cart, checks out and pays. To have an order paid the shop asks the bank to authorise the user's payment, has
the bank transfer the charges to the supplier, and places the order; the supplier has the bank verify that transfer
before it accepts. Later the goods are made and travel, are handed over to the user, who notes them, and the shop
is told. Every message travels for a drawn latency. A request to the shop takes one of its workers for a page time,
a payment one of the bank's, an order one of the supplier's; other messages are dealt with by such a worker in no
time, and by users at once. Who waits for a worker waits first come, first served.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from cases import SEED, Case, buyers

from alesha_sim.distributions import durations
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.streams import Streams

POOR, MISTYPED = 0.05, 0.03
"""The shares of users who cannot pay for anything, and of visits with a mistyped secret."""

ACCOUNTS, SHOP_ACCOUNT, SUPPLIER_ACCOUNT = 10_000_000, 9_000_001, 9_000_002
"""The account number of user 0, which the other users' follow, and those of shop and supplier."""

Cart = tuple[tuple[str, int], ...]
Duration = Callable[[], float]


class Placed(NamedTuple):
    """An order at the end, declined for a `reason` or completed at the instant `closed_at`, seconds.

    `total` is in minor units. Every wait that the order has met shows in its instant.
    """

    user: int
    total: int
    status: str
    reason: str
    closed_at: float


class Outcome(NamedTuple):
    """What came of a run: orders sorted, deposits by account number, messages sent, and the last one's instant.

    `orders` or `messages` are None where the library keeps none; `events` counts the kernel's, None if unknown.
    """

    orders: list[Placed] | None
    deposits: dict[int, int]
    messages: int | None
    ended_at: float
    events: int | None = None


class Ready(NamedTuple):
    """A program that is set up: `go` does the work, once, and `outcome` says what came of it."""

    go: Callable[[], object]
    outcome: Callable[[], Outcome]


class Durations(NamedTuple):
    """What takes time, each drawn in blocks from a stream of its own: seconds, rounded to microseconds."""

    page: Duration
    authorisation: Duration
    handling: Duration
    lead: Duration
    delivery: Duration
    user_to_shop: Duration
    shop_to_user: Duration
    shop_to_bank: Duration
    bank_to_shop: Duration
    shop_to_supplier: Duration
    supplier_to_shop: Duration
    supplier_to_bank: Duration
    bank_to_supplier: Duration
    supplier_to_user: Duration
    user_to_supplier: Duration


class Call(NamedTuple):
    """A visit: at which instant (seconds) who comes, for what, and with which secret in mind."""

    at: float
    user: int
    cart: Cart
    secret: str


class Flow:
    """The work of about so many orders by so many users; `settings` change the scenario besides."""

    def __init__(
        self, users: int, orders: int, seed: int = SEED, *, settings: Mapping[str, object] = MappingProxyType({})
    ) -> None:  # fmt: skip
        self.seed = seed
        self.scenario: Scenario = buyers(Case("buyers", users, orders)).with_settings({
            "users.wrong_secret": MISTYPED,
            # Far below every price or far above all together, so that the order of events decides nothing.
            "users.opening_balance": {"kind": "empirical", "values": [1, 1e7], "weights": [POOR, 1 - POOR]},
            **settings,
        })  # fmt: skip
        minor = self.scenario.currency.minor
        self.workers = self.scenario.shop.workers, self.scenario.bank.workers, self.scenario.supplier.workers
        self.prices = {product.sku: minor(product.price) for product in self.scenario.catalogue}
        self.charges = {product.sku: minor(product.charge) for product in self.scenario.catalogue}
        self.shop_opening = minor(self.scenario.shop.opening_balance)
        self.supplier_opening = minor(self.scenario.supplier.opening_balance)
        self.passwords = self._texts("user:password", users)
        self.secrets = self._texts("user:secret", users)

    def _texts(self, name: str, count: int) -> list[str]:
        numbers = Streams(self.seed).generator(name).integers(0, 2**64, size=count, dtype="uint64")
        return [f"{number:016x}" for number in numbers.tolist()]

    @cached_property
    def calls(self) -> list[Call]:
        """All visits, sorted by their instants."""
        drawn = self.scenario.visits(self.seed)
        skus = self.scenario.skus
        columns = (drawn.at, drawn.user, drawn.quantities, drawn.wrong_secret)
        return [
            Call(at, user, tuple((sku, units) for sku, units in zip(skus, quantities, strict=True) if units),
                 "mistyped" if is_mistyped else self.secrets[user])
            for at, user, quantities, is_mistyped in zip(*(column.tolist() for column in columns), strict=True)
        ]  # fmt: skip

    def openings(self) -> dict[int, int]:
        """Return what is in every account at the start, in minor units."""
        users = enumerate(self.scenario.opening_balances(self.seed).tolist(), ACCOUNTS)
        return {**dict(users), SHOP_ACCOUNT: self.shop_opening, SUPPLIER_ACCOUNT: self.supplier_opening}

    def durations(self) -> Durations:
        """Return new streams of everything that takes time: the library's own."""
        scenario, streams = self.scenario, Streams(self.seed)
        drawn = {
            "shop:service": scenario.shop.page_time,
            "bank:service": scenario.bank.authorisation_time,
            "supplier:service": scenario.supplier.handling_time,
            "supplier:lead_time": scenario.supplier.lead_time,
            "supplier:delivery_time": scenario.supplier.delivery_time,
        }
        for field in Durations._fields[len(drawn) :]:
            link = field.replace("_to_", "->")
            drawn[f"channel:{link}"] = scenario.network.link(link).latency
        return Durations(*(durations(spread, streams.generator(name)) for name, spread in drawn.items()))
