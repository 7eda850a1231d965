"""Whatever is wrong in one place is told in these lines, by these laws, in this order, and by no others."""

import law_reports
import pytest


@pytest.mark.parametrize("part", law_reports.PARTS)
def test_what_is_wrong_in_one_place_is_told_in_the_lines_of_the_reference(part):
    found, kept = part(), law_reports.written()
    assert found == {name: kept[name] for name in found}


def test_every_report_of_the_reference_is_made():
    assert {*law_reports.written()} == {name for part in law_reports.PARTS for name in part()}
