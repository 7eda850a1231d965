"""A run as a process log: which events there were, and which objects took part. Contains no file format.

Events come from three sources: messages (what somebody asked or answered), entries of the books (the first row
that any book wrote of it, so that each entry is one event), and the placing and completion of orders. What
attackers say is left out: nothing comes of it. Events stand in the order of time, at one instant in that of
`ACTIVITIES`, which is that of a purchase, and then what entities and books of a reader's own do.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from alesha_sim.accounting.journal_arrays import Ints, Journal, words
from alesha_sim.books.accounts import Account
from alesha_sim.books.owners import of_role
from alesha_sim.columns import MISSING_TIME, Columns, TextColumn, equals, isin, numbers, text_column
from alesha_sim.exports.activities import ACTIVITIES, PLACE, OwnActivities
from alesha_sim.exports.files import chunks
from alesha_sim.numeric.counts import repeat
from alesha_sim.vocabulary import NO_ID

if TYPE_CHECKING:
    from alesha_sim.results.result import Result


REPLIES = {
    ("ViewHomepage", "Homepage"): "view home page",
    ("Register", "Registered"): "register",
    ("LogIn", "LoggedIn"): "log in",
    ("ViewProduct", "ProductPage"): "view product",
    ("Authorise", "Decline"): "decline payment",
    ("VerifyTransaction", "Verification"): "verify charges",
    ("PlaceOrder", "OrderAccepted"): "accept order",
    ("PlaceOrder", "OrderRejected"): "reject order",
    ("Pay", "Confirmation"): "confirm",
    ("Pay", "Refusal"): "refuse",
}
"""Requests and replies that are an event when the reply is given."""

REQUESTS = {"Pay": "pay", "PlaceOrder": "order from supplier"}
"""Requests that are an event when they are first sent."""

PAGES = ("view home page", "register", "log in", "view product")
"""What a visitor does before there is an order."""

ENTRY_ACTIVITIES = {
    "pending": "hold money",
    "void": "give held money back",
    "payment": "authorise payment",
    "fee": "take fee",
    "settlement": "settle",
    "refund": "refund",
    "release": "release reserve",
    "charges": "pay charges",
    "charges-return": "return charges",
    "cancel": "cancel order",
    "make": "produce",
    "reserve": "reserve",
    "ship": "ship",
    "loss": "lose parcel",
    "return-to-sender": "take parcel back",
    "deliver": "deliver",
    "collection": "collect at the door",
    "remittance": "remit collections",
    "return": "take goods back",
    "write-off": "write off",
    "replace": "replace under warranty",
}
"""What the first row of an entry is an event of, by its code; `opening` and `income` belong to no order.

What banks settle with each other is no step of an order either, and no event.
"""

COSTS = (Account.SUPPLIER_PAYABLES, Account.SHOP_PAYMENT_FEES)
"""Accounts whose increase is what the group spends on an order: production, transport, fees."""


class Log:
    """The events of a result as columns of equal length, in order; instants in microseconds since the start.

    `activity` is a place in `activities`, those of `ACTIVITIES` and then those of one's own; `order`, `visit`,
    `entry`, `first_row` (of it, among the transfers) and `parcel` are -1 where there is none; `begun_at` is when a
    worker took the matter up, or `MISSING_TIME`; `amount` (minor units, -1 for none) is the money that the bank
    moved, `cost` what the group spends.
    """

    def __init__(self, result: "Result") -> None:
        self.result = result
        self.journal = Journal(result)
        self._roles = result.scenario.roles
        self.every_order = result.every_order()
        self.owner, self._buyer = numbers(self.every_order, "user"), words(text_column(self.every_order, "buyer"))
        self.orders = len(self.owner)
        self._own = OwnActivities(result, self.journal)
        parts = [self._of_messages(), self._of_entries(), self._of_orders()]
        self.activities = (*ACTIVITIES, *self._own.activities)
        columns = [np.concatenate(each) for each in zip(*parts, strict=True)]
        order = np.lexsort((columns[2], columns[1], columns[0]))
        self.at, self.activity, _, self.order, self.user, self.visit, self.begun_at, self.first_row = (
            column[order] for column in columns
        )
        entry = np.append(self.journal.entry, NO_ID)
        self.entry = entry[self.first_row]
        self.amount, self.cost = self._money()
        self.parcel = self._parcels()

    def __len__(self) -> int:
        return len(self.at)

    # The three sources: at, activity, sequence, order, user, visit, begun_at, first_row

    def _of_messages(self) -> list[Ints]:
        table = self.result.columns("messages")
        request, sent = numbers(table, "request"), numbers(table, "sent_at")
        order, visit = numbers(table, "order"), numbers(table, "visit")
        started = numbers(table, "started_at")
        kind = text_column(table, "kind")
        is_request = _is_request(table)
        asked = _asked(request, kind, is_request)
        own = self._own.said(table)
        activity = np.where(own >= 0, own, self._activities(kind, asked, is_request))
        rows = np.flatnonzero((activity >= 0) & self._is_honest(visit, order))
        # Of several copies, and of several asks about one order, the first counts.
        about = np.where(np.isin(activity[rows], [PLACE[name] for name in PAGES]), request[rows], -1 - order[rows])
        # What one of one's own says is an event each time.
        several = np.where(request[rows] >= 0, request[rows], len(request) + rows)
        about = np.where(own[rows] >= 0, several, about)
        _, first = np.unique(np.stack((activity[rows], about)), axis=1, return_index=True)
        rows = rows[np.sort(first)]
        begun = _service(request, started, is_request)[request[rows]]
        begun = np.where(is_request[rows] | (own[rows] >= 0) | (begun > sent[rows]), MISSING_TIME, begun)
        return [
            sent[rows],
            activity[rows],
            rows,
            order[rows],
            self._users(table, rows),
            visit[rows],
            begun,
            np.full(len(rows), NO_ID),
        ]

    def _activities(self, kind: TextColumn, asked: Ints, is_request: npt.NDArray[np.bool_]) -> Ints:
        """Return the activity of each message, -1 for none; `asked` is the kind of the request it answers."""
        width = len(kind.labels)
        table = np.full((width + 1, width), NO_ID)
        place = {label: code for code, label in enumerate(kind.labels)}
        for (question, answer), name in REPLIES.items():
            if question in place and answer in place:
                table[place[question], place[answer]] = PLACE[name]
        asks = np.full(width, NO_ID)
        for question, name in REQUESTS.items():
            if question in place:
                asks[place[question]] = PLACE[name]
        return np.where(is_request, asks[kind.codes], table[asked, kind.codes])

    def _is_honest(self, visit: Ints, order: Ints) -> npt.NDArray[np.bool_]:
        """Tell of each message whether it belongs to no attack."""
        visits = self.result.columns("visits")
        honest = np.append(equals(text_column(visits, "intent"), "honest"), True)
        of_order = np.ones(self.orders + 2, np.bool_)
        placed = numbers(visits, "order")
        of_order[placed[placed > 0]] = honest[:-1][placed > 0]
        known = np.where((order > 0) & (order <= self.orders), order, 0)
        return honest[visit] & of_order[known]

    def _users(self, table: Columns, rows: Ints) -> Ints:
        """Return the user of each message: who placed the order, else who sent or got it; -1 for nobody."""
        order = numbers(table, "order")[rows]
        found = np.full(len(rows), NO_ID)
        for side in ("sender", "recipient"):
            text = text_column(table, side)
            labels = [int(label[5:]) if label.startswith("user:") else NO_ID for label in text.labels]
            users = np.array([*labels, NO_ID], np.int64)[text.codes[rows]]
            found = np.where(found == NO_ID, users, found)
        placed = (order > 0) & (order <= self.orders)
        return np.where(placed, self._owners(order), found)

    def _owners(self, order: Ints) -> Ints:
        """Return the users who placed orders, -1 for an order that no user placed."""
        owner = np.concatenate(([NO_ID], self.owner, [NO_ID]))
        return owner[np.where((order > 0) & (order <= self.orders), order, 0)]

    def _of_entries(self) -> list[Ints]:
        journal = self.journal
        shipped = np.flatnonzero(isin(journal.book, self._roles))
        first = shipped[np.unique(journal.entry[shipped], return_index=True)[1]]
        code = np.array(
            [PLACE.get(ENTRY_ACTIVITIES.get(label, ""), NO_ID) for label in journal.code.labels], np.int64
        )
        rows = first[code[journal.code.codes[first]] >= 0]
        activity = code[journal.code.codes[rows]]
        is_shop = isin(journal.book, of_role("shop", self._roles))[rows]
        names = [journal.accounts[place].role for place in journal.credit[rows].tolist()]
        credit = np.array(names, object) if names else np.array([], object)
        for name, better, where in (
            ("deliver", "deliver to the shop", is_shop),
            ("ship", "ship own stock", is_shop),
            ("reserve", "end reservation", credit == Account.SUPPLIER_RESERVED),
        ):
            activity = np.where((activity == PLACE[name]) & where, PLACE[better], activity)
        own, places = self._own.posted()
        rows, activity = np.concatenate((rows, own)), np.concatenate((activity, places))
        order, none = journal.order[rows], np.full(len(rows), NO_ID)
        begun = self._served(order, journal.posted_at[rows])
        return [journal.posted_at[rows], activity, rows, order, self._owners(order), none, begun, rows]

    def _served(self, order: Ints, at: Ints) -> Ints:
        """Return when the bank began to serve the request about an order that it finished at an instant."""
        table = self.result.columns("messages")
        to_bank = isin(text_column(table, "recipient"), of_role("bank", self._roles))
        mine = np.flatnonzero(to_bank & (numbers(table, "finished_at") != MISSING_TIME))
        orders, finished = numbers(table, "order")[mine], numbers(table, "finished_at")[mine]
        rank = np.lexsort((finished, orders))
        keys = np.stack((orders[rank], finished[rank]), axis=1)
        pairs, which = np.unique(
            np.concatenate((keys, np.stack((order, at), axis=1))), axis=0, return_inverse=True
        )
        begun = np.full(len(pairs), MISSING_TIME)
        which = which.ravel()
        begun[which[: len(mine)]] = numbers(table, "started_at")[mine][rank]
        return np.asarray(begun[which[len(mine) :]])

    def _of_orders(self) -> list[Ints]:
        """Return the placing and the completion of every order, whether or not its user has heard of it."""
        orders = self.every_order
        order, placed, closed = (numbers(orders, name) for name in ("order", "placed_at", "closed_at"))
        done = np.flatnonzero(equals(text_column(orders, "status"), "completed") & (closed != MISSING_TIME))
        both = np.concatenate((order, order[done]))
        activity = repeat(np.array([PLACE["check out"], PLACE["complete order"]]), [len(order), len(done)])
        at = np.concatenate((placed, closed[done]))
        none, missing = np.full(len(both), NO_ID), np.full(len(both), MISSING_TIME)
        return [at, activity, both, both, self._owners(both), none, missing, none]

    # What is known of each event

    def _money(self) -> tuple[Ints, Ints]:
        """Return what the bank moved in the first row of each entry, and what the group spends on it."""
        journal = self.journal
        size = int(journal.entry.max(initial=0)) + 1
        cost = np.zeros(size, np.int64)
        spent = np.zeros(len(journal.accounts), np.int64)
        spent[journal.places(COSTS[0])] = -1
        spent[journal.places(COSTS[1])] = 1
        np.add.at(cost, journal.entry, (spent[journal.debit] - spent[journal.credit]) * journal.amount)
        has_entry = self.first_row >= 0
        # Events that no entry belongs to look up the last of these, even where nothing was ever posted.
        of_bank = np.append(isin(journal.book, of_role("bank", self._roles)), False)
        amount = np.where(of_bank[self.first_row], np.append(journal.amount, NO_ID)[self.first_row], NO_ID)
        return amount, np.where(has_entry, cost[self.entry], 0)

    def _parcels(self) -> Ints:
        """Return the parcel of each event: named by the entry by which it was shipped.

        A parcel is over once it was delivered, lost or taken back; of several of an order on their way, the one
        shipped first that holds as many units is taken to be meant.
        """
        found = np.full(len(self), NO_ID)
        ships = {PLACE["ship"], PLACE["ship own stock"]}
        ends = [
            PLACE[name]
            for name in (
                "deliver",
                "deliver to the shop",
                "lose parcel",
                "take parcel back",
                "replace under warranty",
            )
        ]
        open_parcels: dict[int, list[tuple[int, int]]] = {}
        for row in np.flatnonzero(np.isin(self.activity, [*ships, *ends])).tolist():
            waiting = open_parcels.setdefault(int(self.order[row]), [])
            units = sum(amount for _, amount in self.lines(int(self.first_row[row])))
            if int(self.activity[row]) in ships:
                waiting.append((int(self.entry[row]), units))
                found[row] = self.entry[row]
            elif waiting:
                place = next((n for n, each in enumerate(waiting) if each[1] == units), 0)
                found[row] = waiting.pop(place)[0]
            if not waiting:
                del open_parcels[int(self.order[row])]
        return found

    def lines(self, first_row: int) -> list[tuple[str, int]]:
        """Return the products and units that an entry moved, as the first book that wrote it has them."""
        journal = self.journal
        found = []
        entry, book, row = journal.entry[first_row], journal.book.codes[first_row], first_row
        while row < len(journal) and journal.entry[row] == entry and journal.book.codes[row] == book:
            place = int(journal.debit[row])
            if not journal.is_money[place]:
                found.append((journal.accounts[place].commodity, int(journal.amount[row])))
            row += 1
        return found

    # Traces

    def traces(self) -> tuple[Ints, Ints]:
        """Return the events that belong to an order, order by order, and the order of each.

        The visit that placed an order counts up to the order itself.
        """
        visits, orders = self.result.columns("visits"), self.every_order
        of_visit = np.append(numbers(visits, "order"), NO_ID)
        placed = np.append(numbers(orders, "placed_at"), MISSING_TIME)
        mine = np.where(self.order > 0, self.order, of_visit[self.visit])
        page = (self.order <= 0) & (mine > 0)
        mine = np.where(page & (self.at > placed[np.where(mine > 0, mine - 1, -1)]), NO_ID, mine)
        kept = np.flatnonzero((mine > 0) & (mine <= self.orders))
        kept = kept[np.argsort(mine[kept], kind="stable")]
        return kept, mine[kept]

    def apart(self) -> dict[str, Ints]:
        """Return the events of each of one's own that belong to no order."""
        kept, _ = self.traces()
        left = np.setdiff1d(np.flatnonzero(self.activity >= len(ACTIVITIES)), kept)
        who = np.array([each.resource for each in self.activities], object)[self.activity[left]]
        return {str(name): left[who == name] for name in dict.fromkeys(who.tolist())}

    def stamps(self, times: Ints) -> list[str]:
        """Return instants as ISO 8601 text in UTC, exact to the microsecond."""
        found: list[str] = np.datetime_as_string(self.journal.stamps(times), unit="us", timezone="UTC").tolist()
        return found

    def slices(self) -> Iterator[slice]:
        """Yield the events in pieces that fit in memory as Python's objects."""
        return chunks(len(self))

    def resource(self, activity: int, user: int, order: int) -> str:
        """Return who acts in an event."""
        name = self.activities[activity].resource
        if name != "user":
            return name
        return f"user:{user}" if user >= 0 else self._buyer[order - 1] if order > 0 else name


def _is_request(table: Columns) -> npt.NDArray[np.bool_]:
    """Tell of each message whether it asks or tells: the first of its request in its direction."""
    request = numbers(table, "request")
    sender = text_column(table, "sender").codes
    # A reply goes back to the sender of the request's first message.
    first = np.full(int(request.max(initial=-1)) + 2, NO_ID, np.int64)
    rows = np.arange(len(request))[::-1]
    first[request[::-1]] = rows
    asker = sender[first[request]]
    return np.asarray((sender == asker) | (request == NO_ID))


def _asked(request: Ints, kind: TextColumn, is_request: npt.NDArray[np.bool_]) -> Ints:
    """Return the kind of the request that each message belongs to, as a place among the labels."""
    found = np.full(int(request.max(initial=-1)) + 2, len(kind.labels), np.int64)
    asks = np.flatnonzero(is_request & (request != NO_ID))
    found[request[asks]] = kind.codes[asks]
    return found[request]


def _service(request: Ints, started: Ints, is_request: npt.NDArray[np.bool_]) -> Ints:
    """Return by request when a worker took it up, `MISSING_TIME` if none did."""
    found = np.full(int(request.max(initial=-1)) + 2, MISSING_TIME)
    served = np.flatnonzero(is_request & (request != NO_ID) & (started != MISSING_TIME))
    found[request[served]] = started[served]
    return found
