"""Beancount and hledger accept the books of every scenario, compute our balances, and notice one minor unit."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import needs
from small import result

from alesha_sim import exports, scenarios
from alesha_sim.accounting.journal_arrays import Journal
from alesha_sim.exports.journals import Journals

REFERENCE = Path(__file__).parent / "reference"
# Beancount reads with packages that warn of their own future; what is tested here is what it says of the files.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder, seen = tmp_path_factory.mktemp("journals"), {}

    def write(name, form):
        if (name, form) not in seen:
            seen[name, form] = folder / f"{name}.{form}"
            exports.write(result(name), form, seen[name, form])
        return seen[name, form]

    return write


def bean_check(path):
    needs("beancount")
    program = Path(sys.executable).with_name("bean-check")
    return subprocess.run([program, path], capture_output=True, text=True, check=False)


def hledger(path, *arguments):
    needs("hledger", "program")
    command = [shutil.which("hledger"), "-f", path, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def transactions(run):
    transfers = run.transfers
    return len(transfers.groupby(["book", "entry"], observed=True))


def balances(run):
    """Closing balances by their names elsewhere, from the table of accounts: debits positive, as text."""
    journals, journal = Journals(run), Journal(run)
    return {
        (name, journals.commodity(place)): balance
        for place, (name, balance) in enumerate(
            zip(journals.names, journal.balances(journal.end).tolist(), strict=True)
        )
        if balance
    }


@pytest.mark.parametrize("name", scenarios.names())
def test_bean_check_accepts_every_scenario(written, name):
    checked = bean_check(written(name, "beancount"))
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize("name", scenarios.names())
def test_beancount_computes_our_balances_and_counts_our_transactions(written, name):
    needs("beancount")
    from beancount import loader
    from beancount.core import data, realization

    entries, errors, _ = loader.load_file(str(written(name, "beancount")))
    assert errors == []
    assert len(list(data.filter_txns(entries))) == transactions(result(name))
    found = {}
    for account in realization.iter_children(realization.realize(entries)):
        for position in account.balance:
            units = position.units
            scale = result(name).scenario.currency.scale if units.currency == "BDT" else 1
            if units.number:
                found[account.account, units.currency] = int(units.number * scale)
    assert found == balances(result(name))


@pytest.mark.parametrize("name", scenarios.names())
def test_hledger_accepts_every_scenario_strictly(written, name):
    checked = hledger(written(name, "hledger"), "check", "--strict", "ordereddates")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize("name", scenarios.names())
def test_hledger_computes_our_balances_and_counts_our_transactions(written, name):
    path = written(name, "hledger")
    printed = hledger(path, "balance", "--flat", "--no-total", "--output-format", "csv", "--layout", "bare").stdout
    found = {}
    for line in printed.splitlines()[1:]:
        account, commodity, amount = re.fullmatch('"(.*)","(.*)","(.*)"', line).groups()
        found[account, commodity] = round(float(amount) * (100 if commodity == "BDT" else 1))
    assert found == balances(result(name))
    counted = hledger(path, "stats").stdout
    assert int(re.search(r"Transactions\s*: (\d+)", counted)[1]) == transactions(result(name)) + 1


@pytest.mark.parametrize("name", ["first_purchase", "market_day"])
def test_ledger_accepts_the_journal_and_its_assertions(written, tmp_path, name):
    needs("ledger", "program")

    def ledger(path):
        command = [shutil.which("ledger"), "-f", path, "balance"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    checked = ledger(written(name, "hledger"))
    assert (checked.returncode, checked.stderr) == (0, "")
    (tmp_path / "wrong").write_text(
        re.sub(r"(\.\d)\d BDT\n$", r"\g<1>1 BDT\n", written(name, "hledger").read_text())
    )
    assert "Balance assertion off by 0.01 BDT" in ledger(tmp_path / "wrong").stderr


CHANGES = [
    ("one posting", r"(\n  Assets:Shop:Cash  )1000\.00( BDT)", r"(\n    Assets:Shop:Cash  )1000\.00( BDT)"),
    ("one assertion", r"( balance Assets:Shop:Cash  )10240\.00( ~ 0 BDT)", r"( = )10240\.00( BDT)"),
]


@pytest.mark.parametrize(("_", "in_beancount", "in_hledger"), CHANGES, ids=[each[0] for each in CHANGES])
def test_one_minor_unit_is_noticed(written, tmp_path, _, in_beancount, in_hledger):
    for form, pattern in (("beancount", in_beancount), ("hledger", in_hledger)):
        text = written("first_purchase", form).read_text()
        number = re.search(pattern + "|(?!)", text)[0].split()[-2 - ("~" in pattern) * 2]
        changed, count = re.subn(
            pattern, lambda match, n=number: f"{match[1]}{float(n) + 0.01:.2f}{match[2]}", text, count=1
        )
        assert count == 1
        (tmp_path / form).write_text(changed)
    assert bean_check(tmp_path / "beancount").returncode != 0
    assert hledger(tmp_path / "hledger", "check", "--strict", "ordereddates").returncode != 0


def test_a_transfer_changed_on_both_sides_is_caught_by_the_balances(written, tmp_path):
    for form in ("beancount", "hledger"):
        head, mark, rest = written("first_purchase", form).read_text().partition("payment, order 1")
        body, gap, rest = rest.partition("\n\n")
        (tmp_path / form).write_text(head + mark + body.replace("1000.00", "1000.01") + gap + rest)
    assert "Balance failed" in bean_check(tmp_path / "beancount").stderr
    assert "balance assertion" in hledger(tmp_path / "hledger", "check", "--strict").stderr


def test_goods_are_commodities_and_names_follow_the_rules(written):
    bean = written("first_purchase", "beancount").read_text()
    ledger = written("first_purchase", "hledger").read_text()
    entry = result("first_purchase").orders["payment_transaction"].iloc[0]
    assert "commodity APPLE-WATCH" in bean
    assert "  Assets:Users:Goods  2 APPLE-WATCH\n" in bean
    assert 'commodity 1. "APPLE-WATCH"' in ledger
    assert 'Assets:Users:Goods  2 "APPLE-WATCH"' in ledger
    assert f'* "shop" "payment, order 1" ^L{entry}\n' in bean
    assert f"* (shop-{entry}) shop | payment, order 1" in ledger
    assert "account Liabilities:Bank:Deposits:User:0  ; type:L\n" in ledger
    assert "Liabilities:Shop:Customer-prepayments  -1000.00 BDT" in bean
    assert re.search(r'time: "2021-06-01T00:00:00\.\d{6}"', bean) or re.search(r'time: "\S+\.\d{6}"', bean)


def test_names_and_decimals_at_the_edge_are_accepted(tmp_path):
    import alesha_sim as alesha

    product = {"name": 'A "thing"', "marked_price": 3, "price": 2, "charge": 1, "cost": 1}
    scenario = scenarios.first_purchase().model_dump()
    scenario |= {
        "name": "edges",
        "currency": {"code": "JP", "decimals": 0},
        "catalogue": [{**product, "sku": "x"}, {**product, "sku": "a-very-long-name-of-24-ch"[:24]}],
        "demand": {"kind": "single", "quantities": {"x": 1, "a-very-long-name-of-24-ch"[:24]: 2}},
    }
    run = alesha.simulate(alesha.Scenario.model_validate(scenario), seed=1)
    for form in ("beancount", "hledger"):
        exports.write(run, form, tmp_path / form)
    assert bean_check(tmp_path / "beancount").stderr == ""
    assert hledger(tmp_path / "hledger", "check", "--strict", "ordereddates").stderr == ""


@pytest.mark.parametrize("name", ["min", "smallest"])
def test_the_programs_accept_the_reference_files(reference, name):
    expected = reference("ledger-export")["expected"]
    assert bean_check(REFERENCE / f"{name}.beancount").returncode == expected["bean-check"]
    assert (
        hledger(REFERENCE / f"{name}.journal", "check", "--strict").returncode
        == expected["hledger check --strict"]
    )
