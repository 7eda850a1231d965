import pandas as pd
import pytest
from matplotlib.figure import Figure

import alesha_sim as alesha
from alesha_sim import plots

MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def result(monkeypatch):
    """Return a run of ten days whose stock is this table, as stock policies bring."""
    run = alesha.simulate(
        alesha.scenarios.first_purchase().with_settings({"supplier.lead_time": "9 days"}), seed=7
    )
    days = (0, 2, 4, 5)
    units = {
        "hp-laptop": ((4, 0), (2, 0), (2, 0), (3, 0)),
        "apple-watch": ((5, 0), (0, 0), (0, 7), (6, 0)),
        "iphone-x": ((9, 0), (9, 0), (9, 0), (9, 0)),
    }
    rows = [
        (sku, run.scenario.start + pd.Timedelta(days=day), on_hand, 0, owed)
        for sku, course in units.items()
        for day, (on_hand, owed) in zip(days, course, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["sku", "at", "on_hand", "on_order", "backordered"])
    monkeypatch.setattr(run, "stock", lambda: table)
    return run


def drawn(result, *skus):
    ax = Figure(figsize=(8, 4.5), layout="constrained").subplots()
    return plots.stock(result, skus or None, ax=ax)


def lines(ax):
    return {line.get_label(): line.get_ydata().tolist() for line in ax.lines}


def test_units_on_hand_are_above_zero_and_owed_ones_below(result):
    ax = drawn(result)
    found = lines(ax)
    assert found["hp-laptop"] == [4, 2, 2, 3, 3]
    assert found["apple-watch"] == [5, 0, 0, 6, 6]
    (line,) = (line for line in ax.lines if line.get_label() == "_apple-watch back-ordered")
    days, owed = line.get_data()
    # Nothing is drawn where nothing is owed; the line leaves zero and returns to it.
    assert [None if value != value else value for value in owed.tolist()] == [None, None, 0, -7, 0, None, None]
    assert days[2:6].tolist() == [4, 4, 5, 5]
    assert "_hp-laptop back-ordered" not in found


def test_the_title_names_the_product_that_orders_wait_for_most(result):
    share = f"{1 / (result.ended_at / 86_400):.0%}".replace("%", "\N{NO-BREAK SPACE}%")
    title = drawn(result).get_title(loc="left")
    assert title == f"Orders wait for apple-watch {share} of the time, for up to 7 units"
    assert (
        drawn(result, "hp-laptop").get_title(loc="left") == "No order waits for stock; most on hand: 4 hp-laptop"
    )


def test_the_ends_of_the_lines_tell_how_many_are_left(result):
    said = [text.get_text() for text in drawn(result).texts]
    assert {"hp-laptop 3", "apple-watch 6", "most 6, owed 7"} <= set(said)


@pytest.mark.parametrize(
    ("skus", "message"),
    [
        (("pear",), "skus: pear: must be among hp-laptop, apple-watch, iphone-x"),
        (("iphone-x",) * 5, "skus: 5 products: must be 1 to 4"),
    ],
)
def test_products_that_cannot_be_drawn_are_refused(result, skus, message):
    with pytest.raises(ValueError, match=message):
        drawn(result, *skus)


def test_the_fullest_shelves_are_drawn_and_the_others_counted(monkeypatch, result):
    table = pd.concat([result.stock().assign(sku=f"p{n}", on_hand=n, backordered=0) for n in range(6)])
    monkeypatch.setattr(result, "stock", lambda: table)
    ax = drawn(result)
    assert {"p2", "p3", "p4", "p5"} == {label for label in lines(ax) if label[0] == "p"}
    footnote = next(text.get_text() for text in ax.texts if text.get_gid() == "footnote")
    assert "2 more products not shown" in " ".join(footnote.split())
