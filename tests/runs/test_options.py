"""Whether what is stored of a diagnostic is enough, and what is measured where it is not."""

import pytest

from inr_experiments.runs.options import covers, united

SPECTRA = {"stages": ["inlet"], "weights": False, "points": None}


@pytest.mark.parametrize(
    ("stored", "wanted", "enough"),
    [
        ({}, {}, True),
        ({"stages": ["inlet", "head"]}, {}, True),
        ({}, {"stages": ["inlet", "head"]}, False),
        ({"weights": True}, {}, True),
        ({}, {"weights": True}, False),
        ({"points": 0}, {"points": 2}, False),
        ({"points": 2}, {"points": 0}, False),
        ({"points": 64}, {}, False),
        ({}, {"points": 64}, False),
    ],
)
def test_what_covers_what(stored, wanted, enough):
    stored, wanted = {**SPECTRA, **stored}, {**SPECTRA, **wanted}
    assert covers(stored, wanted) == enough
    both = united(stored, wanted)
    assert covers(both, wanted), "what is measured then is enough"
    exclusive = stored["points"] != wanted["points"]
    assert covers(both, stored) or exclusive, "and the other still has what it wanted"


def test_an_option_that_came_later_is_measured():
    old = {key: value for key, value in SPECTRA.items() if key != "weights"}
    assert not covers(old, SPECTRA)
    assert united(old, SPECTRA) == SPECTRA
