"""The four entities: SimPy processes that decide and talk; they post by `books/` and talk over `network/`."""

from alesha_sim.entities.bank import Bank
from alesha_sim.entities.entity import Entity, EntityError, Party, Wallet
from alesha_sim.entities.shop import Shop
from alesha_sim.entities.supplier import Supplier
from alesha_sim.entities.user import User, Visit
from alesha_sim.entities.users import Users

__all__ = ["Bank", "Entity", "EntityError", "Party", "Shop", "Supplier", "User", "Users", "Visit", "Wallet"]
