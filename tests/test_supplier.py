"""The supplier's decisions: which named transaction pays for which order."""

import pytest

from alesha_sim.books.ledger import Ledger
from alesha_sim.books.supplier import SupplierBook
from alesha_sim.entities.entity import Wallet
from alesha_sim.entities.supplier import Supplier
from alesha_sim.messages import Decline, PlaceOrder, Reason, Secret, Verification
from alesha_sim.network import Clock
from alesha_sim.policies import MakeToOrder
from alesha_sim.records import ReplenishmentLog

SHOP, SUPPLIER, ORDER = 1, 2, 7
PLACED = PlaceOrder((("laptop", 1), ("watch", 2)), 0, 4, 5)


@pytest.fixture
def supplier():
    skus = ("laptop", "watch")
    return Supplier(
        Clock(), SupplierBook(Ledger("BDT", skus), [300, 120]), ReplenishmentLog(skus),
        Wallet(SUPPLIER, Secret("x")), workers=1, charges={"laptop": (0, 400), "watch": (1, 180)},
        stock=MakeToOrder(),
        handling_seconds=lambda: 0.0, lead_seconds=lambda: 0.0, delivery_seconds=lambda: 0.0,
    )  # fmt: skip


CLAIMS = {
    "as agreed": (Verification(5, 760, SHOP, SUPPLIER, ORDER), None),
    "too little": (Verification(5, 759, SHOP, SUPPLIER, ORDER), Reason.TRANSACTION_MISMATCH),
    "too much": (Verification(5, 761, SHOP, SUPPLIER, ORDER), Reason.TRANSACTION_MISMATCH),
    "paid to another": (Verification(5, 760, SHOP, SHOP, ORDER), Reason.TRANSACTION_MISMATCH),
    "for another order": (Verification(5, 760, SHOP, SUPPLIER, 8), Reason.TRANSACTION_MISMATCH),
    "unknown to the bank": (Decline(Reason.UNKNOWN_TRANSACTION), Reason.UNKNOWN_TRANSACTION),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_only_the_right_transaction_pays_for_an_order(supplier, name):
    answer, objection = CLAIMS[name]
    assert supplier.objection(PLACED, answer, ORDER) == objection


def test_a_product_that_the_supplier_does_not_know_is_refused(supplier):
    placed = PLACED._replace(lines=(("phone", 1),))
    answer = Verification(5, 760, SHOP, SUPPLIER, ORDER)
    assert supplier.objection(placed, answer, ORDER) == Reason.UNKNOWN_PRODUCT
