"""Exercises of the student notebooks: the right answers, the usual slips, and what to look at again.

Right answers are worked out from the reader's own result, so that they hold for any seed and any parameters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from alesha_sim import accounting
from alesha_sim.messages import Authorise, Receipt
from alesha_sim.scenarios.errors import nearest

if TYPE_CHECKING:
    from alesha_sim.result import Result

Answer = float | str
Solution = Callable[["Result"], Answer]

TOLERANCE = 0.005
"""By how much a number may be off: half of the smallest coin."""


class Slip(NamedTuple):
    """A wrong answer that is often given, and what it overlooks."""

    answer: Solution
    advice: str


@dataclass(frozen=True, slots=True)
class Exercise:
    """A question about a result: how it is answered, what goes wrong with it, and where the answer can be seen."""

    question: str
    solve: Solution
    look: str
    slips: tuple[Slip, ...] = ()


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


def check_answer(exercise: str, answer: Answer | None, result: "Result") -> Verdict:
    """Say whether an answer is right for a result, and if not, what to look at again; None is no answer yet.

    Numbers are in major units or pieces, texts may be in any case. Raises ValueError for an unknown exercise.
    """
    if exercise not in EXERCISES:
        raise ValueError(f"exercise {exercise}: unknown name: {nearest(exercise, list(EXERCISES))}")
    asked = EXERCISES[exercise]
    if answer is None:
        return Verdict(None, f"Not answered yet: {asked.question} Put your answer in place of None.")
    right = asked.solve(result)
    if _same(answer, right):
        return Verdict(True, f"Right: {_text(right)}.")
    if isinstance(right, str) != isinstance(answer, str):
        wanted = "a word in quotation marks" if isinstance(right, str) else "a number, without its unit"
        return Verdict(False, f"{_text(answer)} is no such answer: give {wanted}.")
    advice = next((slip.advice for slip in asked.slips if _same(answer, slip.answer(result))), asked.look)
    return Verdict(False, f"Not {_text(answer)}. {advice}")


def _same(answer: Answer, right: Answer) -> bool:
    if isinstance(answer, str) or isinstance(right, str):
        return str(answer).strip().casefold() == str(right).casefold() and isinstance(answer, type(right))
    return abs(answer - right) <= TOLERANCE


def _text(answer: Answer) -> str:
    return answer if isinstance(answer, str) else f"{answer:,.10g}"


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
    trial = accounting.trial_balance(result, "shop", at="1 day").set_index("account")
    return float(trial["credit"].to_dict()["shop:customer-prepayments"])


def _profit(result: "Result", until: str | None) -> float:
    statement = accounting.income_statement(result, "shop", end=until).set_index("line")
    return float(statement["amount"].to_dict()["Profit"])


def _bookings(result: "Result") -> float:
    bank = result.ledger("bank")
    return float(((bank["code"] == "payment") & (bank["order"] == 1)).sum())


def _sent(result: "Result", kind: str) -> float:
    return float((result.messages["kind"] == kind).sum())


def _lost(result: "Result") -> float:
    return result.figures()["messages_lost"]


EXERCISES = {
    "kept": Exercise(
        "How much of the payment does the shop keep (BDT)?",
        lambda result: _paid(result) - _charges(result),
        "Look at the two lines of the shop's ledger that touch shop:cash after the opening.",
        (
            Slip(_paid, "That is what the user pays; look at what the shop passes on under the code charges."),
            Slip(_charges, "That is what the supplier gets; look at what came in before it, under payment."),
            Slip(
                lambda result: result.figures()["shop_cash"],
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
            Slip(lambda result: 0.0, "The parcel comes on the third day; look at shop:customer-prepayments."),
            Slip(_charges, "That the shop has paid its supplier in advance: an asset; look at the liabilities."),
        ),
    ),
    "profit": Exercise(
        "What profit has the shop made by the end of the first day (BDT)?",
        lambda result: _profit(result, "1 day"),
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
        "Which kind of message brings the account's secret to the bank?",
        lambda result: Authorise.__name__,
        "Look for *** in the diagram, on an arrow that ends at the bank.",
        (Slip(lambda result: "Pay", "Pay brings the secret to the shop; look at what the shop sends on."),),
    ),
}
"""The exercises by name."""
