"""What banks needed to settle: instructions and figures of each bank, against the house and the ledger."""

from collections import Counter

import pytest
from test_several_banks import drawn, market

from alesha_sim import Simulation, plots, scenarios, simulate


def ran(**settings):
    simulation = Simulation(market(**settings), 3)
    simulation.run()
    return simulation


def test_with_money_enough_every_payment_is_settled_as_it_comes():
    result = ran().result()
    told, figures = result.instructions(), result.liquidity()
    assert {*told["outcome"]} == {"settled"}
    assert (told["ended_at"] == told["arrived_at"]).all()
    assert ((told["arrived_at"] - told["instructed_at"]).dt.total_seconds() > 0).all()
    assert figures[["queued", "mean_wait", "longest_wait", "waiting"]].eq(0).all(axis=None)
    for bank, other in (("city", "union"), ("union", "city")):
        sent, got = (told.loc[told["payer"] == each, "amount"].sum() for each in (bank, other))
        assert figures.loc[bank, "settled"] == sent
        assert figures.loc[bank, "closing"] == pytest.approx(figures.loc[bank, "opening"] - sent + got)
        assert figures.loc[bank, "turnover"] == pytest.approx(sent / figures.loc[bank, "opening"])


def test_peak_use_is_how_far_reserves_fell():
    result = ran().result()
    rows = result.ledger("clearing")
    rows = rows[rows["code"] == "settle"]
    moves = rows["amount"].where(rows["credit"] == "clearing:reserves:city", -rows["amount"])
    assert result.liquidity().loc["city", "peak_use"] == -min(0.0, moves.cumsum().min())


def test_of_a_cycle_payments_wait_for_it_and_less_is_needed():
    gross, net = (
        ran(clearing__kind=kind, clearing__every="6 h").result().liquidity() for kind in ("gross", "net")
    )
    assert (net["queued"] == net["settled"]).all()
    assert net["longest_wait"].between(3 * 3600, 6 * 3600).all()
    assert (net["peak_use"] <= gross["peak_use"]).all()
    assert net["peak_use"].sum() < gross["peak_use"].sum()
    assert (net["closing"] == gross["closing"]).all()


def test_a_gridlock_is_reported_by_name_and_amount():
    simulation = ran(banks__city__reserves=0, banks__union__reserves=0)
    result = simulation.result()
    waiting = result.instructions().query("outcome == 'waiting'")
    pairs = waiting.groupby(["payer", "payee"])["amount"].sum()
    assert result.liquidity()["waiting"].to_dict() == {bank: pairs[bank].sum() for bank in ("city", "union")}
    assert pairs["union"].index.tolist() == ["city"]
    assert len(waiting) == len(simulation.clearing_house.waiting) > 0


def test_outcomes_are_those_of_the_house_in_drawn_markets():
    met = Counter()
    for seed in range(40):
        simulation = Simulation(drawn(seed), seed)
        simulation.run()
        result, house = simulation.result(), simulation.clearing_house
        told = result.instructions()
        scale = result.scenario.currency.scale
        waiting = sorted(told.loc[told["outcome"] == "waiting", "transaction"])
        assert waiting == sorted(transfer.transaction for transfer in house.waiting.values()), seed
        figures = result.liquidity()
        found = {house.names[-1 - bank]: funds / scale for bank, funds in house.book.funds().items()}
        assert (figures["closing"] + figures["credit"]).to_dict() == pytest.approx(found), seed
        met.update(told["outcome"])
    assert met["settled"] > 1000
    assert min(met["waiting"], met["given_back"] + met["written_off"]) > 0


def test_where_there_is_one_bank_nothing_is_instructed():
    result = simulate(scenarios.first_purchase(), seed=7)
    assert result.instructions().empty
    assert result.liquidity().empty


# The plot


def texts(ax):
    return [text.get_text() for text in (ax.title, ax._left_title, *ax.texts)]


def test_the_plot_shows_each_banks_reserves_and_what_waits():
    from matplotlib.figure import Figure

    result = simulate(scenarios.gridlock(queue="gridlock", credit=100), seed=1)
    ax = plots.liquidity(result, ax=Figure().subplots())
    figures = result.liquidity()
    lines = {line.get_label(): line.get_ydata() for line in ax.lines if line.get_label() in figures.index}
    for bank in figures.index:
        assert (lines[bank][0], lines[bank][-1]) == tuple(figures.loc[bank, ["opening", "closing"]])
        assert min(lines[bank]) == figures.loc[bank, "lowest"]
    assert sum(set(line.get_ydata()) == {-100.0} for line in ax.lines) == 2
    told = " ".join(texts(ax))
    waits = figures["waiting"].max()
    assert f"{waits:,.10g} waits" in told
    assert "still wait" in told


def test_the_plot_of_one_bank_is_refused_in_one_line():
    with pytest.raises(ValueError, match=r"^result: must be of a scenario with several banks, .*$"):
        plots.liquidity(simulate(scenarios.first_purchase(), seed=7))
