"""Messages are small values of one form: read by name, compared by kind and fields, never showing a secret."""

import copy
import pickle
import subprocess
import sys
from inspect import signature
from itertools import combinations, count
from pathlib import Path
from typing import get_args

import pytest
from conftest import needs

from alesha_sim import messages
from alesha_sim.conversation.labels import carried
from alesha_sim.messages import Acknowledged, Asks, FundsLocation, Message, Method, Offer, Reason, Receipt, Secret
from alesha_sim.messages.clearing import Advise, Clear, Closed, CreditTransfer, PayDay, Settled, Unsettled
from alesha_sim.network.request import Conflict, GaveUp, NoReply, Withdraw

ROOT = Path(__file__).resolve().parents[1]
KINDS = (
    *get_args(messages.Request | messages.Reply | messages.Notice), Offer, NoReply, GaveUp, Withdraw, Conflict,
    CreditTransfer, Advise, Clear, Settled, Unsettled, Closed, PayDay,
)  # fmt: skip
HIDDEN = "0123456789abcdef"
SHOWN = Offer("phone", "Phone", 120, 100)
PAID = CreditTransfer(1, 2, "payment", 120, 3, 4)
VALUES = {
    "secret": Secret(HIDDEN), "password": Secret(HIDDEN), "lines": (("phone", 2),), "reason": Reason.LATE,
    "method": Method.ACCOUNT, "held_in": FundsLocation.ESCROW, "step": "pay", "cause": "income", "sku": "phone",
    "name": "Phone", "status": "paid", "text": "Thank you", "offer": SHOWN, "offers": (SHOWN,), "late": True,
    "replaces": True, "promised_at": 5.5, "seconds": 6.5, "warranty_seconds": 7.5, "return_window_seconds": 8.5,
    "code": "payment", "transfer": PAID, "sent": (PAID,), "received": (PAID,), "written_off": (PAID,),
    "borne": ((1, 20),), "owed": ((2, 30),), "recovered": ((3, 40),),
}  # fmt: skip
OTHERS = {
    **VALUES, "secret": Secret("x"), "password": Secret("x"), "lines": (), "reason": Reason.UNPAID, "offers": (),
    "method": Method.CASH_ON_DELIVERY, "held_in": FundsLocation.DEPOSIT, "offer": Offer("watch", "Watch", 3, 2),
    "late": False, "replaces": False, "step": "", "cause": "", "sku": "", "name": "", "status": "", "text": "",
    "promised_at": 0.0, "seconds": 0.0, "warranty_seconds": 0.0, "return_window_seconds": 0.0,
    "code": "refund", "transfer": PAID.replaced(amount=1), "sent": (), "received": (), "written_off": (),
    "borne": (), "owed": (), "recovered": (),
}  # fmt: skip

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def fields(kind):
    """Return a value for every field by name: those that the table does not name are whole numbers."""
    numbers = count(10)
    return {name: VALUES.get(name, next(numbers)) for name in kind.__match_args__}


def below(kind):
    """Return all kinds of message that are derived from one."""
    return {kind, *(each for derived in kind.__subclasses__() for each in below(derived))}


def test_the_table_has_every_kind():
    declared = {kind for kind in below(Message) if kind.__module__.startswith("alesha_sim.")}
    assert declared - {Message, Asks} == set(KINDS)
    assert len(KINDS) == len(set(KINDS)) > 40


@every_kind
def test_fields_are_those_of_the_constructor_in_its_order(kind):
    values = fields(kind)
    message = kind(*values.values())
    assert {name: getattr(message, name) for name in values} == values
    assert list(message) == list(values.values())
    assert kind(**values) == message
    with pytest.raises(TypeError):
        kind(*values.values(), 1)


@every_kind
def test_equal_are_messages_of_one_kind_with_equal_fields(kind):
    values = fields(kind)
    message = kind(**values)
    assert message == kind(**values)
    assert hash(message) == hash(kind(**values))
    assert message != tuple(values.values())
    assert [name for name in values if kind(**values | {name: OTHERS.get(name, 1)}) == message] == []


def test_messages_of_two_kinds_are_never_equal():
    pairs = combinations([kind(**fields(kind)) for kind in KINDS], 2)
    assert [pair for pair in pairs if pair[0] == pair[1]] == []


@every_kind
def test_a_message_shows_its_fields_but_no_secret(kind):
    values = fields(kind)
    shown = ", ".join(
        f"{name}={'***' if isinstance(value, Secret) else repr(value)}" for name, value in values.items()
    )
    assert repr(kind(**values)) == str(kind(**values)) == f"{kind.__name__}({shown})"
    assert HIDDEN not in repr(kind(**values))


@every_kind
def test_a_message_is_pickled_and_copied(kind):
    message = kind(**fields(kind))
    copies = pickle.loads(pickle.dumps(message)), copy.copy(message), copy.deepcopy(message)
    assert [(type(each), *each) for each in copies] == [(kind, *message)] * 3


@every_kind
def test_a_replaced_field_is_that_of_a_new_message(kind):
    message = kind(**fields(kind))
    for name in fields(kind):
        changed = message.replaced(**{name: OTHERS.get(name, 1)})
        assert {each for each in fields(kind) if getattr(changed, each) != getattr(message, each)} == {name}
    assert message == kind(**fields(kind)) == message.replaced()
    with pytest.raises(TypeError, match=r"amuont|\(\) takes no arguments"):
        message.replaced(amuont=1)


@pytest.mark.interpreted
@every_kind
def test_a_message_has_no_place_for_what_is_no_field(kind):
    message = kind(**fields(kind))
    assert not hasattr(message, "__dict__")
    with pytest.raises(AttributeError):
        message.amuont = 1


@pytest.mark.interpreted
def test_secret_fields_are_those_of_the_type_secret():
    declared = {
        parameter for kind in KINDS if kind.__match_args__ for parameter in signature(kind).parameters.values()
    }
    assert {parameter.name for parameter in declared if parameter.annotation is Secret} == set(
        messages.SECRET_FIELDS
    )
    assert {each.annotation for each in declared if each.name in messages.SECRET_FIELDS} == {Secret}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Pay", ["order", "account", "secret ***"]),
        ("LogIn", ["password ***"]),
        ("Acknowledged", []),
        ("Nothing", []),
    ],
)
def test_a_conversation_tells_what_a_kind_carries(kind, fields):
    assert carried(kind) == fields


def test_fields_are_matched_by_place_and_by_name():
    match Receipt(3, 50):
        case Receipt(transaction, amount, fee=fee):
            assert (transaction, amount, fee) == (3, 50, 0)
        case _:
            pytest.fail("no receipt")


class Stocked(Message):
    __match_args__ = ("units",)
    __slots__ = __match_args__

    def __init__(self, units):
        self.units = units


class HowMany(Asks[Stocked]):
    __match_args__ = ("sku", "secret")
    __slots__ = __match_args__

    def __init__(self, sku, secret):
        self.sku, self.secret = sku, secret


def test_a_class_of_ones_own_is_a_message_like_the_others():
    asked = HowMany("phone", Secret(HIDDEN))
    assert asked == pickle.loads(pickle.dumps(asked)) != asked.replaced(sku="watch")
    assert repr((asked, Stocked(3))) == "(HowMany(sku='phone', secret=***), Stocked(units=3))"
    assert (Stocked(3) == Stocked(3), hash(Stocked(3)) == hash(Stocked(3)), Stocked(3) == Acknowledged()) == (
        True,
        True,
        False,
    )


ASSIGNING = """
{imports}

def change({arguments}) -> None:
{assignments}
"""


def test_the_type_checker_refuses_every_assignment_to_a_field(tmp_path):
    needs("mypy")
    kinds = [kind for kind in KINDS if kind.__module__.startswith("alesha_sim.messages") and kind.__match_args__]
    places = [(kind.__name__, name) for kind in kinds for name in kind.__match_args__]
    source = ASSIGNING.format(
        imports="\n".join(f"from {kind.__module__} import {kind.__name__}" for kind in kinds),
        arguments=", ".join(f"a_{kind.__name__}: {kind.__name__}" for kind in kinds),
        assignments="\n".join(f"    a_{kind}.{name} = a_{kind}.{name}" for kind, name in places),
    )
    (tmp_path / "change.py").write_text(source, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", tmp_path / "change.py"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    errors = [line for line in told.splitlines() if "Cannot assign to final attribute" in line]
    assert len(errors) == len(places) > 90
