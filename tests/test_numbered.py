"""Labels kept as stems and numbers: in every respect the texts that they stand for."""

import pickle

import numpy as np
import pytest

import alesha_sim as alesha
from alesha_sim.audit import laws, register
from alesha_sim.columns import TextColumn, equals, isin
from alesha_sim.numbered import WIDTH, NumberedLabels, split
from alesha_sim.results import metrics
from alesha_sim.scenarios.library.market_day import market_day
from alesha_sim.tables.canonical import by_appearance
from alesha_sim.tables.digest import digest

USERS = 3000
STEMS = ("shop:cash", "users:cash:", 'a "é', "users:", "nobody")


@pytest.fixture
def labels():
    stem, number = np.array([0, 1, 1, 1, 1, 1, 2, 3, 1]), np.array([-1, 0, 1, 10, 11, 10**9 - 1, -1, 3, 0])
    return NumberedLabels(STEMS, stem * WIDTH + number + 1)


@pytest.fixture
def texts():
    found = ["shop:cash", *(f"users:cash:{number}" for number in (0, 1, 10, 11, 10**9 - 1)), 'a "é', "users:3"]
    return [*found, "users:cash:0"]


@pytest.fixture(scope="module")
def result():
    return alesha.simulate(market_day(users=USERS, visits_per_day=60), seed=7)


def plain(tables):
    """Return tables whose labels are texts."""
    return {
        table: {
            name: TextColumn(column.codes, tuple(column.labels)) if isinstance(column, TextColumn) else column
            for name, column in tables[table].items()
        }
        for table in tables
    }


def test_they_read_like_the_texts(labels, texts):
    assert list(labels) == texts
    assert [labels[place] for place in range(-1, len(texts))] == [texts[-1], *texts]
    assert list(labels[1:3]) == texts[1:3]
    assert labels.joined("; ") == "; ".join(texts)
    assert list(labels[np.array([5, 0])]) == [texts[5], texts[0]]
    assert list(pickle.loads(pickle.dumps(labels))) == texts


def test_no_labels_are_none(labels):
    none = labels[:0]
    assert (list(none), len(none), none.isin(["users:3"]).tolist()) == ([], 0, [])
    assert none.joined("; ") == ""
    assert none.find(labels).tolist() == [-1] * len(labels)
    assert labels.find(none).tolist() == []


WORDS = [
    "shop:cash", "users:cash:1", "users:cash:01", "users:cash:", "users:cash:-1", "users:3", "shop:cash1", "",
    "users:cash:\N{ARABIC-INDIC DIGIT ONE}", "users:cash:999999999", "users:cash:" + "9" * 40, "nobody", 'a "é',
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_found_where_its_text_stands(word, labels, texts):
    codes = np.array([*range(len(texts)), -1], np.int32)
    assert isin(TextColumn(codes, labels), [word]).tolist() == [*(text == word for text in texts), False]
    assert (word in labels) == (word in texts)


@pytest.mark.parametrize("others", [0, 20], ids=["few", "many"])
def test_words_are_found_at_once(others, labels, texts):
    wanted = {*texts[1:4], *(f"users:cash:{number}" for number in range(others))}
    assert labels.isin(wanted).tolist() == [text in wanted for text in texts]


@pytest.mark.parametrize("word", ["a", "b", "c"])
def test_a_word_is_found_at_each_of_its_places(word):
    words = ("a", "b", "a")
    text = TextColumn(np.array([2, 1, 0, -1], np.int32), words)
    assert equals(text, word).tolist() == [word == words[2], word == words[1], word == words[0], False]


def test_others_are_found_at_the_place_of_their_text(labels, texts):
    others = NumberedLabels(STEMS, np.array([3, 3, 4, 1, 1, 0, 1]) * WIDTH + np.array([4, 5, 0, 12, 13, 0, 1]))
    last = {text: place for place, text in enumerate(texts)}
    assert labels.find(others).tolist() == [last.get(text, -1) for text in others]


def test_labels_in_use_are_those_of_the_texts(labels, texts):
    codes = np.array([5, -1, 2, 2, 6, 0, 5], np.int32)
    found, right = (by_appearance(TextColumn(codes, each)) for each in (labels, tuple(texts)))
    assert (found.codes.tolist(), tuple(found.labels)) == (right.codes.tolist(), right.labels)
    assert split(texts)[0] is texts


def test_a_result_is_the_same_with_texts_in_their_place(result):
    texts, currency = plain(result._tables), result.scenario.currency
    assert isinstance(result.columns("accounts")["account"].labels, NumberedLabels)
    assert digest(texts, currency) == digest(dict(result._tables), currency)
    assert metrics.exact_metrics(texts, currency) == pytest.approx(result.exact_metrics(), rel=0, nan_ok=True)


@pytest.mark.parametrize(
    ("table", "names", "least"),
    [
        ("accounts", ("opening", "closing"), 5),
        ("transfers", ("debit", "credit"), 20),
        ("accounts", ("account",), 2),
    ],
)
def test_violations_are_the_same_with_texts_in_their_place(table, names, least, result):
    tables = {table: dict(result._tables[table]) for table in result._tables}
    rng = np.random.default_rng(1)
    for name in names:
        column = tables[table][name]
        values = np.array(column.codes if isinstance(column, TextColumn) else column)
        values[rng.integers(2 * USERS, size=30)] = values[rng.integers(2 * USERS, size=30)]
        tables[table][name] = TextColumn(values, column.labels) if isinstance(column, TextColumn) else values
    minor = result.scenario.currency.minor
    catalogue = [
        laws.Priced(product.sku, *map(minor, (product.price, product.charge, product.cost)))
        for product in result.scenario.catalogue
    ]
    found, right = (laws.check(each, catalogue, drained=True) for each in (tables, plain(tables)))
    assert found == right
    assert len(found) >= least


def test_figures_and_laws_look_at_no_name_of_each_account(result, monkeypatch):
    seen = []
    for module, name in ((metrics, "owner_of"), (register, "role_of")):
        judge = getattr(module, name)
        monkeypatch.setattr(module, name, lambda text, *more, judge=judge: seen.append(text) or judge(text, *more))
    made = NumberedLabels.__iter__
    monkeypatch.setattr(NumberedLabels, "__iter__", lambda each: seen.extend(range(len(each))) or made(each))
    assert result.metrics()["visits"] > 30
    assert result.check() == []
    assert result.balance_texts()
    assert len(seen) < USERS / 10
