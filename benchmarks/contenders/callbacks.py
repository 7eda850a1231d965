"""The flow as callbacks of a calendar: what a process keeps in its local variables, a `Visit` keeps in its fields.

Used by contenders whose programs are made of callbacks; each brings its own calendar.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from contenders.flow import ACCOUNTS, SHOP_ACCOUNT, SUPPLIER_ACCOUNT, Call, Duration, Flow
from contenders.parties import SHOP_SECRET, Order, Parties


class After(Protocol):
    """Calls `function(*arguments)` after so many seconds."""

    def __call__(self, seconds: float, function: Callable[..., object], *arguments: object) -> object:
        """Note the call in the calendar."""


class Job(NamedTuple):
    """What a worker is to decide, and who gets the reply after which latency; nobody, without a way back."""

    decide: Callable[..., object]
    request: tuple[object, ...]
    way_back: Duration | None = None
    go_on: Callable[..., object] | None = None
    takes_time: bool = True


class Staff:
    """So many workers, who take `seconds` for what takes time."""

    def __init__(self, after: After, workers: int, seconds: Duration) -> None:
        self.after = after
        self.free = workers
        self.seconds = seconds
        self.waiting: deque[Job] = deque()

    def arrive(self, job: Job) -> None:
        """Begin with a job or let it wait."""
        if self.free:
            self.free -= 1
            self.begin(job)
        else:
            self.waiting.append(job)

    def begin(self, job: Job) -> None:
        """Let the job take its time."""
        if job.takes_time:
            self.after(self.seconds(), self.finish, job)
        else:
            self.finish(job)

    def finish(self, job: Job) -> None:
        """Decide, send the reply back, and go on with whatever has waited longest."""
        decide, request, way_back, go_on, _ = job
        reply = decide(*request)
        if go_on is not None:
            self.after(way_back(), go_on, reply)
        if self.waiting:
            self.begin(self.waiting.popleft())
        else:
            self.free += 1


class Market:
    """Shop, bank and supplier; visits, of the kind `visit`, come by the calendar `after` and its clock `now`."""

    def __init__(
        self, flow: Flow, after: After, now: Callable[[], float], visit: Callable[["Market", Call], "Visit"]
    ) -> None:
        self.after = after
        self.now = now
        self.make_visit = visit
        self.parties = Parties(flow)
        self.passwords = flow.passwords
        self.times = times = flow.durations()
        self.messages = 0
        seconds = times.page, times.authorisation, times.handling
        self.shop, self.bank, self.supplier = (
            Staff(after, workers, each) for workers, each in zip(flow.workers, seconds, strict=True)
        )
        self.calls = iter(flow.calls)
        self.expect(0.0)

    def expect(self, now: float) -> None:
        """Note the next visit in the calendar."""
        call = next(self.calls, None)
        if call is not None:
            self.after(call.at - now, self.let_in, call)

    def let_in(self, call: Call) -> None:
        """Let a visit begin, and note the one after it."""
        self.expect(call.at)
        self.make_visit(self, call).begin()


class Visit:
    """A visit, and the order that comes of it."""

    def __init__(self, market: Market, call: Call) -> None:
        self.market = market
        self.call = call
        self.looks = iter(call.cart)
        self.order: Order | None = None

    def ask_shop(self, go_on: Callable[..., object], decide: Callable[..., object], *request: object) -> None:
        """Ask the shop for a page and go on with what it says."""
        market = self.market
        market.messages += 2
        job = Job(decide, request, market.times.shop_to_user, go_on)
        market.after(market.times.user_to_shop(), market.shop.arrive, job)

    def ask_bank(self, go_on: Callable[..., object], *payment: object) -> None:
        """Let the shop have the bank move money."""
        market = self.market
        market.messages += 2
        job = Job(market.parties.pay, payment, market.times.bank_to_shop, go_on)
        market.after(market.times.shop_to_bank(), market.bank.arrive, job)

    # The user

    def begin(self) -> None:
        """Look at the home page."""
        self.ask_shop(self.log_in, self.market.parties.show_home)

    def log_in(self, _: object) -> None:
        """Log in."""
        user = self.call.user
        self.ask_shop(self.come_in, self.market.parties.log_in, user, self.market.passwords[user])

    def come_in(self, refused: str | None) -> None:
        """Look around, or register first."""
        if refused is None:
            self.look(None)
        else:
            user = self.call.user
            self.ask_shop(self.log_in, self.market.parties.register, user, self.market.passwords[user])

    def look(self, _: object) -> None:
        """Look at the next product, or check out."""
        line = next(self.looks, None)
        if line is None:
            self.ask_shop(self.pay, self.market.parties.check_out, self.call.user, self.call.cart)
        else:
            self.ask_shop(self.look, self.market.parties.show_product, line[0])

    def pay(self, order: Order) -> None:
        """Pay the order."""
        market = self.market
        market.messages += 2
        job = Job(self.sell, (order.number,))
        market.after(market.times.user_to_shop(), market.shop.arrive, job)

    def hear(self) -> None:
        """Be told how it went."""

    # The shop

    def sell(self, number: int) -> None:
        """Have the bank authorise the payment."""
        user = self.call.user
        self.order = order = self.market.parties.payable(number, user)
        self.ask_bank(self.note_paid, ACCOUNTS + user, self.call.secret, order.total, SHOP_ACCOUNT, number)

    def note_paid(self, paid: int | str) -> None:
        """Pay the charges, or tell the user that nothing comes of it."""
        market, order = self.market, self.order
        if isinstance(paid, str):
            market.parties.decline(order, paid, market.now())
            market.after(market.times.shop_to_user(), self.hear)
            self.end()
            return
        order.status = "processing"
        charges = market.parties.charges_of(order.cart)
        payment = SHOP_ACCOUNT, SHOP_SECRET, charges, SUPPLIER_ACCOUNT, order.number
        self.ask_bank(self.place, *payment)

    def place(self, transaction: int) -> None:
        """Place the order with the supplier."""
        market = self.market
        market.messages += 2
        self.order.transaction = transaction
        market.after(market.times.shop_to_supplier(), market.supplier.arrive, Job(self.supply, ()))

    def note_accepted(self) -> None:
        """Tell the user that the goods will come."""
        if self.order.status == "processing":
            self.order.status = "on the way"
        self.market.after(self.market.times.shop_to_user(), self.hear)

    def note_delivered(self) -> None:
        """Write down that the goods have come."""
        self.market.parties.note_delivered(self.order, self.market.now())
        self.end()

    # The supplier

    def supply(self) -> None:
        """Ask the bank what was paid."""
        market = self.market
        market.messages += 2
        verify = market.parties.verify, (self.order.transaction,)
        job = Job(*verify, market.times.bank_to_supplier, self.take_on, takes_time=False)
        market.after(market.times.supplier_to_bank(), market.bank.arrive, job)

    def take_on(self, booked: tuple[int, int, int, int] | None) -> None:
        """Accept the order and have the goods made."""
        market, order = self.market, self.order
        if market.parties.accept(order.number, order.cart, order.transaction, booked):
            market.after(market.times.supplier_to_shop(), self.note_accepted)
            market.after(market.times.lead(), self.send_off)

    def send_off(self) -> None:
        """Send the goods on their way."""
        self.market.after(self.market.times.delivery(), self.hand_over)

    def hand_over(self) -> None:
        """Hand the goods over."""
        self.market.messages += 1
        self.market.after(self.market.times.supplier_to_user(), self.note_goods)

    def note_goods(self) -> None:
        """Be the user who notes that the goods are there."""
        self.market.messages += 1
        self.market.after(self.market.times.user_to_supplier(), self.tell_shop)

    def tell_shop(self) -> None:
        """Tell the shop that the user has the goods."""
        market = self.market
        market.messages += 1
        job = Job(self.note_delivered, (), takes_time=False)
        market.after(market.times.supplier_to_shop(), market.shop.arrive, job)

    def end(self) -> None:
        """Nothing of the visit is left to happen but that its user is told."""
