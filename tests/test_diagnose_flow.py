"""Stages by data flow, on networks of the field, against features written by hand."""

import pytest
import torch

from inr_experiments.diagnose import diagnose
from tests.networks import NetworkCase, cases

X = torch.cartesian_prod(torch.linspace(-1, 1, 8), torch.linspace(-1, 1, 8))


@pytest.mark.parametrize(("case", "again"), list(zip(cases(), cases(), strict=True)), ids=str)
def test_stages_are_those_written_by_hand(case: NetworkCase, again: NetworkCase) -> None:
    found = diagnose(case.module, X)
    wide = again.module._apply(
        lambda t: (
            t.to(torch.complex128 if t.is_complex() else torch.float64)
            if t.is_complex() or t.is_floating_point()
            else t
        )
    )
    expected = case.by_hand(wide, X.double())
    assert {stage.name for stage in found.stages} == set(expected)
    assert found.inlet.name == case.inlet
    for stage in found.stages:
        Z = expected[stage.name].detach()
        assert stage.shape == tuple(Z.shape), stage.name
        sigma = torch.linalg.svdvals(Z).numpy()
        assert stage.singular_values == pytest.approx(sigma, rel=1e-9, abs=1e-9 * sigma[0])
    for words in case.says:
        assert words in found.text
    assert "Measured in float64" in found.text
