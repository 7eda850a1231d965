"""The beer game: the board by hand, and a run of the scenario against the board."""

import random

from beer_board import TIERS, Board, anchored, order_up_to, played

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
