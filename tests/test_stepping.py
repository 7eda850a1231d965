import re

import numpy as np
import pytest

import alesha_sim as alesha
from alesha_sim.network import NoReply
from alesha_sim.simulation.stepping import Walk


@pytest.fixture
def walk():
    return Walk(alesha.scenarios.first_purchase(), 7)


def test_a_walk_to_the_end_is_the_same_run(walk):
    walk.next_message()
    walk.next_order()
    walk.next_instant()
    assert walk.finish().digest == alesha.simulate(alesha.scenarios.first_purchase(), seed=7).digest


def test_without_a_seed_one_is_drawn_and_kept():
    walk = Walk(alesha.scenarios.first_purchase())
    assert walk.finish().seed == walk.seed


def test_moves_go_as_far_as_they_say(walk):
    assert (walk.next_event(), walk.events) == (True, 1)
    assert walk.next_message().kind == "ViewHomepage"
    assert walk.next_order() == 1
    assert walk.last.kind == "Checkout"
    assert walk.next_order() is None
    assert not walk.next_event()
    assert not walk.next_instant()
    assert walk.next_message() is None
    assert walk.last.kind == "Delivered"


def test_an_instant_is_all_events_at_one_time():
    busy = Walk(alesha.scenarios.market_day(users=50).with_settings({"network.default.latency": 1}), 3)
    busy.next_order()
    before = busy.simulation.clock.peek()
    assert busy.next_instant()
    assert busy.simulation.now == before < busy.simulation.clock.peek()


def test_back_is_a_replay_to_the_event_before(walk):
    walk.next_order()
    seen = []
    for _ in range(3):
        seen.append((walk.events, walk.last, repr(walk.recent())))
        walk.next_event()
    for expected in reversed(seen):
        walk.back()
        assert (walk.events, walk.last, repr(walk.recent())) == expected
    walk.back(1000)
    assert (walk.events, walk.last) == (0, None)
    assert walk.finish().digest == alesha.simulate(alesha.scenarios.first_purchase(), seed=7).digest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("Authorise", 17), ("bank", 17), ("from=bank", 18), ("to=supplier", 21), ("bank supplier", 22),
        ("order=1", 15), ("21", 21), ("message=21", 21), ("kind=Deliver", 26), ("users Confirmation", 25),
        ("from=users to=supplier", 27),
    ],
)  # fmt: skip
def test_a_breakpoint_stops_at_the_first_message_for_which_all_words_hold(walk, words, message):
    assert walk.run_to(words).message == message


def test_a_breakpoint_can_be_a_function_and_one_that_never_holds_runs_to_the_end(walk):
    assert walk.run_to(lambda seen: seen.at > 1.01).message == 20
    assert walk.run_to("kind=Refund") is None
    assert walk.simulation.drained


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Autorise", "breakpoint: 'Autorise': must be a kind"),
        ("", "breakpoint: must name"),
        ("at=3", "breakpoint: 'at=3'"),
    ],
)
def test_words_that_mean_nothing_are_refused_before_anything_happens(walk, words, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}"):
        walk.run_to(words)
    assert walk.events == 0


def test_who_waits_for_whom_is_known_and_who_was_answered_does_not_wait(walk):
    assert walk.waiting() == []
    walk.run_to("PlaceOrder")
    waiting = walk.waiting()
    assert [(wait.asker, wait.answerer, wait.kind, wait.order) for wait in waiting] == [
        ("user:0", "shop", "Pay", 1),
        ("shop", "supplier", "PlaceOrder", 1),
        ("supplier", "bank", "VerifyTransaction", 1),
    ]
    assert str(waiting[0]) == "user:0 waits for shop: 16 Pay, since 0.800 s"
    walk.finish()
    assert walk.waiting() == []


def test_who_gave_up_waits_no_longer():
    settings = {"users.patience": 1, "shop.page_time": 60, "shop.workers": 1}
    walk = Walk(alesha.scenarios.first_purchase().with_settings(settings), 7)
    walk.run_to("Withdraw")
    assert walk.waiting() == []


# Asking in a simulation


def test_ask_steps_the_simulation_until_the_reply_is_there():
    simulation = alesha.Simulation(alesha.scenarios.first_purchase(), seed=7)
    assert simulation.ask(simulation.users.show_balance(0)) == 500_000
    assert simulation.now == pytest.approx(0.1)
    assert {"EnquireBalance", "Balance"} <= set(simulation.result().messages["kind"])


def test_ask_says_so_when_no_reply_can_come():
    silence = {"network.default.loss": 1, "network.default.timeout": 1, "network.default.attempts": 2}
    scenario = alesha.scenarios.first_purchase().with_settings(silence)
    simulation = alesha.Simulation(scenario, seed=7)
    assert isinstance(simulation.ask(simulation.users.show_balance(0)), NoReply)


def test_visits_of_users_who_are_played_do_not_begin_and_all_others_are_as_before():
    scenario = alesha.scenarios.market_day(users=5)
    plain, played = alesha.Simulation(scenario, seed=3), alesha.Simulation(scenario, seed=3, played={2})
    plain.run()
    played.run()
    before, after = plain.result().visits, played.result().visits
    others = before["user"] != 2
    assert 0 < others.sum() < len(before)
    assert np.array_equal(before.loc[others, ["user", "arrived_at"]], after[["user", "arrived_at"]])
