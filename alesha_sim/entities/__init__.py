"""The four entities: SimPy processes that decide and talk; they post by `books/` and talk over `network/`."""

from alesha_sim.entities.bank.bank import Bank
from alesha_sim.entities.entity import Entity, EntityError, Party, Wallet
from alesha_sim.entities.shop.shop import Shop
from alesha_sim.entities.stock import Claim, Warehouse
from alesha_sim.entities.supplier.supplier import Supplier
from alesha_sim.entities.user.intent import NoAnswer, Visit, Whims
from alesha_sim.entities.user.population import Users
from alesha_sim.entities.user.terms import Habits
from alesha_sim.entities.user.visit import User

__all__ = [
    "Bank",
    "Claim",
    "Entity",
    "EntityError",
    "Habits",
    "NoAnswer",
    "Party",
    "Shop",
    "Supplier",
    "User",
    "Users",
    "Visit",
    "Wallet",
    "Warehouse",
    "Whims",
]
