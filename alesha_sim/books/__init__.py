"""Double-entry books: one ledger of transfers, the posting rules of each book, the laws they keep."""

from alesha_sim.books.accounts import BANK, BOOKS, CODES, SHOP, SUPPLIER, USERS, Account, Kind
from alesha_sim.books.bank import BankBook, Transaction
from alesha_sim.books.chart import Chart
from alesha_sim.books.ledger import LawBroken, Ledger, Transfer
from alesha_sim.books.own_book import OwnBook
from alesha_sim.books.shop import ShopBook
from alesha_sim.books.supplier import SupplierBook
from alesha_sim.books.users import UsersBook

__all__ = [
    "BANK",
    "BOOKS",
    "CODES",
    "SHOP",
    "SUPPLIER",
    "USERS",
    "Account",
    "BankBook",
    "Chart",
    "Kind",
    "LawBroken",
    "Ledger",
    "OwnBook",
    "ShopBook",
    "SupplierBook",
    "Transaction",
    "Transfer",
    "UsersBook",
]
