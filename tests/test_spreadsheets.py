"""CSV files: all tables, exact figures, and nothing that a spreadsheet would run."""

import pandas as pd
import pytest

import alesha_sim as alesha
from alesha_sim.cli import main
from alesha_sim.exports import spreadsheets
from alesha_sim.tables.schema import SCHEMA


def test_every_table_is_written_with_its_columns_and_rows(tmp_path):
    result = alesha.simulate(alesha.scenarios.first_purchase(), seed=1)
    spreadsheets.write(result, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{table}.csv" for table in SCHEMA)
    for table in SCHEMA:
        frame, read = getattr(result, table), pd.read_csv(tmp_path / f"{table}.csv")
        assert list(read.columns) == list(frame.columns)
        assert len(read) == len(frame)
    assert pd.read_csv(tmp_path / "orders.csv")["total"].tolist() == [1000.0]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")'])
def test_what_would_be_a_formula_is_text(text):
    frame = pd.DataFrame({"detail": pd.Categorical([text, "plain", None]), "amount": [-1.5, 0.0, 2.0]})
    written = spreadsheets.harmless(frame)
    assert written["detail"].tolist()[:2] == [f"'{text}", "plain"]
    assert pd.isna(written["detail"][2])
    assert written["amount"].tolist() == [-1.5, 0.0, 2.0]
    assert frame["detail"].tolist()[0] == text


def test_the_command_writes_csv_when_asked(tmp_path, capsys):
    assert main(["run", "first_purchase", "--seed", "1", "--out", str(tmp_path / "out"), "--csv", "--quiet"]) == 0
    assert (tmp_path / "out" / "transfers.csv").is_file()
    assert main(["run", "first_purchase", "--seed", "1", "--out", str(tmp_path / "plain"), "--quiet"]) == 0
    assert not list((tmp_path / "plain").glob("*.csv"))
