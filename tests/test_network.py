"""Channels, inboxes and the clock, without any entity: exact instants, exact event counts."""

from contextlib import suppress

import pytest
from simpy import Interrupt
from simpy.core import EmptySchedule

from alesha_sim.columns import MISSING_TIME
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.scheduled import INFINITY
from alesha_sim.kernel.timers import Schedule, Timer
from alesha_sim.messages import Decline, Reason, Receipt, VerifyTransaction
from alesha_sim.network import Channel, Inbox
from alesha_sim.recording.message_log import MessageLog
from alesha_sim.vocabulary import FATES

ASKER, SERVER = -1, -2


class Pair:
    """Two inboxes joined by channels of constant latency."""

    def __init__(self, latency=1.0, workers=1, service=0.0):
        self.clock, self.log = Clock(), MessageLog()
        self.there = Channel(self.clock, self.log, lambda: latency, SERVER)
        self.back = Channel(self.clock, self.log, lambda: latency, ASKER)
        add_worker = None if workers else self.add_worker
        self.inbox = Inbox(self.clock, add_worker)
        self.there.connect(self.inbox, self.back)
        self.back.connect(Inbox(self.clock), self.there)
        self.service = service
        self.replies = []
        self.hired = 0
        for _ in range(workers or 0):
            self.add_worker()

    def add_worker(self):
        self.hired += 1
        self.clock.process(self.serve())

    def serve(self):
        worker = self.inbox.new_worker()
        while True:
            delivery = yield worker.receive()
            if self.service:
                yield self.clock.timeout(self.service)
            delivery.answer(Receipt(delivery.message.transaction, 0))

    def ask(self, number, at=0.0):
        if at > self.clock.now:
            yield self.clock.timeout(at - self.clock.now)
        reply = yield self.there.ask(VerifyTransaction(number), ASKER, SERVER, number, -1)
        self.replies.append((self.clock.now, reply.transaction))

    def run(self, *asks):
        for number, at in enumerate(asks):
            self.clock.process(self.ask(number, at))
        self.clock.run_to()


def test_a_reply_comes_after_latency_service_and_latency():
    pair = Pair(latency=1.0, service=0.5)
    pair.run(0.0)
    assert pair.replies == [(2.5, 0)]


def test_one_worker_serves_in_order_of_arrival_and_the_second_waits():
    pair = Pair(latency=1.0, service=10.0)
    pair.run(0.0, 4.0)
    assert pair.replies == [(12.0, 0), (22.0, 1)]


def test_two_workers_serve_at_once():
    pair = Pair(latency=1.0, service=10.0, workers=2)
    pair.run(0.0, 4.0)
    assert pair.replies == [(12.0, 0), (16.0, 1)]


def test_without_a_fixed_staff_a_worker_is_hired_only_when_none_is_idle():
    pair = Pair(latency=1.0, service=10.0, workers=None)
    pair.run(0.0, 4.0, 30.0)
    assert pair.replies == [(12.0, 0), (16.0, 1), (42.0, 2)]
    assert pair.hired == 2


def test_an_exchange_costs_one_event_a_message():
    pair = Pair(latency=1.0)
    pair.clock.run_to()
    before = pair.clock.events
    pair.run(*[0.0] * 50)
    starts_and_ends_of_askers = 100
    assert pair.clock.events - before - starts_and_ends_of_askers == 100


def test_zero_latency_crosses_the_event_queue_too():
    pair = Pair(latency=0.0)
    pair.clock.run_to()
    pair.clock.process(pair.ask(0))
    pair.clock.step()
    assert pair.replies == []
    pair.clock.run_to()
    assert pair.replies == [(0.0, 0)]


def test_messages_record_sending_landing_service_and_reply():
    pair = Pair(latency=1.0, service=10.0)
    pair.run(0.0, 4.0)
    table = pair.log.columns()
    kinds = [table["kind"].labels[code] for code in table["kind"].codes]
    assert kinds == ["VerifyTransaction", "VerifyTransaction", "Receipt", "Receipt"]
    assert table["sent_at"].tolist() == [0, 4_000_000, 11_000_000, 21_000_000]
    assert table["delivered_at"].tolist() == [1_000_000, 5_000_000, 12_000_000, 22_000_000]
    assert table["started_at"].tolist() == [1_000_000, 11_000_000, MISSING_TIME, MISSING_TIME]
    assert table["finished_at"].tolist() == [11_000_000, 21_000_000, MISSING_TIME, MISSING_TIME]
    assert table["request"].tolist() == [0, 1, 0, 1]
    assert [table["sender"].labels[code] for code in table["sender"].codes] == ["shop", "shop", "bank", "bank"]


def test_a_message_under_way_is_recorded_as_in_flight():
    pair = Pair(latency=1.0)
    pair.clock.process(pair.ask(0))
    pair.clock.run_to(0.5)
    assert [FATES[code] for code in pair.log.columns()["fate"].codes] == ["in_flight"]


def test_a_refusal_is_recorded_with_its_reason():
    pair = Pair(workers=None)
    pair.inbox.add_worker = None

    def refuse():
        delivery = yield pair.inbox.new_worker().receive()
        delivery.answer(Decline(Reason.UNKNOWN_TRANSACTION))

    pair.clock.process(refuse())
    pair.there.ask(VerifyTransaction(9), ASKER, SERVER, 1, -1)
    pair.clock.run_to()
    detail = pair.log.columns()["reason"]
    assert [detail.labels[code] if code >= 0 else None for code in detail.codes] == [None, "unknown_transaction"]


def test_an_idle_worker_whose_process_is_gone_is_passed_over():
    pair = Pair(workers=2)
    pair.clock.run_to()
    dead = pair.inbox.idle[-1]
    dead.callbacks.clear()
    pair.run(0.0)
    assert pair.replies == [(2.0, 0)]


def test_a_worker_that_is_interrupted_in_its_service_serves_the_next_for_its_full_time():
    pair = Pair(workers=0)
    pair.inbox.add_worker = None

    def serve():
        worker = pair.inbox.new_worker()
        while True:
            delivery = yield worker.receive()
            with suppress(Interrupt):
                yield worker.serve_for(10)
            delivery.answer(Receipt(delivery.message.transaction, 0))

    serving = pair.clock.process(serve())
    for at in (3, 6):
        pair.clock.timeout(at).callbacks.append(lambda _: serving.interrupt())
    pair.run(0.0, 0.0, 0.0, 12.0)
    # arrivals at 1 and 13; services 1-3, 3-6, 6-16, 16-26, whatever was to end at 11 and 13
    assert pair.replies == [(4, 0), (7, 1), (17, 2), (27, 3)]


def test_the_mean_number_waiting_is_weighted_by_time():
    pair = Pair(latency=1.0, service=10.0)
    pair.run(0.0, 0.0, 0.0)
    # arrivals at 1; services 1-11, 11-21, 21-31; the last reply lands at 32
    statistics = pair.inbox.statistics()
    assert statistics.arrivals == 3
    assert statistics.waited == 2
    assert statistics.waiting_max == 2
    assert statistics.mean_waiting == pytest.approx((2 * 10 + 1 * 10) / 32)


def test_the_clock_runs_to_an_instant_including_its_events():
    clock, seen = Clock(), []
    Schedule(clock, [1.0, 2.0, 2.0, 3.0], seen.append)
    clock.run_to(2.0)
    assert seen == [0, 1, 2]
    assert clock.now == 2.0
    clock.advance_to(2.5)
    assert clock.now == 2.5
    clock.advance_to(4.0)  # an event lies between
    assert clock.now == 2.5


def test_a_timetable_meets_its_instants_exactly():
    instants = [0.1 * number for number in range(1, 200)]
    clock, seen = Clock(), []
    Schedule(clock, instants, lambda number: seen.append(clock.now))
    clock.run_to()
    assert seen == instants


class Diary:
    """Instants for an alarm, and when it rang for them."""

    def __init__(self, *instants):
        self.clock, self.rung, self.due = Clock(), [], []
        self.alarm = Timer(self.clock, self.ring)
        for at in instants:
            self.due.append(at)
            self.alarm.set(at)

    def ring(self):
        self.rung += [(self.clock.now, at) for at in sorted(self.due) if at <= self.clock.now]
        self.due = [at for at in self.due if at > self.clock.now]
        return min(self.due, default=INFINITY)


def test_an_alarm_rings_at_instants_set_in_any_order():
    diary = Diary(5.0, 7.0, 0.3, 6.0, 0.3, INFINITY, 9.0)
    diary.clock.run_to()
    assert diary.rung == [(at, at) for at in (0.3, 0.3, 5.0, 6.0, 7.0, 9.0)]


def test_an_alarm_has_one_entry_for_instants_that_no_longer_matter():
    diary = Diary(*[float(at) for at in range(1, 100)])
    diary.due.clear()
    diary.clock.run_to()
    assert diary.clock.events == 1


def test_an_alarm_rings_after_the_messages_of_its_instant():
    diary, pair = Diary(1.0), Pair(latency=1.0)
    diary.clock = pair.clock
    diary.alarm = Timer(pair.clock, lambda: pair.replies.append("rung") or INFINITY)
    diary.alarm.set(2.0)
    pair.run(0.0)
    assert pair.replies == [(2.0, 0), "rung"]


def test_stepping_an_empty_clock_raises():
    with pytest.raises(EmptySchedule):
        Clock().step()
