"""Laws of money between banks: what the house and two banks write of the same thing (L3, L11, L13).

A payment that the house does not settle is given back under an entry of its own; the two count as one.
"""

import numpy as np

from alesha_sim.audit.evidence import Evidence
from alesha_sim.audit.findings import Findings
from alesha_sim.audit.reading import among
from alesha_sim.audit.register import ROLES, Register
from alesha_sim.books.accounts import CODES, Account
from alesha_sim.vocabulary import CLEARING


def check_clearing(evidence: Evidence, findings: Findings, *, drained: bool) -> None:
    """Check what banks and the house write under the same entry; nothing where there is one bank."""
    register = evidence.register
    if register.settling is None:
        return
    banks = [register.parties[place] for place in register.of_book("bank")]
    accounts = {register.account_name(place): place for place in range(len(register.role))}
    for bank in banks:
        pair = Account.BANK_RESERVES.of(bank), Account.CLEARING_RESERVES.of(CLEARING, bank)
        _check_pair(evidence, findings, [accounts.get(name, -1) for name in pair], drained=drained)
        for other in banks:
            pair = Account.BANK_CLEARING_DUE.of(bank, other), Account.BANK_CLEARING_CLAIM.of(other, bank)
            _check_pair(evidence, findings, [accounts.get(name, -1) for name in pair], drained=drained)


def _check_pair(evidence: Evidence, findings: Findings, pair: list[int], *, drained: bool) -> None:
    """L3: two accounts moved by the same under an entry that both have; drained, under every entry."""
    e = evidence
    given_back = among(e.code, ("return",), CODES)
    sums, there = [], []
    for account in pair:
        debits = np.flatnonzero((e.debit == account) & ~given_back)
        credits = np.flatnonzero((e.credit == account) & ~given_back)
        sign = 1 if account >= 0 and e.register.role[account] in _ASSETS else -1
        sums.append((e.summed(debits, e.by_entry) - e.summed(credits, e.by_entry)) * sign)
        there.append(e.marked(debits, e.by_entry) | e.marked(credits, e.by_entry))
    compared = there[0] & there[1]
    if drained:
        compared |= (there[0] | there[1]) & ~e.doubtful
    numbers = e.by_entry.numbers

    def describe(entry: int) -> str:
        names = [e.register.name(account) for account in pair]
        return f"entry {numbers[entry]}: {names[0]} {sums[0][entry]}, but {names[1]} {sums[1][entry]}"

    findings.add(3, compared & (sums[0] != sums[1]), describe, numbers)


_ASSETS = (ROLES[Account.BANK_RESERVES], ROLES[Account.BANK_CLEARING_CLAIM])


def check_banks(register: Register, findings: Findings, *, drained: bool) -> None:
    """Check the closing balances of banks with each other, once nothing is on its way (L3, L11, L13)."""
    if register.settling is None or not drained:
        return
    closing = {register.account_name(place): int(register.closing[place]) for place in range(len(register.role))}
    banks = [register.parties[place] for place in register.of_book("bank")]

    def balance(account: Account, bank: str, other: str = "") -> int:
        return closing.get(account.of(bank, other), 0)

    broken: list[tuple[int, str]] = []
    for bank in banks:
        own, at_house = balance(Account.BANK_RESERVES, bank), balance(Account.CLEARING_RESERVES, CLEARING, bank)
        if own != at_house:
            broken.append((3, f"{Account.BANK_RESERVES.of(bank)} {own}, but the house owes it {at_house}"))
        for other in banks:
            due = balance(Account.BANK_CLEARING_DUE, bank, other)
            claim = balance(Account.BANK_CLEARING_CLAIM, other, bank)
            if due < claim or claim < 0:
                broken.append((11, f"{other} claims {claim} of {bank}, which owes it {due}"))
    debts, lost = (
        sum(balance(account, bank) for bank in banks)
        for account in (Account.BANK_UNSECURED_DEBTS, Account.BANK_LOSSES)
    )
    if debts != lost:
        broken.append((13, f"closed banks owe {debts}, but others lost {lost}"))
    for law in (3, 11, 13):
        texts = [text for of_law, text in broken if of_law == law]
        findings.add(law, np.ones(len(texts), np.bool_), texts.__getitem__)
