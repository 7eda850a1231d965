"""Exercises of the student notebooks: the right answers, the usual slips, and what to look at again.

Right answers are worked out from the reader's own result, so that they hold for any seed and any parameters.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from html import escape
from numbers import Real
from typing import TYPE_CHECKING, NamedTuple

from alesha_sim import accounting
from alesha_sim.books.accounts import Account
from alesha_sim.conversation.labels import carried
from alesha_sim.messages import Authorise, Receipt
from alesha_sim.scenarios.errors import nearest, shown
from alesha_sim.units import DAY

if TYPE_CHECKING:
    from alesha_sim.results.result import Result
    from alesha_sim.units import Currency

Answer = float | str
Solution = Callable[["Result"], Answer]

TOLERANCE = Fraction(1, 200)
"""By how much a number may be off at most; where the smallest coin is smaller, half of it."""

NUMBER = re.compile(r"[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
LARGE = 10**15
"""From here on a number is shown as it was given."""

ANSWER_LENGTH = 60
"""How many signs of an answer are shown."""


class Slip(NamedTuple):
    """A wrong answer that is often given, and what it overlooks."""

    answer: Solution
    advice: str


@dataclass(frozen=True, slots=True)
class Exercise:
    """A question about a result: how it is answered, what goes wrong with it, and where the answer can be seen.

    `accepts` gives other right answers than the one that `solve` gives.
    """

    question: str
    solve: Solution
    look: str
    slips: tuple[Slip, ...] = ()
    accepts: Callable[["Result"], Iterable[Answer]] = lambda result: ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of an answer; `is_right` is None while there is none."""

    is_right: bool | None
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        colour = {True: "#009E73", False: "#B33C00", None: "#767676"}[self.is_right]
        style = f"border-left: 4px solid {colour}; padding: 4px 12px; margin: 0"
        return f'<p role="status" style="{style}">{escape(self.text)}</p>'


def check_answer(exercise: str, answer: object, result: "Result") -> Verdict:
    """Say whether an answer is right for a result, and if not, what to look at again; None is no answer yet.

    Numbers are in major units or pieces and of any type: also text (`"1,000.00 BDT"`), an array or a list of one.
    Words may be in any case, and as the diagram writes them (`17 Authorise (secret ***)`); a class counts as its
    name. Raises ValueError for an unknown exercise.
    """
    if exercise not in EXERCISES:
        raise ValueError(f"exercise {exercise}: unknown name: {nearest(exercise, list(EXERCISES))}")
    asked = EXERCISES[exercise]
    if answer is None:
        return Verdict(None, f"Not answered yet: {asked.question} Put your answer in place of None.")
    right = asked.solve(result)
    given = _single(answer)
    same = partial(_same, given, currency=result.scenario.currency)
    if same(right) or any(same(also) for also in asked.accepts(result)):
        return Verdict(True, f"Right: {_text(given if isinstance(right, str) else right)}.")
    is_number = _number(given, result.scenario.currency) is not None
    is_word = isinstance(given, str) and not is_number
    if not (is_word if isinstance(right, str) else is_number):
        wanted = "a word in quotation marks" if isinstance(right, str) else "a number, without its unit"
        return Verdict(False, f"{_text(given)} is no such answer: give {wanted}.")
    advice = next((slip.advice for slip in asked.slips if same(slip.answer(result))), asked.look)
    return Verdict(False, f"Not {_text(given)}. {advice}")


def _single(answer: object) -> object:
    """Return what an answer holds if it holds one thing (an array, a list or a tuple of one), a class's name."""
    if isinstance(answer, type):
        return answer.__name__
    if isinstance(answer, list | tuple) and len(answer) == 1:
        return _single(answer[0])
    if getattr(answer, "size", None) == 1 and callable(item := getattr(answer, "item", None)):
        return item()
    return answer


def _number(answer: object, currency: "Currency") -> Fraction | None:
    """Return an answer as a number, which text may be too, exactly; None for what is none."""
    if not isinstance(answer, str):
        return _exact(answer)
    text = answer.strip().removesuffix(currency.code).replace(",", "").replace("\N{MINUS SIGN}", "-").strip()
    return _exact(Decimal(text)) if NUMBER.fullmatch(text) else None


def _exact(answer: object) -> Fraction | None:
    if isinstance(answer, bool) or not isinstance(answer, Real | Decimal):
        return None
    try:
        return Fraction(answer)  # type: ignore[arg-type]  # any real number
    except (ValueError, OverflowError):  # not a number, or infinite
        return None


def _same(answer: object, right: Answer, *, currency: "Currency") -> bool:
    if isinstance(right, str):
        return isinstance(answer, str) and _word(answer) == _word(right)
    number = _number(answer, currency)
    return number is not None and abs(number - Fraction(right)) <= min(TOLERANCE, Fraction(1, 2 * currency.scale))


def _word(text: str) -> str:
    """Return a name without what the diagram writes around it, and without case and American spelling."""
    name = re.sub(r"\(.*|:.*|^\W*\d+\W+|\bmessages?\b", "", text.casefold())
    return re.sub(r"[\W_]", "", name).replace("iz", "is")


def _text(answer: object) -> str:
    number = _exact(answer)
    if number is not None and abs(number) < LARGE:
        return f"{float(number):,.10g}"
    text = " ".join((answer if isinstance(answer, str) else shown(answer)).split())
    return text if len(text) <= ANSWER_LENGTH else f"{text[: ANSWER_LENGTH - 4]} ..."


def _moved(result: "Result", book: str, code: str) -> float:
    """Return how much a book moved under a code, in major units."""
    transfers = result.ledger(book)
    money = transfers["commodity"] == result.scenario.currency.code
    return float(transfers.loc[money & (transfers["code"] == code), "amount"].sum())


def _paid(result: "Result") -> float:
    return _moved(result, "bank", "payment")


def _charges(result: "Result") -> float:
    return _moved(result, "bank", "charges")


def _owed(result: "Result") -> float:
    """Return what the shop owes for goods that have not come, a day after the start."""
    trial = accounting.trial_balance(result, "shop", at=_first_day(result)).set_index("account")
    return float(trial["credit"].to_dict().get(Account.SHOP_CUSTOMER_PREPAYMENTS, 0))


def _first_day(result: "Result") -> float | None:
    """Return the end of the first day in seconds; None, for the run's end, if the run ended before."""
    return DAY if result.ended_at >= DAY else None


def _profit(result: "Result", until: float | None) -> float:
    statement = accounting.income_statement(result, "shop", end=until).set_index("line")
    return float(statement["amount"].to_dict()["Profit"])


def _bookings(result: "Result") -> float:
    bank = result.ledger("bank")
    return float(((bank["code"] == "payment") & (bank["order"] == 1)).sum())


def _sent(result: "Result", kind: str) -> float:
    return float((result.messages["kind"] == kind).sum())


def _secret_kinds(result: "Result") -> list[str]:
    """Return the kinds of message that brought a secret to the bank: the shop's own transfers do so too."""
    messages = result.messages
    kinds = messages.loc[messages["recipient"] == "bank", "kind"].unique()
    return [kind for kind in kinds if any(field.endswith("***") for field in carried(kind))]


def _lost(result: "Result") -> float:
    return result.metrics()["messages_lost"]


EXERCISES = {
    "kept": Exercise(
        "How much of the payment does the shop keep (BDT)?",
        lambda result: _paid(result) - _charges(result),
        f"Look at the two lines of the shop's ledger that touch {Account.SHOP_CASH} after the opening.",
        (
            Slip(_paid, "That is what the user pays; look at what the shop passes on under the code charges."),
            Slip(_charges, "That is what the supplier gets; look at what came in before it, under payment."),
            Slip(
                lambda result: result.metrics()["shop_cash"],
                "That is all the shop has in the end; look at what it opened with.",
            ),
        ),
    ),
    "learns": Exercise(
        "Which kind of message tells the shop that it has been paid?",
        lambda result: Receipt.__name__,
        "Look at the message that reaches the shop at the instant at which its book shows the payment.",
        (
            Slip(lambda result: "Pay", "Pay only asks for it: the bank may still decline; look further down."),
            Slip(lambda result: "Authorise", "Authorise goes to the bank; look at what the bank answers."),
            Slip(
                lambda result: "Confirmation",
                "Confirmation is what the shop says to the user, later; look at what the bank said to the shop.",
            ),
        ),
    ),
    "lost": Exercise(
        "How many messages were lost?",
        _lost,
        "Count the crosses in the diagram, or the rows of result.messages whose fate is lost.",
        (
            Slip(
                lambda result: float((result.messages["fate"] == "duplicate").sum()),
                "Those came twice; look at the fate lost instead.",
            ),
            Slip(
                lambda result: float((result.messages["attempt"] > 1).sum()),
                "Those are second and later attempts and their answers; look at the fate, not at the attempt.",
            ),
        ),
    ),
    "charged": Exercise(
        "How many times did the bank book the payment of order 1?",
        _bookings,
        "Look at result.ledger('bank') and count the lines with the code payment.",
        (
            Slip(
                lambda result: _sent(result, Authorise.__name__),
                "That is how often the shop asked; look at what the bank wrote into its book.",
            ),
        ),
    ),
    "owed": Exercise(
        "How much does the shop owe for goods that have not come yet, a day after the start (BDT)?",
        _owed,
        "Look at the trial balance of the first day: which liability did the payment make?",
        (
            Slip(
                lambda result: 0.0,
                f"The parcel comes on the third day; look at {Account.SHOP_CUSTOMER_PREPAYMENTS}.",
            ),
            Slip(_charges, "That the shop has paid its supplier in advance: an asset; look at the liabilities."),
        ),
    ),
    "profit": Exercise(
        "What profit has the shop made by the end of the first day (BDT)?",
        lambda result: _profit(result, _first_day(result)),
        "Look at the income statement with end='1 day'.",
        (
            Slip(
                lambda result: _profit(result, None),
                "That is the profit in the end; a sale is earned at the delivery: look at when that is.",
            ),
            Slip(_paid, "That is cash that came in; look at whether a sale has been written by then."),
        ),
    ),
    "carries": Exercise(
        "Which kind of message brings an account's secret to the bank?",
        lambda result: Authorise.__name__,
        "Look for *** in the diagram, on an arrow that ends at the bank.",
        (Slip(lambda result: "Pay", "Pay brings the secret to the shop; look at what the shop sends on."),),
        accepts=_secret_kinds,
    ),
}
"""The exercises by name."""
