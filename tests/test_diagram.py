import re
import struct
from base64 import b64decode
from datetime import datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest

import alesha_sim as alesha
from alesha_sim.conversation import Conversation, Message, Transfer
from alesha_sim.conversation.svg import STYLE_COLOURS

START = datetime(2021, 1, 1)


def at(seconds):
    return START + timedelta(seconds=seconds)


def message(number, kind, sender, recipient, sent, delivered, **changes):
    known = {"request": number, "order": 1, "attempt": 1, "fate": "delivered", "reason": None, "visit": 0}
    arrival = None if delivered is None else at(delivered)
    return Message(
        message=number, kind=kind, sender=sender, recipient=recipient, sent_at=at(sent), delivered_at=arrival,
        **(known | changes),
    )  # fmt: skip


@pytest.fixture(scope="module")
def purchase():
    return alesha.simulate(alesha.scenarios.first_purchase(), seed=7).follow(1)


@pytest.fixture(scope="module")
def hostile():
    network = {"network.default.loss": 0.3, "network.default.duplication": 0.3, "network.default.timeout": 2}
    scenario = alesha.scenarios.first_purchase().with_settings(network)
    return alesha.simulate(scenario, seed=3).follow(1)


def drawn(*messages, transfers=()):
    return Conversation("Talk", messages, transfers).diagram().drawing


def test_there_is_a_lane_for_each_entity_that_takes_part(purchase):
    lanes = purchase.diagram().drawing.lanes
    assert [lane.name for lane in lanes] == ["user:0", "shop", "bank", "supplier"]
    assert len({lane.colour for lane in lanes}) == 4
    assert [lane.x for lane in lanes] == sorted(lane.x for lane in lanes)


def test_an_entity_that_nobody_foresaw_has_a_lane_and_a_colour_of_its_own():
    drawing = drawn(message(0, "Fetch", "courier", "shop", 0, 1), message(1, "Fetch", "depot", "courier", 2, 3))
    assert [lane.name for lane in drawing.lanes] == ["shop", "courier", "depot"]
    assert len({lane.colour for lane in drawing.lanes}) == 3


def test_lanes_have_one_order_whoever_speaks_first():
    names = ["depot", "supplier", "bank", "kiosk:10", "kiosk:9", "user:10", "shop", "user:9"]
    said = [message(place, "Fetch", name, "depot", place, place + 1) for place, name in enumerate(names)]
    order = ["user:9", "user:10", "shop", "bank", "supplier", "depot", "kiosk:9", "kiosk:10"]
    for messages in (said, said[::-1]):
        talk = Conversation("Talk", messages, ())
        assert talk.lanes == order
        assert re.findall(" as (.*)", talk.to_mermaid().replace("#58;", ":")) == order
        assert [lane[0] for lane in talk.stepper().description["panes"][0]["lanes"]] == order
        places = [lane.x for lane in talk.diagram().drawing.lanes]
        assert places == sorted(places)


def test_time_goes_down_and_every_arrow_slopes_with_it(hostile):
    drawing = hostile.diagram().drawing
    assert all(arrow.y2 > arrow.y1 for arrow in drawing.arrows)
    times = [step.message.delivered_at for step in hostile.steps if step.message and step.message.delivered_at]
    ends = [arrow.y2 for arrow in drawing.arrows if hostile.steps[arrow.step].message.delivered_at is not None]
    assert times == sorted(times)
    assert ends == sorted(ends)


def test_an_arrow_without_latency_slopes_too_and_its_answer_is_below_it():
    ask, reply = message(0, "Pay", "user:0", "shop", 5, 5), message(1, "Refusal", "shop", "user:0", 5, 5)
    first, second = drawn(ask, reply).arrows
    assert first.y1 < first.y2 <= second.y1 < second.y2


def test_copies_that_travel_together_are_drawn_beside_each_other():
    one, two = message(0, "Pay", "user:0", "shop", 0, 1), message(1, "Pay", "user:0", "shop", 0, 1)
    first, second = drawn(one, two).arrows
    assert first.y1 != second.y1
    assert first.y2 != second.y2


def test_a_lost_message_ends_on_the_way_with_a_cross():
    conversation = Conversation("", [message(0, "Pay", "user:0", "shop", 0, None, fate="lost")], [])
    (arrow,) = conversation.diagram().drawing.arrows
    near, far = (lane.x for lane in conversation.diagram().drawing.lanes)
    assert near < arrow.x2 < far
    assert (arrow.style, arrow.label) == ("lost", "0 Pay (secret ***): lost")
    assert "l12 12m0 -12l-12 12" in conversation.diagram().svg


@pytest.mark.parametrize(
    ("changes", "label", "tone"),
    [
        ({}, "4 Receipt", "plain"),
        ({"reason": "out_of_stock"}, "4 Receipt: out_of_stock", "refused"),
        ({"attempt": 3}, "4 Receipt: attempt 3", "plain"),
        ({"fate": "duplicate", "attempt": 2}, "4 Receipt: duplicate, attempt 2", "idle"),
        ({"fate": "late"}, "4 Receipt: late", "idle"),
    ],
)
def test_what_is_unusual_about_a_message_is_written_and_drawn(changes, label, tone):
    (arrow,) = drawn(message(4, "Receipt", "bank", "shop", 0, 1, **changes)).arrows
    assert (arrow.label, arrow.style) == (label, tone)


def test_a_message_on_its_way_is_open():
    (arrow,) = drawn(message(4, "Receipt", "bank", "shop", 0, None, fate="in_flight")).arrows
    assert (arrow.label, arrow.style) == ("4 Receipt: on its way", "open")


def test_what_a_message_moved_stands_in_a_box_at_its_receiver():
    paid = Transfer(0, at(1), "bank", "a", "b", Decimal("1000.00"), "BDT", "payment", 1, 9)
    drawing = drawn(message(4, "Authorise", "shop", "bank", 0, 1), transfers=[paid])
    (box,), (arrow,) = drawing.boxes, drawing.arrows
    assert box.lines == ("payment 1,000.00 BDT",)
    assert box.x < arrow.x2 < box.x + box.width
    assert box.y >= arrow.y2


def test_answers_leave_below_the_box(purchase):
    drawing = purchase.diagram().drawing
    kinds = [step.message.kind if step.message else None for step in purchase.steps]
    authorise, receipt = kinds.index("Authorise"), kinds.index("Receipt")
    (box,) = [box for box in drawing.boxes if box.step == authorise]
    (answer,) = [arrow for arrow in drawing.arrows if arrow.step == receipt]
    assert answer.y1 >= box.y + box.height


def test_long_pauses_are_written(purchase):
    assert [mark.text for mark in purchase.diagram().drawing.pauses] == ["1 day later", "1 day later"]


def test_secrets_are_stars_in_every_view(purchase):
    views = (purchase.diagram().svg, purchase.to_mermaid(), purchase.stepper().html)
    assert all("Pay (secret ***)" in view for view in views)
    assert all("LogIn (password ***)" in view for view in views)


def test_the_svg_is_whole_and_asks_for_nothing_from_outside(hostile):
    svg = hostile.diagram().svg
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert set(re.findall(r"https?://[^\"]+", svg)) == {"http://www.w3.org/2000/svg"}
    assert "<script" not in svg
    assert "NaN" not in svg


def test_names_with_signs_of_html_stay_text():
    conversation = Conversation("<b>&", [message(0, "A<b>", "x&y", "<z>", 0, 1)], [])
    root = ElementTree.fromstring(conversation.diagram().svg)
    assert {"<b>&", "x&y", "<z>", "0 A<b>"} <= {text.text for text in root.iter() if text.text}


def test_the_png_is_drawn_at_its_resolution(purchase):
    drawing = purchase.diagram().drawing
    file = purchase.diagram().png(dpi=96)
    assert file.startswith(b"\x89PNG")
    assert struct.unpack(">II", file[16:24]) == pytest.approx((drawing.width, drawing.height), abs=1)


def test_a_notebook_is_given_text_an_image_that_carries_itself_and_a_png(purchase):
    bundle = purchase._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/png"}
    assert bundle["text/plain"] == repr(purchase)
    whole = r'<img alt="[^"]+" style="[^"]+" src="data:image/svg\+xml;base64,([^"]+)">'
    (content,) = re.fullmatch(whole, bundle["text/html"]).groups()
    assert b64decode(content).decode() == purchase.diagram().svg
    assert b64decode(bundle["image/png"]).startswith(b"\x89PNG")


def test_without_matplotlib_a_notebook_is_given_no_png(purchase, monkeypatch):
    monkeypatch.setattr("alesha_sim.conversation.diagram.find_spec", lambda name: None)
    assert set(purchase._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_a_long_conversation_is_shown_in_part_and_says_so():
    many = [message(number, "Pay", "user:0", "shop", number, number + 1) for number in range(300)]
    diagram = Conversation("Many", many, []).diagram()
    assert len(diagram.drawing.arrows) == 300
    assert diagram.first(200).title == "Many (the first 200 of 300 steps)"
    assert len(diagram.first(200).drawing.arrows) == 200


@pytest.mark.parametrize(
    ("name", "begins"), [("a.svg", b"<svg "), ("a.png", b"\x89PNG"), ("a.mmd", b"---\ntitle:")]
)
def test_a_diagram_is_saved_as_its_ending_says(purchase, tmp_path, name, begins):
    purchase.diagram().save(tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_another_ending_is_refused(purchase, tmp_path):
    with pytest.raises(ValueError, match=r"ending '.gif': must be .svg, .png or .mmd"):
        purchase.diagram().save(tmp_path / "a.gif")


def test_mermaid_has_a_participant_a_lane_an_arrow_a_message_a_note_a_step_that_moved(hostile):
    lines = [line.strip() for line in hostile.to_mermaid().splitlines()]
    assert sum(line.startswith("participant ") for line in lines) == len(hostile.lanes)
    assert sum(bool(re.match(r"p\d+-[->x)]+", line)) for line in lines) == len(hostile.messages)
    assert sum("-x" in line for line in lines) == sum(said.fate == "lost" for said in hostile.messages)
    assert sum(line.startswith("Note over") for line in lines) == sum(
        bool(step.transfers) for step in hostile.steps
    )


def test_mermaid_keeps_signs_of_its_own_out_of_texts():
    text = Conversation('T: "x"', [message(0, "A", "a;b", "c#d", 0, 1, reason="e: f")], []).to_mermaid()
    assert text.splitlines()[1] == 'title: "T: \\"x\\""'
    assert "participant p0 as a,b" in text
    assert "p0-->>p1: 0 A#58; e#58; f" in text


def test_the_tones_are_all_drawn(hostile):
    tones = {arrow.style for arrow in hostile.diagram().drawing.arrows}
    assert {"plain", "lost", "idle", "refused"} <= tones <= set(STYLE_COLOURS)
