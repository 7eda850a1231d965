"""The same scenario and seed give the same run, wherever and whenever; chance has one place."""

import os
import subprocess
import sys

import numpy as np

import alesha_sim as alesha
from alesha_sim.columns import MISSING_TIME
from alesha_sim.scenarios import first_purchase, market_day
from alesha_sim.simulation.assembly import Market
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.streams import Streams

DIGEST = """
import alesha_sim as alesha
print(alesha.simulate(alesha.scenarios.market_day(users=60, visits_per_day=150), seed=11).digest)
"""


def digest_in_another_process(hash_seed):
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", DIGEST]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_two_processes_with_different_hash_seeds_give_the_same_digest():
    here = alesha.simulate(market_day(users=60, visits_per_day=150), seed=11).digest
    assert digest_in_another_process("1") == digest_in_another_process("2") == here


def test_another_seed_gives_another_digest():
    scenario = market_day(users=20, visits_per_day=50)
    assert alesha.simulate(scenario, seed=1).digest != alesha.simulate(scenario, seed=2).digest


def test_a_run_that_is_stepped_gives_the_digest_of_one_that_is_not():
    scenario = market_day(users=20, visits_per_day=50)
    stepped = Simulation(scenario, 3)
    while stepped.next_message() is not None:
        pass
    assert stepped.result().digest == alesha.simulate(scenario, seed=3).digest


def test_an_added_named_stream_changes_no_other_entitys_draws(monkeypatch):
    scenario = market_day(users=40, visits_per_day=100)
    plain = alesha.simulate(scenario, seed=5).digest
    build = Market._bank

    def build_with_one_more(market, name):
        market._streams.generator("courier:service").random(1000)
        return build(market, name)

    monkeypatch.setattr(Market, "_bank", build_with_one_more)
    assert alesha.simulate(scenario, seed=5).digest == plain


def test_variants_of_a_scenario_meet_the_same_visitors():
    scenario = market_day(users=40, visits_per_day=100)
    variant = scenario.with_settings(
        {"bank.workers": 1, "supplier.lead_time": {"kind": "gamma", "mean": 9 * 86_400, "cv": 1}}
    )
    one, other = (alesha.simulate(each, seed=5) for each in (scenario, variant))
    assert one.digest != other.digest
    for column in ("user", "arrived_at"):
        assert one.columns("visits")[column].tolist() == other.columns("visits")[column].tolist()


def test_latencies_of_one_link_do_not_depend_on_the_others():
    jitter = {"kind": "exponential", "mean": 0.2}
    scenario = first_purchase().with_settings({"network.links.user->shop.latency": jitter})
    busier = scenario.with_settings({"network.links.shop->bank.latency": jitter})
    drawn = [user_to_shop_latencies(each) for each in (scenario, busier)]
    assert drawn[0] == drawn[1]
    expected = Streams(4).generator("channel:user->shop").exponential(0.2, len(drawn[0]))
    assert np.allclose(np.array(drawn[0]) / 1e6, expected, atol=2e-6)


def user_to_shop_latencies(scenario):
    messages = alesha.simulate(scenario, seed=4).columns("messages")
    sender, recipient = (np.array(messages[name].labels)[messages[name].codes] for name in ("sender", "recipient"))
    rows = (sender == "user:0") & (recipient == "shop") & (messages["delivered_at"] != MISSING_TIME)
    return (messages["delivered_at"] - messages["sent_at"])[rows].tolist()
