"""Whoever reads `help(...)` can import what it names."""

import help_texts

from alesha_sim.messages import Reason


def test_every_class_that_a_help_text_names_is_exported():
    assert help_texts.unreachable(help_texts.faces()) == []


def test_a_name_that_no_package_exports_is_found(monkeypatch):
    monkeypatch.setattr(help_texts, "exported", lambda: frozenset({"Study"}))
    assert "Options, named by alesha_sim.replicate" in help_texts.unreachable(
        {"alesha_sim": ["replicate", "Study"]}
    )


def test_names_are_read_from_backticks_annotations_and_what_is_raised():
    assert help_texts.mentioned("The options are those of `Options`. A Study raises ScenarioError.") == {
        "Options",
        "ScenarioError",
    }
    assert help_texts.mentioned("(result: 'Result') -> 'Snapshot'") == {"Result", "Snapshot"}


def test_every_reason_is_given_by_somebody():
    sources = [path.read_text("utf-8") for path in help_texts.ROOT.rglob("*.py")]
    assert [reason for reason in Reason if not any(f"Reason.{reason.name}" in source for source in sources)] == []
