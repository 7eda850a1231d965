"""The four entities: SimPy processes that decide and talk; they post by `books/` and talk over `network/`."""

from alesha_sim.entities.bank.bank import Bank
from alesha_sim.entities.entity import Entity, EntityError, Party, Wallet
from alesha_sim.entities.shop.shop import Shop
from alesha_sim.entities.stock import Reservation, Warehouse
from alesha_sim.entities.supplier.supplier import Supplier
from alesha_sim.entities.user.intent import NoAnswer, VisitDraws, VisitIntent
from alesha_sim.entities.user.population import UserPopulation
from alesha_sim.entities.user.terms import BehaviourRates
from alesha_sim.entities.user.visit import UserVisit

__all__ = [
    "Bank",
    "BehaviourRates",
    "Entity",
    "EntityError",
    "NoAnswer",
    "Party",
    "Reservation",
    "Shop",
    "Supplier",
    "UserPopulation",
    "UserVisit",
    "VisitDraws",
    "VisitIntent",
    "Wallet",
    "Warehouse",
]
