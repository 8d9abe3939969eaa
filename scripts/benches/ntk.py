"""The layer-wise NTK: against torch.func and nngeometry, its own eigenvalues, and N."""

import math
import statistics
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from inr_experiments.ntk.empirical import EmpiricalNtk

from .timing import Row, exponent, median, peak, series

#: From a module and points to their kernel.
Kernel = Callable[[nn.Module, Tensor], Tensor]
WIDTH, HIDDEN = 256, 3
KINDS = ("relu", "siren")
PEER = (1024, 4096)
EXPLICIT, MATRIX_FREE = (1024, 2048, 4096, 8192), (4096, 16384, 65536)
#: Of the matrix-free spectrum.
EIGENVALUES, PROBES, STEPS = 10, 4, 30


def net(kind: str) -> nn.Sequential:
    """A field of 4 × 256 in float32: ReLU, or sine with SIREN's bounds of the weights."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for inputs in (2, *[WIDTH] * HIDDEN):
        linear = nn.Linear(inputs, WIDTH)
        if kind == "siren":
            bound = 1 / inputs if inputs == 2 else math.sqrt(6 / inputs) / 30
            nn.init.uniform_(linear.weight, -bound, bound)
        layers += [linear, nn.ReLU() if kind == "relu" else Sine()]
    return nn.Sequential(*layers, nn.Linear(WIDTH, 1))


class Sine(nn.Module):
    """sin(30 a)."""

    def forward(self, a: Tensor) -> Tensor:
        return torch.sin(30 * a)


def points(count: int) -> Tensor:
    """Uniform points in [-1, 1]². Shapes: -> (count, 2)."""
    return 2 * torch.rand(count, 2, generator=torch.Generator().manual_seed(0)) - 1


def by_layers(module: nn.Module, x: Tensor) -> Tensor:
    """The layer-wise kernel. Shapes: (N, P) -> (N, N)."""
    return EmpiricalNtk(module, x).total()


def by_jacobians(module: nn.Module, x: Tensor) -> Tensor:
    """vmap(jacrev), then Σ J Jᵀ. Shapes: (N, P) -> (N, N)."""
    parameters = {name: p.detach() for name, p in module.named_parameters()}

    def one(parameters: dict[str, Tensor], point: Tensor) -> Tensor:
        return functional_call(module, parameters, (point[None],))[0, 0]

    J = vmap(jacrev(one), in_dims=(None, 0))(parameters, x)
    return sum(j.flatten(1) @ j.flatten(1).T for j in J.values())


def by_nngeometry(module: nn.Module, x: Tensor) -> Tensor:
    """nngeometry's Gram matrix, in batches of 512. Shapes: (N, P) -> (N, N)."""
    from nngeometry import GramMatrix
    from nngeometry.layercollection import LayerCollection
    from torch.utils.data import DataLoader, TensorDataset

    gram = GramMatrix(
        module,
        DataLoader(TensorDataset(x), batch_size=512),
        function=module,
        layer_collection=LayerCollection.from_model(module),
    )
    return gram.to_torch().reshape(len(x), len(x))


def prepared(kernel: Kernel, kind: str, count: int) -> Callable[[], object]:
    """A way to the kernel, ready to run."""
    module, x = net(kind), points(count)
    kernel(module, x[:16])
    return lambda: kernel(module, x)


def spectrum(count: int) -> Callable[[], object]:
    """The largest eigenvalues and the density, matrix-free, ready to run."""
    module, x = net("relu"), points(count)
    return lambda: _spectrum(module, x)


def _spectrum(module: nn.Module, x: Tensor) -> tuple[float, float]:
    """Relative residual and steps of the eigenvalues; then the density."""
    ntk = EmpiricalNtk(module, x)
    found = ntk.eigenvalues(EIGENVALUES)
    ntk.density(probes=PROBES, steps=STEPS)
    return (found.residuals.max() / found.values[0]).item(), found.steps


def rows(*, quick: bool) -> Iterator[Row]:
    """All measurements, in float32."""
    yield from against_jacobians(("relu",) if quick else KINDS, 16 if quick else 1024)
    yield from against_nngeometry((16, 32) if quick else PEER)
    yield from against_points((16, 32) if quick else EXPLICIT)
    yield from against_eigenvalues(32 if quick else 4096)
    yield from products((64, 128) if quick else MATRIX_FREE)
    yield from whole_spectrum(64 if quick else 65536)


def against_jacobians(kinds: tuple[str, ...], count: int) -> Iterator[Row]:
    """Time and peak memory beside torch.func."""
    for kind in kinds:
        ours, theirs = prepared(by_layers, kind, count), prepared(by_jacobians, kind, count)
        memory = {
            "subject_gib": peak(prepared, by_layers, kind, count),
            "reference_gib": peak(prepared, by_jacobians, kind, count),
        }
        difference = _difference(net(kind), points(count), by_jacobians)
        more = {"dtype": "float32", "difference": difference, **memory}
        yield Row(f"ntk/{kind}/{count}", median(ours, runs=11), median(theirs), more)


def against_nngeometry(counts: tuple[int, ...]) -> Iterator[Row]:
    """Time beside nngeometry, in turn; nothing but a word where it is not installed."""
    if find_spec("nngeometry") is None:
        print(
            "nngeometry is not installed, its rows are left out: pip install --no-deps nngeometry"
        )
        return
    for count in counts:
        difference = _difference(net("relu"), points(count), by_nngeometry)
        more = {"dtype": "float32", "difference": difference}
        seconds, reference_seconds = medians(
            prepared(by_layers, "relu", count), prepared(by_nngeometry, "relu", count)
        )
        yield Row(f"ntk/nngeometry/{count}", seconds, reference_seconds, more)


def _difference(module: nn.Module, x: Tensor, reference: Kernel) -> float:
    K = reference(module, x)
    return ((by_layers(module, x) - K).norm() / K.norm()).item()


def medians(*calls: Callable[[], object]) -> list[float]:
    """Median seconds of several calls that take turns, so that a busy machine slows them alike."""
    seconds = [[median(call, runs=1, warm=i == 0) for call in calls] for i in range(11)]
    return [statistics.median(column) for column in zip(*seconds, strict=True)]


def against_points(counts: tuple[int, ...]) -> Iterator[Row]:
    """The explicit kernel as N grows."""
    for count in counts:
        gib = peak(prepared, by_layers, "relu", count)
        seconds = median(prepared(by_layers, "relu", count))
        yield Row(f"ntk/explicit/{count}", seconds, None, {"dtype": "float32", "subject_gib": gib})


def against_eigenvalues(count: int) -> Iterator[Row]:
    """The kernel beside its own eigvalsh."""
    K = EmpiricalNtk(net("relu"), points(count)).total()
    eigenvalues = median(lambda: torch.linalg.eigvalsh(K))
    kernel = median(prepared(by_layers, "relu", count))
    yield Row(f"ntk/kernel_against_eigvalsh/{count}", kernel, eigenvalues, {"dtype": "float32"})


def products(counts: tuple[int, ...]) -> Iterator[Row]:
    """One product K v without K as N grows."""
    for count in counts:
        ntk = EmpiricalNtk(net("relu"), points(count))
        v = torch.randn(count)
        seconds = median(lambda ntk=ntk, v=v: ntk @ v)  # type: ignore[misc]
        yield Row(f"ntk/matrix_free/{count}", seconds, None, {"dtype": "float32"})


def whole_spectrum(count: int) -> Iterator[Row]:
    """Eigenvalues by Lanczos and the density by quadrature; once, being long."""
    module, x = net("relu"), points(count)
    measured: list[tuple[float, float]] = []
    seconds = median(lambda: measured.append(_spectrum(module, x)), runs=1, warm=False)
    residual, steps = measured[0]
    more = {
        "dtype": "float32",
        "eigenvalues": EIGENVALUES,
        "steps": steps,
        "residual": residual,
        "density": f"{PROBES}×{STEPS}",
        "subject_gib": peak(spectrum, count),
    }
    yield Row(f"ntk/spectrum_matrix_free/{count}", seconds, None, more)


def summary(rows: list[Row]) -> str:
    """Exponents of cost ~ N^a, fitted on logarithms."""
    lines = []
    for what in ("explicit", "matrix_free"):
        counts, seconds = series(rows, f"ntk/{what}/")
        if len(counts) > 1:
            lines.append(
                f"{what}: seconds ~ N^{exponent(counts, seconds):.2f} on {len(counts)} sizes"
            )
    return "\n" + "\n".join(lines)


def plot(rows: list[Row], file: Path) -> None:
    """Seconds against N, both axes logarithmic."""
    from inr_experiments.reporting import style

    figure, axes = style.plt.subplots(figsize=(4.5, 3.2))
    for what, label in (("explicit", "kernel"), ("matrix_free", "one product, matrix-free")):
        counts, seconds = series(rows, f"ntk/{what}/")
        if len(counts) > 1:
            power = exponent(counts, seconds)
            axes.loglog(counts, seconds, "o-", label=f"{label}: N^{power:.2f}")
    axes.set(xlabel="points N", ylabel="seconds")
    figure.legend(loc="outside upper center")
    style.save(figure, file)
