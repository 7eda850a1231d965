import hashlib
import json
import struct

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alesha_sim.columns import MISSING_TIME, TextColumn, numbers, text_column
from alesha_sim.tables import canonical as tables_canonical
from alesha_sim.tables import digest as tables_digest
from alesha_sim.tables.canonical import by_appearance, canonical
from alesha_sim.tables.digest import digest
from alesha_sim.tables.frames import frame
from alesha_sim.tables.running_balance import begins, changes, running
from alesha_sim.tables.schema import SCHEMA, Type
from alesha_sim.units import Currency

BDT = Currency()
START = np.datetime64("2021-01-01", "us").item()

CONTRACT = {
    "orders": "order user placed_at total payment_method status reason payment_transaction charges_transaction"
    " paid_at accepted_at delivered_at closed_at advance promised_at seller",
    "purchases": "order buyer seller placed_at total status reason charges_transaction accepted_at delivered_at"
    " closed_at",
    "order_lines": "order sku quantity unit_price unit_charge",
    "visits": "visit user arrived_at left_at stage outcome order intent shop",
    "messages": "message request order sender recipient kind attempt sent_at delivered_at started_at finished_at"
    " fate reason visit",
    "transfers": "transfer posted_at book debit credit amount commodity code order entry",
    "accounts": "account book kind commodity opening closing",
    "production_lots": "lot sku quantity ordered_at arrived_at",
    "users": "user account registered_at opening_balance closing_balance orders spent",
}


def lots(quantities=(3, 4), sku=None, arrived=(5_000_000, MISSING_TIME)):
    """Build the table `production_lots`, the smallest one that has numbers, instants and text."""
    size = len(quantities)
    return {
        "lot": np.arange(size),
        "sku": sku or TextColumn(np.zeros(size, np.int32), ("hp-laptop",)),
        "quantity": np.array(quantities, np.int64),
        "ordered_at": np.zeros(size, np.int64),
        "arrived_at": np.array(arrived, np.int64),
    }


def money_and_goods():
    """Build the table `accounts` with one row of money and one of goods."""
    return {
        "account": TextColumn(np.array([0, 1], np.int32), ("shop:cash", "users:goods")),
        "book": TextColumn(np.array([0, 1], np.int32), ("shop", "users")),
        "kind": TextColumn(np.array([0, 0], np.int32), ("asset",)),
        "commodity": TextColumn(np.array([0, 1], np.int32), ("BDT", "hp-laptop")),
        "opening": np.array([1050, 0]),
        "closing": np.array([-25, 7]),
    }


@pytest.mark.parametrize(
    ("read", "name", "rule"),
    [
        (numbers, "sku", "must hold 64-bit whole numbers"),
        (numbers, "share", "must hold 64-bit whole numbers"),
        (text_column, "quantity", "must hold text"),
    ],
)
def test_a_column_of_a_wrong_type_is_bad_input_that_names_it(read, name, rule):
    columns = lots() | {"share": np.array([0.5, 1.0])}
    with pytest.raises(ValueError, match=f"^column {name}: {rule}$"):
        read(columns, name)


def fingerprint(columns, currency=BDT, table="production_lots"):
    return digest({table: canonical(table, columns)}, currency)


def test_tables_and_columns_are_those_of_the_design():
    assert {table: " ".join(schema) for table, schema in SCHEMA.items()} == CONTRACT
    assert list(SCHEMA) == list(CONTRACT)


def test_labels_are_those_in_use_in_the_order_of_first_appearance():
    text = by_appearance(TextColumn(np.array([2, -1, 0, 2], np.int32), ("a", "b", "c")))
    assert text.labels == ("c", "a")
    assert text.codes.tolist() == [0, -1, 1, 0]
    assert text.codes.dtype == np.int32


def words(text):
    return [text.labels[code] if code >= 0 else None for code in text.codes.tolist()]


@given(st.lists(st.integers(-1, 5)))
def test_text_reads_the_same_after_its_labels_are_renumbered(codes):
    text = TextColumn(np.array(codes, np.int32), tuple("uvwxyz"))
    once = by_appearance(text)
    assert words(once) == words(text)
    assert once.labels == tuple(dict.fromkeys(word for word in words(text) if word))
    twice = by_appearance(once)
    assert twice.labels == once.labels
    assert (twice.codes == once.codes).all()


def test_canonical_columns_cannot_be_written_to():
    source = lots()
    columns = canonical("production_lots", source)
    with pytest.raises(ValueError, match="read-only"):
        columns["quantity"][0] = 9
    source["quantity"][0] = 3  # the giver's array stays its own


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"note": np.arange(2)}, "columns .*'note'.*must be"),
        ({"quantity": np.arange(3)}, "lengths .*must be equal"),
        ({"quantity": TextColumn(np.zeros(2, np.int32), ("x",))}, "quantity: text: must be of type count"),
        ({"quantity": np.array([1.0, 2.0])}, "quantity: float64: must be of type count"),
        ({"sku": np.arange(2)}, "sku: int64: must be of type text"),
    ],
)
def test_columns_that_break_the_schema_are_refused(change, text):
    with pytest.raises(ValueError, match=f"production_lots.*{text}"):
        canonical("production_lots", lots() | change)


def test_digest_does_not_depend_on_how_labels_are_numbered_or_bytes_ordered():
    spelled = lots(sku=TextColumn(np.array([1, 1], np.int32), ("unused", "hp-laptop")))
    swapped = lots() | {"quantity": np.array([3, 4], ">i8")}
    assert fingerprint(spelled) == fingerprint(swapped) == fingerprint(lots())


@pytest.mark.parametrize(
    "changed",
    [
        lots(quantities=(3, 5)),
        lots(arrived=(5_000_000, 0)),
        lots(sku=TextColumn(np.zeros(2, np.int32), ("hp-laptops",))),
        lots(sku=TextColumn(np.array([0, -1], np.int32), ("hp-laptop",))),
        lots(sku=TextColumn(np.array([0, 1], np.int32), ("hp-lap", "top"))),
        lots(quantities=(3,), arrived=(5_000_000,)),
    ],
)
def test_digest_changes_with_any_content(changed):
    assert fingerprint(changed) != fingerprint(lots())


def test_digest_covers_decimals_and_names_of_tables():
    assert fingerprint(lots(), Currency("BDT", 0)) != fingerprint(lots())
    columns = canonical("production_lots", lots())
    assert tables_digest.table_digest("production_lots", columns) != digest({"production_lots": columns}, BDT)


@pytest.mark.parametrize(
    "labels", [[], [""], ["a", "b 1"], ['"'], ['a", "b', "c"], ["\\"], ["\u00e9"], ["\n"], ["\x7f"], ["\ud800"]]
)
def test_labels_stand_in_a_digest_as_json_has_them(labels):
    line = tables_digest.heading("visits", "outcome", 3, None)
    assert tables_digest.heading("visits", "outcome", 3, labels) == line + json.dumps(labels).encode()


def test_every_nan_has_the_same_digest(monkeypatch):
    for module in (tables_canonical, tables_digest):
        monkeypatch.setattr(module, "SCHEMA", {"t": {"x": Type.FLOAT}})
    other = np.array([0x7FF8000000000001], np.uint64).view(np.float64)
    assert np.isnan(other).all()
    assert fingerprint({"x": other}, table="t") == fingerprint({"x": np.array([np.nan])}, table="t")
    assert fingerprint({"x": np.array([0.0])}, table="t") != fingerprint({"x": other}, table="t")


def test_digest_is_made_as_documented():
    none = np.iinfo(np.int64).min
    pieces = [
        b"alesha_sim all 2\n",
        b"production_lots.lot id 2\n", struct.pack("<2q", 0, 1),
        b"production_lots.sku text 2\n", b'["hp-laptop"]', struct.pack("<2i", 0, 0),
        b"production_lots.quantity count 2\n", struct.pack("<2q", 3, 4),
        b"production_lots.ordered_at time 2\n", struct.pack("<2q", 0, 0),
        b"production_lots.arrived_at time 2\n", struct.pack("<2q", 5_000_000, none),
    ]  # fmt: skip
    assert fingerprint(lots()) == hashlib.sha256(b"".join(pieces)).hexdigest()


def test_frame_has_money_in_major_units_and_goods_in_units():
    accounts = frame("accounts", canonical("accounts", money_and_goods()), BDT, START)
    assert accounts["opening"].tolist() == [10.5, 0.0]
    assert accounts["closing"].tolist() == [-0.25, 7.0]


def test_frame_has_timestamps_and_says_which_are_missing():
    production_lots = frame("production_lots", canonical("production_lots", lots()), BDT, START)
    assert production_lots["arrived_at"].dtype == "datetime64[us]"
    assert production_lots["arrived_at"].tolist() == [pd.Timestamp("2021-01-01 00:00:05"), pd.NaT]


def test_frame_has_text_as_categories_and_missing_text_as_nan():
    text = TextColumn(np.array([1, -1], np.int32), ("apple-watch", "hp-laptop"))
    sku = frame("production_lots", canonical("production_lots", lots(sku=text)), BDT, START)["sku"]
    assert isinstance(sku.dtype, pd.CategoricalDtype)
    assert list(sku.cat.categories) == ["hp-laptop"]
    assert sku.isna().tolist() == [False, True]


def test_frame_has_nullable_numbers_only_where_they_can_be_missing():
    visits = {name: np.array([-1, 4]) for name in SCHEMA["visits"]}
    text = TextColumn(np.zeros(2, np.int32), ("x",))
    visits |= {name: text for name, kind in SCHEMA["visits"].items() if kind is Type.TEXT}
    visits["visit"] = np.array([0, 1])
    shown = frame("visits", canonical("visits", visits), BDT, START)
    assert shown["order"].dtype == "Int64"
    assert shown["order"].isna().tolist() == [True, False]
    assert shown["visit"].dtype == "int64"


def test_frame_of_no_rows_keeps_its_types():
    empty = lots(quantities=(), arrived=())
    shown = frame("production_lots", canonical("production_lots", empty), BDT, START)
    assert [str(dtype) for dtype in shown.dtypes] == [
        "int64", "category", "int64", "datetime64[us]", "datetime64[us]",
    ]  # fmt: skip


def transfers(*rows):
    """Build columns of transfers from rows of debit, credit and amount; names are one letter."""
    debit, credit, amount = zip(*rows, strict=True)
    sides = {
        side: TextColumn(np.array(["abc".index(name) for name in names], np.int32), tuple("abc"))
        for side, names in (("debit", debit), ("credit", credit))
    }
    return sides | {"amount": np.array(amount, np.int64)}


def test_changes_of_accounts_are_positive_for_a_debit_and_leave_out_what_stays_among_them():
    moved = transfers(("a", "b", 5), ("b", "a", 2), ("c", "b", 9), ("a", "c", 4))
    assert [each.tolist() for each in changes(moved, ("a",))] == [[0, 1, 3], [5, -2, 4]]
    assert [each.tolist() for each in changes(moved, ("a", "b"))] == [[2, 3], [-9, 4]]


@pytest.mark.parametrize("kind", [np.int64, object])
def test_running_sums_start_from_zero_where_a_key_changes(kind):
    first = begins(np.array([7, 7, 8, 8, 8]), np.array([1, 1, 1, 1, 2]))
    assert first.tolist() == [True, False, True, False, True]
    assert running(np.array([2, 3, -4, 1, 6], kind), first).tolist() == [2, 5, -4, -3, 6]
    assert running(np.zeros(0, kind), begins(np.zeros(0, np.int64))).tolist() == []
