"""Two parties over channels that lose and double messages: exact instants, and the theory of asking again."""

import math
from collections import Counter

import pytest
from conftest import is_full_size, within_standard_errors
from scipy.stats import binomtest

from alesha_sim.distributions import durations
from alesha_sim.entities.entity import Party
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.timers import Timeouts, stop
from alesha_sim.messages import Receipt, VerifyTransaction
from alesha_sim.network import Channel, Conflict, Faults, GaveUp, Inbox, NoReply, RetryPolicy, Window
from alesha_sim.network.answer import Answer
from alesha_sim.network.retry import LONGEST_WAIT
from alesha_sim.recording.message_log import MessageLog
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.simulation.fault_injection import make_hostile, uniform
from alesha_sim.streams import Streams
from alesha_sim.theory import Retries
from alesha_sim.units import DAY
from alesha_sim.vocabulary import DELIVERED, FATES

ASKER, SERVER = -1, -2
END = 1e6
ASKS = 100_000 if is_full_size() else 10_000


def never():
    raise AssertionError("nothing is to be drawn")


def quiet(*windows):
    """Faults in some windows only, which need no chance."""
    return Faults(0.0, 0.0, windows, lambda: 0.5, lambda: 0.5)


def outage(start, end):
    return quiet(Window(start, end, 1.0, 0.0, None))


class Pair:
    """An asker and a server that charges once for every request it serves, joined by hostile channels."""

    def __init__(self, policy, *, there=None, back=None, latency=0.5, service=0.0, workers=None, jitter=never):
        self.clock, self.log = Clock(), MessageLog()
        self.there = Channel(self.clock, self.log, lambda: latency, SERVER, there)
        self.back = Channel(self.clock, self.log, lambda: latency, ASKER, back)
        self.inbox = Inbox(self.clock, None if workers else self.add_worker)
        self.inbox.deduplicate()
        self.there.connect(self.inbox, self.back)
        self.back.connect(Inbox(self.clock), self.there)
        self.there.is_keyed = True
        if policy is not None:
            self.there.retry_with(policy, jitter)
        self.service, self.workers, self.working = service, workers, []
        self.charges, self.served_at, self.replies, self.requests = Counter(), [], [], []
        for _ in range(workers or 0):
            self.add_worker()

    def add_worker(self):
        self.working.append(self.clock.process(self.serve()))

    def crash(self):
        self.inbox.crash()
        for process in self.working:
            stop(process)
        self.working.clear()

    def restart(self):
        self.inbox.idempotency.is_up = True
        for _ in range(self.workers or 0):
            self.add_worker()

    def serve(self):
        worker = self.inbox.new_worker()
        while True:
            delivery = yield worker.receive()
            if self.service:
                yield self.clock.timeout(self.service)
            number = delivery.message.transaction
            self.charges[number] += 1
            self.served_at.append((self.clock.now, number))
            delivery.answer(Receipt(number, 0))

    def ask(self, number, key, at=0.0):
        if at:
            yield self.clock.timeout(at)
        request = self.there.ask(VerifyTransaction(number), ASKER, SERVER, number, -1, key)
        self.requests.append(request)
        reply = yield request
        self.replies.append((self.clock.now, reply))

    def start(self, number, *, key=None, at=0.0):
        self.clock.process(self.ask(number, key, at))

    def run(self, *numbers, keyed=True):
        for number in numbers:
            self.start(number, key=(ASKER, number) if keyed else None)
        self.finish()

    def finish(self):
        self.clock.run_to(END)
        assert not [*self.clock.calendar]

    def at(self, instant, act):
        self.clock.timeout(instant).callbacks.append(lambda _: act())

    def sent(self):
        """Tell when copies of requests were sent, and what became of them."""
        rows = self.log.array()
        return [(row["sent_at"], FATES[row["fate"]]) for row in rows if row["sender"] == ASKER]

    def answers(self):
        """Tell when replies were sent, and what became of them."""
        rows = self.log.array()
        return [(row["sent_at"], FATES[row["fate"]]) for row in rows if row["sender"] == SERVER]


# How long is waited


def test_waits_grow_by_their_factor_until_the_last_attempt_is_given_up():
    pair = Pair(RetryPolicy(2.0, 4, 3.0, 0.0), there=outage(0, math.inf))
    pair.run(7)
    assert pair.sent() == [(0, "lost"), (2, "lost"), (8, "lost"), (26, "lost")]
    assert pair.replies == [(80, NoReply())]
    assert pair.log.array()["attempt"].tolist() == [1, 2, 3, 4]
    assert set(pair.log.array()["request"].tolist()) == {0}


def test_growth_of_one_waits_equally_long():
    pair = Pair(RetryPolicy(2.0, 3, 1.0, 0.0), there=outage(0, math.inf))
    pair.run(7)
    assert [at for at, _ in pair.sent()] == [0, 2, 4]
    assert pair.replies == [(6, NoReply())]


def test_waits_grow_no_further_than_a_day():
    pair = Pair(RetryPolicy(50_000.0, 4, 2.0, 0.0), there=outage(0, math.inf))
    pair.run(7)
    assert [at for at, _ in pair.sent()] == [0, 50_000, 50_000 + LONGEST_WAIT, 50_000 + 2 * LONGEST_WAIT]


def test_jitter_spreads_the_waits_from_the_second_on_around_themselves():
    pair = Pair(RetryPolicy(2.0, 4, 2.0, 0.5), there=outage(0, math.inf), jitter=iter([0.0, 0.75, 1.0]).__next__)
    pair.run(7)
    # 2, then 4 less a half, 8 more a quarter, 16 more a half
    assert [at for at, _ in pair.sent()] == [0, 2, 4, 14]
    assert pair.replies == [(14 + 24, NoReply())]


def test_jitter_comes_from_its_stream_and_is_rounded_to_a_microsecond():
    def sent(seed):
        draws = uniform(Streams(seed), "channel:shop->bank:jitter")
        pair = Pair(RetryPolicy(2.0, 3, 1.0, 0.5), there=outage(0, math.inf), jitter=draws)
        pair.run(7)
        return [at for at, _ in pair.sent()]

    first = next(iter([uniform(Streams(5), "channel:shop->bank:jitter")()]))
    assert sent(5)[2] == pytest.approx(2 + 2 * (0.5 + first), abs=1e-6)
    assert sent(5)[2] == round(sent(5)[2], 6)
    assert sent(5) == sent(5) != sent(6)


def test_asking_ends_with_the_first_reply():
    pair = Pair(RetryPolicy(2.0, None, 1.0, 0.0), there=outage(0, 5), latency=0.5)
    pair.run(7)
    assert pair.sent() == [(0, "lost"), (2, "lost"), (4, "lost"), (6, "delivered")]
    assert pair.replies == [(7, Receipt(7, 0))]
    assert pair.clock.now == 8  # the time-out of the last attempt, which finds nobody waiting


# At one instant


@pytest.mark.parametrize(("timeout", "attempts"), [(2.0, 1), (1.999999, 2)])
def test_a_reply_wins_against_the_time_out_of_the_same_instant(timeout, attempts):
    pair = Pair(RetryPolicy(timeout, 2, 1.0, 0.0), latency=1.0)
    pair.run(7)
    assert len(pair.sent()) == attempts
    assert pair.replies == [(2, Receipt(7, 0))]


def test_a_request_arrives_before_a_time_out_of_the_same_instant():
    pair = Pair(RetryPolicy(1.0, 1, 1.0, 0.0), latency=1.0)
    pair.run(7)
    assert pair.replies == [(1, NoReply())]
    assert pair.charges == {7: 1}


# Replies that come too late


def test_a_reply_after_the_last_time_out_is_late_and_swallows_nothing():
    pair = Pair(RetryPolicy(3.0, 1, 1.0, 0.0), latency=1.0, service=4.0, workers=1)
    pair.start(1, key=(1,))
    pair.start(2, at=5.5)
    pair.service = 4.0
    pair.clock.run_to(5.25)
    pair.service = 0.25
    pair.finish()
    assert pair.replies == [(3, NoReply()), (7.75, Receipt(2, 0))]
    assert pair.answers() == [(5, "late"), (6.75, "delivered")]


def test_the_reply_to_an_earlier_attempt_answers_and_the_next_one_is_late():
    pair = Pair(RetryPolicy(3.0, 5, 1.0, 0.0), latency=1.0, service=2.0)
    pair.run(7)
    assert pair.sent() == [(0, "delivered"), (3, "duplicate")]
    assert pair.replies == [(4, Receipt(7, 0))]
    assert pair.answers() == [(3, "delivered"), (4, "late")]


# Requests that come twice


def test_a_copy_of_a_request_in_progress_is_dropped():
    pair = Pair(RetryPolicy(3.0, None, 1.0, 0.0), latency=0.5, service=7.0)
    pair.run(7)
    assert pair.sent() == [(0, "delivered"), (3, "duplicate"), (6, "duplicate")]
    assert pair.answers() == [(7.5, "delivered")]
    assert (pair.charges, pair.replies) == ({7: 1}, [(8, Receipt(7, 0))])


def test_a_copy_made_by_the_network_is_dropped_too():
    pair = Pair(RetryPolicy(30.0, None, 1.0, 0.0), there=Faults(0, 1, [], lambda: 0.5, lambda: 0.5), service=1.0)
    pair.run(7)
    assert pair.sent() == [(0, "delivered"), (0, "duplicate")]
    assert (pair.charges, len(pair.answers())) == ({7: 1}, 1)


def test_a_request_without_a_key_is_served_as_often_as_it_comes():
    pair = Pair(RetryPolicy(30.0, None, 1.0, 0.0), there=Faults(0, 1, [], lambda: 0.5, lambda: 0.5), service=1.0)
    pair.run(7, keyed=False)
    assert pair.sent() == [(0, "delivered"), (0, "delivered")]
    assert (pair.charges, pair.answers()) == ({7: 2}, [(1.5, "delivered"), (1.5, "late")])


def test_what_was_served_before_is_answered_from_store_without_a_worker():
    pair = Pair(RetryPolicy(3.0, None, 1.0, 0.0), back=outage(0, 2), latency=0.5, service=1.0, workers=1)
    pair.start(1, key=(1,))
    pair.at(1.6, lambda: setattr(pair, "service", 100.0))
    pair.start(2, key=(2,), at=1.2)
    pair.clock.run_to(50)
    # the only worker is busy with the second request from 1.7 on
    assert pair.answers() == [(1.5, "lost"), (3.5, "delivered")]
    assert (pair.charges, pair.replies) == ({1: 1}, [(4.0, Receipt(1, 0))])


@pytest.mark.parametrize(("at", "told"), [(0.25, 1.25), (5.0, 6.0)])
def test_a_key_that_comes_with_other_content_is_a_conflict(at, told):
    pair = Pair(RetryPolicy(30.0, 1, 1.0, 0.0), latency=0.5, service=1.0)
    pair.start(1, key=("same",))
    pair.start(2, key=("same",), at=at)
    pair.finish()
    assert pair.charges == {1: 1}
    assert sorted(pair.replies, key=lambda reply: reply[0] == told) == [(2.0, Receipt(1, 0)), (told, Conflict())]


def test_a_refused_conflict_leaves_what_is_stored():
    pair = Pair(RetryPolicy(30.0, 1, 1.0, 0.0), latency=0.5)
    for number, at in ((1, 0.0), (2, 5.0), (1, 10.0)):
        pair.start(number, key=("same",), at=at)
    pair.finish()
    assert [reply for _, reply in pair.replies] == [Receipt(1, 0), Conflict(), Receipt(1, 0)]
    assert pair.charges == {1: 1}


# Withdrawn


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("later", [0.5, 5.0])
def test_no_copy_of_a_withdrawn_request_is_served(keyed, later):
    twice = Faults(0, 1, [], lambda: 0.5, lambda: 0.5, lambda: later)
    pair = Pair(RetryPolicy(30.0, None, 1.0, 0.0), there=twice, latency=0.5, service=10.0, workers=1)
    pair.start(1, key=(1,))
    pair.start(2, key=(2,) if keyed else None, at=1.0)
    pair.at(1.75, lambda: pair.there.give_up_after(0.25, pair.requests[1], ASKER))
    pair.finish()
    # The second copy waits too, is turned away because of the first one, or comes after the withdrawal.
    copies = ["withdrawn", "duplicate" if keyed and later < 1 else "withdrawn"]
    assert [fate for at, fate in pair.sent() if at == 1] == copies
    assert pair.replies == [(2, GaveUp()), (11, Receipt(1, 0))]
    assert pair.charges == {1: 1}


def test_a_withdrawn_request_may_be_asked_again_under_its_key():
    pair = Pair(RetryPolicy(30.0, None, 1.0, 0.0), service=10.0, workers=1)
    pair.start(1, key=(1,))
    pair.start(2, key=(2,), at=1.0)
    pair.at(1.75, lambda: pair.there.give_up_after(0.25, pair.requests[1], ASKER))
    pair.start(2, key=(2,), at=5.0)
    pair.finish()
    assert pair.replies == [(2, GaveUp()), (11, Receipt(1, 0)), (21, Receipt(2, 0))]
    assert pair.charges == {1: 1, 2: 1}


# Down


def test_what_arrives_while_the_server_is_down_is_lost():
    pair = Pair(RetryPolicy(2.0, None, 1.0, 0.0), latency=0.5)
    pair.at(0.25, pair.crash)
    pair.at(5.0, pair.restart)
    pair.run(7)
    assert pair.sent() == [(0, "lost"), (2, "lost"), (4, "lost"), (6, "delivered")]
    assert pair.replies == [(7, Receipt(7, 0))]
    assert not math.isfinite(pair.log.array()["delivered_at"][0])


def test_a_crash_clears_what_waits_and_its_keys_may_come_again():
    pair = Pair(RetryPolicy(5.0, None, 1.0, 0.0), latency=0.5, service=3.0, workers=1)
    pair.at(1.0, pair.crash)
    pair.at(2.0, pair.restart)
    pair.run(1, 2, 3)
    first = pair.sent()[:3]
    assert first == [(0, "delivered"), (0, "lost"), (0, "lost")]
    assert pair.inbox.statistics().waiting_max == 2
    assert [number for _, number in pair.served_at] == [1, 2, 3]
    assert pair.charges == {1: 1, 2: 1, 3: 1}


def test_what_was_served_before_a_crash_stays_served():
    pair = Pair(RetryPolicy(5.0, None, 1.0, 0.0), back=outage(0, 1), latency=0.5)
    pair.at(1.0, pair.crash)
    pair.at(2.0, pair.restart)
    pair.run(7)
    assert pair.sent() == [(0, "delivered"), (5, "duplicate")]
    assert (pair.charges, pair.replies) == ({7: 1}, [(6, Receipt(7, 0))])


def test_a_party_that_asks_until_answered_doubles_its_waits_and_pauses_up_to_a_day_and_doubts_after_200_rounds():
    pair, doubted = Pair(RetryPolicy(2.0, 1, 1.0, 0.0), there=outage(0, math.inf)), []
    party = Party(pair.clock, "asker", ASKER)
    party.mark_in_doubt = doubted.append
    pair.clock.process(party.ask_until_answered(pair.there, VerifyTransaction(7), step="verify", order=5))
    pair.clock.run_to()
    rounds = [at for at, _ in pair.sent()]
    assert rounds[:5] == [0, 2 + 60, 62 + 4 + 120, 186 + 8 + 240, 434 + 16 + 480]
    assert (len(rounds), rounds[-1] - rounds[-2], doubted) == (200, 2 * DAY, [5])


class Lasting(Pair):
    """A server that keeps the answer it owes with its records."""

    def serve(self):
        worker = self.inbox.new_worker()
        while True:
            delivery = yield worker.receive()
            self.charges[delivery.message.transaction] += 1
            self.owed = Answer(delivery)

    def restart(self):
        super().restart()
        self.owed.resume(self.inbox)


def test_a_request_taken_up_again_after_a_crash_is_answered_once_and_its_copies_are_dropped_until_then():
    pair = Lasting(RetryPolicy(3.0, None, 1.0, 0.0), latency=0.5)
    for instant, act in (
        (1, pair.crash), (2, pair.restart), (8, lambda: pair.owed.give(Receipt(7, 0))),
        (8.5, lambda: pair.owed.give(Receipt(8, 0))),
    ):  # fmt: skip
        pair.at(instant, act)
    pair.run(7)
    assert pair.sent() == [(0, "delivered"), (3, "duplicate"), (6, "duplicate"), (9, "duplicate")]
    assert (pair.charges, pair.replies) == ({7: 1}, [(10, Receipt(7, 0))])


def test_a_reply_to_an_asker_that_is_down_is_lost():
    pair = Pair(None, latency=0.5)
    pair.back.inbox.deduplicate()
    request = pair.there.ask(VerifyTransaction(7), ASKER, SERVER, 7, -1, (7,))
    assert not request.callbacks  # nobody waits for it
    pair.at(0.75, pair.back.inbox.crash)
    pair.finish()
    assert pair.answers() == [(0.5, "lost")]


# Timers


def test_equal_waits_share_one_event():
    def events(policy):
        pair = Pair(policy, latency=1.0)
        for number in range(50):
            pair.start(number, key=(number,), at=float(number))
        pair.finish()
        assert len(pair.replies) == 50
        return pair.clock.events

    # The event comes at 10 and finds the request of second 9 still open; so at 19, 28, 37, 46, and at 55 no more.
    assert events(RetryPolicy(10.0, None, 2.0, 0.5)) - events(None) == 6


def test_a_request_that_was_answered_is_not_kept_until_its_time_would_be_over():
    pair = Pair(RetryPolicy(1e5, None, 2.0, 0.5), latency=1.0)
    for number in range(50):
        pair.start(number, at=float(number))
    pair.clock.run_to(50.5)
    assert len(pair.replies) == 49
    assert [*pair.there.retry._first.waiting] == pair.requests[49:]


def test_no_more_than_one_event_a_wait_is_ever_armed():
    pair = Pair(RetryPolicy(4.0, 3, 2.0, 0.0), there=outage(0, math.inf))
    for number in range(50):
        pair.start(number, at=number / 2)
    most = 0
    while [*pair.clock.calendar]:
        pair.clock.step()
        most = max(most, sum(isinstance(entry, Timeouts) for entry in pair.clock.calendar))
    assert most == 3  # waits of 4, 8 and 16 seconds
    assert [at for at, _ in pair.replies] == [28 + number / 2 for number in range(50)]


# Chance


def test_copies_and_latencies_add_up_in_a_spell():
    degradations = [Window(10, 20, 0.5, 0.2, lambda: 3.0), Window(15, 30, 0.5, 0.0, lambda: 4.0)]
    faults = Faults(
        0.2, 0.5, degradations, iter([0.79, 0.8, 0.39, 0.4, 0.19, 0.2, 0.4, 0.0]).__next__, lambda: 0.45
    )
    assert [faults.copies(now) for now in (0, 0, 10, 10, 19.99, 19.99, 20, 30)] == [1, 0, 2, 0, 2, 0, 0, 1]
    assert [faults.delay(now) for now in (9.99, 10, 15, 20, 30)] == [0, 3, 7, 4, 0]


HOSTILE = {
    "horizon": 1000, "demand": {"kind": "single"},
    "network": {"default": {
        "latency": {"kind": "exponential", "mean": 0.2}, "loss": 0.3, "duplication": 0.3, "timeout": 5,
    }},
}  # fmt: skip
DEGRADATION = {"kind": "degradation", "link": "shop->bank", "start": 100, "duration": 100, "loss": 0.5,
    "duplication": 0.5,
         "latency": {"kind": "exponential", "mean": 1}}  # fmt: skip


def notices(*faults):
    """Send a notice a second over a channel of a scenario; return when each copy left and came, and its fate."""
    clock, log, streams = Clock(), MessageLog(), Streams(3)
    scenario = Scenario.model_validate({**HOSTILE, "faults": faults})
    latency = durations(scenario.network.default.latency, streams.generator("channel:shop->bank"))
    channel = Channel(clock, log, latency, SERVER)
    make_hostile(channel, "shop->bank", scenario, streams)
    channel.connect(Inbox(clock), channel)
    for second in range(400):
        clock.timeout(second).callbacks.append(
            lambda _: channel.send_notice(VerifyTransaction(0), ASKER, SERVER, 0, -1)
        )
    clock.run_to()
    return [(row["sent_at"], row["delivered_at"], row["fate"]) for row in log.array()]


@pytest.mark.parametrize(
    "injected_faults",
    [
        [DEGRADATION],
        [DEGRADATION, DEGRADATION],
        [{"kind": "outage", "link": "shop<->bank", "start": 100, "duration": 100}],
        [{"kind": "crash", "entity": "bank", "start": 100, "duration": 100}],
    ],
)
def test_a_mishap_changes_no_message_sent_before_or_after_it(injected_faults):
    def outside(copies):
        return [str(copy) for copy in copies if not 100 <= copy[0] < 200]

    plain, troubled = notices(), notices(*injected_faults)
    assert outside(troubled) == outside(plain)
    if injected_faults[0]["kind"] != "crash":
        assert troubled != plain


def test_each_copy_has_a_latency_of_its_own():
    arrivals = [(sent_at, delivered_at) for sent_at, delivered_at, fate in notices() if fate == DELIVERED]
    doubled = len(arrivals) - len({sent_at for sent_at, _ in arrivals})
    assert doubled > 50
    assert len(set(arrivals)) == len(arrivals)


def test_what_arrives_over_a_lossy_channel_comes_when_it_would_over_a_perfect_one():
    arrivals = []
    for faults in (
        None,
        Faults(0.5, 0.5, [], *(uniform(Streams(1), name) for name in ("loss", "double", "copy"))),
    ):
        clock, log = Clock(), MessageLog()
        channel = Channel(clock, log, uniform(Streams(1), "latency"), SERVER, faults)
        channel.connect(Inbox(clock), channel)
        for number in range(200):
            channel.send_notice(VerifyTransaction(number), ASKER, SERVER, number, -1)
        clock.run_to()
        firsts = {row["order"]: row["delivered_at"] for row in log.array()[::-1] if row["fate"] == DELIVERED}
        arrivals.append(firsts)
    perfect, lossy = arrivals
    assert 80 < len(lossy) < 120
    assert {number: at for number, at in perfect.items() if number in lossy} == lossy


# The closed forms, through the channels


def lossy(streams, name, loss):
    return Faults(loss, 0.0, [], uniform(streams, f"channel:{name}:loss"), lambda: 0.0)


def asked(given, policy, *, keyed, seed=1):
    """Let many ask once each; return the pair when nothing is left to happen."""
    streams = Streams(seed)
    there, back = lossy(streams, "there", given["p_request_loss"]), lossy(streams, "back", given["p_reply_loss"])
    pair = Pair(policy, there=there, back=back, latency=0.5)
    pair.run(*range(ASKS), keyed=keyed)
    assert len(pair.replies) == ASKS
    if keyed:
        assert set(pair.charges.values()) == {1}
    return pair


def agrees(count, probability, asks=ASKS):
    """Tell whether a number of events is within four standard errors, or as likely if few are expected."""
    if min(probability, 1 - probability) * asks < 20:
        return binomtest(count, asks, probability).pvalue > math.erfc(4 / math.sqrt(2))
    return abs(count - asks * probability) <= 4 * math.sqrt(asks * probability * (1 - probability))


def attempts(pair):
    return [request.attempt for request in pair.requests]


def charges(pair):
    return [pair.charges[number] for number in range(ASKS)]


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("case_id", ["retry-0", "retry-1", "retry-2"])
def test_bounded_attempts_agree_with_the_reference(reference, case_id, keyed):
    given, expected = reference(case_id)["inputs"], reference(case_id)["expected"]
    pair = asked(given, RetryPolicy(3.0, given["max_attempts"], 1.0, 0.0), keyed=keyed)
    unanswered = [request for request in pair.requests if request.value == NoReply()]
    unaware = sum(pair.charges[request.message.transaction] > 0 for request in unanswered)
    assert within_standard_errors(attempts(pair), expected["E_attempts"])
    assert agrees(ASKS - len(unanswered), expected["P_acknowledged"])
    assert agrees(unaware, expected["P_unknown_outcome_but_charged"])
    assert agrees(charges(pair).count(0), expected["P_never_charged"])
    if keyed:
        assert expected["E_charges_with_key"] == pytest.approx(1 - expected["P_never_charged"])
    else:
        assert within_standard_errors(charges(pair), expected["E_charges_without_key"])
        assert agrees(sum(charge > 1 for charge in charges(pair)), expected["P_double_charge_without_key"])


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("case", [0, 1, 2])
def test_attempts_without_end_agree_with_the_reference(reference, case, keyed):
    given, expected = (reference("retry-unbounded")[part][case] for part in ("inputs", "expected"))
    pair = asked(given, RetryPolicy(3.0, None, 1.0, 0.0), keyed=keyed)
    assert all(isinstance(reply, Receipt) for _, reply in pair.replies)
    assert within_standard_errors(attempts(pair), expected["E_attempts"])
    if keyed:
        assert charges(pair) == [1] * ASKS
    else:
        assert within_standard_errors(charges(pair), expected["E_charges_without_key"])
        assert agrees(sum(charge > 1 for charge in charges(pair)), expected["P_double_charge"])


@pytest.mark.parametrize(("growth", "name"), [(1.0, "constant_timeout"), (2.0, "doubling_timeout")])
def test_the_time_to_a_reply_agrees_with_the_reference(reference, growth, name):
    given, expected = reference("retry-latency")["inputs"], reference("retry-latency")["expected"][name]
    pair = asked(given, RetryPolicy(given["timeout"], None, growth, 0.0), keyed=True)
    # Doubled waits are spread so widely that fewer asks tell less.
    assert within_standard_errors([at for at, _ in pair.replies], expected, precision=0.03)


def test_the_time_until_the_asker_knows_agrees_with_theory():
    given = {"p_request_loss": 0.2, "p_reply_loss": 0.1}
    pair = asked(given, RetryPolicy(3.0, 3, 2.0, 0.0), keyed=True)
    theory = Retries(request_loss=0.2, reply_loss=0.1, attempts=3)
    expected = theory.mean_seconds(round_trip=1.0, timeout=3.0, growth=2.0)
    assert within_standard_errors([at for at, _ in pair.replies], expected)


@pytest.mark.parametrize("seed", range(20))
def test_with_keys_nobody_is_charged_twice_whatever_the_network_does(seed):
    def faults(streams, name):
        draws = [uniform(streams, f"channel:{name}:{what}") for what in ("loss", "duplication")]
        return Faults(0.3, 0.3, [], *draws)

    streams = Streams(seed)
    spread = uniform(streams, "latency")
    pair = Pair(
        RetryPolicy(2.0, None, 1.2, 0.5), there=faults(streams, "there"), back=faults(streams, "back"),
        service=0.3, workers=3, jitter=uniform(streams, "jitter"),
    )  # fmt: skip
    pair.there.latency = pair.back.latency = lambda: 3 * spread()
    for start in (20.0, 60.0):
        pair.at(start, pair.crash)
        pair.at(start + 10, pair.restart)
    for number in range(100):
        pair.start(number, key=(number,), at=number / 2)
    pair.finish()
    assert pair.charges == dict.fromkeys(range(100), 1)
    assert sorted(reply.transaction for _, reply in pair.replies) == list(range(100))
