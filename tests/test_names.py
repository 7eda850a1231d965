"""What pages and docstrings name in backticks is in the code under that name."""

import names
import pytest

PAGES = [names.ROOT / "README.md", *sorted((names.ROOT / "docs").rglob("*.md"))]


def texts():
    """Yield each text that names something, with the file that it is in."""
    for page in PAGES:
        yield page, page.read_text("utf-8")
    for module in sorted(names.PACKAGE.rglob("*.py")):
        for docstring in names.docstrings(module):
            yield module, docstring


def test_every_name_in_backticks_is_in_the_code():
    unknown = {
        f"{file.relative_to(names.ROOT)}: {name}"
        for file, text in texts()
        for name in names.spans(text)
        if not names.is_known(name)
    }
    assert sorted(unknown) == []


@pytest.mark.parametrize(
    "name",
    [
        "Shop._pay_charges", "Result.figures", "exact_figures()", "accounting.trial_balances", "bank.secret_tries",
        "entities/shop/door.py", "docs/design.md", "design.md", "bookkeeping/", "orders.link", "BANK_SILENT",
        "deadbeefcafe",
        "result.follows(1)", "simulate(scenario, seed=1).followings", "numpy.randoms", "alesha_sim.result",
    ],
)  # fmt: skip
def test_a_name_that_the_code_does_not_know_is_found(name):
    assert not names.is_known(name)


@pytest.mark.parametrize(
    "name",
    [
        "Shop._sell", "Result.summary()", "accounting.trial_balance", "bank.secret_attempts", "test_flow.py",
        "network.default.latency", "demand.kind", "entities/shop/shop.py", "transfers.entry", "pandas.Timedelta",
        "result.follow(1)", "a + b", "timeout * backoff**(k-1)", "--set", "kernel/", "_seconds", "*.py",
        "a06044a997b9",
    ],
)  # fmt: skip
def test_a_name_that_the_code_knows_is_not_refused(name):
    assert names.is_known(name)
