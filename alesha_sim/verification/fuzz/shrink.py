"""Shrinking: from a world in which a law fails to the smallest one found in which the same law still fails.

Whatever can go is taken out, a half, a quarter, one at a time (Zeller and Hildebrandt 2002, "Simplifying and
isolating failure-inducing input", IEEE Transactions on Software Engineering 28(2)). What can go stands in
`reductions.py`.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

from alesha_sim.recording.levels import ALL
from alesha_sim.scenarios.errors import ScenarioError
from alesha_sim.scenarios.scenario import Scenario
from alesha_sim.verification.fuzz import reductions
from alesha_sim.verification.fuzz.dice import Tree
from alesha_sim.verification.fuzz.random_scenarios import World
from alesha_sim.verification.fuzz.reduced_market import fewer_parties
from alesha_sim.verification.fuzz.trials import Trial, law_of, trial

TRIES = 500
"""How many smaller worlds are tried."""

PIECE_MAX = 64
"""How many things are taken out at once at first."""


class Shrunk(NamedTuple):
    """The smallest trial found in which the law fails, and how many were tried."""

    trial: Trial
    law: str
    tries: int

    @property
    def violations(self) -> list[str]:
        """How the law fails."""
        return [violation for violation in self.trial.violations if law_of(violation) == self.law]


def shrink(found: Trial, *, tries: int = TRIES, progress: Callable[[int], None] | None = None) -> Shrunk:
    """Make the world of a failed trial smaller as long as the law that failed first still fails.

    `progress` gets the number of tries so far. The same trial always gives the same smallest one.
    """
    shrinking = _Shrinking(found, tries, progress)
    if found.world.way != ALL:
        shrinking.run(found.world._replace(way=ALL))
    shrinking.change(reductions.spelt_out(found.world))
    while shrinking.round() and shrinking.left:
        pass
    return Shrunk(shrinking.best, found.law, tries - shrinking.left)


class _Shrinking:
    """The smallest trial so far, and its tree; `left` tries remain."""

    def __init__(self, found: Trial, tries: int, progress: Callable[[int], None] | None) -> None:
        self.best = found
        self.left = self._tries = tries
        self._tree: Tree = found.world.scenario.model_dump(mode="json")
        self._law = found.law
        self._progress = progress

    def change(self, tree: Tree) -> bool:
        """Go on with another tree, if it is a scenario in which the law fails too."""
        if not self.left or tree == self._tree:
            return False
        try:
            scenario = Scenario.model_validate(tree)
        except ScenarioError:
            return False
        if scenario == self.best.world.scenario:  # the same in other words
            return False
        return self.run(self.best.world._replace(scenario=scenario))

    def run(self, world: World) -> bool:
        """Go on with another world, if the law fails in it too."""
        self.left -= 1
        if self._progress is not None:
            self._progress(self._tries - self.left)
        tried = trial(world)
        if self._law not in map(law_of, tried.violations):
            return False
        self.best, self._tree = tried, tried.world.scenario.model_dump(mode="json")
        return True

    def round(self) -> bool:
        """Try once to take out, or to simplify, each thing; tell whether anything has changed."""
        before = self._tree
        for without in (
            reductions.without_visits,
            reductions.without_faults,
            reductions.without_products,
            reductions.without_links,
        ):
            self._take_out(without)
        for simpler in (
            fewer_parties,
            reductions.shorter,
            reductions.earlier,
            reductions.fewer_users,
            reductions.plainer,
            reductions.milder,
            reductions.rounder,
            reductions.single,
        ):
            self._simplify(simpler)
        return self._tree != before

    def _take_out(self, without: Callable[[Tree, int, int], Tree | None]) -> None:
        """Take things out of a list in ever smaller pieces."""
        size = PIECE_MAX
        while size:
            start = 0
            while (tree := without(self._tree, start, start + size)) is not None:
                if not self.change(tree):
                    start += size
            size //= 2

    def _simplify(self, simpler: Callable[[Tree], Iterable[Tree]]) -> None:
        """Try each simpler tree, made again from the tree as it is by then."""
        place = 0
        while (tree := next(islice(simpler(self._tree), place, None), None)) is not None:
            if not self.change(tree):
                place += 1
