import re
import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest

import alesha_sim
from alesha_sim import messages
from alesha_sim.conversation import Conversation, Message, Transfer, labels
from alesha_sim.entities import Entity
from alesha_sim.kernel.clock import Clock
from alesha_sim.network import Channel

START = datetime(2021, 1, 1)


def message(number, kind, sender, recipient, at, **changes):
    known = {
        "request": number // 2, "order": 1, "attempt": 1, "fate": "delivered", "reason": None, "visit": 0,
        "delivered_at": START + timedelta(seconds=at + 1),
    }  # fmt: skip
    return Message(
        message=number, kind=kind, sender=sender, recipient=recipient, sent_at=START + timedelta(seconds=at),
        **(known | changes),
    )  # fmt: skip


def transfer(number, at, amount=Decimal("1000.00"), commodity="BDT", code="payment"):
    debit, credit = ("bank:deposits:user:0", "bank:deposits:shop")
    return Transfer(number, START + timedelta(seconds=at), "bank", debit, credit, amount, commodity, code, 1, 9)


@pytest.fixture
def paying():
    pay = message(4, "Pay", "user:0", "shop", 0)
    authorise = message(5, "Authorise", "shop", "bank", 1)
    receipt = message(6, "Receipt", "bank", "shop", 2)
    refusal = message(7, "Refusal", "shop", "user:0", 3, reason="out_of_stock", fate="lost", attempt=2)
    return Conversation("Order 1", [refusal, receipt, pay, authorise], [transfer(3, 2)])


def kinds(conversation):
    return [entry.kind if isinstance(entry, Message) else entry.code for entry in conversation]


def test_entries_are_in_time_order_and_transfers_before_the_answer(paying):
    assert kinds(paying) == ["Pay", "Authorise", "payment", "Receipt", "Refusal"]
    assert [entry.kind for entry in paying.messages] == ["Pay", "Authorise", "Receipt", "Refusal"]
    assert [entry.transfer for entry in paying.transfers] == [3]
    assert len(paying) == 5


def test_at_one_instant_a_reply_still_follows_its_request():
    said = [message(8, "Receipt", "bank", "shop", 0), message(7, "Authorise", "shop", "bank", 0)]
    written = [transfer(2, 0, code="charges"), transfer(1, 0)]
    assert kinds(Conversation("", said, written)) == ["payment", "charges", "Authorise", "Receipt"]


def test_text_is_aligned_and_shows_what_went_wrong(paying):
    assert repr(paying).splitlines() == [
        "Order 1",
        "2021-01-01 00:00:00.000  4  user:0 -> shop  Pay",
        "2021-01-01 00:00:01.000  5  shop -> bank    Authorise",
        "2021-01-01 00:00:02.000         bank  payment  bank:deposits:user:0 / bank:deposits:shop  1,000.00 BDT",
        "2021-01-01 00:00:02.000  6  bank -> shop    Receipt",
        "2021-01-01 00:00:03.000  7  shop -> user:0  Refusal    out_of_stock, lost, attempt 2",
    ]


def test_text_of_goods_counts_units():
    shown = repr(Conversation("", [], [transfer(1, 0, amount=12_000, commodity="hp-laptop", code="ship")]))
    assert shown.endswith("12,000 hp-laptop")


def test_text_of_nothing_is_its_title():
    assert repr(Conversation("Order 1", [], [])) == "Order 1"


def test_frame_has_one_row_an_entry_and_is_missing_what_is_the_others(paying):
    frame = paying.frame()
    assert list(frame) == [
        "at", "sender", "recipient", "kind", "fate", "reason",
        "book", "debit", "credit", "amount", "commodity", "code", "entry",
    ]  # fmt: skip
    assert frame["at"].dtype == "datetime64[us]"
    assert frame["at"].tolist() == [pd.Timestamp(START) + pd.Timedelta(seconds=s) for s in (0, 1, 2, 2, 3)]
    assert frame["amount"].isna().tolist() == [True, True, False, True, True]
    assert frame.loc[2, ["amount", "entry", "code"]].tolist() == [1000.0, 9, "payment"]
    assert frame["kind"].isna().tolist() == [False, False, True, False, False]


# Steps and parts


def test_a_transfer_belongs_to_the_message_at_whose_arrival_it_was_written():
    paid = transfer(3, 2)._replace(book="bank")
    authorise = message(5, "Authorise", "shop", "bank", 1)
    receipt = message(6, "Receipt", "bank", "shop", 2)
    steps = Conversation("", [authorise, receipt], [paid]).steps
    assert [(step.message.kind, step.lane, len(step.transfers)) for step in steps] == [
        ("Authorise", "bank", 1),
        ("Receipt", "shop", 0),
    ]


def test_a_transfer_at_the_end_of_a_service_belongs_to_what_was_served():
    served = {"started_at": START + timedelta(seconds=2), "finished_at": START + timedelta(seconds=9)}
    authorise = message(5, "Authorise", "shop", "bank", 1, **served)
    (step,) = Conversation("", [authorise], [transfer(3, 9)]).steps
    assert [row.code for row in step.transfers] == ["payment"]


def test_what_an_entity_writes_by_itself_is_a_step_of_its_own():
    authorise = message(5, "Authorise", "shop", "bank", 1)
    steps = Conversation("", [authorise], [transfer(3, 60)]).steps
    assert [(step.lane, step.message is None, len(step.transfers)) for step in steps] == [
        ("bank", False, 0),
        ("bank", True, 1),
    ]


def test_a_transfer_of_another_order_belongs_to_no_message_of_this_one():
    authorise = message(5, "Authorise", "shop", "bank", 1)
    steps = Conversation("", [authorise], [transfer(3, 2)._replace(order=2)]).steps
    assert [len(step.transfers) for step in steps] == [0, 1]


def test_messages_between_two_keep_what_they_moved(paying):
    found = paying.between("bank", "shop")
    assert kinds(found) == ["Authorise", "payment", "Receipt"]
    assert kinds(paying.between("users", "shop")) == ["Pay", "Refusal"]
    assert found.title == "Order 1 (between bank and shop: 2 messages, 1 transfers)"


def test_steps_are_chosen_by_kind_time_and_fate(paying):
    assert kinds(paying.where(kinds="Authorise")) == ["Authorise", "payment"]
    assert kinds(paying.where(kinds=["Pay", "Receipt"])) == ["Pay", "Receipt"]
    assert kinds(paying.where(since=START + timedelta(seconds=3))) == ["Receipt", "Refusal"]
    assert kinds(paying.where(until="2021-01-01 00:00:01")) == ["Pay"]
    assert kinds(paying.where(fate="lost")) == ["Refusal"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kinds": "Pya"}, "kind Pya: must be one of Authorise, Pay, Receipt, Refusal"),
        ({"fate": "late"}, "fate late: must be one of delivered, lost"),
        ({"since": "soon"}, "since: 'soon': must be an instant such as '2021-01-01 00:00:01'"),
    ],
)
def test_a_choice_that_means_nothing_is_refused(paying, wrong, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        paying.where(**wrong)


def test_who_does_not_take_part_is_refused(paying):
    with pytest.raises(ValueError, match=r"^entity suplier: must be one of user:0, shop, bank$"):
        paying.between("suplier", "shop")


def test_text_diagram_and_stepper_load_no_pandas_and_no_matplotlib():
    program = (
        "import sys, alesha_sim as alesha\n"
        "result = alesha.simulate(alesha.scenarios.first_purchase(), seed=7)\n"
        "followed = result.follow(1)\n"
        "assert '<svg' in followed.diagram().svg and len(followed.stepper().html) > 9_000\n"
        "assert 'Pay (secret ***)' in followed.to_mermaid()\n"
        "sys.exit('pandas' in sys.modules or 'matplotlib' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_package_of_conversations_needs_nothing_but_the_standard_library():
    program = (
        "import sys\n"
        "for name in ('numpy', 'pandas', 'matplotlib', 'simpy'):\n"
        "    sys.modules[name] = None\n"
        "import alesha_sim.conversation\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_following_an_order_as_text_loads_no_pandas():
    program = (
        "import sys, alesha_sim as alesha\n"
        "result = alesha.simulate(alesha.scenarios.first_purchase(), seed=7)\n"
        "assert 'PlaceOrder' in repr(result.follow(1))\n"
        "assert result.metrics()['completed'] == 1 and '10,240.00 BDT' in repr(result)\n"
        "sys.exit('pandas' in sys.modules or 'pyarrow' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


class Relay(Entity):
    """Stands between the supplier and the users, and passes on what is said."""

    def __init__(self, simulation, code):
        super().__init__(simulation.clock, "relay", code, None)
        supplier, log = simulation.supplier, simulation.records.messages
        self.onward = supplier.channels["users"]
        there, back = (Channel(simulation.clock, log, lambda: 1.0, party) for party in (code, supplier.code))
        there.connect(self.inbox, back)
        back.connect(supplier.inbox, there)
        supplier.channels["users"] = there

    def work(self):
        worker = self.inbox.new_worker()
        while True:
            parcel = yield worker.receive()
            parcel.answer(
                (yield from self.ask(self.onward, parcel.message, order=parcel.order, to=parcel.recipient))
            )


@pytest.mark.parametrize(("code", "name"), [(-4, "relay"), (-5, "entity:-5"), (-7, "entity:-7")])
def test_an_entity_of_ones_own_is_never_named_as_a_user_whatever_its_code(code, name):
    simulation = alesha_sim.Simulation(alesha_sim.scenarios.first_purchase(), 7)
    simulation.records.messages.organisations.append("relay")
    Relay(simulation, code)
    seen = set()
    while (message := simulation.next_message()) is not None:
        seen |= {message.sender, message.recipient}
    result = simulation.result()
    assert result.check() == []
    assert result.follow(1).lanes == ["user:0", "shop", "bank", "supplier", name]
    assert seen == {*result.follow(1).lanes}


def test_a_users_code_is_refused_for_an_entity():
    with pytest.raises(
        ValueError, match=r"^entity 'relay': code 2: must be below 0, since those from 0 on are users'$"
    ):
        Entity(Clock(), "relay", 2, None)


def test_every_kind_of_message_says_what_it_means():
    public = {name: getattr(messages, name) for name in messages.__all__}
    kinds = [
        name for name, kind in public.items() if isinstance(kind, type) and issubclass(kind, messages.Message)
    ]
    assert len(kinds) > 30
    assert [name for name in kinds if not labels.meaning(name).endswith(".")] == []
    assert labels.meaning("NoSuchKind") == ""
