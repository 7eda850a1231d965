"""What a random world's network is like, and what goes wrong in it: links, crashes, outages and degradations."""

from alesha_sim.scenarios.bounds import DOUBLINGS
from alesha_sim.scenarios.channels import BOTH, LINKS
from alesha_sim.scenarios.injected_faults import ENTITIES
from alesha_sim.verification.fuzz.dice import Dice, Tree, exact, short

LATENCIES = (0, 0.05, 0.05, 1, 10, 100)
"""Mean latencies, seconds; the longest are as long as a typical crash."""

FOR_EVER = 1e8
"""Seconds of an outage after which nobody asks any more, three years: 200 rounds of some days are over."""


def network(dice: Dice, *, is_lossy: bool) -> tuple[Tree, float]:
    """Draw the links, and return also the longest mean latency."""
    means = {"": dice.one_of(*LATENCIES)} | {name: dice.one_of(*LATENCIES) for name in dice.some(LINKS, 4)}
    slowest = max(means.values())
    tables = {name: _link(dice, mean, slowest, is_lossy=is_lossy) for name, mean in means.items()}
    default = tables.pop("")
    some = {name: {field: table[field] for field in dice.some(list(table), 7)} for name, table in tables.items()}
    return {"default": default, "links": some}, slowest


def _link(dice: Dice, mean: float, slowest: float, *, is_lossy: bool) -> Tree:
    """Draw a link; askers may ask again long before an answer can be there."""
    return {
        "latency": dice.spread(mean),
        "loss": dice.one_of(0, 0.05, 0.3, 0.6) if is_lossy else 0,
        "duplication": dice.one_of(0, 0.05, 0.3, 1) if is_lossy else 0,
        "timeout": short(dice.widely(0.5, 20) * max(slowest, 0.2)),
        "attempts": dice.one_of(None, None, dice.whole(1, 8)),
        "backoff": dice.one_of(1, 1.5, 2, 2),
        "jitter": dice.one_of(0, 0, 0.3, 0.9),
    }


def faults(dice: Dice, horizon: float) -> list[Tree]:
    """Draw crashes, outages and degradations, of which many go on when the visits are over."""
    found = [fault for entity in ENTITIES for fault in crashes(dice, entity, horizon)]
    for kind in ("outage", "degradation"):
        for _ in range(dice.one_of(0, 0, dice.whole(1, 3))):
            start, duration = dice.one_of(0.0, dice.evenly(0, 2 * horizon)), dice.widely(0.1, horizon)
            fault: Tree = {
                "kind": kind,
                "link": dice.one_of(*LINKS).replace("->", dice.one_of("->", BOTH)),
                "start": start,
                "duration": duration,
            }
            if kind == "degradation":
                fault |= {"loss": dice.one_of(0, 0.5, 1), "duplication": dice.one_of(0, 0.5, 1)}
                fault["latency"] = dice.one_of(None, dice.spread(dice.widely(0.1, 100)))
            found.append(fault)
    return dice.some(found, len(found)) if dice.chance(0.3) else found


def crashes(dice: Dice, entity: str, horizon: float) -> list[Tree]:
    """Draw crashes of one entity, one after the other; some come at the instant of a restart."""
    found: list[Tree] = []
    at = exact(dice.one_of(0.0, dice.evenly(0, horizon), dice.evenly(0, 1.5 * horizon)))
    for _ in range(dice.one_of(0, 1, dice.whole(0, 12))):
        start = at + exact(dice.one_of(0.0, dice.widely(0.01, 10), dice.widely(0.01, horizon)))
        lasting = dice.one_of(dice.widely(0.01, 1), dice.widely(0.1, 100), dice.widely(0.1, horizon))
        duration = exact(lasting) or exact(0.1)
        found.append({"kind": "crash", "entity": entity, "start": start, "duration": duration})
        at = start + duration
    return found


def silence(dice: Dice, tree: Tree) -> None:
    """Draw a link that never comes back, or an organisation that never restarts, so that orders stay in doubt.

    Either the asker gives up after a number of attempts, or the run is cut off.
    """
    horizon = tree["horizon"]
    start = dice.one_of(0.0, *(dice.evenly(0, horizon) for _ in range(4)))
    if dice.chance(0.3):
        entity = dice.one_of(*ENTITIES)
        others = [f for f in tree["faults"] if f.get("entity") != entity or f["start"] + f["duration"] <= start]
        last = {"kind": "crash", "entity": entity}
    else:
        others, last = (
            tree["faults"],
            {"kind": "outage", "link": dice.one_of(*LINKS).replace("->", dice.one_of("->", BOTH))},
        )
    tree["faults"] = [*others, last | {"start": start, "duration": FOR_EVER}]
    # Of income that the bank gives up telling of nothing is on record, so the books would differ forever.
    is_unheard = "income" in tree["users"] and last.get("link") in ("bank->user", "bank<->user", "user<->bank")
    if dice.chance(0.2) or is_unheard:
        tree["drain"] = dice.one_of(0, horizon, short(10 * horizon))
        return
    for link in (tree["network"]["default"], *tree["network"]["links"].values()):
        link |= {"attempts": dice.whole(1, 2)}
    tree["network"]["default"].setdefault("timeout", 10)


def keep_bounds(tree: Tree) -> None:
    """Let waits grow on links on which a long silence would be met by more attempts than a scenario may have."""
    default = tree["network"]["default"]
    longest = max((fault["duration"] for fault in tree["faults"]), default=0.0)
    for link in (default, *tree["network"]["links"].values()):
        timeout = link.get("timeout", default.get("timeout"))
        if link.get("backoff") == 1 and timeout is not None and timeout * 2**DOUBLINGS < longest:
            link["backoff"] = 1.5
