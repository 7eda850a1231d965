"""Secrets are nowhere but inside the messages and with those who know them."""

import pytest

from alesha_sim.scenarios import market_day
from alesha_sim.simulation.simulation import Simulation
from alesha_sim.tables.schema import SCHEMA as TABLES


@pytest.fixture(scope="module")
def simulation():
    simulation = Simulation(market_day(users=40, visits_per_day=80), 3)
    simulation.run()
    return simulation


@pytest.fixture(scope="module")
def secrets(simulation):
    """Every secret key and password of the run, as text and as the number behind it."""
    numbers = [
        *simulation.users.credentials._secrets.tolist(), *simulation.users.credentials._passwords.tolist(),
        *simulation.bank._organisation_secrets.values(),
    ]  # fmt: skip
    return [f"{number:016x}" for number in numbers] + [str(number) for number in numbers]


def leaks(secrets, text):
    return [secret for secret in secrets if secret in text]


def test_no_table_shows_a_secret(simulation, secrets):
    result = simulation.result()
    for name in TABLES:
        assert leaks(secrets, getattr(result, name).to_csv()) == []


def test_no_saved_file_holds_a_secret(simulation, secrets, tmp_path):
    import pandas

    simulation.result().save(tmp_path / "saved")
    for path in (tmp_path / "saved").iterdir():
        text = pandas.read_parquet(path).to_csv() if path.suffix == ".parquet" else path.read_text()
        assert leaks(secrets, text) == []


def test_no_representation_shows_a_secret(simulation, secrets):
    result = simulation.result()
    shown = [result, result._repr_html_(), result.summary(), result.follow(1), result.scenario, simulation]
    parties = (simulation.bank, simulation.shop, simulation.supplier, simulation.users)
    shown += list(parties) + [party.inbox for party in parties] + [simulation.shop.wallet]
    assert leaks(secrets, " ".join(repr(each) for each in shown) + result.scenario.to_toml()) == []


@pytest.mark.interpreted
def test_an_error_about_a_message_does_not_show_its_secret(secrets):
    broken = Simulation(market_day(users=40, visits_per_day=80), 3)

    def fail(payment, order):
        raise RuntimeError(f"cannot serve {payment}")

    broken.bank.authorise = fail
    with pytest.raises(RuntimeError, match="cannot serve") as caught:
        broken.run()
    assert leaks(secrets, f"{caught.value} {caught.value!r} {caught.value.__cause__!r}") == []


def test_the_search_would_find_one(simulation, secrets):
    assert leaks(secrets, f"a table with {simulation.users.credentials._secrets[0]:016x}") != []
