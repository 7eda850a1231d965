"""The identity of a study: equal only where no run could tell two values apart, and alike in every process."""

import dataclasses
import enum
import functools
import json
import os
import subprocess
import sys
import textwrap
import threading
from copy import deepcopy
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_validator

from alesha_sim import replicate
from alesha_sim.experiments.code import reference
from alesha_sim.experiments.identity import identity
from alesha_sim.scenarios import ScenarioError, load, market_day

ROOT = Path(__file__).resolve().parents[1]


# Values of every kind, put where a run can find them

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from([0.0, -0.0, 1.0, 2.5, float("nan")]),
    st.text("ab1", max_size=2), st.binary(max_size=2), st.decimals(-2, 2, places=1), st.dates(), st.timedeltas(),
)  # fmt: skip
KEYS = st.one_of(st.integers(0, 3), st.text("ab", max_size=2))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=3), st.frozensets(KEYS, max_size=3), st.sets(KEYS, max_size=3),
        st.lists(st.integers(0, 9), max_size=3).map(np.array),
        st.lists(st.integers(0, 9), max_size=3).map(pd.Series),
    ),
    max_leaves=6,
)  # fmt: skip


@dataclasses.dataclass(slots=True)
class Slotted:
    held: object


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    held: object


class Plain:
    def __init__(self, held):
        self.held = held


class Inherited(Slotted):
    __slots__ = ("more",)

    def __init__(self, held):
        super().__init__("base")
        self.more = held


def with_default(held):
    return lambda result, limit=held: {"metric": limit}


def with_keyword(held):
    return lambda result, *, limit=held: {"metric": limit}


def closure(held):
    return lambda result: {"metric": held}


def limited(result, limit):
    return {"metric": limit}


def with_global(held):
    names = {"LIMIT": held, "__name__": "mine"}
    exec("def metric(result):\n    return {'metric': LIMIT}", names)
    return names["metric"]


def with_global_of_a_callee(held):
    names = {"LIMIT": held, "__name__": "mine"}
    exec("def level():\n    return LIMIT\ndef metric(result):\n    return {'metric': level()}", names)
    return names["metric"]


def with_attribute(held):
    def metric(result):
        return {"metric": metric.limit}

    metric.limit = held
    return metric


HOLDERS = {
    "slots": Slotted, "frozen": Frozen, "dict": Plain, "inherited slots": Inherited, "default": with_default,
    "keyword": with_keyword, "closure": closure, "global": with_global, "callee": with_global_of_a_callee,
    "partial": lambda held: functools.partial(limited, limit=held), "attribute": with_attribute,
    "class attribute": lambda held: type("Policy", (), {"level": held})(),
    "inherited attribute": lambda held: type("Policy", (type("Base", (), {"level": held}),), {})(),
    "class": lambda held: type("Policy", (), {"level": held}), "bound method": lambda held: Plain(held).__init__,
    "beside": lambda held: [held, Plain(held)],
}  # fmt: skip
HELD = st.tuples(st.sampled_from(sorted(HOLDERS)), VALUES)


def told(value):
    """Return what tells a value apart, in a way of its own: types and contents, floats by their bits."""
    match value:
        case float():
            return "float", np.float64(value).tobytes()
        case list() | tuple():
            return type(value), [told(each) for each in value]
        case dict():
            return dict, [(told(key), told(each)) for key, each in value.items()]
        case set() | frozenset():
            return type(value), sorted(map(repr, value))
        case np.ndarray() | pd.Series():
            return type(value), str(value.dtype), value.tolist()
    return type(value), repr(value)


PAIRS = st.one_of(
    st.tuples(HELD, HELD),
    HELD.map(lambda held: (held, deepcopy(held))),
    st.builds(
        lambda name, one, other: ((name, one), (name, other)), st.sampled_from(sorted(HOLDERS)), VALUES, VALUES
    ),
)


@settings(max_examples=500, deadline=None)
@given(PAIRS)
def test_two_values_share_an_identity_only_if_nothing_in_them_differs(pair):
    one, other = pair
    same = one[0] == other[0] and told(one[1]) == told(other[1])
    made = [HOLDERS[name](value) for name, value in (one, other)]
    assert (identity(made[0]) == identity(made[1])) == same


@settings(max_examples=200, deadline=None)
@given(HELD)
def test_an_identity_outlives_the_way_to_a_worker(held):
    assume(held[0] != "bound method")
    made = HOLDERS[held[0]](held[1])
    assert identity(made) == identity(cloudpickle.loads(cloudpickle.dumps(made)))


# Two studies that differ in one thing


def array(changed):
    values = np.arange(5_000)
    values[2_500] += changed
    return Plain(values)


def local_class(changed):
    class Base:
        def order(self):
            return 1 if changed else 2

    class Policy(Base):
        pass

    return Policy()


def source(changed):
    names = {}
    exec(f"def metric(result):\n    return {{'metric': {3 if changed else 4}}}", names)
    return names["metric"]


def on_one_line(changed):
    one, other = (lambda result: {"metric": 1}), (lambda result: {"metric": 2})
    return one if changed else other


def model(changed):
    class Policy(BaseModel):
        level: int = Field(3, ge=1 if changed else 2)

    return Policy()


def validator(changed):
    class Policy(BaseModel):
        level: str = "1"

        @field_validator("level", mode="before" if changed else "after")
        @classmethod
        def _checked(cls, value):
            return str(value)

    return Policy


def colours(changed):
    return enum.Enum("Colour", {"RED": 1, "BLUE": 3 if changed else 2}).RED


def shared(changed):
    first = [1]
    return [first, first] if changed else [first, [1]]


def subclass_of_dict(changed):
    table = type("Table", (dict,), {})(level=1)
    table.more = changed
    return table


CHANGES = [
    array, local_class, source, on_one_line, model, validator, colours, shared, subclass_of_dict,
    lambda changed: np.random.default_rng(1 if changed else 2),
    lambda changed: np.array([1, 2], ">i4" if changed else "<i4"),
    lambda changed: np.ones((2, 3), order="F" if changed else "C"),
    lambda changed: {"a": 1, "b": 2} if changed else {"b": 2, "a": 1},
    lambda changed: pd.DataFrame({"a": [1]}, index=["x" if changed else "y"]),
    lambda changed: pd.Categorical(["a"], ["a", "b"] if changed else ["a", "c"]).to_numpy,
    lambda changed: property(lambda self: 1 if changed else 2),
    lambda changed: functools.cached_property((lambda self: 1) if changed else (lambda self: 2)),
    lambda changed: functools.lru_cache((lambda key: 1) if changed else (lambda key: 2)),
    lambda changed: 1 if changed else True,
]  # fmt: skip


@pytest.mark.parametrize("make", CHANGES)
def test_one_change_makes_another_identity(make):
    assert identity(make(True)) != identity(make(False))
    assert identity(make(True)) == identity(make(True))


def test_comments_and_places_make_no_other_identity():
    texts = ["def metric(result):\n    return 3", "# say\n\n\ndef metric(result):\n    # why\n    return 3"]
    made = []
    for text in texts:
        names = {}
        exec(text, names)
        made.append(identity(names["metric"]))
    assert made[0] == made[1]


def test_what_a_package_brings_is_named_with_the_version_of_the_package():
    assert reference(json.dumps) == ("json", "dumps", "")
    assert reference(np.mean) == ("numpy", "mean", np.__version__)
    assert reference(np) == ("numpy", "", np.__version__)
    assert reference(identity) == ("alesha_sim.experiments.identity", "identity", "")
    assert reference(test_what_a_package_brings_is_named_with_the_version_of_the_package) is None


def test_a_value_that_holds_itself_has_an_identity():
    one, other = [1], [1]
    one.append(one)
    other.append(other)
    assert identity(one) == identity(other) != identity([1, [1]])

    def recursive(result):
        return recursive(result)

    assert identity(recursive) == identity(recursive)


def test_a_helper_module_of_the_readers_own_counts(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    texts = {"level = 1": "whole", "level = 1\nother = 2": "file", "level = 2": "value"}
    found = set()
    for text in texts:
        (tmp_path / "own_helper.py").write_text(text)
        sys.modules.pop("own_helper", None)
        names = {}
        exec("def metric(result):\n    from own_helper import level\n    return {'metric': level}", names)
        found.add(identity(names["metric"]))
    assert len(found) == len(texts)


def test_a_replays_file_counts_with_its_contents(tmp_path):
    file = tmp_path / "visits.csv"
    found = set()
    for units in (1, 2):
        file.write_text(f"at,user,units\n10,0,{units}\n")
        found.add(
            identity(load("first_purchase").with_settings({"demand.kind": "replay", "demand.file": str(file)}))
        )
    assert len(found) == 2


# In another process

SCRIPT = """
    import dataclasses, functools
    import numpy as np
    from alesha_sim.experiments.identity import identity
    from alesha_sim.scenarios import market_day

    LIMITS = {"a", "b", "c", 1, 2}

    @dataclasses.dataclass(slots=True)
    class Policy:
        names: frozenset
        levels: object

    def metrics(result, limits=frozenset({"x", "y", "z"})):
        return {"metric": 1.0 if str(result) in {"p", "q", "r"} else len(LIMITS)}

    policy = Policy(frozenset({"u", "v", "w", 3}), np.arange(2000))
    print(identity([market_day(users=20), policy, metrics, functools.partial(metrics, limits=policy)]))
"""


def test_an_identity_is_the_same_in_every_process():
    found = set()
    for seed in ("0", "1", "random"):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", textwrap.dedent(SCRIPT)]
        found.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(found) == 1


# Refused


def generator():
    yield 1


def refusal(value, field=""):
    with pytest.raises(ScenarioError) as caught:
        identity(value, field)
    (fault,) = caught.value.problems
    return fault


def test_what_has_no_identity_is_refused_with_its_place_and_a_way_out(tmp_path):
    with (tmp_path / "log").open("w") as log:
        for value, kind in ((log, "TextIOWrapper"), (generator(), "generator"), (threading.Lock(), "lock")):
            fault = refusal(Plain([0, value]), "metrics")
            assert fault.startswith(f"metrics.held[1]: an object of {kind}: has no value that another start")
            assert "__alesha_identity__" in fault
        assert refusal(closure(log), "metrics").startswith("metrics.held: ")
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert refusal(deep, "metrics") == "metrics: is nested too deeply to be compared"


class Logged:
    """A thing with a lock that says what it is."""

    def __init__(self, name):
        self.name = name
        self.lock = threading.Lock()

    def __alesha_identity__(self):
        return self.name


def test_a_class_can_say_what_its_objects_are():
    assert identity(Logged("a")) == identity(Logged("a")) != identity(Logged("b"))


def test_a_scenario_has_one_identity_however_it_was_made():
    market = market_day(users=20)
    again = market.from_toml(market.to_toml())
    assert (
        identity(market)
        == identity(again)
        == identity(market.with_settings({"bank.workers": market.bank.workers}))
    )
    assert identity(market) != identity(market.with_settings({"bank.workers": market.bank.workers + 1}))


def test_what_cannot_be_sent_to_workers_is_refused_in_one_line():
    lock = threading.Lock()
    with pytest.raises(ScenarioError) as caught:
        replicate(market_day(users=20), runs=1, jobs=1, metrics=lambda result: {"metric": bool(lock)})
    (fault,) = caught.value.problems
    assert fault.startswith("metrics.lock: an object of lock: has no value")
