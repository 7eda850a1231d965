"""Statements that an auditor can check: from the transfers of a result alone, for each book and for the group.

Everything takes a `Result`, and the name of a book (`bank`, `shop`, `supplier`, `users`) or of an owner
(`user:17`, `shop`). An instant is given in seconds since the start, as text ("2 days", "2021-06-02 12:00") or as a
datetime; left out, it is the end of the run. Frames are in major units, goods in units. The rules and their terms
stand in `terms`.
"""

from alesha_sim.accounting.aging import aging
from alesha_sim.accounting.bank_reconciliation import Item, Reconciler, Reconciliation, reconcile
from alesha_sim.accounting.consolidation import Consolidation, consolidated
from alesha_sim.accounting.general_ledger import TAccount, bank_statement, general_ledger, t_accounts
from alesha_sim.accounting.statements import balance_sheet, cash_flow, income_statement, trial_balance

__all__ = [
    "Consolidation",
    "Item",
    "Reconciler",
    "Reconciliation",
    "TAccount",
    "aging",
    "balance_sheet",
    "bank_statement",
    "cash_flow",
    "consolidated",
    "general_ledger",
    "income_statement",
    "reconcile",
    "t_accounts",
    "trial_balance",
]
