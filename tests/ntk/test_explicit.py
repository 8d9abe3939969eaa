"""The layer-wise kernels against Jacobians by torch.func, in float64 to 1e-10."""

import pytest
import torch
from inr_experiments.ntk.operator import ntk_operator

from inr_experiments.ntk.explicit import layer_kernels, total_kernel
from inr_experiments.ntk.spectrum import matrix
from tests.cases import CASES, Case, field, points
from tests.reference import ntk as reference

EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def close(ours, theirs, tolerance=1e-10):
    scale = theirs.norm()
    return ours.shape == theirs.shape and (ours - theirs).norm() <= tolerance * (scale or 1)


@EVERY
def test_kernels_are_those_of_the_jacobian(case: Case) -> None:
    expected = reference.kernels(reference.jacobians(case.module, case.x))
    blocks = layer_kernels(case.module, case.x, outputs="blocks")
    assert blocks.difference is not None and blocks.difference < 1e-10
    assert set(blocks.parts) == set(expected)
    for key, K in expected.items():
        assert close(blocks.parts[key], K), key

    trace = layer_kernels(case.module, case.x)
    for key, K in expected.items():
        assert close(trace.parts[key], K.diagonal().sum(-1)), key
    last = case.outputs - 1
    one = layer_kernels(case.module, case.x, outputs=last)
    for key, K in expected.items():
        assert close(one.parts[key], K[last, last]), key

    whole = sum(expected.values())
    assert close(blocks.total(), whole)
    assert close(total_kernel(case.module, case.x, outputs="blocks").values, whole)
    assert close(total_kernel(case.module, case.x).values, whole.diagonal().sum(-1))
    assert close(sum(trace.layer(name) for name in trace.names), trace.total())
    assert sum(trace.shares().values()) == pytest.approx(1)
    assert trace.shares() == pytest.approx(blocks.shares())


@EVERY
def test_products_are_those_of_the_kernel(case: Case) -> None:
    for outputs in (0, "trace", "blocks"):
        kernels = layer_kernels(case.module, case.x, outputs=outputs)
        operator = ntk_operator(case.module, case.x, outputs=outputs)
        v = torch.randn(operator.size, dtype=torch.float64)
        assert operator.names == kernels.names
        assert close(operator(v), matrix(kernels.total()) @ v)
        assert close(operator.diagonal(), matrix(kernels.total()).diagonal())
        for layer, part in kernels.parts:
            product = matrix(kernels.parts[layer, part]) @ v
            assert close(operator(v, layer=layer, part=part), product), (layer, part)


@EVERY
def test_the_jacobian_method_agrees(case: Case) -> None:
    for outputs in ("trace", "blocks"):
        identity = layer_kernels(case.module, case.x, outputs=outputs)
        exact = layer_kernels(case.module, case.x, outputs=outputs, method="jacobian")
        assert exact.method == "full-batch Jacobian" and exact.difference is None
        for key, K in identity.parts.items():
            assert close(exact.parts[key], K), key


@pytest.mark.parametrize("kind", ["relu", "siren", "bn"])
def test_a_stage_as_the_output(kind: str) -> None:
    module, x = field(kind, 2, 3).eval(), points(10, 2)
    trunk = torch.nn.Sequential(*[stage for name, stage in module.stages() if name != "head"])
    kernels = layer_kernels(module, x, outputs="blocks", stage="hidden.1")
    expected = reference.kernels(reference.jacobians(trunk, x))
    assert len(kernels.parts) == len(expected)
    for ours, theirs in zip(kernels.parts.values(), expected.values(), strict=True):
        assert close(ours, theirs)
    trace = total_kernel(module, x, stage="hidden.1").values
    assert close(trace, kernels.total().diagonal().sum(-1))


@pytest.mark.parametrize("outputs", [1, 20])
def test_kernels_taken_in_stripes_and_groups(monkeypatch, outputs: int) -> None:
    module, x = field("relu", 2, outputs), points(23, 2)
    whole = layer_kernels(module, x)
    monkeypatch.setattr("inr_experiments.ntk.explicit.ROWS", 5)
    monkeypatch.setattr("inr_experiments.ntk.matrix_free.ROWS", 4)
    monkeypatch.setattr("inr_experiments.ntk.capture.capture.__kwdefaults__", {"rows": 7})
    monkeypatch.setattr("inr_experiments.ntk.request.GROUP", 3)
    stripes = layer_kernels(module, x)
    for key, K in whole.parts.items():
        assert close(stripes.parts[key], K)
    assert close(total_kernel(module, x).values, whole.total())
    blocks = total_kernel(module, x, outputs="blocks").values
    assert close(blocks.diagonal().sum(-1), whole.total())
    v = torch.randn(23, dtype=torch.float64)
    assert close(ntk_operator(module, x)(v), whole.total() @ v)


@pytest.mark.parametrize("kind", ["bn", "bn_all_pre"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_batch_norm_in_train_mode_is_exact(kind: str, outputs: int) -> None:
    module, x = field(kind, 2, outputs), points(9, 2)
    state = {name: value.clone() for name, value in module.state_dict().items()}
    expected = reference.kernels(reference.full_batch_jacobians(module, x))
    blocks = layer_kernels(module, x, outputs="blocks")
    trace = layer_kernels(module, x)
    assert blocks.method == "full-batch Jacobian"
    scale = sum(expected.values()).norm()
    for key, K in expected.items():
        # A bias before BatchNorm has no influence: its kernel is rounding.
        assert (blocks.parts[key] - K).norm() <= 1e-10 * scale, key
        assert (trace.parts[key] - K.diagonal().sum(-1)).norm() <= 1e-10 * scale, key
    operator, v = ntk_operator(module, x), torch.randn(9, dtype=torch.float64)
    assert close(operator(v), trace.total() @ v)
    part = operator(v, layer="inlet.linear", part="weight")
    assert close(part, trace.parts["inlet.linear", "weight"] @ v)
    wide = ntk_operator(module, x, outputs="blocks")
    v = torch.randn(9 * outputs, dtype=torch.float64)
    flat = blocks.total().transpose(1, 2).reshape(len(v), len(v))
    assert close(wide(v), flat @ v)
    for name, value in module.state_dict().items():
        assert torch.equal(value, state[name]), name


def test_frozen_statistics_are_named_and_differ() -> None:
    module, x = field("bn", 2, 1), points(9, 2)
    coupled = layer_kernels(module, x).total()
    frozen = layer_kernels(module.eval(), x)
    assert "statistics frozen" in frozen.method
    assert (coupled - frozen.total()).norm() > 0.01 * coupled.norm()


@pytest.mark.parametrize("case", CASES[::5], ids=lambda case: case.name)
def test_symmetric_semidefinite_equivariant(case: Case) -> None:
    order = torch.randperm(len(case.x), generator=torch.Generator().manual_seed(1))
    kernels = layer_kernels(case.module, case.x)
    moved = layer_kernels(case.module, case.x[order])
    for key, K in kernels.parts.items():
        assert torch.equal(K, K.T)
        values = torch.linalg.eigvalsh(K)
        assert values[0] >= -1e-12 * values[-1].abs()
        assert close(moved.parts[key], K[order][:, order], 1e-12)


def test_frozen_parameters_have_no_kernel() -> None:
    module, x = field("relu", 2, 1), points(8, 2)
    module.inlet.requires_grad_(False)
    module.hidden[0].linear.bias.requires_grad_(False)
    module.hidden[1].linear.weight.requires_grad_(False)
    expected = reference.kernels(reference.jacobians(module, x))
    kernels = layer_kernels(module, x)
    assert set(kernels.parts) == {
        ("hidden.0.linear", "weight"),
        ("hidden.1.linear", "bias"),
        ("head", "weight"),
        ("head", "bias"),
    }
    for key, K in kernels.parts.items():
        assert close(K, expected[key][0, 0])


def test_float32_in_is_float32_out_and_near() -> None:
    module, x = field("siren", 2, 3, width=32), points(200, 2)
    double = total_kernel(module, x).values
    single = total_kernel(module.float(), x).values
    assert single.dtype == torch.float32
    assert close(single.double(), double, 1e-4)


def test_no_grad_around_the_call_does_not_matter() -> None:
    module, x = field("relu", 2, 1), points(8, 2)
    with torch.no_grad():
        assert close(layer_kernels(module, x).total(), total_kernel(module, x).values)
    assert all(p.grad is None for p in module.parameters())
    assert not any(m._forward_hooks for m in module.modules())
