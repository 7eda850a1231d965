"""Writes tests/reference/stockpyl_serial.json: serial systems as stockpyl has them (Clark and Scarf).

`python tests/stockpyl_serial.py` needs stockpyl 1.0.2 and NumPy below 2, which this project cannot have: it is run
in an environment of its own, and the test reads the file.
"""

import json
from pathlib import Path

FILE = Path(__file__).parent / "reference" / "stockpyl_serial.json"
CASES = (
    {"demand_rate": 3, "lead_times": [1, 2], "levels": [5, 7], "holding": [3, 1], "shortage": 20},
    {"demand_rate": 2, "lead_times": [1, 1, 2], "levels": [4, 3, 5], "holding": [4, 2, 1], "shortage": 30},
    {"demand_rate": 5, "lead_times": [2, 1], "levels": [12, 4], "holding": [2, 1], "shortage": 9},
    {"demand_rate": 1.5, "lead_times": [2, 1, 3], "levels": [6, 2, 4], "holding": [3, 2, 1], "shortage": 40},
)


def solved(case):
    """Return what the case's levels cost, the best levels and what these cost, from the customers' stage up."""
    from stockpyl.demand_source import DemandSource
    from stockpyl.ssm_serial import expected_cost, optimize_base_stock_levels

    stages = range(len(case["levels"]))
    above = [*case["holding"][1:], 0]
    given = {
        "num_nodes": len(stages),
        "echelon_holding_cost": {n + 1: case["holding"][n] - above[n] for n in stages},
        "lead_time": {n + 1: case["lead_times"][n] for n in stages},
        "stockout_cost": case["shortage"],
        "demand_source": DemandSource(type="P", mean=case["demand_rate"]),
    }
    cost = expected_cost({n + 1: sum(case["levels"][: n + 1]) for n in stages}, **given)
    best, least = optimize_base_stock_levels(**given)
    echelon = [int(best[n + 1]) for n in stages]
    levels = [high - low for low, high in zip([0, *echelon], echelon, strict=False)]
    return {**case, "cost": float(cost), "best": levels, "least": float(least)}


if __name__ == "__main__":
    FILE.write_text(json.dumps([solved(case) for case in CASES], indent=1) + "\n", encoding="utf-8")
