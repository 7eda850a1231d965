import os
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import PCG64DXSM, SeedSequence

from alesha_sim import streams
from alesha_sim.streams import SEED_MAX, Generator, Streams, fresh_seed

names = st.text(max_size=30)
seeds = st.integers(0, SEED_MAX)


def words(seed, name):
    return Streams(seed).generator(name).bit_generator.random_raw(4).tolist()


@pytest.mark.parametrize(
    ("seed", "name", "first"),
    [
        (0, "demand", [2038469870773225266, 14582261982245812348]),
        (7, "demand", [12404479129265639438, 10840224394645290803]),
        (7, "channel:shop->bank", [9190201378717956661, 2929820214734175927]),
        (SEED_MAX, "user:secret", [17721296478927362526, 16241458874603216168]),
    ],
)
def test_first_draws_of_a_named_stream_never_shift(seed, name, first):
    assert words(seed, name)[:2] == first


@given(seeds, names)
def test_a_stream_is_numpy_s_own_of_the_seed_and_the_name_as_spawn_key(seed, name):
    digest = blake2b(name.encode(), digest_size=16).digest()
    key = [int.from_bytes(digest[start : start + 4], "little") for start in range(0, 16, 4)]
    assert words(seed, name) == PCG64DXSM(SeedSequence(seed, spawn_key=key)).random_raw(4).tolist()


@given(seeds, names)
def test_each_call_stands_at_the_start_of_the_stream(seed, name):
    source = Streams(seed)
    first = source.generator(name).random(3).tolist()
    assert source.generator(name).random(3).tolist() == first
    assert isinstance(source.generator(name), Generator)


@given(seeds, names, st.lists(names, max_size=5))
def test_other_streams_change_none(seed, name, others):
    source = Streams(seed)
    before = [source.generator(other).random() for other in others]
    assert source.generator(name).bit_generator.random_raw(4).tolist() == words(seed, name)
    assert [source.generator(other).random() for other in others] == before


@given(seeds, st.lists(names, min_size=2, max_size=8, unique=True))
def test_different_names_give_different_streams(seed, several):
    assert len({tuple(words(seed, name)) for name in several}) == len(several)


@given(st.lists(seeds, min_size=2, max_size=8, unique=True), names)
def test_different_seeds_give_different_streams(several, name):
    assert len({tuple(words(seed, name)) for seed in several}) == len(several)


def test_streams_of_one_seed_are_not_correlated():
    draws = [Streams(7).generator(f"channel:{n}").random(10_000) for n in range(20)]
    between = np.corrcoef(draws)[np.triu_indices(20, 1)]
    # Each coefficient has a standard error of 1/100; the largest of 190 stays within five.
    assert abs(between).max() < 0.05


def test_draws_do_not_depend_on_the_process_s_hash_seed():
    code = "from alesha_sim.streams import Streams; print(Streams(7).generator('bank').random(5).tolist())"
    root = str(Path(streams.__file__).parents[1])
    printed = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    here = Streams(7).generator("bank").random(5).tolist()
    assert printed == [f"{here}\n"] * 2


@pytest.mark.parametrize("seed", [-1, SEED_MAX + 1, 1.0, True, "7", None, np.bool_(True)])
def test_seed_out_of_range_is_refused(seed):
    with pytest.raises(ValueError, match=r"^seed: .*: must be a whole number from 0 to 9223372036854775807$"):
        Streams(seed)


@pytest.mark.parametrize("seed", [0, SEED_MAX, np.int64(7)])
def test_seed_is_kept_as_a_plain_whole_number(seed):
    assert Streams(seed).seed == seed
    assert type(Streams(seed).seed) is int
    assert repr(Streams(seed)) == f"Streams({seed})"


def test_fresh_seeds_are_short_and_differ():
    several = [fresh_seed() for _ in range(8)]
    assert all(0 <= seed < 2**32 for seed in several)
    # Eight equal draws from 2**32 would be a broken source of entropy.
    assert len(set(several)) > 1
