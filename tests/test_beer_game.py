"""The beer game: the board by hand, and a run of the scenario against the board."""

import random

import pytest
from beer_board import TIERS, Board, anchored, order_up_to, played
from conftest import is_full_size
from matplotlib.figure import Figure

from alesha_sim import plots, scenarios, simulate
from alesha_sim.scenarios.library.beer_game import WEEK, first_week
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.simulation.stock_levels import watch_weekly

LEVELS = (28, 28, 28, 24)
"""What keeps 12 units in stock while 4 are wanted every week: 12, and the weeks that goods and orders are away."""


def sheet(weeks, tier, *names):
    """Columns of a tier's record sheet, week by week."""
    return [tuple(getattr(week[TIERS.index(tier)], name) for name in names) for week in weeks]


def test_a_steady_board_stays_as_it_is():
    weeks = played(Board([12] * 4, order_up_to(LEVELS)), [4] * 8)
    assert {record for week in weeks for record in week} == {(12, 0, 600, 4, 4, 4, 4)}


def test_a_step_in_demand_climbs_the_board_as_worked_out_by_hand():
    weeks = played(Board([12] * 4, order_up_to(LEVELS)), [4] * 4 + [8] * 8)
    # Demand doubles in week 5; the order of that week reaches the wholesaler in week 7, whose goods come in 9.
    retailer = [(8, 0, 4, 8), (4, 0, 4, 8), (0, 0, 4, 8), (0, 4, 4, 4), (0, 4, 8, 8), (0, 4, 8, 8)]
    assert sheet(weeks[4:10], "retailer", "stock", "backorders", "received", "sent") == retailer
    assert {week[0].ordered for week in weeks[4:]} == {8}
    wholesaler = [(12, 0, 4, 4), (8, 0, 8, 8), (4, 0, 8, 8), (0, 0, 8, 8), (0, 4, 8, 8)]
    assert sheet(weeks[5:10], "wholesaler", "stock", "backorders", "demanded", "ordered") == wholesaler
    # The brewery hears of it in week 11, and what it then begins is there in week 14.
    assert sheet(weeks[9:12], "brewery", "stock", "demanded", "ordered") == [(12, 4, 4), (8, 8, 8), (4, 8, 8)]
    assert sheet(weeks[4:9], "retailer", "cost") == [(400,), (200,), (0,), (400,), (400,)]


def test_the_brewery_has_its_own_lots_after_three_weeks():
    weeks = played(Board([12] * 4, lambda tier, place, demanded: 9 if tier == 3 else 4), [4] * 5)
    assert sheet(weeks, "brewery", "received") == [(4,), (4,), (4,), (9,), (9,)]


def test_no_unit_and_no_order_is_lost_on_the_board():
    rng = random.Random(7)
    board = Board([rng.randrange(30) for _ in TIERS], order_up_to([rng.randrange(60) for _ in TIERS]))
    had = [place.stock + sum(place.coming) for place in board.places]
    owed = [sum(place.orders) for place in board.places]
    weeks = played(board, [rng.randrange(15) for _ in range(60)])
    for tier, place in enumerate(board.places):
        took_in = sum(week[tier + 1].sent if tier < 3 else week[tier].ordered for week in weeks)
        assert place.stock + sum(place.coming) == had[tier] + took_in - sum(week[tier].sent for week in weeks)
        if tier:
            asked = owed[tier] + sum(week[tier - 1].ordered for week in weeks) - sum(place.orders)
            assert asked == place.backorders + sum(week[tier].sent for week in weeks)


def test_who_forgets_the_supply_line_orders_ever_more_up_the_chain():
    weeks = played(Board([12] * 4, anchored(17, 0.26, 0.34, 0.36)), [4] * 4 + [8] * 46)
    assert [max(week[tier].ordered for week in weeks) for tier in range(4)] == [11, 17, 27, 33]


# The scenario against the board

GAMES = 500 if is_full_size() else 40
HOLDING, BACKORDER = 50, 100


def drawn(seed):
    """A random game: its demands, and what its tiers have and aim at; the levels may be too low for any week."""
    rng = random.Random(seed)
    flow = rng.randrange(8)
    return {
        "demands": [rng.randrange(12) for _ in range(20)], "demand": flow,
        "stocks": [rng.randrange(25) for _ in TIERS], "goals": [rng.randrange(60) for _ in TIERS],
    }  # fmt: skip


def records(scenario, weeks):
    """Stock, back-orders, cost and order of each tier, week by week, as a run has them."""
    simulation = Simulation(scenario, 1)
    keepers = [
        simulation.shop.stock.warehouse,
        *(each.production.warehouse for each in simulation.suppliers.values()),
    ]
    found = []
    for week in range(1, weeks + 1):
        end = (first_week() + week) * WEEK
        simulation.run(until=end - WEEK / 4)
        stocks = [(keeper.available[0], keeper.backordered[0]) for keeper in keepers]
        before = [keeper.on_order[0] for keeper in keepers]
        simulation.run(until=end + WEEK / 8)
        ordered = [keeper.on_order[0] - had for keeper, had in zip(keepers, before, strict=True)]
        found.append([
            (stock, owed, HOLDING * stock + BACKORDER * owed, order)
            for (stock, owed), order in zip(stocks, ordered, strict=True)
        ])  # fmt: skip
    return found


def on_board(game, order):
    """The same of the board."""
    weeks = played(Board(game["stocks"], order, game["demand"], HOLDING, BACKORDER), game["demands"])
    return [[(tier.stock, tier.backorders, tier.cost, tier.ordered) for tier in week] for week in weeks]


@pytest.mark.parametrize("latency", [0, 7200], ids=["at once", "with latencies"])
def test_a_run_is_the_board_week_by_week_in_random_games(latency):
    for seed in range(GAMES):
        game = drawn(seed)
        level = [goal + game["demand"] for goal in game["goals"]]
        scenario = scenarios.beer_game(**game, gain=1, counted=1, smoothing=0, latency=latency)
        assert records(scenario, len(game["demands"])) == on_board(game, order_up_to(level)), seed


def test_players_who_forget_the_supply_line_play_as_on_the_board():
    game = {"demands": [4] * 4 + [8] * 46, "demand": 4, "stocks": [12] * 4}
    scenario = scenarios.beer_game(**game)
    assert records(scenario, 50) == on_board(game, anchored(17, 0.26, 0.34, 0.36))


# The picture


@pytest.fixture(scope="module")
def watched():
    return simulate(scenarios.beer_game(weeks=20), seed=1, setup=watch_weekly)


def test_the_wave_has_the_orders_of_each_tier_week_by_week(watched):
    ax = plots.wave(watched, ax=Figure().add_subplot())
    lines = {line.get_label(): line.get_ydata().tolist() for line in ax.get_lines()}
    weeks = on_board(
        {"demands": [4] * 4 + [8] * 16, "demand": 4, "stocks": [12] * 4}, anchored(17, 0.26, 0.34, 0.36)
    )
    assert list(lines) == list(TIERS)
    for tier, name in enumerate(TIERS):
        assert lines[name][first_week() :] == [week[tier][3] for week in weeks]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("week", "units of beer ordered")


def test_a_wave_names_what_is_missing(watched):
    with pytest.raises(ValueError, match=r"sku: 'wine': must be one of beer"):
        plots.wave(watched, "wine", ax=Figure().add_subplot())
    with pytest.raises(ValueError, match="stock: not collected: run with setup=watch_weekly"):
        plots.wave(simulate(scenarios.beer_game(weeks=2), seed=1), ax=Figure().add_subplot())
