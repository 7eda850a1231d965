"""Entities of a reader's own: how they take part, and that they appear wherever the shipped ones do."""

import re

import pytest
from matplotlib import pyplot

import alesha_sim as alesha
from alesha_sim.entities import Entity
from alesha_sim.experiments.series import track
from alesha_sim.kernel.clock import Clock
from alesha_sim.messages import Balance
from alesha_sim.plots import queueing
from alesha_sim.scenarios.errors import ScenarioError
from alesha_sim.vocabulary import BANK, COURIER, SHOP, SUPPLIER


class Courier(Entity):
    """Brings the supplier's parcels, each on a ride of its own."""

    def __init__(self, simulation, riders=2, ride_seconds=3600.0):
        super().__init__(simulation.clock, workers=riders)
        self.ride_seconds = ride_seconds
        simulation.add_entity(self, name="courier", role="courier")
        for peer in (simulation.supplier, simulation.users):
            simulation.connect(self, peer, latency="2 s")
        simulation.reroute(simulation.supplier, simulation.users, via=self)

    def work(self):
        rider = self.inbox.new_worker()
        while True:
            parcel = yield rider.receive()
            yield self.clock.pause(self.ride_seconds)
            yield from self.pass_on(parcel, self.channels["users"])


class Idle(Entity):
    """Answers nobody."""

    def work(self):
        yield self.inbox.new_worker().receive()


def simulation(scenario="first_purchase", seed=7, **options):
    return alesha.Simulation(alesha.scenarios.load(scenario), seed, **options)


def run(made):
    made.run()
    return made.result()


def test_the_registry_gives_codes_from_minus_one_down_and_keeps_the_couriers_for_a_courier():
    made = simulation()
    one, courier, other = Idle(made.clock), Idle(made.clock), Idle(made.clock)
    for entity, name in ((one, "auditor"), (courier, "courier"), (other, "post-office")):
        made.add_entity(entity, name=name, role="service")
    codes = {member.name: member.code for member in made.parties.organisations}
    assert codes == {
        "shop": SHOP, "bank": BANK, "supplier": SUPPLIER, "auditor": -5, "courier": COURIER, "post-office": -6
    }  # fmt: skip
    assert {name: made.records.messages.name(code) for name, code in codes.items()} == {
        name: name for name in codes
    }


def test_a_code_that_an_entity_thought_of_itself_never_becomes_another_ones_name():
    made = simulation()
    entity = Idle(made.clock, "bank", BANK)
    made.add_entity(entity, name="relay", role="relay")
    assert (entity.name, entity.code) == ("relay", -5)


REFUSED = {
    "user:7": "name: 'user:7': must be letters and digits, a letter first, dashes inside",
    "users": "name: 'users': must not be given twice",
    "userland": "name: 'userland', role: 'service': must not be those of users",
    "bank": "name: 'bank': must not be given twice",
    "9to5": "name: '9to5': must be letters and digits, a letter first, dashes inside",
    "": "name: '': must be letters and digits, a letter first, dashes inside",
    "a-": "name: 'a-': must be letters and digits, a letter first, dashes inside",
    "a\n": r"name: 'a\n': must be letters and digits, a letter first, dashes inside",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_could_be_anothers_is_refused(name):
    made = simulation()
    with pytest.raises(ValueError, match=f"^{re.escape(REFUSED[name])}$"):
        made.add_entity(Idle(made.clock), name=name, role="service")


def test_an_entity_is_added_once_and_with_the_clock_of_its_run():
    made = simulation()
    entity = Idle(made.clock)
    made.add_entity(entity, name="relay", role="relay")
    with pytest.raises(ValueError, match=r"^entity 'again': must not be added twice$"):
        made.add_entity(entity, name="again", role="relay")
    with pytest.raises(ValueError, match=r"^entity 'other': must be made with the clock of this simulation$"):
        made.add_entity(Idle(Clock()), name="other", role="relay")
    with pytest.raises(TypeError, match=r"^entity: 3: must be an Entity$"):
        made.add_entity(3, name="other", role="relay")


def test_channels_are_made_once_between_two_that_were_added():
    made = simulation()
    entity = Idle(made.clock)
    with pytest.raises(ValueError, match=r"^entity '': must be added before it is connected$"):
        made.connect(entity, made.bank)
    made.add_entity(entity, name="relay", role="relay")
    with pytest.raises(ScenarioError, match=r"^latency: 'soon': "):
        made.connect(entity, made.bank, latency="soon")
    made.connect(entity, made.bank)
    for one, other in ((entity, made.bank), (made.bank, entity), (made.shop, made.bank), (entity, entity)):
        with pytest.raises(ValueError, match="must be two that are not connected yet"):
            made.connect(one, other)
    with pytest.raises(ValueError, match=r"^relay: must be connected to supplier before anything is rerouted$"):
        made.reroute(made.supplier, made.users, via=entity)


def test_a_courier_is_named_where_it_takes_parcels_up_and_where_it_hands_them_over():
    made = simulation()
    Courier(made)
    result = run(made)
    assert result.check() == []
    parcels = result.messages.query("kind == 'Deliver'")
    assert parcels[["sender", "recipient"]].to_numpy().tolist() == [["supplier", "courier"], ["courier", "user:0"]]
    first, second = parcels["sent_at"]
    assert (second - first).total_seconds() == pytest.approx(3602.0)
    answers = result.messages.query("kind == 'Acknowledged'")[["sender", "recipient"]].to_numpy().tolist()
    assert answers == [["user:0", "courier"], ["courier", "supplier"]]
    assert result.follow(1).lanes == ["user:0", "shop", "bank", "supplier", "courier"]
    assert result.summary()["completed"] == 1


@pytest.mark.parametrize("record", ["all", "summary"])
def test_every_inbox_has_its_statistics_whatever_is_recorded(record):
    made = simulation("market_day", record=record)
    Courier(made, riders=1, ride_seconds=7200.0)
    result = run(made)
    assert list(result.inboxes) == ["shop", "bank", "supplier", "courier"]
    courier = result.inboxes["courier"]
    assert courier.arrivals == result.summary()["completed"] > courier.waited > 0


def test_parcels_paid_at_doors_and_lost_messages_pass_through_a_courier_too():
    for name in ("cash_on_delivery", "unreliable_network"):
        made = simulation(name)
        Courier(made)
        result = run(made)
        assert result.check() == []
        plain = alesha.simulate(made.scenario, 7)
        assert result.summary()["completed"] > 0.9 * plain.summary()["completed"]
        assert result.inboxes["courier"].arrivals > 0


class Witness(Entity):
    """Takes in what the bank tells the users, and notes for whom it was."""

    def __init__(self, simulation):
        super().__init__(simulation.clock)
        self.seen = []
        simulation.add_entity(self, name="witness", role="witness")
        for peer in (simulation.bank, simulation.users):
            simulation.connect(self, peer)
        simulation.reroute(simulation.bank, simulation.users, via=self)

    def work(self):
        worker = self.inbox.new_worker()
        while True:
            notice = yield worker.receive()
            self.seen.append(notice.channel.address(notice))
            assert (yield from self.pass_on(notice, self.channels["users"])) is None


def test_a_notice_is_passed_on_to_the_user_whom_it_was_meant_for():
    scenario = alesha.scenarios.first_purchase().with_settings(
        {"users.count": 3, "users.income": {"amount": 10, "every": "1 h"}, "horizon": "2 h"}
    )
    made = alesha.Simulation(scenario, 7)
    witness = Witness(made)
    result = run(made)
    assert result.check() == []
    assert witness.seen == [0, 1, 2] * 2
    told = result.messages.query("kind == 'Credited'")["recipient"].tolist()
    assert told.count("witness") == 6
    assert [told.count(f"user:{user}") for user in range(3)] == [2, 2, 2]


class Auditor(Entity):
    """Asks the bank for the shop's balance once."""

    def audit(self, wallet):
        self.reply = yield from self.query_balance(self.channels["bank"], wallet)


def test_an_entity_asks_under_a_latency_of_its_own_and_a_breakpoint_finds_it():
    made = simulation()
    auditor = Auditor(made.clock)
    made.add_entity(auditor, name="auditor", role="auditor")
    made.connect(auditor, made.bank, latency=5)
    auditor.run(auditor.audit(made.shop.wallet))
    made.run_until(lambda: hasattr(auditor, "reply"))
    assert made.now == 10.0
    assert auditor.reply == 1_024_000
    (asked,) = made.result().messages.query("kind == 'EnquireBalance'").itertuples()
    assert (asked.sender, asked.recipient) == ("auditor", "bank")
    assert Balance.__name__ in set(made.result().messages["kind"])


def test_figures_of_waiting_show_it_beside_the_others():
    made = simulation("market_day")
    Courier(made, riders=1, ride_seconds=7200.0)
    result = run(made)
    shown = {queue.name: len(queue.waits) for queue in queueing.queues_of(result)}
    assert list(shown) == ["shop", "bank", "supplier", "courier"]
    assert shown["courier"] == result.inboxes["courier"].arrivals
    for plot in (alesha.plots.queues, alesha.plots.waiting):
        lines = plot(result).get_lines()
        assert {"shop", "bank", "supplier", "courier"} <= {line.get_label() for line in lines}
        pyplot.close("all")
    (queue,) = [queue for queue in queueing.queues_of(result) if queue.name == "courier"]
    fullest = int(queue.waiting.argmax())
    assert result.at(queue.seconds[fullest]).queues["courier"] == queue.waiting[fullest] > 1
    assert track(result, "waits", 3600.0).names == ("shop", "bank", "supplier", "courier")
