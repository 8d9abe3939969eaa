"""Kernels of fields and other per-sample nets against Jacobians by torch.func, to 1e-10."""

import pytest
import torch
from torch import nn

from inr_experiments.checks import InputError
from inr_experiments.ntk.empirical import EmpiricalNtk
from inr_experiments.ntk.spectrum import matrix
from tests.cases import CASES, Case, field, points
from tests.ntk.close import close
from tests.reference import ntk as reference

EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def by_layer(parts):
    """Kernels of layers from those of their parameters."""
    layers = dict.fromkeys(layer for layer, _ in parts)
    return {name: sum(K for (layer, _), K in parts.items() if layer == name) for name in layers}


@EVERY
def test_kernels_are_those_of_the_jacobian(case: Case) -> None:
    expected = by_layer(reference.kernels(reference.jacobians(case.module, case.x)))
    whole, last = sum(expected.values()), case.outputs - 1
    for outputs, pick in (
        ("blocks", lambda K: K),
        ("trace", lambda K: K.diagonal().sum(-1)),
        (last, lambda K: K[last, last]),
    ):
        ntk = EmpiricalNtk(case.module, case.x, outputs=outputs)
        assert ntk.difference is not None and ntk.difference < 1e-10 and not ntk.by_jacobian
        kernels = ntk.layers()
        assert set(kernels) == set(expected) == set(ntk.names)
        for name, K in expected.items():
            assert close(kernels[name], pick(K)), name
        assert close(ntk.total(), pick(whole))
        traces = {
            n: K.diagonal().sum(-1).trace() if outputs != last else K[last, last].trace()
            for n, K in expected.items()
        }
        total = sum(traces.values())
        assert ntk.shares() == pytest.approx({n: float(t / total) for n, t in traces.items()})


@EVERY
def test_products_are_those_of_the_kernel(case: Case) -> None:
    parts = reference.kernels(reference.jacobians(case.module, case.x))
    for outputs, pick in (
        (0, lambda K: K[0, 0]),
        ("trace", lambda K: K.diagonal().sum(-1)),
        ("blocks", lambda K: K),
    ):
        ntk = EmpiricalNtk(case.module, case.x, outputs=outputs)
        v = torch.randn(ntk.size, dtype=torch.float64)
        whole = matrix(pick(sum(parts.values())))
        assert close(ntk @ v, whole @ v)
        assert close(ntk.diagonal().value, whole.diagonal())
        assert not ntk.diagonal().standard_error.any()
        assert close(ntk.trace().value, whole.trace())
        for (layer, parameter), K in parts.items():
            own = matrix(pick(K))
            assert close(ntk.product(v, layer=layer, parameter=parameter), own @ v), layer
            assert close(ntk.trace(layer, parameter).value, own.trace())
        assert close(
            ntk.product(v, parameter="weight") + ntk.product(v, parameter="bias")
            if any(p == "bias" for _, p in parts)
            else ntk @ v,
            whole @ v,
        )


@EVERY
def test_the_jacobian_method_agrees(case: Case) -> None:
    for outputs in ("trace", "blocks"):
        identity = EmpiricalNtk(case.module, case.x, outputs=outputs).layers()
        ntk = EmpiricalNtk(case.module, case.x, outputs=outputs, method="jacobian")
        assert ntk.method == "full-batch Jacobian" and ntk.difference is None
        assert len(ntk.by_jacobian) >= len(ntk.names)
        exact = ntk.layers()
        assert set(exact) == set(identity)
        for name, K in identity.items():
            assert close(exact[name], K), name


@pytest.mark.parametrize("kind", ["relu", "siren", "bn"])
def test_a_stage_as_the_output(kind: str) -> None:
    module, x = field(kind, 2, 3).eval(), points(10, 2)
    trunk = nn.Sequential(*[stage for name, stage in module.stages() if name != "head"])
    ntk = EmpiricalNtk(module, x, outputs="blocks", stage="hidden.1")
    expected = by_layer(reference.kernels(reference.jacobians(trunk, x)))
    for ours, theirs in zip(ntk.layers().values(), expected.values(), strict=True):
        assert close(ours, theirs)
    trace = EmpiricalNtk(module, x, stage="hidden.1").total()
    assert close(trace, ntk.total().diagonal().sum(-1))


@pytest.mark.parametrize("kind", ["bn", "bn_all_pre"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_batch_norm_in_train_mode_is_exact(kind: str, outputs: int) -> None:
    module, x = field(kind, 2, outputs), points(9, 2)
    state = {name: value.clone() for name, value in module.state_dict().items()}
    parts = reference.kernels(reference.full_batch_jacobians(module, x))
    expected, whole = by_layer(parts), sum(parts.values())
    for choice, pick in (("blocks", lambda K: K), ("trace", lambda K: K.diagonal().sum(-1))):
        ntk = EmpiricalNtk(module, x, outputs=choice)
        assert ntk.method.startswith("full-batch Jacobian, as BatchNorm")
        assert not ntk.frozen_statistics
        kernels = ntk.layers()
        for name, K in expected.items():
            # A bias before BatchNorm has no influence: its kernel is rounding.
            assert (kernels[name] - pick(K)).norm() <= 1e-10 * whole.norm(), name
        v = torch.randn(ntk.size, dtype=torch.float64)
        assert close(ntk.total(), pick(whole)) and close(ntk @ v, matrix(pick(whole)) @ v)
        part = ntk.product(v, layer="inlet.linear", parameter="weight")
        assert close(part, matrix(pick(parts["inlet.linear", "weight"])) @ v)
        assert close(ntk.diagonal(probes=None).value, matrix(pick(whole)).diagonal())
    for name, value in module.state_dict().items():
        assert torch.equal(value, state[name]), name


def test_probes_estimate_what_goes_by_jacobian() -> None:
    module, x = field("siren", 2, 3), points(12, 2)
    exact = EmpiricalNtk(module, x)
    ntk = EmpiricalNtk(module, x, method="jacobian")
    generator = torch.Generator().manual_seed(3)
    for found, expected in (
        (ntk.trace(probes=200, generator=generator), exact.trace()),
        (ntk.trace("head", "weight", probes=200), exact.trace("head", "weight")),
        (ntk.diagonal(probes=200, generator=generator), exact.diagonal()),
    ):
        assert (found.standard_error > 0).all()
        assert ((found.value - expected.value).abs() <= 5 * found.standard_error).all()
    assert float(ntk.trace(probes=8)) == float(ntk.trace(probes=8))
    assert sum(ntk.shares().values()) == pytest.approx(1)
    with pytest.raises(InputError, match="probes=1"):
        ntk.trace(probes=1)


def test_frozen_statistics_are_named_and_differ() -> None:
    module, x = field("bn", 2, 1), points(9, 2)
    coupled = EmpiricalNtk(module, x).total()
    frozen = EmpiricalNtk(module.eval(), x)
    assert frozen.frozen_statistics and "statistics frozen" in frozen.method
    assert (coupled - frozen.total()).norm() > 0.01 * coupled.norm()


@pytest.mark.parametrize("case", [c for c in CASES if "-P2-" in c.name], ids=lambda case: case.name)
def test_symmetric_semidefinite_equivariant(case: Case) -> None:
    order = torch.randperm(len(case.x), generator=torch.Generator().manual_seed(1))
    moved = EmpiricalNtk(case.module, case.x[order]).layers()
    for name, K in EmpiricalNtk(case.module, case.x).layers().items():
        assert torch.equal(K, K.T)
        values = torch.linalg.eigvalsh(K)
        assert values[0] >= -1e-12 * values[-1].abs()
        assert close(moved[name], K[order][:, order], 1e-12)


def test_frozen_parameters_have_no_kernel() -> None:
    module, x = field("relu", 2, 1), points(8, 2)
    module.inlet.requires_grad_(False)
    module.hidden[0].linear.bias.requires_grad_(False)
    module.hidden[1].linear.weight.requires_grad_(False)
    parts = reference.kernels(reference.jacobians(module, x))
    trained = [
        ("hidden.0.linear", "weight"),
        ("hidden.1.linear", "bias"),
        ("head", "weight"),
        ("head", "bias"),
    ]
    expected = by_layer({key: parts[key][0, 0] for key in trained})
    ntk = EmpiricalNtk(module, x)
    kernels = ntk.layers()
    assert tuple(kernels) == ntk.names == ("hidden.0.linear", "hidden.1.linear", "head")
    assert all(close(kernels[name], K) for name, K in expected.items())
    v = torch.randn(8, dtype=torch.float64)
    for layer, parameter in trained:
        product = ntk.product(v, layer=layer, parameter=parameter)
        assert close(product, parts[layer, parameter][0, 0] @ v)


def test_float32_in_is_float32_out_and_near() -> None:
    module, x = field("siren", 2, 3, width=32), points(200, 2)
    double = EmpiricalNtk(module, x).total()
    single = EmpiricalNtk(module.float(), x).total()
    assert single.dtype == torch.float32
    assert close(single.double(), double, 1e-4)


def test_no_grad_around_the_call_does_not_matter() -> None:
    module, x = field("relu", 2, 1), points(8, 2)
    with torch.no_grad():
        expected = EmpiricalNtk(module, x).total()
        assert close(EmpiricalNtk(module, x, method="jacobian").total(), expected)
    assert close(EmpiricalNtk(module, x).total(), expected)
    assert all(p.grad is None for p in module.parameters())
    assert not any(m._forward_hooks for m in module.modules())


def test_as_an_operator_of_scipy() -> None:
    from scipy.sparse.linalg import eigsh

    ntk = EmpiricalNtk(field("siren", 2, 1), points(30, 2))
    values = eigsh(ntk.to_scipy(), k=3, which="LA", return_eigenvectors=False)
    expected = torch.linalg.eigvalsh(ntk.total())[-3:].numpy()
    assert sorted(values) == pytest.approx(expected)
    single = EmpiricalNtk(field("relu", 2, 1).float(), points(4, 2)).to_scipy()
    assert single.dtype == "float32" and single.shape == (4, 4)


def test_arguments_of_products() -> None:
    ntk = EmpiricalNtk(field("relu", 2, 1), points(8, 2))
    with pytest.raises(InputError, match=r"expected \(8,\)"):
        ntk @ torch.ones(9)
    for kind in (torch.int64, torch.complex128):
        with pytest.raises(InputError, match=f"v of {kind}, .* of floats"):
            ntk @ torch.ones(8, dtype=kind)
    with pytest.raises(InputError, match="v holds NaN"):
        ntk @ torch.full((8,), torch.nan)
    with pytest.raises(InputError, match="layer='trunk'"):
        ntk.product(torch.ones(8), layer="trunk")
    with pytest.raises(InputError, match=r"parameter='weights'.*did you mean 'weight'"):
        ntk.trace("head", "weights")
