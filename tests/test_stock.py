"""Stock in the long run: the stock room against recursions that know nothing of it, and against exact theory."""

import math
import sys
from bisect import bisect_left, bisect_right
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import is_full_size, within_standard_errors
from parties import stock_terms, supplier_terms
from test_supplier import CHARGES, COSTS, LAPTOP, SKUS, World, constant

from alesha_sim.books.ledger import Ledger
from alesha_sim.books.supplier import SupplierBook
from alesha_sim.columns import INFINITY
from alesha_sim.entities.entity import Entity
from alesha_sim.entities.stock import IDLE_REVIEWS_MAX, Reservation, Warehouse
from alesha_sim.entities.supplier.production import Production
from alesha_sim.kernel.clock import Clock
from alesha_sim.kernel.timers import Schedule
from alesha_sim.policies import BaseStock, MakeToOrder, MovingAverage, Periodic, PolicyError, ReorderPoint
from alesha_sim.recording.production_lot_log import ProductionLotLog
from alesha_sim.streams import Streams
from alesha_sim.vocabulary import SUPPLIER

pytestmark = pytest.mark.interpreted  # orders are stand-ins, which compiled annotations refuse

REPLICATIONS = 20
DEMANDS = 40_000 if is_full_size() else 4_000


class Room:
    """A stock room that is asked for `units[k]` laptops at `instants[k]`; what is complete is shipped at once.

    Under `lost` an order that cannot be served at once is lost. `watch(room)` is called at each of `watched`,
    before what happens at that instant, and after it if it is a demand.
    """

    def __init__(self, policy, lead, instants, units=None, *, lost=False, watched=(), horizon=None, **fields):
        self.clock, self.log = Clock(), ProductionLotLog(SKUS)
        self.book = SupplierBook(Ledger("BDT", SKUS), COSTS)
        horizon = (instants[-1] if len(instants) else 0.0) if horizon is None else horizon
        terms = supplier_terms(CHARGES, lead=lead, stock=stock_terms(policy, horizon=horizon, **fields))
        self.production = Production(
            Entity(self.clock, "supplier", SUPPLIER, None), self.book, self.log, terms, self.ship
        )
        self.warehouse = self.production.warehouse
        if opening := self.warehouse.in_stock():
            self.book.open_stock(0.0, opening)
        self.units = [1] * len(instants) if units is None else units
        self.lost, self.waits, self.met, self.refused, self.seen = lost, [], 0, 0, []
        Schedule(self.clock, list(instants), self.demand)
        Schedule(self.clock, list(watched), self.look)
        self.production.open()
        self.clock.run_to(INFINITY)

    def demand(self, number):
        goods = [(0, self.units[number])]
        if self.lost and not self.warehouse.can_serve(goods):
            self.warehouse.demand(goods, self.clock.now)
            self.refused += 1
            return
        supply = SimpleNamespace(order=number, reservations=[], work_orders=[], is_off=False, at=self.clock.now)
        if goods[0][1]:
            self.production.provide(supply, goods)
            self.met += not supply.reservations[0].missing
        self.ship(supply)

    def ship(self, supply):
        if supply.reservations and not supply.reservations[0].missing:
            self.book.shipped(self.clock.now, supply.order, [(0, supply.reservations.pop().units)])
            self.waits.append(self.clock.now - supply.at)

    def look(self, number):
        warehouse = self.warehouse
        self.seen.append((warehouse.available[0] - warehouse.backordered[0], warehouse.on_order[0]))

    def orders(self):
        """What was ordered when."""
        rows = self.log._table.array()
        return list(zip(rows["ordered_at"].tolist(), rows["quantity"].tolist(), strict=True))


def arrivals(rate, count, seed):
    """Instants of a Poisson process, and other instants in between that are not of it."""
    draw = Streams(seed).generator("demand")
    instants = np.round(np.cumsum(draw.exponential(1 / rate, count)), 6)
    between = np.sort(np.round(draw.uniform(0, instants[-1], count), 6) + 5e-7)
    return instants.tolist(), between.tolist()


def demand_within(instants, start, end):
    """How many of the instants lie in (start, end]."""
    return bisect_right(instants, end) - bisect_right(instants, max(start, -1.0))


# Path by path: what the stock is at any instant follows from the demand of the lead time before it.


def test_base_stock_is_the_level_less_the_demand_of_the_last_lead_time():
    instants, between = arrivals(5.0, 3_000, 1)
    room = Room(BaseStock({"laptop": 12}), constant(2.0), instants, watched=between)
    expected = [12 - demand_within(instants, at - 2.0, at) for at in between]
    assert [level for level, _ in room.seen] == expected
    assert min(expected) < 0 < max(expected)
    assert [on_order for _, on_order in room.seen] == [12 - level for level in expected]


@pytest.mark.parametrize("lead", [0.0, 2.0])
def test_reorder_point_is_the_position_a_lead_time_ago_less_the_demand_since(lead):
    instants, between = arrivals(5.0, 3_000, 2)
    room = Room(ReorderPoint(9, 10), constant(lead), instants, watched=between)

    def position(at):
        return 19 - demand_within(instants, -1.0, at) % 10

    expected = [
        (position(at - lead) if at >= lead else 19) - demand_within(instants, at - lead, at) for at in between
    ]
    assert [level for level, _ in room.seen] == expected
    assert {units for _, units in room.orders()} == {10}


def test_orders_of_several_units_are_served_in_turn_and_in_part():
    instants = [1.0, 2.0, 3.0]
    room = Room(ReorderPoint(0, 4), constant(10.0), instants, [3, 9, 1])
    # 4 units at first; the second order finds 1, and 12 more are ordered, which come at 12 s.
    assert room.orders() == [(2.0, 12)]
    assert room.waits == [0.0, 10.0, 9.0]
    assert room.warehouse.available[0] == 3


def test_periodic_review_orders_up_to_the_level_and_zero_lead_time_serves_who_waits_at_once():
    draw = Streams(3).generator("demand")
    instants = np.round(np.sort(draw.uniform(0, 500.0, 3_000)), 6).tolist()
    watched = [float(k) - 1e-9 for k in range(1, 501)]
    room = Room(Periodic(4, 10, 1.0), constant(0.0), instants, watched=watched, horizon=500.0)
    level, expected, orders = 10, [], []
    for k in range(1, 501):
        level -= bisect_left(instants, k) - bisect_left(instants, k - 1)
        expected.append(level)
        if level <= 4:
            orders.append((float(k), 10 - level))
            level = 10
    assert [seen for seen, _ in room.seen] == expected
    assert room.orders() == orders
    assert min(expected) < 0
    assert max(room.waits) <= 1.0


def bullwhip(p, periods, level):
    """Demand of each period and what is ordered at its end, by the recursion of Chen et al. (2000)."""
    demand = Streams(4).generator("demand").poisson(100, periods).tolist()
    orders, position = [], 500
    for k in range(1, periods + 1):
        known = demand[max(0, k - p) : k]
        position -= demand[k - 1]
        orders.append(max(0, round(level * (sum(known) / len(known)) - position)))
        position += orders[-1]
    return demand, orders


def test_the_moving_average_uses_what_is_known_and_amplifies_as_theory_says(reference):
    p, level, periods = 5, 2, 4_000
    demand, orders = bullwhip(p, periods, level)
    instants = [k + 0.5 for k in range(periods)]
    room = Room(
        MovingAverage(p, 1.0, level, opening_stock=500), constant(0.25), instants, demand, horizon=float(periods)
    )  # fmt: skip
    # One order a period, unless nothing is missing.
    assert room.orders() == [(float(k), units) for k, units in enumerate(orders, 1) if units]
    ratio = np.var(orders[p + 1 :]) / np.var(demand)
    cases = reference("bullwhip-ma-iid")
    expected = cases["expected"]["ratio"][cases["inputs"].index({"L": level, "p": p})]
    assert expected == pytest.approx(1 + 2 * level / p + 2 * level**2 / p**2)
    assert ratio == pytest.approx(expected, rel=0.08)


# Exact theory, in the long run


def replicate(metrics):
    """Columns of what `figures(seed)` gives in each replication."""
    return list(zip(*(metrics(seed) for seed in range(REPLICATIONS)), strict=True))


def test_base_stock_meets_theory(reference):
    case = reference("base-stock-5-2-12")

    def metrics(seed):
        instants, between = arrivals(5.0, DEMANDS, 100 + seed)
        room = Room(BaseStock({"laptop": 12}), constant(2.0), instants, watched=between[40:])
        levels = np.array([level for level, _ in room.seen])
        return np.maximum(levels, 0).mean(), np.maximum(-levels, 0).mean(), np.mean(room.waits), room.met / DEMANDS

    on_hand, backordered, waits, fill_rate = replicate(metrics)
    expected = case["expected"]
    assert within_standard_errors(on_hand, expected["E_I"], precision=0.03)
    assert within_standard_errors(backordered, expected["E_B"], precision=0.06)
    assert within_standard_errors(waits, expected["E_wait"], precision=0.06)
    assert within_standard_errors(fill_rate, expected["fill_rate"], precision=0.03)


@pytest.mark.parametrize("cv", [0.0, 2.0])
def test_lost_sales_are_erlangs_b_whatever_the_lead_times(reference, cv):
    case = reference("base-stock-lost-sales")
    inputs, expected = case["inputs"][2], case["expected"][2]
    assert inputs == {"lam": 1.0, "L": 1.0, "S": 3}

    def metrics(seed):
        instants, between = arrivals(1.0, DEMANDS, 200 + seed)
        draw = Streams(seed).generator("lead")
        variance = math.log1p(cv**2)
        leads = np.round(draw.lognormal(-variance / 2, math.sqrt(variance), DEMANDS + 1), 6).tolist()
        room = Room(BaseStock(3), iter(leads).__next__, instants, lost=True, watched=between)
        return room.refused / DEMANDS, np.mean([on_order for _, on_order in room.seen])

    lost, on_order = replicate(metrics)
    assert within_standard_errors(lost, expected["P_lost"], precision=0.03)
    assert within_standard_errors(on_order, expected["E_on_order"])


# The warehouse


def warehouse(policy, **fields):
    return Warehouse(stock_terms(policy, **fields), SKUS)


def test_free_units_are_reserved_and_what_is_missing_waits_in_order_of_arrival():
    stock = warehouse(BaseStock({"laptop": 3}))
    first, second = Reservation("a", 0, 5), Reservation("b", 0, 2)
    assert (stock.reserve(first), stock.reserve(second)) == (3, 0)
    assert stock.position(0) == -4
    assert stock.take_in(0, 3) == [(first, 2), (second, 1)]
    assert (first.missing, second.missing, stock.backordered[0]) == (0, 1, 1)
    assert stock.take_in(0, 5) == [(second, 1)]
    assert (stock.available[0], stock.position(0)) == (4, 4)


def test_a_claim_in_front_is_served_before_those_who_wait():
    stock = warehouse(BaseStock(0))
    waiting, urgent = Reservation("a", 0, 1), Reservation("b", 0, 1)
    stock.reserve(waiting)
    stock.reserve(urgent, expedite=True)
    assert stock.take_in(0, 1) == [(urgent, 1)]


def test_who_withdraws_waits_no_longer_and_hands_back_what_was_reserved():
    stock = warehouse(BaseStock({"laptop": 3}))
    reservation, other = Reservation("a", 0, 5), Reservation("b", 0, 1)
    stock.reserve(reservation)
    stock.reserve(other)
    assert stock.withdraw(reservation) == 3
    assert stock.backordered[0] == 1
    assert stock.take_in(0, 3) == [(other, 1)]


@pytest.mark.parametrize(("claimed", "ordered"), [(2, []), (8, [(0, 8)])])
def test_a_review_after_the_horizon_orders_as_any_other_if_nobody_ever_waited(claimed, ordered):
    stock = warehouse(Periodic({"laptop": 4}, {"laptop": 10}, 1.0), horizon=3.0)
    stock.reserve(Reservation("a", 0, claimed))
    assert stock.next_review(0.0) == 1.0
    assert stock.review(5.0) == ordered
    assert stock.next_review(5.0) == math.inf


def test_what_is_made_to_order_neither_waits_nor_counts_as_backordered():
    stock = warehouse(MakeToOrder())
    reservation = Reservation("a", 0, 2)
    stock.take_in(0, 1)
    assert stock.reserve(reservation) == 1
    assert (reservation.missing, stock.backordered[0], stock.to_order(0)) == (1, 0, 0)
    assert stock.can_serve([(0, 99)])


@pytest.mark.parametrize(
    ("fields", "missing", "ordered"),
    [
        ({}, 1, 1),
        ({"minimum_lot": 5}, 1, 5),
        ({"minimum_lot": 5}, 7, 7),
        ({"capacity": 10}, 10, 10),
        ({"capacity": 6}, 10, 6),
        ({"capacity": 10, "minimum_lot": 2}, 1, 0),  # 9 units are there, so there is room for one only
        ({"capacity": 11, "minimum_lot": 2}, 1, 2),
    ],
)
def test_lots_have_a_least_size_and_go_where_there_is_room(fields, missing, ordered):
    stock = warehouse(BaseStock({"laptop": 10}), **fields)
    stock.reserve(Reservation("a", 0, missing))
    assert stock.to_order(0) == ordered
    assert stock.on_order[0] == ordered


def test_what_is_on_order_takes_up_room_too():
    stock = warehouse(BaseStock({"laptop": 10}), capacity=12)
    stock.reserve(Reservation("a", 0, 10))
    assert stock.to_order(0) == 10
    stock.reserve(Reservation("b", 0, 8))
    assert stock.to_order(0) == 2  # 8 are wanted, and there is room for 2
    assert stock.to_order(0) == 0


def test_demand_at_the_very_end_of_a_period_belongs_to_it_until_it_is_reviewed():
    stock = warehouse(MovingAverage(2, 10.0, 1))
    stock.demand([(0, 3)], 9.0)
    stock.demand([(0, 4)], 10.0)
    assert stock.demands[0] == []
    stock.review(10.0)
    assert stock.demands[0] == [7]
    stock.demand([(0, 5)], 10.0)  # after the review it is the next period's
    stock.demand([(0, 6)], 30.0)
    stock.demand([(0, 1)], 30.5)
    assert stock.demands[0] == [7, 5, 6]


def test_a_warehouse_in_which_no_lot_has_room_is_refused():
    with pytest.raises(ValueError, match="capacity: 3: must be at least minimum_lot, 4"):
        warehouse(BaseStock(2), capacity=3, minimum_lot=4)


def test_a_tight_warehouse_serves_large_orders_lot_by_lot():
    room = Room(BaseStock({"laptop": 4}), constant(1.0), [0.5], [11], capacity=4)
    assert room.orders() == [(0.5, 4), (1.5, 4), (2.5, 3)]
    assert room.waits == [2.0]  # 4 at once, 4 a second later, and 3 of the 4 that come then
    assert room.warehouse.available[0] == 4


def test_forecasts_see_demand_that_was_refused_and_positions_do_not():
    policy = MovingAverage(2, 1.0, 1, opening_stock=3)
    room = Room(policy, constant(0.25), [0.5, 0.6, 1.5], [2, 5, 1], lost=True, horizon=3.0)
    assert room.warehouse.demands[0] == [7, 1, 0]
    assert room.refused == 1
    # At 1 s: 7 - 1 on hand; at 2 s: (7 + 1) / 2 less 6 is nothing.
    assert room.orders() == [(1.0, 6)]


# Reviews end


@pytest.mark.parametrize("period", [0.1, 1 / 3, 0.7, 1e-9, 86400.0])
@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_missed_periods_end_at_the_multiples_of_the_period_to_the_last_bit(period, shift):
    for number in (1, 3, 7, 49, 1000):
        at = number * period
        at = {-1: math.nextafter(at, 0), 0: at, 1: math.nextafter(at, math.inf)}[shift]
        room, asked = (Warehouse(stock_terms(Periodic(4, 10, period)), SKUS) for _ in range(2))
        room.demand([(0, 2)], at)
        closed = sum(k * period < at for k in range(1, number + 3))  # demand at its end belongs to a period
        assert room.demands[0] == [0] * closed
        asked.review(at)  # one that falls on the end of a period closes it
        assert len(asked.demands[0]) == sum(k * period <= at for k in range(1, number + 3))


def test_a_review_after_a_long_pause_closes_all_missed_periods_in_one_step():
    room, called = Warehouse(stock_terms(Periodic(4, 10, 0.001)), SKUS), []
    room.demand([(0, 3)], 0.0005)
    sys.setprofile(lambda frame, event, function: called.append(function) if event == "c_call" else None)
    try:
        room.review(100.0)
    finally:
        sys.setprofile(None)
    assert (room.demands[0][0], sum(room.demands[0]), len(room.demands[0])) == (3, 3, 100_000)
    assert len(called) < 100


def test_reviews_go_on_to_the_horizon_and_no_further_if_nobody_waits():
    room = Room(Periodic(4, 10, 1.0), constant(0.0), [0.5], horizon=7.0)
    assert len(room.warehouse.demands[0]) == 7
    assert room.clock.now == 7.0


def test_after_the_horizon_reviews_go_on_while_somebody_waits():
    room = Room(Periodic(0, 2, 10.0), constant(3.0), [1.0, 2.0, 41.5, 42.0], [2, 3, 2, 2], horizon=5.0)
    # 3 wait at the horizon, and are served by the review at 10 s; later orders awake the reviews again.
    assert room.orders() == [(10.0, 5), (50.0, 4)]
    assert room.waits == [0.0, 11.0, 0.0, 11.0]
    assert room.warehouse.demands[0] == [5, 0, 0, 0, 4, 0]


def test_a_policy_that_never_orders_does_not_keep_a_run_going():
    class Never(Periodic):
        def order(self, sku, position, demands):
            return 0

    room = Room(Never(0, 1, 10.0), constant(3.0), [1.0, 2.0], horizon=50.0)
    assert room.warehouse.backordered[0] == 1
    assert room.clock.now == 10.0 * (5 + IDLE_REVIEWS_MAX)
    again = Room(Never(0, 1, 10.0), constant(3.0), [1.0, 2.0, 2000.0], horizon=50.0)
    assert again.clock.now == 2000.0 + 10.0 * IDLE_REVIEWS_MAX  # who waits anew awakes the reviews


@pytest.mark.parametrize("given", [-1, 1.5, None, "3"])
def test_a_policy_of_ones_own_must_order_whole_numbers(given):
    class Odd(BaseStock):
        def order(self, sku, position, demands):
            return given

    stock = warehouse(Odd(1))
    if given is None:
        with pytest.raises(ValueError, match="order of laptop: None: must be a whole number from 0 on"):
            stock.to_order(0)
    else:
        with pytest.raises(ValueError, match="must be a whole number from 0 on"):
            stock.to_order(0)


@pytest.mark.parametrize(("cost", "most"), [(0, 2**63 - 1), (1, 2**63 - 1), (3, (2**63 - 1) // 3)])
def test_all_that_is_ordered_must_fit_in_64_bits_at_its_cost(cost, most):
    class Greedy(BaseStock):
        def order(self, sku, position, demands):
            return most if position == 0 else 1

    stock = Warehouse(stock_terms(Greedy(0)), SKUS, [cost] * len(SKUS))
    assert stock.to_order(0) == most
    with pytest.raises(PolicyError, match=r"^supplier\.stock: Greedy: order of laptop: 1 units at "):
        stock.to_order(0)


# Through the whole supplier


def test_rejected_orders_get_their_charges_back_and_leave_the_stock_alone():
    world = World(BaseStock(1), lead=constant(50.0), unmet_demand="rejected")
    world.order(0, 7, LAPTOP)
    world.order(1, 8, LAPTOP)
    world.run()
    assert [order for _, order, _ in world.parcels()] == [7]
    assert world.transfers == [(8, 2, 400, 1)]
    assert world.units("stock") == [1, 1]


def test_the_supplier_counts_rejected_orders_as_demand():
    world = World(MovingAverage(2, 10.0, 1), lead=constant(0.0), unmet_demand="rejected", horizon=20.0)
    for number in range(3):
        world.order(1, number, LAPTOP)
    world.order(12, 3, LAPTOP)
    world.run()
    assert world.supplier.production.warehouse.demands[0] == [3, 1]
    assert [(units, at) for _, units, at, _ in world.lots()] == [(3, 10.0)]
    assert [order for _, order, _ in world.parcels()] == [3]


def test_backorders_are_told_from_the_books():
    world = World(BaseStock({"laptop": 1}), lead=constant(50.0))
    for number in (7, 8, 9):
        world.order(number - 6, number, LAPTOP)
    world.run()
    assert world.parcels() == [(6.0, 7, LAPTOP), (56.0, 8, LAPTOP), (57.0, 9, LAPTOP)]
    assert world.codes() == [
        "opening", "reserve", "ship", "deliver", "make", "reserve", "ship", "make", "reserve", "ship", "make",
        "deliver", "deliver",
    ]  # fmt: skip


@pytest.mark.parametrize("opening", [2.5, -1, "ten"])
def test_a_policy_of_ones_own_must_open_with_whole_numbers(opening):
    class Own(BaseStock):
        def opening(self, sku):
            return opening

    with pytest.raises(ValueError, match=f"opening of {SKUS[0]}: {opening!r}: must be a whole number from 0 on$"):
        Warehouse(stock_terms(Own(3)), SKUS)
