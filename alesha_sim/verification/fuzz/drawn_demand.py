"""The visits of a random world: demand of every kind, few visits in all."""

from alesha_sim.units import DAY, WEEK
from alesha_sim.verification.fuzz.dice import HUGE, Dice, Outline, Tree, short


def demand(dice: Dice, outline: Outline) -> Tree:
    """Draw demand of any kind; of several kinds together, each brings its part of the visits."""
    if dice.chance(0.1):
        parts = dice.whole(1, 3)
        fewer = outline._replace(visits=short(outline.visits / parts))
        return {"kind": "mixture", "parts": [_of_one_kind(dice, fewer) for _ in range(parts)]}
    return _of_one_kind(dice, outline)


def _of_one_kind(dice: Dice, outline: Outline) -> Tree:
    draw = dice.one_of(
        _poisson, _poisson, _poisson, _replay, _replay, _single, _flash, _waves, _bg_nbd, _pareto_nbd
    )
    return draw(dice, outline)


def _basket(dice: Dice, outline: Outline) -> Tree:
    """Draw what is bought: huge amounts are paid for few units."""
    units = dice.one_of(1, 1.5) if outline.unit >= HUGE else dice.one_of(1, 1.5, 4)
    return {"units": units, "shares": _shares(dice, outline)}


def _shares(dice: Dice, outline: Outline) -> Tree | None:
    return dict(zip(outline.skus, dice.weights(len(outline.skus)), strict=True)) if dice.chance(0.3) else None


def _instant(dice: Dice, outline: Outline) -> float:
    """Draw an instant before the horizon; many things happen at the same one."""
    return dice.one_of(0.0, 1.0, dice.evenly(0, 0.9 * outline.horizon))


def _poisson(dice: Dice, outline: Outline) -> Tree:
    return {
        "kind": "poisson",
        "visits_per_day": short(outline.visits / outline.horizon * DAY),
        "buy_share": dice.one_of(0.9, 0.9, 1),
        "profile": dice.weights(24) if dice.chance(0.2) else None,
        "week": dice.weights(7) if dice.chance(0.2) else None,
        "seasons": dice.weights(12) if dice.chance(0.2) else None,
        "growth": dice.one_of(1, 1, 1, 0.5, 3),
        **_basket(dice, outline),
    }


def _single(dice: Dice, outline: Outline) -> Tree:
    wanted = {sku: dice.whole(1, 2 if outline.unit >= HUGE else 3) for sku in dice.some(outline.skus, 3)}
    user = dice.whole(0, outline.users - 1)
    return {"kind": "single", "at": _instant(dice, outline), "user": user, "quantities": wanted}


def _flash(dice: Dice, outline: Outline) -> Tree:
    visits = min(round(outline.visits), outline.users)
    rush = dice.one_of(0.0, dice.widely(0.1, outline.horizon))
    return {
        "kind": "flash",
        "at": _instant(dice, outline),
        "visits": visits,
        "rush": rush,
        **_basket(dice, outline),
    }


def _waves(dice: Dice, outline: Outline) -> Tree:
    waves = dice.whole(1, 3)
    return {"kind": "waves", "waves": [_wave(dice, outline, outline.visits / waves) for _ in range(waves)]}


def _wave(dice: Dice, outline: Outline, visits: float) -> Tree:
    duration = dice.widely(0.1, 0.1 * outline.horizon)
    at = _instant(dice, outline)
    return {"at": at, "duration": duration, "visits": round(visits), **_basket(dice, outline)}


def _replay(dice: Dice, outline: Outline) -> Tree:
    """Draw recorded visits, of which many come at one instant, with units of products or of any product.

    The horizon cuts some of them off, if that is asked for.
    """
    instants = sorted(_instant(dice, outline) for _ in range(round(outline.visits)))
    cut = dice.chance(0.2)
    if cut:
        instants += [short(outline.horizon * later) for later in (1, 1.5)]
    columns: Tree = {"at": instants, "user": [dice.whole(0, outline.users - 1) for _ in instants]}
    most = 1 if outline.unit >= HUGE else 3
    if dice.chance(0.3):
        columns["units"] = [dice.one_of(0, 1, 1, most) for _ in instants]
        return {"kind": "replay", "visits": columns, "cut": cut, "shares": _shares(dice, outline)}
    wanted = outline.skus if len(outline.skus) < 10 else dice.some(outline.skus, 10) or outline.skus[:1]
    columns |= {sku: [dice.one_of(0, 1, 1, most) for _ in instants] for sku in wanted}
    return {"kind": "replay", "visits": columns, "cut": cut}


def _repeats(dice: Dice, outline: Outline) -> Tree:
    """Draw what both models of repeat buying share: rates at which all users together make about the visits."""
    weeks, r = outline.horizon / WEEK, dice.one_of(0.5, 1, 3)
    alpha = short(max(r * weeks * outline.users / outline.visits, 1e-6))
    return {
        "weeks": short(weeks * dice.one_of(0.5, 1, 2)),
        "r": r,
        "alpha": alpha,
        "entry_weeks": short(weeks * dice.one_of(0, 0.1, 0.5)),
        **_basket(dice, outline),
    }


def _bg_nbd(dice: Dice, outline: Outline) -> Tree:
    drop_out = {"a": dice.one_of(0.5, 1, 3), "b": dice.one_of(1, 4, 10)}
    return {"kind": "bg_nbd"} | _repeats(dice, outline) | drop_out


def _pareto_nbd(dice: Dice, outline: Outline) -> Tree:
    drop_out = {"s": dice.one_of(0.5, 1, 3), "beta": short(outline.horizon / WEEK * dice.one_of(0.3, 1, 3))}
    return {"kind": "pareto_nbd"} | _repeats(dice, outline) | drop_out
