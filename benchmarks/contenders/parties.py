"""What shop, bank and supplier know and decide, the same for all contenders. No clock, queue or message here."""

from math import inf

from contenders.flow import (
    ACCOUNTS,
    SHOP_ACCOUNT,
    SUPPLIER_ACCOUNT,
    Cart,
    Flow,
    Outcome,
    Placed,
)

SHOP_SECRET = "the shop's own"


class Order:
    """An order as the shop has it on record; `transaction` is that of the charges."""

    __slots__ = ("cart", "closed_at", "number", "reason", "status", "total", "transaction", "user")

    def __init__(self, number: int, user: int, cart: Cart, total: int) -> None:
        self.number = number
        self.user = user
        self.cart = cart
        self.total = total
        self.status = "received"
        self.reason = ""
        self.transaction = -1
        self.closed_at = inf


class Parties:
    """Shop, bank and supplier. Whoever is refused gets a reason, a text, where else there is a number or None."""

    def __init__(self, flow: Flow) -> None:
        self.prices, self.charges = flow.prices, flow.charges
        self.deposits = flow.openings()
        self.secrets = {**dict(enumerate(flow.secrets, ACCOUNTS)), SHOP_ACCOUNT: SHOP_SECRET}
        self.transactions: list[tuple[int, int, int, int]] = []
        self.passwords: dict[int, str] = {}
        self.logged_in: set[int] = set()
        self.orders: list[Order] = []
        self.used: set[int] = set()

    # The shop

    def show_home(self) -> dict[str, int]:
        """Return all products and their prices."""
        return self.prices

    def register(self, user: int, password: str) -> str | None:
        """Give a user a login, once."""
        if user in self.passwords:
            return "already registered"
        self.passwords[user] = password
        return None

    def log_in(self, user: int, password: str) -> str | None:
        """Let a registered user in who knows the password."""
        if user not in self.passwords:
            return "not registered"
        if self.passwords[user] != password:
            return "wrong password"
        self.logged_in.add(user)
        return None

    def show_product(self, sku: str) -> int:
        """Return the price of a product."""
        return self.prices[sku]

    def check_out(self, user: int, cart: Cart) -> Order | str:
        """Take the order of a user who is logged in."""
        if user not in self.logged_in:
            return "not logged in"
        total = 0
        for sku, units in cart:
            if sku not in self.prices or units < 1:
                return "not for sale"
            total += self.prices[sku] * units
        order = Order(len(self.orders), user, cart, total)
        self.orders.append(order)
        return order

    def payable(self, number: int, user: int) -> Order | str:
        """Return the order, if it is this user's to pay."""
        order = self.orders[number]
        if order.user != user or order.status != "received":
            return "not payable"
        return order

    def decline(self, order: Order, reason: str, now: float) -> None:
        """Write down that an order is not paid."""
        order.status, order.reason, order.closed_at = "declined", reason, now

    def charges_of(self, cart: Cart) -> int:
        """Return what the supplier takes for goods."""
        return sum(self.charges[sku] * units for sku, units in cart)

    def note_delivered(self, order: Order, now: float) -> None:
        """Write down that the user has the goods."""
        order.status, order.closed_at = "completed", now

    # The bank

    def pay(self, account: int, secret: str, amount: int, payee: int, order: int) -> int | str:
        """Verify the account and its secret and move money from it; return the transaction's number."""
        known = self.secrets.get(account)
        if known is None:
            return "unknown_account"
        if known != secret:
            return "wrong_secret"
        if self.deposits[account] < amount:
            return "insufficient_funds"
        self.deposits[account] -= amount
        self.deposits[payee] += amount
        self.transactions.append((account, payee, amount, order))
        return len(self.transactions) - 1

    def verify(self, transaction: int) -> tuple[int, int, int, int] | None:
        """Return payer, payee, amount and order of what is booked under a number, if anything is."""
        return self.transactions[transaction] if 0 <= transaction < len(self.transactions) else None

    # The supplier

    def accept(self, order: int, cart: Cart, transaction: int, booked: tuple[int, int, int, int] | None) -> bool:
        """Take an order on whose charges were paid under a transaction that no other order has used."""
        if booked is None or transaction in self.used:
            return False
        if booked[1:] != (SUPPLIER_ACCOUNT, self.charges_of(cart), order):
            return False
        self.used.add(transaction)
        return True

    # In the end

    def outcome(self, messages: int, ended_at: float, events: int | None = None) -> Outcome:
        """Return what came of it all."""
        orders = [
            Placed(order.user, order.total, order.status, order.reason, order.closed_at) for order in self.orders
        ]
        return Outcome(sorted(orders), self.deposits, messages, ended_at, events)
