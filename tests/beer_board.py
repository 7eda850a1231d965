"""The beer game as people play it on a board: four tiers, week by week, in plain integers, without a clock.

What a tier orders reaches its seller two weeks later, goods reach their buyer two weeks after they left, and what
the brewery begins to brew is there three weeks later. Tiers are named from the customers upwards.
"""

from collections import deque
from typing import NamedTuple

TIERS = ("retailer", "wholesaler", "distributor", "brewery")
ORDER_WEEKS, DELIVERY_WEEKS, BREWING_WEEKS = 2, 2, 3


class Week(NamedTuple):
    """What a tier's record sheet says at the end of a week; what it ordered last."""

    stock: int
    backorders: int
    cost: int
    received: int
    demanded: int
    sent: int
    ordered: int


class Place:
    """One tier's side of the board: what is on its way to it lies in the queues, the next to arrive first."""

    def __init__(self, stock, flow, incoming_weeks):
        self.stock = stock
        self.backorders = 0
        self.coming = deque([flow] * incoming_weeks)
        self.orders = deque([flow] * ORDER_WEEKS)
        self.supply_line = 0

    @property
    def position(self):
        """What it has and is to get, less what it owes."""
        return self.stock - self.backorders + self.supply_line


class Board:
    """Four places in a row; `order(tier, place, demanded)` says what a tier orders at the end of a week.

    A unit in stock costs `holding` a week, a unit owed `backorder`.
    """

    def __init__(self, stocks, order, flow=4, holding=50, backorder=100):
        self.places = [
            Place(stock, flow, DELIVERY_WEEKS if tier < len(TIERS) - 1 else BREWING_WEEKS)
            for tier, stock in enumerate(stocks)
        ]
        for tier, place in enumerate(self.places):
            on_paper = ORDER_WEEKS if tier < len(TIERS) - 1 else 0  # the brewery asks nobody
            place.supply_line = flow * (len(place.coming) + on_paper)
        self.order = order
        self.holding, self.backorder = holding, backorder

    def play(self, demand):
        """Play a week in which customers want `demand`, and return every tier's record of it."""
        arrived = [place.coming.popleft() for place in self.places]
        asked = [demand] + [place.orders.popleft() for place in self.places[1:]]
        sent = [self._serve(*each) for each in zip(self.places, arrived, asked, strict=True)]
        costs = [self.holding * place.stock + self.backorder * place.backorders for place in self.places]
        ordered = [self.order(tier, place, asked[tier]) for tier, place in enumerate(self.places)]
        for tier, place in enumerate(self.places):
            place.supply_line += ordered[tier]
            is_last = tier == len(TIERS) - 1
            place.coming.append(ordered[tier] if is_last else sent[tier + 1])
            if not is_last:
                self.places[tier + 1].orders.append(ordered[tier])
        return [
            Week(place.stock, place.backorders, costs[tier], arrived[tier], asked[tier], sent[tier], ordered[tier])
            for tier, place in enumerate(self.places)
        ]

    @staticmethod
    def _serve(place, arrived, asked):
        """Take goods in, serve old back-orders and new orders from stock, and return how many units leave."""
        place.supply_line -= arrived
        place.stock += arrived
        wanted = place.backorders + asked
        sent = min(place.stock, wanted)
        place.stock -= sent
        place.backorders = wanted - sent
        return sent


def order_up_to(levels):
    """What a tier orders that always fills its position up to its level."""
    return lambda tier, place, demanded: max(0, levels[tier] - place.position)


def anchored(goal, gain, counted, smoothing, first=4):
    """What a tier orders that forecasts and corrects, but sees only a part of its supply line.

    It orders its forecast and the share `gain` of what stock, and the share `counted` of the supply line, are
    short of the `goal` (Sterman 1989); the forecast smooths what was demanded.
    """
    forecasts = [float(first)] * len(TIERS)

    def order(tier, place, demanded):
        forecasts[tier] += smoothing * (demanded - forecasts[tier])
        short = goal - (place.stock - place.backorders) - counted * place.supply_line
        return max(0, round(forecasts[tier] + gain * short))

    return order


def played(board, demands):
    """The records of each week: `[week][tier]`."""
    return [board.play(demand) for demand in demands]
