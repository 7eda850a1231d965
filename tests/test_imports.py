"""What importing the package costs, seen from a fresh interpreter."""

import json
import subprocess
import sys

import pytest

import alesha_sim

HEAVY = {"pydantic", "pandas", "matplotlib", "pyarrow", "IPython"}


def in_fresh_interpreter(code):
    """Run `code` in a new process and return what it assigned to `answer`."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import json\n{code}\nprint(json.dumps(answer))"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def loaded_by(statement):
    modules = in_fresh_interpreter(f"import sys\n{statement}\nanswer = sorted(sys.modules)")
    return {name.partition(".")[0] for name in modules} & HEAVY


@pytest.mark.parametrize(
    "statement",
    [
        "import alesha_sim",
        "import alesha_sim.cli",
        "import alesha_sim.exports",
        "import alesha_sim.scenarios",
        "from alesha_sim import Simulation, Result, simulate, scenarios, entities, policies, distributions",
        "import alesha_sim; alesha_sim.scenarios.names()",
    ],
)
def test_importing_loads_no_heavy_package(statement):
    assert loaded_by(statement) == set()


@pytest.mark.parametrize("line", ["--help", "--version", "list", "list --json", "run --help", "no_such_command"])
def test_a_command_that_runs_nothing_loads_the_standard_library_alone(line):
    before, after = modules_around(line.split())
    assert {name.partition(".")[0] for name in after - before} - set(sys.stdlib_module_names) == {"alesha_sim"}


@pytest.mark.parametrize(
    ("argv", "loaded"),
    [
        (["new", "market.toml"], set()),
        (["show", "first_purchase"], {"pydantic"}),
        (["run", "first_purchase", "--seed", "1"], {"pydantic"}),
        (["run", "first_purchase", "--json"], {"pydantic"}),
        (["balances", "first_purchase"], {"pydantic"}),
        (["schema"], {"pydantic"}),
    ],
)
def test_a_command_loads_pydantic_at_most_unless_it_draws_or_writes_tables(argv, loaded, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before, after = modules_around(argv)
    assert {name.partition(".")[0] for name in after - before} & (HEAVY | {"scipy", "joblib", "tqdm"}) == loaded


def modules_around(argv):
    """Return the names of all modules before a command and after it, in a process of its own."""
    before, after = in_fresh_interpreter(
        f"import contextlib, io, sys\nbefore = sorted(sys.modules)\nfrom alesha_sim.cli import main\n"
        f"with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):\n"
        f"    main({argv!r})\nanswer = before, sorted(sys.modules)"
    )
    return set(before), set(after)


def test_the_probe_sees_a_heavy_package():
    assert loaded_by("import pandas") >= {"pandas"}


def test_every_public_name_is_there():
    missing = in_fresh_interpreter(
        "import alesha_sim\n"
        "answer = [name for name in alesha_sim.__all__ if getattr(alesha_sim, name, None) is None]"
    )
    assert missing == []


def test_the_package_shows_its_public_names_and_no_others():
    listed, shown = in_fresh_interpreter(
        "import alesha_sim\n"
        "answer = sorted(alesha_sim.__all__), [name for name in dir(alesha_sim) if name[0] != '_']"
    )
    assert shown == listed


def test_an_unknown_name_is_an_attribute_error():
    message = in_fresh_interpreter(
        "import alesha_sim\n"
        "try:\n    alesha_sim.Skenario\n"
        "except AttributeError as error:\n    answer = str(error)"
    )
    assert "Skenario" in message


def test_reading_a_saved_result_loads_no_simpy(tmp_path):
    alesha_sim.simulate(alesha_sim.scenarios.first_purchase(), seed=1).save(tmp_path / "out")
    read = f"from alesha_sim.results import Result\nread = Result.load({str(tmp_path / 'out')!r})"
    asked = "found = read.metrics(), read.check(), read.orders, read.follow(1)"
    assert "simpy" not in in_fresh_interpreter(f"import sys\n{read}\n{asked}\nanswer = sorted(sys.modules)")
