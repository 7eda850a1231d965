"""What makes a release: the changelog's section, the Pythons found, the tests that wheels are tried with."""

import importlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
from email.parser import Parser
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import pytest
from conftest import needs

import alesha_sim

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGE = "alesha_sim"
LOG = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2027-01-01\n\n### Added\n\n- this\n\n## [0.1.0]\n\n- that\n"


@pytest.fixture
def tool(monkeypatch):
    """Give a function that loads one of the scripts in `tools`."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module


def test_a_version_has_its_section_of_the_changelog(tool):
    section = tool("changelog").section
    assert section(LOG, "0.2.0") == "### Added\n\n- this\n"
    assert section(LOG, "0.1.0") == "- that\n"


@pytest.mark.parametrize("version", ["0.3.0", "0x1.0", "0.2"])
def test_a_version_without_a_section_is_refused(tool, version):
    with pytest.raises(ValueError, match=f"no section for version {version}"):
        tool("changelog").section(LOG, version)


def test_a_tag_must_name_the_version_of_the_project(tool):
    assert tool("changelog").checked("v0.2.0", "0.2.0") == "0.2.0"
    with pytest.raises(ValueError, match=r"tag v0\.2\.1: must be v0\.2\.0"):
        tool("changelog").checked("v0.2.1", "0.2.0")


def test_hosted_builds_try_what_local_builds_try(tool):
    command = PROJECT["tool"]["cibuildwheel"]["test-command"].split()
    assert [Path(word).name for word in command if word.startswith("tests/")] == list(tool("wheels").TRIED)
    assert all((ROOT / "tests" / name).exists() for name in tool("wheels").TRIED)


def test_hosted_builds_cover_the_pythons_that_local_builds_look_for(tool):
    wheels = tool("wheels")
    names = [f"cp3{minor}-*" for minor in range(wheels.OLDEST, wheels.NEWEST + 1)]
    assert PROJECT["tool"]["cibuildwheel"]["build"] == names


def test_a_python_that_is_none_or_too_old_is_not_built_for(tool, tmp_path):
    old = tmp_path / "python3.10"
    old.write_text("#!/bin/sh\necho 3 10 1\n", "utf-8")
    bare = tmp_path / "python3.12"
    bare.write_text("#!/bin/sh\necho 3 12 0\n", "utf-8")
    good = tmp_path / "python3.13"
    good.write_text("#!/bin/sh\necho 3 13 1\n", "utf-8")
    for path in (old, bare, good):
        path.chmod(0o755)
    named = [str(path) for path in (old, bare, good, tmp_path / "nothing")]
    assert tool("wheels").at_hand(named) == [((3, 13), str(good))]


def test_pyenv_versions_are_sorted_by_number(tool):
    assert sorted(["3.12.10", "3.12.9", "3.12.1"], key=tool("wheels").numbers)[-1] == "3.12.10"


@pytest.mark.parametrize(("value", "wanted"), [("0", False), ("1", True)])
def test_a_build_compiles_when_the_environment_says_so(tool, monkeypatch, value, wanted):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("ALESHA_COMPILE", value)
    assert tool("hatch_build")._is_wanted() is wanted


@pytest.fixture
def required(monkeypatch, tmp_path):
    """Give a function that builds an archive or a wheel without the compiler, and returns what it requires."""
    needs("hatchling")
    shutil.copytree(ROOT / PACKAGE, tmp_path / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "hatch_build.py"):
        shutil.copy(ROOT / name, tmp_path)

    def build(target, wish):
        monkeypatch.setenv("ALESHA_COMPILE", wish)
        monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=0))
        builder = importlib.import_module(f"hatchling.builders.{target}")
        made = getattr(builder, f"{target.capitalize()}Builder")(str(tmp_path))
        (path,) = made.build(directory=str(tmp_path / "dist"), versions=["standard"])
        return path, Parser().parsestr(metadata(path)).get_all("Requires-Dist")

    return build


def metadata(path):
    """Return the metadata in an archive of source or in a wheel."""
    if path.endswith(".tar.gz"):
        with tarfile.open(path) as files:
            (name,) = (name for name in files.getnames() if name.endswith("/PKG-INFO"))
            return files.extractfile(name).read().decode()
    with ZipFile(path) as files:
        (name,) = (name for name in files.namelist() if name.endswith(".dist-info/METADATA"))
        return files.read(name).decode()


def test_compiled_wheels_alone_require_what_machine_code_uses(required):
    (uses,) = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]["uses"]
    found = {}
    for target, wish in (("sdist", "0"), ("sdist", "1"), ("wheel", "0"), ("wheel", "1")):
        path, lines = required(target, wish)
        assert sum("extra ==" not in line for line in lines) >= len(PROJECT["project"]["dependencies"])
        found[target, wish] = any(line.startswith("librt") for line in lines), path.endswith("-none-any.whl")
    assert uses.startswith("librt>=")
    assert found == {
        ("sdist", "0"): (False, False),
        ("sdist", "1"): (False, False),
        ("wheel", "0"): (False, True),
        ("wheel", "1"): (True, False),
    }


@pytest.fixture
def without_lock(monkeypatch):
    """Let this Python seem to be a free-threaded one."""
    values = sysconfig.get_config_var
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: name == "Py_GIL_DISABLED" or values(name))


@pytest.mark.parametrize("value", ["0", "auto"])
def test_a_free_threaded_python_gets_the_library_in_python_alone(tool, monkeypatch, without_lock, value):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("ALESHA_COMPILE", value)
    assert tool("hatch_build")._is_wanted() is False


def test_to_compile_for_a_free_threaded_python_is_refused(tool, monkeypatch, without_lock):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("ALESHA_COMPILE", "1")
    with pytest.raises(RuntimeError, match="ALESHA_COMPILE=1: must be 0 or auto on a free-threaded Python"):
        tool("hatch_build")._is_wanted()


def test_no_compiled_wheel_is_built_for_a_free_threaded_python(tool, capsys, without_lock):
    exec(tool("wheels").PROBE)
    assert capsys.readouterr().out == "{} {} 0\n".format(*sys.version_info)


def test_an_unknown_wish_is_refused(tool, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("ALESHA_COMPILE", "yes")
    with pytest.raises(ValueError, match="ALESHA_COMPILE: 'yes': must be 0, 1 or auto"):
        tool("hatch_build")._is_wanted()


def test_the_changelog_tool_prints_one_line_for_a_version_it_does_not_know():
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "changelog.py"), "v9.9.9"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"tag v9.9.9: must be v{PROJECT['project']['version']}, the version in pyproject.toml\n"


def test_the_wheel_of_python_alone_is_not_compiled_by_a_compiler_at_hand():
    script = (ROOT / "tools" / "wheels.py").read_text("utf-8")
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    assert (
        script.count('"wheel"') - 1 == script.count("ALESHA_COMPILE=") == 2
    )  # once among the packages to install
    assert re.search(r'hatchling build -d dist\n\s+env:\n\s+ALESHA_COMPILE: "0"', workflow)


# The version, and the tools that check a change


def pinned():
    """Return the version of each package in constraints.txt, by its name in small letters."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    parts = (line.partition("==") for line in lines)
    return {name.lower().replace("_", "-"): version for name, _, version in parts if version}


def test_every_file_that_names_the_version_names_the_same():
    version = PROJECT["project"]["version"]
    assert alesha_sim.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_the_changelog_has_a_section_for_the_version_and_for_what_comes_next(tool):
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)
    assert versions[:2] == ["Unreleased", PROJECT["project"]["version"]]
    assert all(tool("changelog").section(text, version) for version in versions[1:])


def test_no_line_of_the_changelog_stands_under_two_versions():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    lines = [
        " ".join(entry.split()) for entry in re.split(r"^(?=- |#)", text, flags=re.MULTILINE) if entry[:1] == "-"
    ]
    assert len(lines) > 100
    assert [line for line in set(lines) if lines.count(line) > 1] == []


def test_pre_commit_has_the_tested_ruff_and_mypy():
    text = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    revisions = dict(re.findall(r"repo: \S+/(\S+)\n    rev: v(\S+)", text))
    assert revisions == {"ruff-pre-commit": pinned()["ruff"], "mirrors-mypy": pinned()["mypy"]}
    others = re.findall(r"- ([\w-]+)==(\S+)", text)
    assert len(others) > 5
    assert [other for other in others if pinned()[other[0].lower().replace("_", "-")] != other[1]] == []


def test_continuous_integration_runs_one_script_on_every_python_that_wheels_are_built_for(tool):
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    (pythons,) = re.findall(r"python: \[(.*)\]", text)
    wheels = tool("wheels")
    assert pythons.split(", ") == [f'"3.{minor}"' for minor in range(wheels.OLDEST, wheels.NEWEST + 1)]
    assert re.findall(r"- run: (.*)", text) == [".ci/run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    classifiers = [f"Programming Language :: Python :: {python[1:-1]}" for python in pythons.split(", ")]
    assert set(classifiers) <= set(PROJECT["project"]["classifiers"])


def test_a_change_of_documentation_needs_pytest_and_ruff_only():
    extras = PROJECT["project"]["optional-dependencies"]
    assert [re.split(r"[>=<]", requirement)[0] for requirement in extras["test"]] == ["pytest", "ruff"]


def test_the_extra_for_developers_has_all_others():
    extras = PROJECT["project"]["optional-dependencies"]

    def held(extra):
        inside = [match for each in extras[extra] if (match := re.fullmatch(r"alesha-sim\[(.*)\]", each))]
        return {extra}.union(*(held(name) for match in inside for name in match[1].split(",")))

    assert held("dev") | {"clearing"} == set(extras)
    # PSSimPy demands one SimPy alone, not the one that is tested; so it comes without what it demands.
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert '-e ".[dev]"\n\t@$(PIP) --no-deps PSSimPy\n' in makefile
