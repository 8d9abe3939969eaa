"""The network as fit, snapshots, diagnostics and kernels know it: named stages."""

from collections.abc import Iterator

from torch import Tensor, nn

from .batch_norm import norms

#: Kinds of stages, in order.
KINDS = ("encoding", "inlet", "hidden", "head")


class Network(nn.Module):
    """A network in named stages.

    A subclass has the stages as attributes, or gives `stages`. It takes these beside the keys of
    its yaml: `domain`, a `Domain`; `out_features`, C; `stream`, names of the stream that its
    weights are drawn from, as in `generator(*stream, "init", 0)`.

    Shapes: (N, P) -> (N, C).
    """

    def stages(self) -> Iterator[tuple[str, nn.Module]]:
        """The stages by name, in order: `encoding` or none, `inlet`, `hidden.0` …, `head`."""
        for name in KINDS:
            stage = getattr(self, name, None)
            if isinstance(stage, nn.ModuleList):
                yield from ((f"{name}.{i}", layer) for i, layer in enumerate(stage))
            elif stage is not None:
                yield name, stage

    def forward(self, x: Tensor) -> Tensor:
        """The composition of the stages, unless a subclass has another one."""
        for _, stage in self.stages():
            x = stage(x)
        return x

    @property
    def couples_samples(self) -> bool:
        """True where a row of the output depends on other rows, as of BatchNorm in train mode.

        Such a network is given all points at once.
        """
        return self.training and bool(norms(self))

    @property
    def width(self) -> int:
        """D, the most features of a stage; sets how many points are taken at a time."""
        return max((p.shape[0] for p in self._weights(("inlet", "hidden", "head"))), default=1)

    def parameter_count(self, *, trained: bool = False) -> int:
        """Numbers in all parameters, or in those that are trained; a complex one has two."""
        chosen = (p for p in self.parameters() if p.requires_grad or not trained)
        return sum(p.numel() * (2 if p.is_complex() else 1) for p in chosen)

    def hidden_matrices(self) -> list[nn.Parameter]:
        """The trained real weight matrices of the hidden stages."""
        trained = (p for p in self.trunk_weights() if p.requires_grad)
        return [p for p in trained if p.ndim == 2 and not p.is_complex()]

    def trunk_weights(self) -> list[nn.Parameter]:
        """The weights of the hidden stages that are no vectors."""
        return list(self._weights(("hidden",)))

    def _weights(self, kinds: tuple[str, ...]) -> Iterator[nn.Parameter]:
        for name, stage in self.stages():
            if name.split(".")[0] in kinds:
                yield from (p for p in stage.parameters() if p.ndim > 1)


def fault_of(network: object) -> str | None:
    """A sentence on why something cannot be fitted, None for a network with inlet and head."""
    if not isinstance(network, Network):
        wanted = f"{Network.__module__}.{Network.__name__}"
        return f"{type(network).__name__} is no network; expected a subclass of {wanted}"
    stages = list(network.stages())
    names = [name for name, _ in stages]
    if len({id(stage) for _, stage in stages}) < len(stages):
        return f"stages {', '.join(names)}: one module stands in two; expected one for each"
    kinds = {name.split(".")[0] for name in names}
    if not {"inlet", "head"} <= kinds <= set(KINDS):
        told = ", ".join(names)
        return f"stages {told}; expected inlet and head, and of others encoding, hidden.0, …"
    return None
