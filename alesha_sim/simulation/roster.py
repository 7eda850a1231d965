"""Who takes part in a run, made from a scenario: codes, books, accounts, and whose customers the users are."""

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from alesha_sim.books.accounts import COURIER_SUFFIX
from alesha_sim.books.bank import Depositor
from alesha_sim.books.chart import ONE_OF_EACH
from alesha_sim.entities.accounts import FIRST_ORGANISATION_ACCOUNT, Directory, Holder
from alesha_sim.vocabulary import CLEARING, ORGANISATIONS

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario


class Roster(NamedTuple):
    """The parties of a run but its users: `names` in the order of their codes, from -1 down.

    `books` has the role of each book by its name, `couriers` the owner of each supplier's account for money
    collected at doors; the `directory` knows all accounts.
    """

    names: list[str]
    books: Mapping[str, str]
    couriers: Mapping[str, str]
    directory: Directory

    def code(self, name: str) -> int:
        """Return the code of a party."""
        return -1 - self.names.index(name)

    def account(self, name: str) -> int:
        """Return the number of a party's account."""
        return self.directory.number(self.code(name))

    def customers(self, bank: str) -> range:
        """Return the users who have their accounts at a bank."""
        return self.directory.customers[self.code(bank)]

    def depositors(self, bank: str) -> list[Depositor]:
        """Return the organisations that have their accounts at a bank."""
        return [Depositor(each.code, each.name, each.role) for each in self.directory.of_bank(self.code(bank))]


def roster(scenario: "Scenario") -> Roster:
    """Return who takes part in a run of a scenario."""
    organisations = scenario.organisations
    of_role = {role: [each for each in organisations if each.role == role] for role in ORGANISATIONS}
    couriers = {
        each.name: "courier" if each.field == each.role else each.name + COURIER_SUFFIX
        for each in of_role["supplier"]
    }
    names = [*(each.name for each in organisations), *couriers.values()]
    if scenario.clearing is not None:
        names.append(CLEARING)
    codes = {name: -1 - place for place, name in enumerate(names)}
    owners = [(each.name, each.role, each.name) for role in ("shop", "supplier") for each in of_role[role]]
    owners += [(courier, "courier", supplier) for supplier, courier in couriers.items()]
    holders = [
        Holder(codes[name], name, role, FIRST_ORGANISATION_ACCOUNT + place, codes[scenario.bank_of(owner)])
        for place, (name, role, owner) in enumerate(owners)
    ]
    shares = [getattr(bank.terms, "share", None) for bank in of_role["bank"]]
    blocks = customers(scenario.users.count, [1.0 if share is None else share for share in shares])
    trades = [
        (codes[each.name], codes[seller])
        for role in ("shop", "supplier")
        for each in of_role[role]
        for seller in scenario.suppliers_of(each.name)
    ]
    of_banks = {codes[bank.name]: block for bank, block in zip(of_role["bank"], blocks, strict=True)}
    books = scenario.roles if scenario.is_market else ONE_OF_EACH
    return Roster(names, books, couriers, Directory(holders, of_banks, trades))


def customers(users: int, shares: list[float]) -> list[range]:
    """Return the users of each bank: blocks of numbers whose sizes are in the proportion of the shares.

    What is left over by rounding down goes to the largest remainders, the first of equal ones.
    """
    exact = [Fraction(share) for share in shares]
    whole = sum(exact)
    wanted = [users * share / whole for share in exact]
    sizes = [int(size) for size in wanted]
    by_remainder = sorted(range(len(sizes)), key=lambda place: (sizes[place] - wanted[place], place))
    for place in by_remainder[: users - sum(sizes)]:
        sizes[place] += 1
    ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
    return [range(end - size, end) for size, end in zip(sizes, ends, strict=True)]
