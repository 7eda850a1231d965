"""The shop as its customer sees it: every page, the payment pop-up, and beside it what each click sends.

Here is what the reader sees and presses; what a click does in the simulation stands in `shopper.py`.
"""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from alesha_sim.messages import Confirmation, Homepage, Invoice, LoggedIn, Offer, ProductPage, Refusal, Registered
from alesha_sim.network import NoReply
from alesha_sim.notebook.live import Live, button, table
from alesha_sim.notebook.pictures import picture
from alesha_sim.notebook.shopper import IN_WALLET, Shopper
from alesha_sim.results.result import Result
from alesha_sim.units import DAY

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario


class Storefront(Live):
    """AleshaMart with the reader as its customer: user `user` of a scenario, whose own visits do not begin.

    Every click runs the simulation until the shop's reply is there. `shopper` does the same without buttons;
    `finish()`, or the button, ends with a normal `Result`, which `result` has from then on. Raises ImportError
    without ipywidgets, ValueError for an unknown user.
    """

    def __init__(self, scenario: "Scenario", seed: int | None = None, *, user: int = 0) -> None:
        super().__init__()
        self.shopper = Shopper(scenario, seed, user=user)
        self.result: Result | None = None
        self._currency = scenario.currency
        self._offers: dict[str, Offer] = {}
        self._make()
        self._go_home()

    def finish(self) -> Result:
        """Leave the shop, let everything end that is under way, and return the result."""
        self.result = self.shopper.finish()
        for page in self._pages:
            page.disabled = True
        self._page.children = [self._text(f"<h3>The end</h3><pre>{escape(repr(self.result))}</pre>")]
        self._say("The run is over; its result is in storefront.result.")
        return self.result

    # The frame

    def _make(self) -> None:
        ui = self.ui
        self._pages = [
            button(ui, "Home", self._go_home),
            button(ui, "Register or log in", self._go_to_log_in),
            button(ui, "Cart", self._go_to_cart),
            button(ui, "My orders", self._go_to_orders),
            button(ui, "Balances", self._go_to_balances),
            button(ui, "Wait a day", self._wait),
            button(ui, "Finish", self.finish),
        ]
        self._word, self._page, self._beside = ui.HTML(), ui.VBox(), ui.HTML()
        row = ui.Layout(flex_flow="row wrap")
        left = ui.VBox(
            [ui.HBox(self._pages, layout=row), self._word, self._page], layout=ui.Layout(flex="2 1 430px")
        )
        right = ui.VBox([self._beside], layout=ui.Layout(flex="3 1 480px", overflow="auto"))
        self._root = ui.HBox([left, right], layout=ui.Layout(flex_flow="row wrap", align_items="flex-start"))
        self._root.add_class("alesha-storefront")

    @property
    def root(self) -> Any:
        """The widget that holds all others."""
        return self._root

    def _text(self, html: str) -> Any:
        return self.ui.HTML(html)

    def _say(self, text: str) -> None:
        """Tell the reader what came of the click, and show what it sent."""
        self._word.value = f'<p role="status"><b>{escape(text)}</b></p>'
        talk = self.shopper.last_click
        at = f"Simulated clock: {self.shopper.simulation.now:,.3f} s"
        sent = f"what the last click sent: {len(talk.messages)} messages, {len(talk.transfers)} transfers"
        shown = talk.diagram().image if talk.steps else ""
        self._beside.value = f'<p class="alesha-clock">{at}; {sent}</p>{shown}'
        self.renew_stills()

    def _refused(self, reply: Any) -> str:
        """Say what the reader sees of a reply that is not what was hoped for."""
        if isinstance(reply, Refusal):
            return f"Refused: {reply.reason.replace('_', ' ')}"
        return "No answer came; the visit is over." if isinstance(reply, NoReply) else f"Refused: {reply}"

    def _money(self, minor: int) -> str:
        return self._currency.text(minor)

    # The home page and the products

    def _go_home(self) -> None:
        page = self.shopper.home()
        if not isinstance(page, Homepage):
            self._say(self._refused(page))
            return
        self._offers = {offer.sku: offer for offer in page.offers}
        cards = [self._card(offer) for offer in page.offers]
        welcome = "<h3>AleshaMart</h3>"
        self._page.children = [
            self._text(welcome),
            self.ui.HBox(cards, layout=self.ui.Layout(flex_flow="row wrap")),
        ]
        self._say("Welcome" + (" back." if self.shopper.is_logged_in else "."))

    def _card(self, offer: Offer) -> Any:
        look = button(self.ui, f"Look at {offer.name}", lambda: self._go_to_product(offer.sku))
        return self.ui.VBox(
            [self._text(self._described(offer)), look], layout=self.ui.Layout(margin="0 16px 12px 0")
        )

    def _described(self, offer: Offer) -> str:
        return (
            f"{picture(offer.sku, offer.name)}<br><b>{escape(offer.name)}</b><br>"
            f"<s>{self._money(offer.marked_price)}</s> {self._money(offer.price)}"
        )

    def _go_to_product(self, sku: str) -> None:
        page = self.shopper.look_at(sku)
        if not isinstance(page, ProductPage):
            self._say(self._refused(page))
            return
        ui = self.ui
        rules = (
            f"<br>Warranty {page.warranty_seconds / DAY:g} days; may come back within "
            f"{page.return_window_seconds / DAY:g} days."
        )
        units = ui.BoundedIntText(
            value=max(1, self.shopper.cart.get(sku, 1)), min=1, max=10**6, description="Quantity"
        )
        add = button(ui, "Put into the cart", lambda: self._put(sku, units.value), primary=True)
        self._page.children = [self._text(self._described(page.offer) + rules), ui.HBox([units, add])]
        self._say(f"{page.offer.name}.")

    def _put(self, sku: str, units: int) -> None:
        self.shopper.put(sku, units)
        self._go_to_cart()

    # Register and log in

    def _go_to_log_in(self) -> None:
        ui = self.ui
        password = ui.Password(description="Password", placeholder="one of your own")
        buttons = [
            button(ui, "Register", lambda: self._enter(self.shopper.register, password.value)),
            button(ui, "Log in", lambda: self._enter(self.shopper.log_in, password.value), primary=True),
        ]
        user = f"user:{self.shopper.user}"
        text = f"<h3>Register or log in</h3><p>You are {user}. Who is not registered is not let in.</p>"
        self._page.children = [self._text(text), password, ui.HBox(buttons)]

    def _enter(self, act: Callable[[str], Any], password: str) -> None:
        reply = act(password)
        match reply:
            case Registered():
                self._say("You are registered. Now log in.")
            case LoggedIn():
                self._say("You are logged in.")
            case _:
                self._say(self._refused(reply))

    # Cart, check-out and payment

    def _go_to_cart(self) -> None:
        ui, cart = self.ui, self.shopper.cart
        self._word.value = ""
        if not cart:
            self._page.children = [self._text("<h3>Your cart</h3><p>It is empty.</p>")]
            return
        rows = [self._cart_line(sku, units) for sku, units in cart.items()]
        total = sum(self._offers[sku].price * units for sku, units in cart.items())
        text = self._text(f"<p>Together {self._money(total)}. The shop computes the total itself.</p>")
        order = button(ui, "Check out", self._check_out, primary=True)
        self._page.children = [self._text("<h3>Your cart</h3>"), *rows, text, order]

    def _cart_line(self, sku: str, units: int) -> Any:
        ui, offer = self.ui, self._offers[sku]
        count = ui.BoundedIntText(value=units, min=0, max=10**6, description=offer.name)
        count.style.description_width = "120px"

        def change(event: Any) -> None:
            self.shopper.put(sku, event["new"])
            self._go_to_cart()

        count.observe(change, "value")
        return ui.HBox(
            [count, self._text(f"&times; {self._money(offer.price)} = {self._money(offer.price * units)}")]
        )

    def _check_out(self) -> None:
        reply = self.shopper.check_out()
        if not isinstance(reply, Invoice):
            self._say(self._refused(reply))
            return
        ui = self.ui
        account = ui.Text(description="Account")
        secret = ui.Password(description="Secret key")

        def from_wallet() -> None:
            account.value, secret.value = str(self.shopper.account), IN_WALLET

        buttons = [
            button(ui, "From my wallet", from_wallet, hint="fills in your account and your secret key"),
            button(ui, "Pay", lambda: self._pay(account.value, secret.value), primary=True),
        ]
        box = ui.Layout(border="2px solid #767676", padding="10px", width="fit-content")
        head = f"<h3>Pay {self._money(reply.total)}</h3>"
        head += f"<p>Order {reply.order}. Your account is {self.shopper.account}.</p>"
        pop_up = ui.VBox([self._text(head), account, secret, ui.HBox(buttons)], layout=box)
        pop_up.add_class("alesha-pop-up")
        self._page.children = [pop_up]
        self._say(f"The invoice came: order {reply.order}, {self._money(reply.total)}.")

    def _pay(self, account: str, secret: str) -> None:
        if not (account.isascii() and account.isdecimal() and len(account) < 19):
            self._say(f"Account {account!r}: must be a number.")
            return
        reply = self.shopper.pay(int(account), secret)
        if isinstance(reply, Confirmation):
            text = f"<h3>Success</h3><p>{escape(reply.text)}</p><p>{self._money(reply.total)} were paid.</p>"
            self._page.children = [self._text(text)]
            self._say("Your payment was received.")
            return
        again = button(self.ui, "Back to the cart", self._go_to_cart)
        text = "<h3>Not paid</h3><p>A declined order is closed. To try again, check out again.</p>"
        self._page.children = [self._text(text), again]
        self._say(self._refused(reply))

    # What became of it

    def _go_to_orders(self) -> None:
        rows = [(str(order.order), self._money(order.total), order.status) for order in self.shopper.orders()]
        shown = table(["order", "total", "status"], rows) if rows else "<p>You have ordered nothing.</p>"
        self._page.children = [self._text(f"<h3>Your orders</h3>{shown}")]

    def _go_to_balances(self) -> None:
        found = [(name, self._money(amount)) for name, amount in self.shopper.balances().items()]
        text = f"<h3>Balances</h3><p>Each has asked the bank for its own.</p>{table(['entity', 'balance'], found)}"
        self._page.children = [self._text(text)]
        self._say("The bank has answered.")

    def _wait(self) -> None:
        self.shopper.wait(DAY)
        self._say("A day has passed.")

    @property
    def still(self) -> str:
        """The products, and what the last click sent, as images."""
        cards = "".join(
            f'<td style="padding-right: 16px">{self._described(offer)}</td>' for offer in self._offers.values()
        )
        return f"<table><tr>{cards}</tr></table>{self._word.value}{self._beside.value}"

    def __repr__(self) -> str:
        at = self.shopper.simulation.now
        return f"Storefront of {self.shopper.scenario.name}, user:{self.shopper.user}, at {at:,.3f} s"
