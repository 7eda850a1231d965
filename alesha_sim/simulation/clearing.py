"""Several banks and the clearing house of a run, made from a scenario. No decision here."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from alesha_sim.books.bank import BankBook
from alesha_sim.books.clearing import ClearingBook
from alesha_sim.books.interbank import InterbankBook
from alesha_sim.books.ledger import Ledger
from alesha_sim.entities.accounts import Directory
from alesha_sim.entities.bank.bank import Bank
from alesha_sim.entities.bank.interbank import ClearingBank
from alesha_sim.entities.bank.settling import InterbankTerms
from alesha_sim.entities.bank.terms import BankTerms
from alesha_sim.entities.clearing.house import ClearingHouse
from alesha_sim.entities.clearing.terms import GROSS, ClearingTerms
from alesha_sim.kernel.clock import Clock
from alesha_sim.policies.clearing import QUEUES
from alesha_sim.simulation.roster import Roster
from alesha_sim.simulation.terms import income_terms
from alesha_sim.units import Share
from alesha_sim.vocabulary import CLEARING

if TYPE_CHECKING:
    from alesha_sim.scenarios.market import Clearing, NamedBank
    from alesha_sim.scenarios.scenario import Scenario


class Settlement:
    """How the banks of a run settle with each other: their `house`, and what each brings to it."""

    def __init__(
        self, scenario: "Scenario", clock: Clock, ledger: Ledger, roster: Roster, terms: "Clearing"
    ) -> None:
        self._scenario = scenario
        self._ledger = ledger
        self._directory: Directory = roster.directory
        self._minor = scenario.currency.minor
        self._named: dict[str, NamedBank] = {bank.name: bank for bank in scenario.banks}
        self._codes = {name: roster.code(name) for name in self._named}
        self._names = {code: name for name, code in self._codes.items()}
        self._brought = dict.fromkeys(self._codes, 0)
        self._interbank = InterbankTerms(roster.code(CLEARING), terms.kind == GROSS, Share.read(terms.interchange))
        self._books: dict[str, InterbankBook] = {}
        credit = {self._codes[name]: self._minor(bank.credit) for name, bank in self._named.items()}
        self._book = ClearingBook(ledger, self._names, credit)
        closures = [
            (bank.closes, self._codes[name]) for name, bank in self._named.items() if bank.closes is not None
        ]
        self.house = ClearingHouse(
            clock,
            self._book,
            self._directory,
            ClearingTerms(
                terms.kind,
                terms.every,
                QUEUES[terms.queue],
                income_terms(scenario),
                self._directory.customers,
                tuple(closures),
            ),
        )

    def bank(
        self,
        clock: Clock,
        name: str,
        book: BankBook,
        secrets: npt.NDArray[np.uint64],
        own: dict[int, int],
        terms: BankTerms,
    ) -> Bank:
        """Return a bank that settles at the house, through which its users have their income."""
        others = {code: other for code, other in self._names.items() if other != name}
        interbank = self._books[name] = InterbankBook(self._ledger, book, name, others)
        given = terms._replace(income=None)
        return ClearingBank(clock, book, secrets, own, given, self._directory, interbank, self._interbank)

    def bring(self, name: str, entries: range, amounts: npt.NDArray[np.int64]) -> None:
        """Write the reserves that depositors brought to a bank, under the entries of their deposits."""
        self._book.open_deposits(0.0, self._codes[name], entries, amounts)
        self._brought[name] += int(amounts.sum())

    def open_reserves(self) -> None:
        """Write by how much each bank's reserves at the start are more or less than what depositors brought."""
        for name, bank in self._named.items():
            given = None if bank.reserves is None else self._minor(bank.reserves)
            difference = 0 if given is None else given - self._brought[name]
            if difference:
                entry = self._book.open_difference(0.0, self._codes[name], difference)
                self._books[name].open_reserves(0.0, entry, difference)
