"""What a run records: rows that entities write once and tables read later. No rule and no decision lives here.

A row is a packed struct in a byte array, read by NumPy without a loop. It is written when its fact begins (a
message is sent, an order is placed), so the record is complete at any instant, and its later fields are filled
in place. Transfers are recorded by the ledger in the same way.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from mypy_extensions import mypyc_attr

from alesha_sim.arrays import bincount
from alesha_sim.packed import Boxed, NewRows, in_memory
from alesha_sim.units import MICROSECONDS

MISSING_TIME = int(np.iinfo(np.int64).min)
NAN: Final = float("nan")
INFINITY: Final = float("inf")
NO_ID: Final = -1
SHOP, BANK, SUPPLIER = -1, -2, -3
COURIER = -4
"""Owns the account into which is paid at doors; it is the supplier's, and no entity of its own."""
PRODUCTS_MAX: Final = 2**16
"""How many products a catalogue may have: a line of an order keeps its product's place in 16 bits."""
ORGANISATIONS = ("shop", "bank", "supplier")

STATUSES = ("received", "processing", "on_the_way", "completed", "cancelled", "declined", "returned", "in_doubt")
STAGES = ("home", "registered", "browsed", "checked_out", "paid")
OUTCOMES = ("looked", "bought", "declined", "abandoned", "unanswered")
INTENTS = (
    "honest", "guess_secret", "replay_payment", "borrow_account", "claim_transaction", "tamper_total",
)  # fmt: skip
FATES = ("in_flight", "delivered", "lost", "duplicate", "late", "withdrawn")
IN_FLIGHT, DELIVERED, LOST, DUPLICATE, LATE, WITHDRAWN = range(6)
RECEIVED, PROCESSING, ON_THE_WAY, COMPLETED, CANCELLED, DECLINED, RETURNED, IN_DOUBT = range(8)
HOME, REGISTERED, BROWSED, CHECKED_OUT, PAID = range(5)
LOOKED, BOUGHT, REFUSED, ABANDONED, UNANSWERED = range(5)


class Coded(NamedTuple):
    """A text column: `codes` (int32, -1 = missing) index `labels`."""

    codes: npt.NDArray[np.int32]
    labels: Sequence[str]


Column = npt.NDArray[Any] | Coded
Columns = dict[str, Column]
Packed = npt.NDArray[np.void]


def times(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return instants as whole microseconds since the start, `MISSING_TIME` where they are NaN."""
    missing = np.isnan(seconds)
    whole: npt.NDArray[np.int64] = np.rint(np.where(missing, 0.0, seconds) * MICROSECONDS).astype(np.int64)
    whole[missing] = MISSING_TIME
    return whole


class Vocabulary(dict[str, int]):
    """Words and their codes, numbered in the order of first use; asking for a new word adds it."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        super().__init__({word: code for code, word in enumerate(words)})

    def __missing__(self, word: str) -> int:
        code = self[word] = len(self)
        return code

    def coded(self, codes: npt.NDArray[Any]) -> Coded:
        """Return `codes` as a text column of these words."""
        return Coded(codes.astype(np.int32), tuple(self))


def _name(code: int, organisations: Sequence[str]) -> str:
    """Return an entity's name from its code; one that stands for nobody is shown as it is, `entity:-7`."""
    return f"user:{code}" if code >= 0 else dict(enumerate(organisations)).get(-1 - code, f"entity:{code}")


def names_of(codes: npt.NDArray[Any], organisations: Sequence[str]) -> Coded:
    """Return entity codes (a user's number, or -1 - k for organisation k) as the names `user:17`, `shop`."""
    own = len(organisations)
    users = int(codes.max(initial=-1)) + 1
    if users > len(codes) or codes.min(initial=0) < -own:  # few rows of many users, or codes of nobody
        found, places = np.unique(codes, return_inverse=True)
        return Coded(places.astype(np.int32), [_name(code, organisations) for code in found.tolist()])
    labels = [*organisations, *(f"user:{number}" for number in range(users))]
    return Coded(np.where(codes < 0, -1 - codes, codes + own).astype(np.int32), labels)


class Kinds(dict[type, int]):
    """The codes of kinds of message, by their classes; those of one name share a code."""

    def __init__(self) -> None:
        super().__init__()
        self.words = Vocabulary()

    def __missing__(self, kind: type) -> int:
        code = self[kind] = self.words[kind.__name__]
        return code


@mypyc_attr(allow_interpreted_subclasses=True)
class MessageLog:
    """One row per sent copy of a message, numbered in the order of sending.

    - `sent(at, request, order, visit, sender, recipient, attempt, kind, detail)` records that a copy of a message
      of the class `kind` leaves, with a code of `details`, and returns its number.
    - `landed(row, at, fate)` records that copy `row` reached its receiver.
    - `begun(row, started_at)` and `served(row, started_at, finished_at)` record when a worker took a message up,
      where the answer takes time, and when it was answered or dealt with.
    """

    mention = "message {}, ".format
    """Names a message, by its number, in an error's text."""

    def __init__(self, rows: NewRows = in_memory) -> None:
        self.organisations = list(ORGANISATIONS)
        self.kinds = Kinds()
        self.details = Vocabulary(("",))
        self.requests = 0
        self._table = rows(
            "messages",
            sent_at="d", delivered_at="d", fate="B", started_at="d", finished_at="d", request="i", order="i",
            visit="i", sender="i", recipient="i", attempt="I", kind="B", detail="B",
        )  # fmt: skip
        self._last_landed = [NO_ID]
        self.sent = self._sender()
        self.landed = self._lander()
        self.begun = self._table.filler("started_at")
        self.served = self._table.filler("started_at", "finished_at")
        self._lose = self._table.filler("delivered_at", "fate")
        self._end = self._table.filler("fate")

    # Functions that hold what they need, since every message passes them: measured 0.96 of the run's time.

    def _sender(self) -> Callable[..., int]:
        rows, width, kinds = self._table.rows, self._table.width, self.kinds
        # What is not known yet is one field, always of the same bytes.
        unknown = struct.pack("<dBdd", NAN, IN_FLIGHT, NAN, NAN)
        pack = struct.Struct(f"<d{len(unknown)}siiiiiIBB").pack

        def sent(
            at: Any, request: Boxed, order: Boxed, visit: Boxed, sender: Boxed, recipient: Boxed, attempt: Boxed,
            kind: type, detail: Boxed = 0,
        ) -> Boxed:  # fmt: skip
            nonlocal rows
            row = len(rows) // width
            rows += pack(
                at, unknown, request, order, visit, sender, recipient, attempt, kinds[kind], detail
            )  # fmt: skip
            return row

        return sent

    def _lander(self) -> Callable[..., None]:
        rows, width, last = self._table.rows, self._table.width, self._last_landed
        pack_into, offset = self._table.part("delivered_at", "fate")

        def landed(row: Boxed, at: Any, fate: Boxed = DELIVERED) -> None:
            number: int = row  # unpacked once, to reckon with
            pack_into(rows, number * width + offset, at, fate)
            last[0] = row

        return landed

    def __len__(self) -> int:
        return len(self._table)

    @property
    def last_landed(self) -> int:
        """The number of the message that was delivered last, `NO_ID` before the first."""
        return self._last_landed[0]

    def sent_again(self, row: int) -> int:
        """Record a second copy of a message that leaves together with the first, and return its number."""
        return self._table.copy(row)

    def lost(self, row: int) -> None:
        """Record that copy `row` never reached anybody who could read it."""
        self._lose(row, NAN, LOST)

    def withdrawn(self, row: int) -> None:
        """Record that copy `row` left the inbox unread, since nobody waited for a reply any more."""
        self._end(row, WITHDRAWN)

    def name(self, code: int) -> str:
        """Return the name of an entity: `user:17`, `shop`."""
        return _name(code, self.organisations)

    def row(self, row: int) -> dict[str, Any]:
        """Return the fields of one message, its kind by name."""
        fields = self._table.row(row)
        return {**fields, "kind": tuple(self.kinds.words)[fields["kind"]]}

    def array(self) -> npt.NDArray[np.void]:
        """Return a copy of the packed rows."""
        return self._table.array()

    def columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `messages`, or what it shows of packed rows from row `first` on."""
        rows = self._table.array() if rows is None else rows
        return {
            "message": np.arange(first, first + len(rows), dtype=np.int64),
            "request": rows["request"].astype(np.int64),
            "order": rows["order"].astype(np.int64),
            "sender": names_of(rows["sender"], self.organisations),
            "recipient": names_of(rows["recipient"], self.organisations),
            "kind": self.kinds.words.coded(rows["kind"]),
            "attempt": rows["attempt"].astype(np.int64),
            "sent_at": times(rows["sent_at"]),
            "delivered_at": times(rows["delivered_at"]),
            "started_at": times(rows["started_at"]),
            "finished_at": times(rows["finished_at"]),
            "fate": Coded(rows["fate"].astype(np.int32), FATES),
            "detail": _or_missing(self.details, rows["detail"]),
            "visit": rows["visit"].astype(np.int64),
        }


def _or_missing(vocabulary: Vocabulary, codes: npt.NDArray[Any]) -> Coded:
    """Return a text column in which the vocabulary's first word, the empty one, is missing."""
    return Coded(codes.astype(np.int32) - 1, tuple(vocabulary)[1:])


class OrderLog:
    """One row per order, numbered from 1, and one per order and product."""

    def __init__(self, skus: Sequence[str], rows: NewRows = in_memory) -> None:
        self.skus = tuple(skus)
        self.reasons = Vocabulary(("",))
        self.methods = Vocabulary()
        self._orders = rows(
            "orders",
            placed_at="d", total="q", user="i", method="B", status="B", reason="B", transaction="i", paid_at="d",
            charges_transaction="i", accepted_at="d", delivered_at="d", closed_at="d", advance="q",
            promised_at="d",
        )  # fmt: skip
        self._lines = rows(
            "order_lines", order="i", product="H", quantity="q", unit_price="q", unit_charge="q"
        )  # fmt: skip
        self._status = self._orders.filler("status", "reason")
        self._paid = self._orders.filler("transaction", "paid_at")
        self._fillers: dict[str, Callable[..., None]] = {
            name: self._orders.filler(name)
            for name in ("charges_transaction", "accepted_at", "delivered_at", "closed_at")
        }

    def __len__(self) -> int:
        return len(self._orders)

    def placed(
        self, at: float, user: int, total: int, method: str, advance: int, promised_at: float = INFINITY
    ) -> int:  # fmt: skip
        """Record an order as received and return its number; `user` is -1 for a replenishment of the shop's."""
        promised = NAN if promised_at == INFINITY else promised_at
        return 1 + self._orders.append(
            at, total, user, self.methods[method], RECEIVED, 0, NO_ID, NAN, NO_ID, NAN, NAN, NAN, advance, promised
        )  # fmt: skip

    def line(self, order: int, product: int, quantity: int, unit_price: int, unit_charge: int) -> None:
        """Record how much of a product an order asks for, at which price and charge."""
        self._lines.append(order, product, quantity, unit_price, unit_charge)

    def status(self, order: int, status: int, reason: str = "") -> None:
        """Record that an order moved to `status`, for `reason` if it was refused."""
        self._status(order - 1, status, self.reasons[reason])

    def doubt(self, order: int) -> None:
        """Record that somebody gave up asking about an order that is neither completed nor declined."""
        fields = self._orders.row(order - 1)
        if fields["status"] not in (COMPLETED, DECLINED):
            self._status(order - 1, IN_DOUBT, fields["reason"])

    def paid(self, order: int, transaction: int, at: float) -> None:
        """Record the user's payment."""
        self._paid(order - 1, transaction, at)

    def fill(self, order: int, field: str, value: Any) -> None:
        """Record one later fact of an order: `charges_transaction`, `accepted_at`, `delivered_at`, `closed_at`."""
        self._fillers[field](order - 1, value)

    def by_user(self, users: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return how many orders each user placed, and the total of those paid and not cancelled."""
        placed, spent = np.zeros(users, np.int64), np.zeros(users, np.int64)
        for _, block in self._orders.blocks():
            rows = block[block["user"] >= 0]
            kept = rows[np.isin(rows["status"], (PROCESSING, ON_THE_WAY, COMPLETED))]
            np.add.at(spent, kept["user"], kept["total"])
            placed += bincount(rows["user"], minlength=users)
        return placed, spent

    def order_columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `orders`, or what it shows of packed rows from row `first` on."""
        rows = self._orders.array() if rows is None else rows
        return {
            "order": np.arange(first + 1, first + len(rows) + 1, dtype=np.int64),
            "user": rows["user"].astype(np.int64),
            "placed_at": times(rows["placed_at"]),
            "total": rows["total"].astype(np.int64),
            "payment_method": self.methods.coded(rows["method"]),
            "status": Coded(rows["status"].astype(np.int32), STATUSES),
            "reason": _or_missing(self.reasons, rows["reason"]),
            "transaction": rows["transaction"].astype(np.int64),
            "charges_transaction": rows["charges_transaction"].astype(np.int64),
            "paid_at": times(rows["paid_at"]),
            "accepted_at": times(rows["accepted_at"]),
            "delivered_at": times(rows["delivered_at"]),
            "closed_at": times(rows["closed_at"]),
            "advance": rows["advance"].astype(np.int64),
            "promised_at": times(rows["promised_at"]),
        }

    def line_columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `order_lines`, or what it shows of packed rows from row `first` on."""
        del first
        rows = self._lines.array() if rows is None else rows
        return {
            "order": rows["order"].astype(np.int64),
            "sku": Coded(rows["product"].astype(np.int32), self.skus),
            "quantity": rows["quantity"].astype(np.int64),
            "unit_price": rows["unit_price"].astype(np.int64),
            "unit_charge": rows["unit_charge"].astype(np.int64),
        }


class VisitLog:
    """One row per visit, numbered from 0 in the order of arrival.

    `reached(visit, stage)` records the furthest stage that a visit has come to, `ordered(visit, order)` the order
    that it placed, `left(visit, at, outcome)` that it is over.
    """

    def __init__(self, rows: NewRows = in_memory) -> None:
        self.intents = Vocabulary(INTENTS)
        self._table = rows(
            "visits", arrived_at="d", left_at="d", outcome="b", user="i", stage="B", order="i", intent="B"
        )  # fmt: skip
        self.reached = self._table.filler("stage")
        self.ordered = self._table.filler("order")
        self.left = self._table.filler("left_at", "outcome")

    def __len__(self) -> int:
        return len(self._table)

    def arrived(self, at: float, user: int, intent: str = "honest") -> int:
        """Record that a visit begins and return its number."""
        return self._table.append(at, NAN, -1, user, HOME, NO_ID, self.intents[intent])

    def columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `visits`, or what it shows of packed rows from row `first` on.

        A visit that is not over has no outcome.
        """
        rows = self._table.array() if rows is None else rows
        return {
            "visit": np.arange(first, first + len(rows), dtype=np.int64),
            "user": rows["user"].astype(np.int64),
            "arrived_at": times(rows["arrived_at"]),
            "left_at": times(rows["left_at"]),
            "stage": Coded(rows["stage"].astype(np.int32), STAGES),
            "outcome": Coded(rows["outcome"].astype(np.int32), OUTCOMES),
            "order": rows["order"].astype(np.int64),
            "intent": self.intents.coded(rows["intent"]),
        }


class ReplenishmentLog:
    """One row per lot of a product that was asked of production, numbered from 0."""

    def __init__(self, skus: Sequence[str], rows: NewRows = in_memory) -> None:
        self.skus = tuple(skus)
        self._table = rows("replenishments", product="H", quantity="q", ordered_at="d", arrived_at="d")
        self._arrived = self._table.filler("arrived_at")

    def __len__(self) -> int:
        return len(self._table)

    def ordered(self, at: float, product: int, quantity: int) -> int:
        """Record that a lot is asked for and return its number."""
        return self._table.append(product, quantity, at, NAN)

    def arrived(self, replenishment: int, at: float) -> None:
        """Record that a lot is ready."""
        self._arrived(replenishment, at)

    def columns(self, first: int = 0, rows: Packed | None = None) -> Columns:
        """Return the table `replenishments`, or what it shows of packed rows from row `first` on."""
        rows = self._table.array() if rows is None else rows
        return {
            "replenishment": np.arange(first, first + len(rows), dtype=np.int64),
            "sku": Coded(rows["product"].astype(np.int32), self.skus),
            "quantity": rows["quantity"].astype(np.int64),
            "ordered_at": times(rows["ordered_at"]),
            "arrived_at": times(rows["arrived_at"]),
        }
