import re
import subprocess
import sys

import pandas as pd
import pytest
from conftest import needed

import alesha_sim as alesha
from alesha_sim.notebook import style_ledger, style_statement, style_summary
from alesha_sim.units import Currency

MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def result():
    needed("jinja2")
    return alesha.simulate(alesha.scenarios.first_purchase(), seed=7)


def cells(styled):
    """Return the texts of the cells, row by row."""
    rows = re.findall(r"<tr>(.*?)</tr>", styled.to_html(), re.DOTALL)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows if "<td" in row]


def test_a_ledger_has_money_with_decimals_and_goods_in_units(result):
    rows = cells(style_ledger(result, "supplier"))
    amounts = {(row[4], row[3]) for row in rows}
    assert {("BDT", "760.00"), ("apple-watch", "2")} <= amounts
    assert len(rows) == len(result.ledger("supplier"))


def test_a_ledger_of_one_order_leaves_out_the_rest(result):
    rows = cells(style_ledger(result, "shop", order=1))
    assert len(rows) == (result.ledger("shop")["order"] == 1).sum() > 0
    assert "Shop's ledger, order 1: " in style_ledger(result, "shop", order=1).to_html()
    with pytest.raises(ValueError, match="order 2: must be from 1 to 1"):
        style_ledger(result, "shop", order=2)
    with pytest.raises(ValueError, match="book till: must be one of"):
        style_ledger(result, "till")


def test_a_statement_has_true_minuses_bold_totals_and_nothing_for_what_is_missing():
    lines = {"section": ["income", "total"], "line": ["<sales>", "profit"], "amount": [-1234.5, float("nan")]}
    needed("jinja2")
    styled = style_statement(pd.DataFrame(lines), Currency("EUR", 3), "Statement")
    assert cells(styled) == [["income", "&lt;sales&gt;", f"{MINUS}1,234.500"], ["total", "profit", ""]]
    assert re.search(r"#T_\w+_row1_col0, [^{]*\{[^}]*font-weight: 600", styled.to_html())
    assert "<caption>Statement</caption>" in styled.to_html()


def test_a_summary_writes_money_shares_durations_and_counts(result):
    texts = dict(cells(style_summary(result)))
    assert texts["shop cash"] == "10,240.00 BDT"
    assert texts["conversion rate"] == "100\N{NO-BREAK SPACE}%"
    assert texts["mean delivery"] == "48 hours"
    assert texts["orders"] == "1"
    assert len(texts) == len(result.metrics())


def test_without_jinja_a_styled_table_says_what_to_install():
    code = (
        "import sys; sys.modules['jinja2'] = None\n"
        "import alesha_sim as alesha\n"
        "result = alesha.simulate(alesha.scenarios.first_purchase(), seed=7)\n"
        "try:\n    alesha.notebook.style_summary(result)\n"
        "except ImportError as error:\n    print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == 'a styled table needs jinja2: python -m pip install "alesha-sim[notebook]"\n'


# A scenario


def test_a_scenario_shows_itself_briefly(result):
    shown = result.scenario._repr_html_()
    assert len(shown) < 1500
    for text in ("first_purchase", "HP laptop 500 BDT", "1 day from 2021-01-01", "make_to_order"):
        assert text in shown


def test_what_a_scenario_says_of_itself_is_escaped():
    scenario = alesha.scenarios.first_purchase().with_settings({"description": "<b>bold</b>"})
    assert "&lt;b&gt;bold&lt;/b&gt;" in scenario._repr_html_()


def test_a_hostile_network_is_told():
    scenario = alesha.scenarios.first_purchase().with_settings(
        {"network.default.loss": 0.1, "network.default.timeout": 2}
    )
    assert "hostile, 0 faults planned" not in alesha.scenarios.first_purchase()._repr_html_()
    assert "hostile, 0 faults planned" in scenario._repr_html_()
