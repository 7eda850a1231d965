"""The scenario: everything that a run needs to know, as one frozen value.

Contains the whole and the rules that join its parts. How it is read from a file stands in `files.py`, how
settings change it in `settings.py`.
"""

import math
import re
from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError, model_validator

from alesha_sim.distributions import Distribution
from alesha_sim.scenarios import files, settings, summary_html
from alesha_sim.scenarios.bounds import money_problems, opening_of_organisations, unbounded
from alesha_sim.scenarios.cross_checks import NO_HORIZON
from alesha_sim.scenarios.cross_checks import contradictions as between_parts
from alesha_sim.scenarios.demand import visit_draws
from alesha_sim.scenarios.demand.base import Market, Visits
from alesha_sim.scenarios.errors import Problem, ScenarioError, scenario_error
from alesha_sim.scenarios.market import Clearing, plural
from alesha_sim.scenarios.market_checks import problems as market_problems
from alesha_sim.scenarios.network_checks import problems as network_problems
from alesha_sim.scenarios.network_checks import unknown_in
from alesha_sim.scenarios.scenario_fields import ALL_MONEY, ScenarioFields, checked
from alesha_sim.streams import Streams
from alesha_sim.units import AMOUNT_MAX, MICROSECONDS, total
from alesha_sim.vocabulary import ORGANISATIONS

if TYPE_CHECKING:
    from pandas import DataFrame

Value = TypeVar("Value")


class Scenario(ScenarioFields):
    """A frozen description of a run: who trades what, when users come, how fast everybody works.

    Amounts are in major units of `currency`, durations in seconds, instants in seconds from `start`. Raises
    ScenarioError (a ValueError) with all faults at once.
    """

    if TYPE_CHECKING:  # what is given is validated: "1 day" becomes seconds, a table becomes a part

        def __init__(self, **fields: Any) -> None: ...

    @classmethod
    def _translated(cls, error: ValidationError, given: Mapping[str, Any] | None) -> ScenarioError:
        found = list(super()._translated(error, given).found)
        if given is not None and (unknown := unknown_in(given)):
            places = {name: place for place, name in enumerate(cls.model_fields)}
            found = [*unknown, *found]
            found.sort(key=lambda problem: places.get(re.split(r"[.\[]", problem.field)[0], len(places)))
        if given is not None and given.get("horizon") is None and NO_HORIZON not in found:
            demand = given.get("demand")
            kind = demand.get("kind") if isinstance(demand, Mapping) else getattr(demand, "kind", None)
            found = found if kind in ("replay", "mixture") else [NO_HORIZON, *found]
        return ScenarioError(found)

    @model_validator(mode="after")
    def _check_combination(self) -> Self:
        checked(self, market_problems(self))
        if self.clearing is None and len(self.banks) > 1:
            self.__dict__["clearing"] = Clearing()
        checked(self, network_problems(self))
        checked(self, [*between_parts(self), *unbounded(self)])
        for role in ORGANISATIONS:
            if getattr(self, plural(role)):
                self.__dict__.pop(role, None)  # `scenario.shop` is the one that is named, or an error
        return self

    def visits(self, seed: int) -> Visits:
        """Draw (or read) the intended visits, sorted by instant and all before the horizon.

        Raises ScenarioError for a replay file that cannot be used and for visits too large for 64 bits of money.
        """
        streams = Streams(seed)
        market = Market(self.users.count, self.skus, self.horizon, self.start)
        try:
            at, user, quantities, cut = self.demand.purchases(market, streams)
        except ScenarioError as error:
            raise ScenarioError(problem.prefixed("demand") for problem in error.found) from None
        at = np.rint(at * MICROSECONDS) / MICROSECONDS
        order = np.argsort(at, kind="stable")
        order = order[at[order] < self.horizon]
        slips = streams.generator("demand:wrong_secret").random(len(order)) < self.users.wrong_secret
        bounds = np.cumsum(self.users.attacks.shares)
        drawn_at_random = streams.generator("demand:attack").random(len(order))
        attacks = np.searchsorted(bounds, drawn_at_random, side="right")
        intent = np.where(attacks < len(bounds), attacks + 1, 0).astype(np.int8)
        at_door = visit_draws.pays_at_door(self.users, user[order], streams)
        draws = visit_draws.draws(self, len(order), streams)
        drawn = Visits(at[order], user[order], quantities[order], slips, intent, at_door, draws, cut)
        self._check_totals(drawn)
        return drawn

    def ending(self, drawn: Visits) -> Self:
        """Return the scenario with a horizon: its own, or the first microsecond after the last of its visits."""
        if self.horizon < math.inf:
            return self
        last = round(float(drawn.at[-1]) * MICROSECONDS)
        ended = self.model_copy(update={"horizon": (last + 1) / MICROSECONDS})
        return checked(ended, list(unbounded(ended)))

    def demand_table(self, seed: int) -> "DataFrame":
        """Return the intended visits as a DataFrame: `at` (seconds), `user`, the units of each SKU."""
        from pandas import DataFrame

        drawn = self.visits(seed)
        columns = {sku: drawn.quantities[:, n] for n, sku in enumerate(self.skus)}
        return DataFrame({"at": drawn.at, "user": drawn.user, **columns})

    def opening_balances(self, seed: int) -> NDArray[np.int64]:
        """Draw what each user has in the bank at the start, in minor units.

        Raises ScenarioError when all money together would not fit 64 bits.
        """
        given, users = self.users.opening_balance, self.users.count
        others = opening_of_organisations(self)
        if isinstance(given, Distribution):
            drawn = given.draw(Streams(seed).generator("users:opening_balance"), users) * self.currency.scale
            # The sum is checked as floats, which do not wrap around; the margin is more than their error.
            if not drawn.sum() + others < AMOUNT_MAX * 0.999:
                raise ScenarioError([Problem("users.opening_balance", str(given), ALL_MONEY)])
            balances = np.rint(drawn).astype(np.int64)
            checked(self, list(money_problems(self, total(balances))))
            return balances
        return np.full(users, self.currency.minor(given), dtype=np.int64)

    def with_settings(self, changes: Mapping[str, object]) -> Self:
        """Return the scenario with fields changed by their dotted path, all together validated once.

        `{"bank.workers": 3, "catalogue.hp-laptop.price": 450, "network.links.user->shop.latency": "1 s"}`, and of
        several shops by name `{"shops.daraz.workers": 3}`; setting the kind of something drops the other fields
        of its old kind. Raises ScenarioError.
        """
        tree, found = settings.changed(self, changes)
        try:
            scenario = type(self).model_validate(tree)
        except ScenarioError as error:
            raise ScenarioError([*found, *error.found]) from None
        return checked(scenario, found)

    def diff(self, other: "Scenario") -> str | None:
        """Name the first field that differs, such as `users.count: 1 against 2`; None if none does."""
        found = settings.differences(self, other)
        if not found:
            return None
        (path, mine, theirs), *more = found
        return f"{path}: {mine} against {theirs}" + (f" (and {len(more)} more fields)" if more else "")

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Make a scenario from TOML text; raises ScenarioError."""
        return cls.model_validate(files.table(text))

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Self:
        """Read a TOML file; a replay file named in it is looked for beside it. Raises ScenarioError."""
        return cls.model_validate(files.read(path))

    def to_toml(self) -> str:
        """Return the scenario as TOML text with every field that has a value."""
        return files.text(self.model_dump())

    def write(self, path: str | PathLike[str]) -> None:
        """Write a TOML file that `read` understands; raises ScenarioError when a policy is the user's own."""
        files.write(path, self.model_dump())

    def _repr_html_(self) -> str:
        return summary_html.html(self)

    def _dearest(self) -> list[int]:
        """Return the highest price or charge of each product, at any shop or supplier and instant; minor units."""
        most = {product.sku: max(product.price, product.charge) for product in self.catalogue}
        for each in self.organisations:
            dated = [(price.sku, price.price) for price in getattr(each.terms, "prices", ())]
            for sku, amount in (*dated, *getattr(each.terms, "charges", {}).items()):
                most[sku] = max(most[sku], amount)
        return [self.currency.minor(amount) for amount in most.values()]

    def _check_totals(self, wanted: Visits) -> None:
        """Refuse a visit whose goods are worth more than a 64-bit amount, and visits that are so all together."""
        dearest = self._dearest()
        if self.users.choice is not None:  # which may put any product into the cart
            dearest = [max(dearest)] * len(dearest)
        # Floats do not wrap around; what comes near the limit is worth looking at exactly.
        for n in np.flatnonzero(wanted.quantities @ np.array(dearest, dtype=np.float64) > AMOUNT_MAX / 2):
            total = sum(price * int(units) for price, units in zip(dearest, wanted.quantities[n], strict=True))
            if total > AMOUNT_MAX:
                visit = f"demand: visit of user {wanted.user[n]} at {wanted.at[n]:g} s"
                raise scenario_error(visit, self.currency.text(total), "must fit in 64 bits of minor units")
        wanted_units = wanted.quantities.sum(axis=0).tolist()  # each is below 2**31, and so are the visits
        turnover = sum(price * units for price, units in zip(dearest, wanted_units, strict=True))
        transports = [each.terms.return_transport for each in self.organisations if each.role == "supplier"]
        turnover += len(wanted.at) * self.currency.minor(max(transports))
        if turnover > AMOUNT_MAX:
            raise scenario_error("demand: all visits", self.currency.text(turnover), _ALL_SALES)


_ALL_SALES = "goods and what it may cost to bring them back must fit in 64 bits of minor units"
