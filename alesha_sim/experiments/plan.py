"""Plans: what a study runs, checked as a whole before anything runs.

Contains seeds, points and their labels. How runs are made is in `execution.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from alesha_sim.experiments.designs import Design
from alesha_sim.experiments.identity import identity
from alesha_sim.experiments.job import Job, one_line, packed
from alesha_sim.experiments.series import SERIES, Recording
from alesha_sim.recording.levels import ALL, LEVELS, is_on
from alesha_sim.results.metrics import METRICS
from alesha_sim.scenarios import checked
from alesha_sim.scenarios.errors import Problem, ScenarioError, nearest, scenario_error, shown
from alesha_sim.scenarios.extensions import functions_of
from alesha_sim.scenarios.fields import whole_from
from alesha_sim.simulation.collecting import NAME as COLLECTOR
from alesha_sim.streams import SEED_MAX, Streams, fresh_seed
from alesha_sim.tables.schema import SCHEMA

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario

SEED_LIMIT = 2**53
"""Seeds of runs are below this, so that no reader of JSON rounds them."""


class Point(NamedTuple):
    """One point of a study: which of the plan's scenarios, with which settings, and what its columns show."""

    scenario: int
    settings: Mapping[str, object]
    labels: Mapping[str, object]


class Plan:
    """What a study runs: scenarios, points, seed, and what is recorded of each run. Nothing in it changes.

    Replication k has the same seed at every point, so its named streams are the same (common random numbers).
    Raises ScenarioError, with all problems of all points, unless every run could begin.
    """

    def __init__(
        self,
        kind: str,
        scenarios: Sequence["Scenario"],
        points: Iterable[Point],
        *,
        seed: int | None,
        recording: Recording,
    ) -> None:
        self.kind = kind
        self.scenarios = tuple(scenarios)
        self.points = tuple(points)
        self.is_seeded = seed is not None
        self.seed = fresh_seed() if seed is None else whole_from("seed", seed, 0, SEED_MAX)
        self.recording = recording
        self._parcels = [_packed(scenario, recording) for scenario in self.scenarios]
        self._settings = [_packed_settings(point) for point in self.points]

    @property
    def factors(self) -> tuple[str, ...]:
        """The names of the columns that tell the points apart."""
        return tuple(self.points[0].labels)

    def with_seed(self, seed: int) -> "Plan":
        """Return the same plan with another seed."""
        return Plan(self.kind, self.scenarios, self.points, seed=seed, recording=self.recording)

    def seed_of(self, replication: int) -> int:
        """Return the seed of a replication, the same at every point; it depends on the study's seed alone."""
        return int(Streams(self.seed).generator(f"study:replication:{replication}").integers(SEED_LIMIT))

    def scenario(self, point: int) -> "Scenario":
        """Return the scenario of a point, its settings made; raises ValueError if there is no such point."""
        if not 0 <= point < len(self.points):
            raise scenario_error("point", point, f"must be from 0 to {len(self.points) - 1}")
        scenario = self.scenarios[self.points[point].scenario]
        settings = self.points[point].settings
        return scenario.with_settings(settings) if settings else scenario

    def job(self, point: int, replication: int) -> Job:
        """Return a run to be made."""
        number = self.points[point].scenario
        return Job((point, replication), self.seed_of(replication), self._parcels[number], self._settings[point])

    def label(self, point: int) -> str:
        """Return what a point is called: `bank.workers=2, supplier.lead_time=7 days`."""
        labels = self.points[point].labels
        return (
            str(labels["scenario"])
            if self.kind == "compare"
            else called(self.points[point]) or self.scenarios[0].name
        )

    def identity(self) -> dict[str, Any]:
        """Return what makes this study this one and no other, as JSON can hold it.

        Raises ScenarioError that names an object of the reader's own which has no identity.
        """
        recording = self.recording
        return {
            "kind": self.kind,
            "seed": self.seed,
            "points": [identity(self.scenario(point)) for point in range(len(self.points))],
            "warmup": recording.warmup,
            "series": list(recording.series),
            "every": recording.every,
            "keep": list(recording.keep),
            "metrics": identity(recording.metrics, "metrics"),
            "record": recording.record,
            **self._registered(),
        }

    def _registered(self) -> dict[str, Any]:
        """Return what makes the extensions that are named these ones; nothing where none is."""
        named = [each for point in range(len(self.points)) for each in self.scenario(point).extensions]
        if not any(isinstance(each, str) for each in named):
            return {}
        functions = [functions_of(self.scenario(point)) for point in range(len(self.points))]
        return {"extensions": identity(functions, "extensions")}


# Points


def alone(scenario: "Scenario") -> list[Point]:
    """Return the one point of a scenario as it is."""
    return [Point(0, {}, {})]


def swept(scenario: "Scenario", design: Design) -> list[Point]:
    """Return the points of a design; raises ScenarioError with the problems of all that the scenario refuses."""
    points: list[Point] = []
    found: dict[Problem, int] = {}
    shown = {path: _labels([settings.get(path) for settings in design.points]) for path in design.factors}
    for number, settings in enumerate(design.points):
        labels = {path: shown[path][number] for path in design.factors}
        try:
            scenario.with_settings(settings)
            points.append(Point(0, settings, labels))
        except ScenarioError as error:
            for problem in error.found:
                found.setdefault(problem, number)
    if found:
        size = len(design.points)
        raise ScenarioError(
            problem._replace(rule=f"{problem.rule} (point {number + 1} of {size})")
            for problem, number in found.items()
        )
    return points


def called(point: Point) -> str:
    """Return what a point of a design is called: `bank.workers=2, supplier.lead_time=7 days`."""
    return ", ".join(f"{name}={value}" for name, value in point.labels.items())


def labelled(scenarios: Sequence["Scenario"], labels: Sequence[str] | None) -> list[Point]:
    """Return a point for each of several scenarios; raises ScenarioError unless the labels tell them apart."""
    if len(scenarios) < 2:
        raise scenario_error("scenarios", f"{len(scenarios)} given", "must be two or more to be compared")
    names = numbered([scenario.name for scenario in scenarios]) if labels is None else [*map(str, labels)]
    if len(names) != len(scenarios) or len(set(names)) < len(names):
        raise scenario_error("labels", names, f"must be {len(scenarios)} different texts")
    return [Point(number, {}, {"scenario": name}) for number, name in enumerate(names)]


def numbered(names: Sequence[str]) -> list[str]:
    """Return names that differ: the second of the same becomes `name_2`."""
    found: list[str] = []
    for name in names:
        text, number = name, 1
        while text in found or (text != name and text in names):
            number += 1
            text = f"{name}_{number}"
        found.append(text)
    return found


def _labels(values: Sequence[object]) -> list[object]:
    """Return settings as a column shows them; different ones that would look the same are numbered."""
    alike: dict[str, list[object]] = {}
    places = []
    for value in values:
        others = alike.setdefault(str(_label(value)), [])
        if not any(_is_same(value, other) for other in others):
            others.append(value)
        places.append(next(place for place, other in enumerate(others) if _is_same(value, other)))
    return [
        f"{value} ({place + 1})" if len(alike[str(_label(value))]) > 1 else _label(value)
        for value, place in zip(values, places, strict=True)
    ]


def _is_same(one: object, other: object) -> bool:
    try:
        return one is other or (type(one) is type(other) and bool(one == other))
    except ValueError:  # arrays, which have no one answer
        return False


def _label(value: object) -> object:
    """Return a setting as a column shows it: numbers and texts as they are, all else as text."""
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def _packed(scenario: "Scenario", recording: Recording) -> bytes:
    """Return a scenario as workers get it; raises ScenarioError that names what cannot be sent to them."""
    try:
        return packed(scenario, recording)
    except Exception as error:
        identity(scenario)
        identity(recording.metrics, "metrics")
        raise scenario_error("scenario", scenario.name, f"cannot be sent to workers: {one_line(error)}") from error


def _packed_settings(point: Point) -> bytes:
    """Return a point's settings as workers get them; raises ScenarioError for what cannot be sent to them."""
    try:
        return packed(dict(point.settings)) if point.settings else b""
    except Exception as error:
        rule = f"cannot be sent to workers: {one_line(error)}"
        raise scenario_error("settings", ", ".join(point.settings), rule) from error


# Checks


def check_metrics(field: str, names: Iterable[str], own: object = None) -> None:
    """Raise ScenarioError for metrics that no run can have; with metrics of your own only a run can tell."""
    unknown = [name for name in names if name not in METRICS]
    if unknown and own is None:
        raise ScenarioError(
            Problem(field, repr(name), f"unknown metric: {nearest(name, METRICS)}") for name in unknown
        )


def baseline_of(labels: Sequence[str], baseline: str | int) -> int:
    """Return the number of the point that a label or a number names; raises ScenarioError if none does."""
    if isinstance(baseline, str):
        if baseline not in labels:
            raise scenario_error("baseline", baseline, f"unknown point: {nearest(baseline, labels)}")
        return labels.index(baseline)
    if isinstance(baseline, bool) or baseline not in range(len(labels)):
        raise scenario_error("baseline", baseline, f"must be a label, or from 0 to {len(labels) - 1}")
    return baseline


def recording_of(scenarios: Sequence["Scenario"], options: Mapping[str, Any]) -> Recording:
    """Return what is recorded of each run, from the options as users write them; raises ScenarioError."""
    from alesha_sim.scenarios.fields import seconds

    scenarios = [checked(scenario) for scenario in scenarios]
    found: list[Problem] = []
    durations = {}
    for name in ("warmup", "every"):
        given = options.get(name)
        try:
            durations[name] = 0.0 if given is None else seconds(given)
        except ScenarioError as error:
            found += [problem.prefixed(name) for problem in error.found]
    shortest = min(scenario.horizon for scenario in scenarios)
    for name, length in durations.items():
        if length >= shortest:
            found.append(Problem(name, str(options[name]), f"must be less than the horizon of {shortest:g} s"))
    # Only a run can tell which series an extension collects.
    collects = any(scenario.extensions for scenario in scenarios)
    known = {"series": None if collects else tuple(SERIES), "keep": tuple(SCHEMA)}
    series, keep = (_names(name, options.get(name, ()), valid, found) for name, valid in known.items())
    metrics = options.get("metrics")
    if metrics is not None and not callable(metrics):
        found.append(Problem("metrics", repr(metrics), "must be a function of a result"))
    record = options.get("record", ALL)
    if record not in LEVELS:
        found.append(Problem("record", shown(record), f"must be one of {', '.join(LEVELS)}"))
        record = ALL
    recording = Recording(durations.get("warmup", 0.0), series, durations.get("every", 0.0), keep, metrics, record)
    found += _unrecorded(recording, options)
    if found:
        raise ScenarioError(found)
    return recording


def _unrecorded(recording: Recording, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for each option that needs tables which the level of the runs does not record."""
    record = recording.record
    if record != ALL:
        off = [table for table in recording.keep if not is_on(table, record)]
        warmup = recording.warmup and options["warmup"]
        needs = {"warmup": warmup, "series": list(recording.series), "keep": off}
        rule = f"needs tables that record={record!r} leaves out: must come with record={ALL!r}"
        yield from (Problem(name, shown(value), rule) for name, value in needs.items() if value)


def _names(field: str, given: object, valid: Sequence[str] | None, found: list[Problem]) -> tuple[str, ...]:
    """Return the names that a field lists; without `valid` ones any will do that can name a folder."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        found.append(Problem(field, repr(given), f"must be a list of names: {nearest(given, valid or SERIES)}"))
        return ()
    for name in given:
        if valid is None:
            if not (isinstance(name, str) and COLLECTOR.fullmatch(name)):
                found.append(Problem(field, repr(name), "must be the name of a series or of a collector"))
        elif name not in valid:
            found.append(Problem(field, repr(name), f"unknown name: {nearest(name, valid)}"))
    return tuple(dict.fromkeys(given))
