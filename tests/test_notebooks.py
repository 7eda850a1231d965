"""Every notebook asks one question, holds neither logic nor outputs, runs in a clean kernel, shows a picture."""

import ast
import os
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EVERY_NOTEBOOK = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
LOGIC = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.If, ast.IfExp,
    ast.Try, ast.With, ast.Match, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
SECONDS = 300  # for one cell, start of the kernel included


def needed(package):
    """Return a package of the extra `notebook`; without it skip, but fail where continuous integration runs."""
    try:
        return import_module(package)
    except ImportError:
        if os.environ.get("ALESHA_CI"):
            pytest.fail(f"the package {package} is missing (extra `notebook`)")
        pytest.skip(f"needs the package {package} (extra `notebook`)")


def read(path):
    notebook = needed("nbformat").read(path, as_version=4)
    return notebook, [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Return a function that runs a notebook in a new kernel, once, and returns its code cells with outputs."""
    done = {}

    def execute(path):
        if path not in done:
            done[path] = run_in_new_kernel(path, tmp_path_factory.mktemp(path.stem))
        return done[path]

    return execute


def run_in_new_kernel(path, folder):
    """Run a notebook in an empty folder, with nobody's IPython settings, and return its code cells."""
    needed("ipykernel")
    nbclient = needed("nbclient")
    notebook, cells = read(path)
    client = nbclient.NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    # Without a backend in the environment Matplotlib takes the one that puts pictures into the notebook.
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    search = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
    client.execute(env={**environment, "PYTHONPATH": search, "IPYTHONDIR": str(folder / "ipython")})
    return cells


def outputs(cells, kind):
    """Return what the cells put out as `kind`, a MIME type."""
    return [output.data[kind] for cell in cells for output in cell.outputs if kind in output.get("data", {})]


def test_there_is_a_notebook():
    assert NOTEBOOKS


@EVERY_NOTEBOOK
def test_a_notebook_is_committed_without_outputs_and_with_clean_metadata(path):
    notebook, cells = read(path)
    assert [cell.id for cell in cells if cell.outputs or cell.execution_count is not None] == []
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info == {"name": "python"}
    assert [cell.id for cell in notebook.cells if set(cell.metadata) - {"tags"}] == []


@EVERY_NOTEBOOK
def test_a_notebook_asks_one_question_and_answers_it(path):
    notebook, _ = read(path)
    title, *_ = notebook.cells[0].source.splitlines()
    assert title.startswith("# ")
    assert title.endswith("?")
    assert notebook.cells[-1].source.startswith("## Answer\n")


@EVERY_NOTEBOOK
def test_parameters_come_first_and_fix_the_seed(path):
    _, (first, *others) = read(path)
    assert first.metadata.tags == ["parameters"]
    assert [cell.id for cell in others if "parameters" in cell.metadata.get("tags", [])] == []
    parameters = ast.parse(first.source).body
    assert "seed" in [statement.targets[0].id for statement in parameters]


@EVERY_NOTEBOOK
def test_a_notebook_holds_no_logic_of_its_own(path):
    _, cells = read(path)
    found = [
        (cell.id, node) for cell in cells for node in ast.walk(ast.parse(cell.source)) if isinstance(node, LOGIC)
    ]
    assert found == []


@EVERY_NOTEBOOK
def test_each_cell_of_a_notebook_succeeds_in_a_clean_kernel(path, executed):
    cells = executed(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    complaints = [output for cell in cells for output in cell.outputs if output.output_type in ("error", "stream")]
    assert complaints == []


@EVERY_NOTEBOOK
def test_a_notebook_shows_a_picture(path, executed):
    assert all(len(picture) > 5_000 for picture in outputs(executed(path), "image/png"))
    assert outputs(executed(path), "image/png")


def test_the_quickstart_shows_messages_ledger_and_balances(executed):
    cells = executed(ROOT / "notebooks" / "00_quickstart.ipynb")
    pages, texts = "".join(outputs(cells, "text/html")), "".join(outputs(cells, "text/plain"))
    assert all(balance in pages for balance in ("4,000.00 BDT", "10,240.00 BDT", "5,760.00 BDT"))
    assert "not_registered" in texts
    assert all(
        kind in texts for kind in ("Register", "Checkout", "Authorise", "PlaceOrder", "Confirmation", "Deliver")
    )
    assert "shop:customer-prepayments" in pages
    assert len(outputs(cells[-1:], "image/png")) == 1
