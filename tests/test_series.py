"""Series: where the instants of the grid stand, and to which of them what happens at an instant counts."""

from types import SimpleNamespace

import numpy as np
import pytest

from alesha_sim.columns import MISSING_TIME, TextColumn
from alesha_sim.experiments.series import SERVERS, track

SECOND = 1_000_000


def result_of(horizon=10.0, **tables):
    """Return as much of a result as a series reads; times are in seconds, None for never."""
    columns = {
        table: {
            name: values if isinstance(values, TextColumn) else np.array(
                [MISSING_TIME if at is None else round(at * SECOND) for at in values], np.int64
            )
            for name, values in given.items()
        }
        for table, given in tables.items()
    }  # fmt: skip
    return SimpleNamespace(scenario=SimpleNamespace(horizon=horizon), columns=columns.__getitem__, inboxes={})


def orders(placed=(), closed=()):
    return {"orders": {"placed_at": placed, "closed_at": closed}}


@pytest.mark.parametrize(
    ("horizon", "every", "seconds"),
    [
        (10.0, 2.0, [0, 2, 4, 6, 8, 10]),
        (10.0, 3.0, [0, 3, 6, 9]),
        (0.3, 0.1, [0, 0.1, 0.2, 0.3]),  # 0.3 / 0.1 is 2.9999999999999996
        (10.0, 60.0, [0, 60]),
        (5e-6, 4e-7, [0, 1e-6, 2e-6, 3e-6, 4e-6, 5e-6]),
        (400.0, 0.0, list(range(0, 401, 2))),
    ],
)
def test_a_grid_goes_in_whole_microseconds_from_the_start_to_the_horizon(horizon, every, seconds):
    found = track(result_of(horizon, **orders()), "open_orders", every)
    assert found.seconds.tolist() == pytest.approx(seconds)
    assert found.values.tolist() == [[0.0]] * len(seconds)


def test_an_order_is_open_from_the_instant_it_is_placed_to_that_at_which_it_is_closed():
    placed, closed = (0, 2, 3, 5, 11), (2, None, 9.999999, 6.000001, None)
    found = track(result_of(**orders(placed, closed)), "open_orders", 2.0)
    assert (found.names, found.values[:, 0].tolist()) == (("orders",), [1, 1, 2, 3, 2, 1])


def test_a_wait_counts_to_the_end_of_the_step_in_which_its_request_came():
    rows = [
        ("shop", 0, 1), ("shop", 0.000001, 3.000001), ("shop", 2, 3), ("shop", 2.000001, 5.000001),
        ("shop", 3, None), ("shop", 10, 17), ("shop", 10.000001, 99), ("bank", 8, 8), ("user", 8, 9),
    ]  # fmt: skip
    names, delivered, started = zip(*rows, strict=True)
    labels = (*SERVERS, "user")
    recipient = TextColumn(np.array([labels.index(name) for name in names], np.int32), labels)
    tables = {"messages": {"recipient": recipient, "delivered_at": delivered, "started_at": started}}
    found = track(result_of(**tables), "waits", 2.0)
    nan = np.nan
    expected = [[nan, nan, nan], [2, nan, nan], [3, nan, nan], [nan, nan, nan], [nan, 0, nan], [7, nan, nan]]
    assert found.names == SERVERS
    np.testing.assert_array_equal(found.values, expected)
