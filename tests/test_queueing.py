from collections import Counter

import numpy as np
import pytest
from matplotlib.figure import Figure

import alesha_sim as alesha
from alesha_sim import plots
from alesha_sim.plots.queueing import queues_of
from alesha_sim.simulation.simulation import Simulation


@pytest.fixture(scope="module")
def result():
    scenario = alesha.scenarios.market_day(visits_per_day=600, users=100, bank_workers=1, shop_workers=1)
    return alesha.simulate(scenario.with_settings({"bank.authorisation_time": 100}), seed=7)


def drawn(plot, result):
    return plot(result, ax=Figure(figsize=(8, 4.5), layout="constrained").subplots())


def test_the_mean_number_waiting_is_what_the_inboxes_counted(result):
    for queue in queues_of(result):
        assert queue.mean_waiting == pytest.approx(result.inboxes[queue.name].mean_waiting, abs=1e-6)
    assert max(queue.mean_waiting for queue in queues_of(result)) > 0.01


def test_the_waits_are_those_of_the_summary(result):
    means = {queue.name: queue.waits.mean() for queue in queues_of(result)}
    metrics = result.metrics()
    assert means["bank"] == pytest.approx(metrics["mean_bank_wait_seconds"])
    assert means["shop"] == pytest.approx(metrics["mean_shop_wait_seconds"])


def test_a_line_of_many_changes_keeps_its_area(result):
    ax = drawn(plots.queues, result)
    bank = next(queue for queue in queues_of(result) if queue.name == "bank")
    (line,) = [line for line in ax.lines if line.get_label() == "bank"]
    hours, waiting = line.get_data()
    assert len(bank.seconds) > 400
    assert np.diff(hours) @ waiting[:-1] * 3600 == pytest.approx(bank.mean_waiting * result.ended_at)
    assert any("means over" in " ".join(text.get_text().split()) for text in ax.texts)


def test_the_share_that_waits_longer_falls_from_those_who_wait_at_all(result):
    ax = drawn(plots.waiting, result)
    for queue in queues_of(result):
        (line,) = [line for line in ax.lines if line.get_label() == queue.name]
        assert line.get_ydata()[0] == pytest.approx((queue.waits > 0).mean())
        assert (np.diff(line.get_ydata()) <= 0).all()
        assert line.get_ydata()[-1] == 0


def test_nobody_waits_longer_where_nobody_comes():
    empty = alesha.simulate(alesha.scenarios.market_day(visits_per_day=1e-9), seed=7)
    assert not any(len(queue.waits) for queue in queues_of(empty))
    ax = drawn(plots.waiting, empty)
    assert [line.get_ydata().tolist() for line in ax.lines] == [[0, 0]] * 3
    said = [text.get_text() for text in ax.texts]
    assert [f"{name}: nobody came" in said for name in ("Shop", "Bank", "Supplier")] == [True] * 3


@pytest.mark.parametrize("plot", [plots.queues, plots.waiting])
def test_the_title_names_where_requests_wait_longest(result, plot):
    assert drawn(plot, result).get_title(loc="left").startswith("Requests wait longest at the bank: ")
    alone = alesha.simulate(alesha.scenarios.first_purchase(), seed=7)
    assert drawn(plot, alone).get_title(loc="left") == "Nobody waits for a worker of shop, bank or supplier"


def test_each_span_of_a_line_has_the_mean_of_its_own_time(result):
    bank = next(queue for queue in queues_of(result) if queue.name == "bank")
    (line,) = [line for line in drawn(plots.queues, result).lines if line.get_label() == "bank"]
    edges = line.get_xdata() * 3600
    busiest = int(np.argmax(line.get_ydata()))
    begin, end = edges[busiest : busiest + 2]
    inside = (bank.seconds > begin) & (bank.seconds < end)
    at = np.concatenate(([begin], bank.seconds[inside], [end]))
    first = bank.waiting[np.searchsorted(bank.seconds, begin, side="right") - 1]
    mean = np.diff(at) @ np.append(first, bank.waiting[inside]) / (end - begin)
    assert line.get_ydata()[busiest] == pytest.approx(mean, rel=1e-6)


HURRIED = {
    "users.patience": {"kind": "exponential", "mean": 45}, "bank.authorisation_time": 60,
    "shop.page_time": 1.5, "shop.workers": 1,
}  # fmt: skip
"""Users who hang up in the queue and while they are served, at an overloaded shop and bank."""


@pytest.fixture(scope="module")
def hurried():
    scenario = alesha.scenarios.slow_bank(users=300, days=0.02, visits_per_day=30_000)
    return Simulation(scenario.with_settings(HURRIED), 7)


def test_whenever_a_run_is_cut_off_those_wait_who_are_in_an_inbox(hurried):
    parties = {party.name: party for party in (hurried.shop, hurried.bank, hurried.supplier)}
    longest = Counter()
    for until in range(100, 4000, 300):
        hurried.run(until=until)
        result = hurried.result()
        inside = {name: len(party.inbox.waiting) for name, party in parties.items()}
        assert result.at(until).queues == inside
        for queue in queues_of(result):
            assert queue.waiting[-1] == inside[queue.name]
            counted = parties[queue.name].inbox.statistics()
            assert queue.mean_waiting == pytest.approx(counted.mean_waiting, abs=1e-5)
        longest |= Counter(inside)
    assert set(longest) >= {"shop", "bank"}


def test_once_all_is_done_nobody_waits(hurried):
    hurried.run()
    result = hurried.result()
    assert (result.messages["fate"] == "withdrawn").sum() > 10
    assert (result.messages["kind"] == "Withdraw").sum() > 100
    assert set(result.at(result.ended_at).queues.values()) == {0}
    assert {int(queue.waiting[-1]) for queue in queues_of(result)} == {0}


def test_who_was_being_served_in_a_crash_waits_no_more():
    faults = [{"kind": "crash", "entity": name, "start": 43_200, "duration": 600} for name in ("shop", "bank")]
    link = {"latency": 0.1, "timeout": 900, "attempts": 3}
    result = alesha.simulate(alesha.scenarios.market_day(users=100).with_settings({
        "faults": faults, "shop.page_time": 30, "bank.authorisation_time": 60, "network.default": link,
    }), seed=7)  # fmt: skip
    messages = result.messages
    cut_short = messages[messages["started_at"].notna() & messages["finished_at"].isna()]
    assert len(cut_short) > 0
    assert set(result.at(result.ended_at).queues.values()) == {0}
