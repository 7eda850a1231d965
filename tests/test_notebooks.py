"""Every notebook asks one question, holds neither logic nor outputs, runs in a clean kernel, shows a picture.

Its answer is one sentence, and the figures in it are those that its last cell shows. Its text form is equal to it.
"""

import ast
import os
import re
from html import unescape
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
OWN_CODE = "10_your_own_policy_and_entity"  # whose subject is code of the reader's own
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
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


def test_there_are_notebooks_for_every_step():
    assert [path.stem for path in NOTEBOOKS] == [
        "00_quickstart", "01_one_purchase", "02_when_it_fails", "03_reading_the_ledger", "04_be_the_customer",
        "05_a_market_day", "06_real_customers", "07_escrow_or_not", "08_compare_scenarios", "09_how_many_runs",
        OWN_CODE, "11_rival_shops", "12_beer_game",
    ]  # fmt: skip


def text_form(notebook):
    """Return a notebook as text, as the settings beside the notebooks say."""
    jupytext = needed("jupytext")
    settings = needed("jupytext.config").load_jupytext_configuration_file(
        str(ROOT / "notebooks" / "jupytext.toml")
    )
    return jupytext.writes(notebook, fmt="py:percent", config=settings)


@EVERY_NOTEBOOK
def test_the_text_form_is_equal_to_the_notebook(path):
    notebook, _ = read(path)
    assert path.with_suffix(".py").read_text("utf-8") == text_form(notebook), "make pairs makes them equal"


def test_every_text_form_has_its_notebook():
    texts = sorted((ROOT / "notebooks").glob("*.py"))
    assert [path.with_suffix(".ipynb") for path in texts] == NOTEBOOKS


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
    head, empty, answer = notebook.cells[-1].source.splitlines()
    assert (head, empty) == ("## Answer", "")
    assert answer.endswith(".")
    assert re.findall(r"[.!?] ", answer) == []


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
    statements = [(cell.id, statement) for cell in cells for statement in ast.parse(cell.source).body]
    if path.stem == OWN_CODE:
        statements = [(cell, node) for cell, node in statements if not isinstance(node, DEFINITIONS)]
    found = [(cell, node) for cell, tree in statements for node in ast.walk(tree) if isinstance(node, LOGIC)]
    assert found == []


def test_the_courier_of_ones_own_is_about_thirty_lines():
    _, cells = read(ROOT / "notebooks" / f"{OWN_CODE}.ipynb")
    (courier,) = (
        node
        for cell in cells
        for node in ast.walk(ast.parse(cell.source))
        if getattr(node, "name", "") == "Courier"
    )
    assert courier.end_lineno - courier.lineno < 30


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


NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")


def numbers_in(text):
    """Return the numbers in a text, and how many decimals each has."""
    found = (number.replace(",", "").rstrip(".") for number in NUMBER.findall(text))
    return [(float(number), len(number.partition(".")[2])) for number in found]


def unshown(answer, shown):
    """Return the numbers of an answer that are not shown, be it rounded or as a share instead of in percent."""
    known = [number for number, _ in numbers_in(shown)]
    known += [100 * number for number in known]
    return [
        number
        for number, decimals in numbers_in(answer)
        if all(abs(other - number) > 0.51 * 10.0**-decimals for other in known)
    ]


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.stem[:2] != "00"], ids=lambda path: path.stem)
def test_the_figures_of_the_answer_are_those_of_the_last_cell(path, executed):
    notebook, _ = read(path)
    answer = notebook.cells[-1].source
    shown = "".join(outputs(executed(path)[-1:], "text/plain"))
    assert numbers_in(answer)
    assert unshown(answer, shown) == []


def test_a_figure_that_is_not_shown_is_found():
    assert unshown("It takes 60 runs for 25,372 BDT.", "mean 25372.4 runs 60") == []
    assert unshown("It is 3.9 % too few.", "gap -0.039") == []
    assert unshown("It takes 61 runs for 25,374 BDT.", "mean 25372.4 runs 60") == [61, 25374]


STUDENTS = [path for path in NOTEBOOKS if path.stem[:2] in ("01", "02", "03", "04")]


@pytest.mark.parametrize("path", STUDENTS, ids=lambda path: path.stem)
def test_the_student_notebooks_have_exercises_that_nobody_answered_yet(path, executed):
    said = [text for text in outputs(executed(path), "text/plain") if text.startswith("Not answered yet: ")]
    _, cells = read(path)
    assert len(said) == sum("check_answer(" in cell.source for cell in cells) >= 1


def test_the_law_of_the_courier_fails_first_and_then_passes(executed):
    cells = executed(ROOT / "notebooks" / f"{OWN_CODE}.ipynb")
    told = "".join(outputs(cells, "text/plain"))
    assert re.search(r"3 parcels in the hands of 2 riders", told)
    assert any("one_parcel_a_rider(result, riders) == []" in cell.source for cell in cells)


def test_no_notebook_page_needs_anything_from_outside(executed):
    pages = "".join("".join(outputs(executed(path), "text/html")) for path in STUDENTS)
    assert re.findall(r"(?:src|href)=[\"']https?://[^\"']*", unescape(pages)) == []


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
