import json
import re

import pytest

import alesha_sim as alesha
from alesha_sim.cli import main
from alesha_sim.reports.page import page, study_page, typical_order

OUTSIDE = re.compile(r"""(?:src|href)=["'](?!data:)|url\((?!["']?data:)|@import""")


@pytest.fixture(scope="module")
def result():
    scenario = alesha.scenarios.market_day(visits_per_day=150, users=60, wrong_secret=0.2)
    return alesha.simulate(scenario, seed=5)


@pytest.fixture(scope="module")
def report(result):
    return page(result)


def nobody():
    return alesha.simulate(alesha.scenarios.market_day(visits_per_day=1e-9), seed=7)


def test_the_page_holds_figures_pictures_and_one_order(result, report):
    order = typical_order(result)
    assert "All conservation laws hold" in report
    assert f"<code>{result.digest}</code>" in report
    assert f"{result.closing_balances()['shop']:,.2f} BDT" in report
    assert f"<p>Order {order}: completed" in report
    assert "alesha run market_day --seed 5" in report
    declined = (result.orders["reason"] == "wrong_secret").sum()
    assert f'<th scope="row">declined: wrong secret</th><td>{declined}</td>' in report


def test_every_picture_carries_itself_and_says_what_it_shows(report):
    pictures = re.findall(r'<figure><img alt="([^"]+)" src="data:image/png;base64,', report)
    names = [text.partition(":")[0] for text in pictures]
    assert names == [
        "Balances", "Cash bridge", "Funnel", "Delivery times", "Stock", "Queues", "Waiting", "Calendar",
    ]  # fmt: skip
    assert any("Shop ends at" in text for text in pictures)


def test_nothing_is_asked_of_anywhere_else(report):
    assert OUTSIDE.findall(report) == []


def test_no_secret_is_in_the_page(result, report):
    simulation = alesha.Simulation(result.scenario, seed=5)
    simulation.run()
    known = simulation.users.credentials
    secrets = [f"{number:016x}" for number in (*known._secrets.tolist(), *known._passwords.tolist())]
    assert len(secrets) == 120
    assert [secret for secret in secrets if secret in report] == []


def test_the_typical_order_was_completed_if_any_was(result):
    completed = result.orders.loc[result.orders["status"] == "completed", "order"]
    assert typical_order(result) == completed.iloc[0] > 1
    poor = alesha.scenarios.first_purchase().with_settings({"users.opening_balance": 1})
    assert typical_order(alesha.simulate(poor, seed=7)) == 1
    assert typical_order(nobody()) is None


def test_a_run_without_orders_has_a_report(result):
    assert "<p>No order was placed.</p>" in page(nobody())
    with pytest.raises(ValueError, match="order 999999: must be from 1 to"):
        page(result, 999_999)


def test_a_broken_law_is_told_first(result, monkeypatch):
    monkeypatch.setattr(result, "check", lambda: ["L0: row 3 <odd>"])
    assert '<div class="broken">Laws are broken:<ul><li>L0: row 3 &lt;odd&gt;</li></ul></div>' in page(result)


# The command


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*argv):
        status = main(argv)
        return status, capsys.readouterr().err

    return run


def test_the_command_writes_the_page_of_a_run(call, tmp_path):
    status, said = call("report", "first_purchase", "--seed", "7", "--out", "report.html")
    assert (status, said) == (0, "report.html is the report of first_purchase, seed 7\n")
    assert (tmp_path / "report.html").read_text("utf-8") == page(
        alesha.simulate(alesha.scenarios.first_purchase(), seed=7)
    )


def test_the_command_reports_a_saved_result_without_running_it(call, tmp_path, monkeypatch, result):
    result.save(tmp_path / "saved")
    monkeypatch.delattr(alesha.Simulation, "run")
    assert call("report", "saved", "--out", "report.html", "--order", "2", "--quiet") == (0, "")
    assert (tmp_path / "report.html").read_text("utf-8") == page(result, 2)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("saved", "--seed", "1"), "--seed: 1: cannot change saved, which has been run already"),
        (("saved", "--order", "9"), "--order: 9: must be from 1 to 1"),
        (("saved/nothing",), "saved/nothing"),
        (("first_purchase", "--order", "0"), "--order: '0': must be a whole number from 1"),
    ],
)
def test_what_cannot_be_reported_is_refused_in_one_line(call, tmp_path, arguments, line):
    alesha.simulate(alesha.scenarios.first_purchase(), seed=7).save(tmp_path / "saved")
    status, said = call("report", *arguments, "--out", "report.html")
    assert (status, said.count("\n")) == (2, 1)
    assert line in said
    assert not (tmp_path / "report.html").exists()


def test_a_page_that_is_there_is_kept_unless_forced(call, tmp_path):
    (tmp_path / "report.html").write_text("mine")
    status, said = call("report", "first_purchase", "--out", "report.html")
    assert (status, said) == (2, "--out: 'report.html': must not be there already (--force overwrites it)\n")
    assert (tmp_path / "report.html").read_text() == "mine"


def test_without_out_the_command_says_what_is_missing(call):
    assert call("report", "first_purchase") == (2, "--out: missing: see alesha report --help\n")


def test_a_damaged_result_is_refused(call, tmp_path):
    alesha.simulate(alesha.scenarios.first_purchase(), seed=7).save(tmp_path / "saved")
    manifest = tmp_path / "saved" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"seed": 8}))
    status, said = call("report", "saved", "--out", "report.html")
    assert (status, said.startswith("SCENARIO: 'saved': cannot be read: ")) == (2, True)


# In a browser


def test_the_report_opens_without_a_network_and_its_stepper_can_be_clicked(browser, report, tmp_path):
    (tmp_path / "report.html").write_text(report, encoding="utf-8")
    shown = browser.new_page(viewport={"width": 1280, "height": 900})
    asked, faults = [], []
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("console", lambda message: faults.append(message.text))
    shown.on("pageerror", lambda error: faults.append(str(error)))
    shown.goto((tmp_path / "report.html").as_uri())
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
    assert shown.evaluate("[...document.images].every((image) => image.naturalWidth > 300)")
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    before = shown.get_by_text(re.compile("^step 1 of ")).count()
    shown.get_by_role("button", name=re.compile("Next")).click()
    assert (before, shown.get_by_text(re.compile("^step 2 of ")).count()) == (1, 1)
    assert faults == []
    shown.close()


# Studies


@pytest.fixture(scope="module")
def study_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies") / "sweep"
    market = alesha.scenarios.market_day(visits_per_day=60, users=20)
    alesha.sweep(market, {"bank.workers": [1, 2]}, runs=3, seed=4, folder=folder, jobs=1, progress=False)
    return folder


def test_a_study_is_one_page_of_figures_pictures_and_commands(study_folder, tmp_path, capsys):
    out = tmp_path / "study.html"
    assert main(["report", str(study_folder), "--out", str(out)]) == 0
    text = out.read_text()
    assert "6 of 6 runs finished" in text
    assert len(re.findall('<img alt="[^"]+" src="data:image/png;base64,', text)) == 6
    assert OUTSIDE.findall(text) == []
    assert "No run failed." in text
    study = alesha.Study.load(study_folder)
    assert study.command(1) in text.replace("&#x27;", "'").replace("&quot;", '"')
    revenue = study.summary().loc[(1, "revenue"), "mean"]
    assert f"{revenue:,.6g}" in text


def test_the_figures_of_a_study_are_in_units_that_people_read():
    market = alesha.scenarios.market_day(visits_per_day=60, users=20).with_settings({"shop.opening_balance": 3e8})
    near = [0.30000001, 0.30000002]
    study = alesha.sweep(market, {"demand.buy_share": near}, runs=2, seed=4, jobs=1, progress=False)
    text = study_page(study)
    hours = study.summary().loc[(near[0], "mean_delivery_seconds"), "mean"] / 3600
    assert f"<td>mean delivery, hours</td>\n      <td>{hours:,.6g}</td>" in text
    assert "<td>shop cash, million BDT</td>\n      <td>300" in text
    assert re.findall(r"\de[+-]\d|_seconds</t", text.partition("<h2>Figures</h2>")[2]) == []
    assert all(f"<td>{value!r}</td>" in text for value in near)
    assert all(f"<td>{value!r}</td>" in study._repr_html_() for value in near)


def test_a_study_without_a_finished_run_has_a_report():
    def broken(result):
        raise ArithmeticError("never")

    market = alesha.scenarios.market_day(visits_per_day=9, users=5)
    options = {"runs": 1, "seed": 4, "jobs": 1, "progress": False, "metrics": broken}
    for study in (alesha.replicate(market, **options), alesha.sweep(market, {"bank.workers": [1, 2]}, **options)):
        assert "<p>No run is finished.</p>" in study_page(study)
        assert "count in no mean" in study_page(study)
        assert "<th>metric</th>" in study._repr_html_()


def test_a_study_cannot_be_changed_by_its_report(study_folder, tmp_path, capsys):
    assert main(["report", str(study_folder), "--out", str(tmp_path / "x.html"), "--seed", "3"]) == 2
    assert "--seed: 3: cannot change" in capsys.readouterr().err
    assert not (tmp_path / "x.html").exists()
