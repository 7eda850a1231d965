"""Two years of growth: visits multiply from year to year, with weeks, seasons and pay-days, and so do costs.

The question: when does a small shop need more workers, and what do sales, fees and waiting come to
in the second year?
"""

from alesha_sim.scenarios.catalogue import SHIPPED
from alesha_sim.scenarios.fields import knob
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.units import DAY, MINUTE

SEASONS = (0.8, 0.85, 1.0, 1.3, 1.15, 0.9, 1.1, 0.85, 0.9, 1.0, 1.05, 1.1)
WEEK = (0.9, 0.9, 0.95, 1.15, 1.3, 1.0, 0.8)
"""Made up: the end of the week in Bangladesh (Thursday, Friday) and the months of festivals sell more."""


def growth(
    users: int = 1000,
    visits_per_day: float = 12,
    yearly: float = 2.5,
    years: float = 2,
    buy_share: float = 0.5,
    shop_workers: int | None = 1,
    page_minutes: float = 5,
    monthly_income: float = 700,
) -> Scenario:
    """Return the scenario of `years` years in which `visits_per_day` visits grow by the factor `yearly` a year.

    They follow the days of the week and the months. Users earn `monthly_income` (major units) every 30 days and
    spend at most 1,500 in that time. The shop's `shop_workers` clerks take `page_minutes` minutes for a page in
    the mean (its staff answer by hand), and the bank takes 1.5 % of what it settles two days later.
    Raises ScenarioError.
    """
    return Scenario.model_validate(
        {
            "name": "growth",
            "description": SHIPPED["growth"],
            "horizon": knob("years", years) * 365 * DAY,
            "users": {
                "count": users,
                "opening_balance": {"kind": "lognormal", "mean": 1500, "cv": 1},
                "income": {"amount": monthly_income, "every": 30 * DAY},
                "budget": 1500,
            },
            "demand": {
                "kind": "poisson",
                "visits_per_day": visits_per_day,
                "buy_share": buy_share,
                "week": WEEK,
                "seasons": SEASONS,
                "growth": yearly,
                "units": 1.2,
            },
            "shop": {
                "workers": shop_workers,
                "page_time": {"kind": "exponential", "mean": knob("page_minutes", page_minutes) * MINUTE},
                "opening_balance": 100_000,
            },
            "bank": {"settlement": {"kind": "delayed", "after": 2 * DAY}, "fees": {"share": 0.015}},
            "supplier": {
                "stock": {"kind": "periodic", "reorder_point": 10, "order_up_to": 40, "period": 7 * DAY},
                "lead_time": {"kind": "lognormal", "mean": 3 * DAY, "cv": 0.3},
                "delivery_time": {"kind": "uniform", "low": DAY, "high": 4 * DAY},
            },
        }
    )
