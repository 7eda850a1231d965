"""A bank and a supplier by themselves, on terms of which a test names what it is about; everything else is idle.

Shares are written as numbers. How the shop is made alone is in `counterparts.py`.
"""

import numpy as np

from alesha_sim.entities.bank.bank import Bank
from alesha_sim.entities.bank.terms import BankTerms
from alesha_sim.entities.courier import Courier
from alesha_sim.entities.entity import Wallet
from alesha_sim.entities.stock import StockTerms
from alesha_sim.entities.supplier.supplier import Supplier
from alesha_sim.entities.supplier.terms import SupplierTerms
from alesha_sim.messages import Secret
from alesha_sim.policies import MakeToOrder
from alesha_sim.units import Share
from alesha_sim.vocabulary import COURIER, SHOP, SUPPLIER

SECRETS = {0: 0xA, 1: 0xB, SHOP: 0x51, SUPPLIER: 0x52, COURIER: 0x53}
"""What the bank of `bank` knows: the secrets of two users and of the organisations."""

WALLETS = {SUPPLIER: Wallet(2, Secret("x")), COURIER: Wallet(3, Secret("y"))}


def bank(clock, book, *, service=0.0, **terms):
    """Return a bank with two users, which takes `service` seconds to move money."""
    organisations = {owner: secret for owner, secret in SECRETS.items() if owner < 0}
    secrets = np.array([SECRETS[0], SECRETS[1]], np.uint64)
    return Bank(clock, book, secrets, organisations, BankTerms(authorisation_seconds=lambda: service, **terms))


def stock_terms(policy=None, **terms):
    """Return how goods are kept, made to order unless a policy says otherwise."""
    return StockTerms(MakeToOrder() if policy is None else policy, **terms)


def supplier_terms(charges, *, lead=lambda: 10.0, courier=None, transport_charged=1.0, **terms):
    """Return the terms of a supplier that keeps no stock, and whose courier takes no time."""
    given = {"handling_seconds": lambda: 0.0, "stock": stock_terms(), **terms}
    courier = courier or Courier([lambda: 0.0], None, 0.0, None, lambda: 0.0)
    share = Share.read(transport_charged)
    return SupplierTerms(charges, lead_seconds=lead, courier=courier, transport_charged=share, **given)


def supplier(clock, book, log, terms):
    """Return a supplier that can pay from an account of its own and from its courier's."""
    return Supplier(clock, book, log, WALLETS, terms)
