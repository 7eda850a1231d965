import re
import subprocess
import sys
from base64 import b64decode
from math import inf

import pytest
from conftest import needed

import alesha_sim as alesha
from alesha_sim.messages import (
    Confirmation,
    Homepage,
    Invoice,
    LoggedIn,
    ProductPage,
    Reason,
    Refusal,
    Registered,
)
from alesha_sim.network import NoReply
from alesha_sim.notebook import Shopper
from alesha_sim.notebook.pictures import drawing, picture
from alesha_sim.notebook.shopper import IN_WALLET


@pytest.fixture
def shopper():
    return Shopper(alesha.scenarios.first_purchase(), 7)


def inside(shopper):
    shopper.home()
    shopper.register("open")
    shopper.log_in("open")
    shopper.put("hp-laptop", 1)
    shopper.put("apple-watch", 2)
    return shopper


# The shopper


@pytest.mark.parametrize(
    ("click", "fault"),
    [
        (lambda shopper: shopper.pay("10000000", "x"), "pay: account '10000000': must be a whole number"),
        (lambda shopper: shopper.pay(10000000.0, "x"), "pay: account 10000000.0: must be a whole number"),
        (lambda shopper: shopper.pay(shopper.account, None), "pay: secret: must be a text, not NoneType"),
        (
            lambda shopper: shopper.put("hp-laptop", 10**17),
            "put: units 100000000000000000: must be at most 1,000,000",
        ),
        (lambda shopper: shopper.put("hp-laptop", "2"), "put: units '2': must be a whole number"),
        (lambda shopper: shopper.put(["hp-laptop"], 1), "put: sku: must be a text, not list"),
        (lambda shopper: shopper.look_at(["x"]), "look_at: sku: must be a text, not list"),
        (lambda shopper: shopper.register(5), "register: password: must be a text, not int"),
        (lambda shopper: shopper.log_in([]), "log_in: password: must be a text, not list"),
        (lambda shopper: shopper.wait("x"), "wait: seconds 'x': must be a finite number"),
        (lambda shopper: shopper.wait(inf), "wait: seconds inf: must be a finite number"),
    ],
)
def test_a_click_with_a_wrong_argument_sends_nothing_and_the_run_goes_on(shopper, click, fault):
    inside(shopper).check_out()
    clicks = [*shopper.clicks]
    with pytest.raises(ValueError, match=f"^{re.escape(fault)}"):
        click(shopper)
    assert shopper.clicks == clicks
    assert isinstance(shopper.pay(shopper.account, IN_WALLET), Confirmation)
    assert shopper.finish().check() == []


def test_a_purchase_by_clicks_ends_as_any_other(shopper):
    assert isinstance(shopper.home(), Homepage)
    assert shopper.log_in("open") == Refusal(Reason.NOT_REGISTERED)
    assert shopper.register("open") == Registered()
    assert shopper.log_in("shut") == Refusal(Reason.WRONG_PASSWORD)
    assert shopper.log_in("open") == LoggedIn()
    assert isinstance(shopper.look_at("hp-laptop"), ProductPage)
    inside(shopper)
    assert shopper.check_out() == Invoice(1, 100_000, 100_000, inf)
    reply = shopper.pay(shopper.account, IN_WALLET)
    assert isinstance(reply, Confirmation)
    assert shopper.balances() == {"user:0": 400_000, "shop": 1_024_000, "supplier": 576_000}
    result = shopper.finish()
    assert result.check() == []
    assert list(result.closing_balances().values()) == [4_000, 10_240, 5_760]
    assert result.visits[["stage", "outcome"]].to_numpy().tolist() == [["paid", "bought"]]


def test_a_mistyped_secret_declines_the_order_and_another_check_out_pays(shopper):
    inside(shopper)
    shopper.check_out()
    assert shopper.pay(shopper.account, "0000").reason == Reason.WRONG_SECRET
    assert shopper.cart == {"hp-laptop": 1, "apple-watch": 2}
    assert shopper.check_out().order == 2
    assert isinstance(shopper.pay(shopper.account, IN_WALLET), Confirmation)
    assert [order.status for order in shopper.orders()] == ["declined", "on_the_way"]
    result = shopper.finish()
    assert result.check() == []
    assert list(result.visits["outcome"]) == ["declined", "bought"]


def test_another_account_and_an_empty_cart_are_refused(shopper):
    inside(shopper)
    shopper.check_out()
    assert shopper.pay(12, IN_WALLET).reason == Reason.UNKNOWN_ACCOUNT
    shopper.put("hp-laptop", 0)
    shopper.put("apple-watch", 0)
    assert shopper.check_out() == Refusal(Reason.EMPTY_CART)
    assert shopper.finish().check() == []


def test_who_is_not_logged_in_cannot_check_out(shopper):
    shopper.put("hp-laptop", 1)
    assert shopper.check_out() == Refusal(Reason.NOT_LOGGED_IN)
    assert shopper.finish().check() == []


def test_to_pay_without_an_invoice_is_refused(shopper):
    with pytest.raises(ValueError, match=r"^pay: there is no invoice; check out first$"):
        shopper.pay(shopper.account, IN_WALLET)


def test_an_order_that_is_left_unpaid_stays_received_and_the_visit_abandoned(shopper):
    inside(shopper).check_out()
    result = shopper.finish()
    assert result.check() == []
    assert list(result.orders["status"]) == ["received"]
    assert list(result.visits["outcome"]) == ["abandoned"]


def test_each_click_tells_what_it_sent(shopper):
    shopper.home()
    assert [said.kind for said in shopper.last_click.messages] == ["ViewHomepage", "Homepage"]
    inside(shopper).check_out()
    shopper.pay(shopper.account, IN_WALLET)
    assert {"Pay", "Authorise", "PlaceOrder", "Confirmation"} <= {
        said.kind for said in shopper.last_click.messages
    }
    assert [row.code for row in shopper.last_click.transfers].count("payment") == 3
    shopper.wait(90_000)
    assert {step.lane for step in shopper.last_click.steps} == {"supplier"}
    assert shopper.last_click.messages == []


def test_others_shop_meanwhile_and_the_shopper_sees_only_the_own_messages():
    scenario = alesha.scenarios.market_day(users=20).with_settings({"horizon": "2 hours"})
    shopper = Shopper(scenario, 3, user=4)
    inside(shopper).check_out()
    shopper.pay(shopper.account, IN_WALLET)
    shopper.wait(7200)
    assert {said.sender for said in shopper.last_click.messages} <= {"user:4", "shop", "bank", "supplier"}
    result = shopper.finish()
    assert result.check() == []
    visits = result.visits["user"].tolist()
    assert len(visits) > 3
    assert visits.count(4) == 1


def test_silence_ends_the_visit_and_the_next_click_begins_another():
    deaf = {"network.default.loss": 1, "network.default.timeout": 1, "network.default.attempts": 1}
    shopper = Shopper(alesha.scenarios.first_purchase().with_settings(deaf), 7)
    assert isinstance(shopper.home(), NoReply)
    assert isinstance(shopper.home(), NoReply)
    assert list(shopper.finish().visits["outcome"]) == ["unanswered", "unanswered"]


def test_a_user_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"^user 1: must be from 0 to 0$"):
        Shopper(alesha.scenarios.first_purchase(), 7, user=1)


def test_the_own_secret_is_in_nothing_that_is_shown_or_kept(shopper):
    inside(shopper).check_out()
    shopper.pay(shopper.account, IN_WALLET)
    plain = "".join(shopper.simulation.users.credentials.wallet(0).secret)
    assert len(plain) == 16
    assert f"{shopper.simulation.users.credentials.wallet(0)}" == "Wallet(account=10000000, secret=***)"
    talk = shopper.last_click
    assert all(plain not in shown for shown in (repr(talk), talk.diagram().svg, talk.stepper().html))


def test_the_clicks_can_be_reproduced_without_secrets(shopper, capsys):
    inside(shopper).check_out()
    shopper.log_in("something else")
    shopper.pay(shopper.account, "my 0ld secret")
    shopper.balances()
    shopper.check_out()
    shopper.pay(shopper.account, IN_WALLET)
    shopper.wait(3600)
    result = shopper.finish()
    result.reproduce()
    assert "Shopper.reproduce()" in capsys.readouterr().out
    shopper.reproduce()
    lines = capsys.readouterr().out
    assert not any(secret in lines for secret in ("my 0ld secret", "something else", "open"))
    names = {"alesha": alesha, "scenario": shopper.scenario}
    exec(lines, names)
    assert names["result"].digest == result.digest


# Pictures


def test_products_have_pictures_of_their_own_and_unknown_ones_a_parcel():
    drawn = {drawing(sku, "") for sku in ("hp-laptop", "apple-watch", "iphone-x", "teapot", "kettle")}
    assert len(drawn) == 4
    assert 'alt="picture of A &amp; B"' in picture("teapot", "A & B")


# Widgets, without a browser


def test_the_live_views_need_ipywidgets_and_say_so_in_one_line():
    program = (
        "import sys, alesha_sim as alesha\n"
        "sys.modules['ipywidgets'] = None\n"
        "for name in ('Walkthrough', 'Storefront'):\n"
        "    try:\n"
        "        getattr(alesha.notebook, name)(alesha.scenarios.first_purchase(), 7)\n"
        "    except ImportError as error:\n"
        "        print(error)\n"
        "print(alesha.notebook.Shopper(alesha.scenarios.first_purchase(), 7).home().offers[0].sku)\n"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    install = 'needs ipywidgets: python -m pip install "alesha-sim[notebook]"'
    assert out.splitlines() == [f"Walkthrough {install}", f"Storefront {install}", "hp-laptop"]


@pytest.fixture
def walkthrough():
    needed("ipywidgets")
    return alesha.notebook.Walkthrough(alesha.scenarios.first_purchase(), 7)


def test_a_walkthrough_goes_on_back_and_to_the_end(walkthrough):
    assert walkthrough.next_event()
    assert walkthrough.next_message().kind == "ViewHomepage"
    assert walkthrough.next_order() == 1
    assert walkthrough.run_to("Authorise").message == 17
    assert "message 17, Authorise, reached bank" in walkthrough.still
    walkthrough.back()
    assert walkthrough.walk.last.message == 16
    assert walkthrough.finish() is walkthrough.result
    assert walkthrough.result == alesha.simulate(alesha.scenarios.first_purchase(), seed=7)


def test_the_lanes_of_a_walkthrough_keep_their_places_at_every_click(walkthrough):
    walkthrough.next_message()
    walk, orders = walkthrough.walk, []
    while walkthrough.next_message() is not None:
        svg = b64decode(walkthrough.still.partition("svg+xml;base64,")[2].partition('"')[0]).decode()
        orders.append([name for name in re.findall(r">([^<>]*)</text>", svg) if name in walk.parties()])
    assert {*map(tuple, orders)} == {("user:0", "shop", "bank", "supplier")}


def test_what_is_still_is_an_image_that_carries_itself(walkthrough):
    walkthrough.run_to("Deliver")
    storefront = alesha.notebook.Storefront(alesha.scenarios.first_purchase(), 7)
    for live in (walkthrough, storefront):
        assert 'src="data:image/svg+xml;base64,' in live.still
        assert "http" not in live.still.replace("http://www.w3.org", "")
