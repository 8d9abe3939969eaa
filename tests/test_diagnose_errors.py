"""Whose error `diagnose` tells: the user's module's, with its cause, or its own."""

import pytest
import torch

from inr_experiments.checks import InputError
from inr_experiments.diagnose import diagnose, flow
from tests.networks import Chain, Net

X = torch.cartesian_prod(torch.linspace(-1, 1, 8), torch.linspace(-1, 1, 8))


class Fails(Chain):
    def forward(self, x):
        return {}["nothing"]


def test_an_error_of_the_users_keeps_its_cause() -> None:
    with pytest.raises(InputError, match=r"Fails fails on .*shape \(64, 2\): KeyError") as error:
        diagnose(Fails(), X)
    assert isinstance(error.value.__cause__, KeyError)
    assert error.value.__cause__.__traceback__ is not None
    assert "test_diagnose_errors.py" in str(error.value)


@pytest.mark.parametrize("kind", [RuntimeError, ValueError, TypeError])
def test_an_error_of_ours_is_not_told_as_the_users(kind: type[Exception], monkeypatch) -> None:
    def broken(*_arguments: object) -> None:
        raise kind("ours")

    monkeypatch.setattr(flow.Flow, "_call", broken)
    with pytest.raises(kind, match=r"^ours$"):
        diagnose(Chain(), X)
    monkeypatch.undo()
    monkeypatch.setattr("inr_experiments.ntk.capture.fits", broken)
    with pytest.raises(kind, match=r"^ours$"):
        diagnose(Chain(), X).ntk()


def test_features_that_are_not_finite() -> None:
    class Infinite(Net):
        def forward(self, x):
            return self.last(self.first(x) / 0)

    with pytest.raises(InputError, match="layer 'first' puts out NaN or infinity"):
        diagnose(Infinite(), X)
