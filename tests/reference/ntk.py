"""The NTK by its definition: Jacobians first, then J Jᵀ; slow, and easy to believe."""

import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap


def jacobians(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """∂y(n)/∂θ by parameter, each sample alone. Shapes: x (N, P) -> (N, C, |θ|)."""
    parameters = {name: p.detach() for name, p in module.named_parameters()}

    def one(parameters: dict[str, Tensor], point: Tensor) -> Tensor:
        return functional_call(module, parameters, (point[None],))[0]

    J = vmap(jacrev(one), in_dims=(None, 0))(parameters, x)
    return {name: j.reshape(*j.shape[:2], -1) for name, j in J.items()}


def jacobians_row_by_row(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """∂y/∂θ by parameter, a backward pass for each entry of y; complex θ as pairs of real ones.

    Shapes: x (N, P) -> (N, C, |θ|).
    """
    parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
    y = module(x)
    rows: dict[str, list[Tensor]] = {name: [] for name in parameters}
    for entry in y.flatten():
        gradients = torch.autograd.grad(
            entry, list(parameters.values()), retain_graph=True, allow_unused=True
        )
        for (name, p), g in zip(parameters.items(), gradients, strict=True):
            row = torch.zeros_like(p) if g is None else g.to_dense()
            rows[name].append((torch.view_as_real(row) if row.is_complex() else row).flatten())
    return {name: torch.stack(own).reshape(*y.shape, -1) for name, own in rows.items()}


def full_batch_jacobians(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """∂y/∂θ by parameter, all samples together. Shapes: x (N, P) -> (N, C, |θ|)."""
    parameters = {name: p.detach() for name, p in module.named_parameters()}
    buffers = {name: b.clone() for name, b in module.named_buffers()}

    def together(parameters: dict[str, Tensor], buffers: dict[str, Tensor]) -> Tensor:
        return functional_call(module, {**parameters, **buffers}, (x,))

    J = jacrev(together)(parameters, buffers)
    return {name: j.reshape(*j.shape[:2], -1) for name, j in J.items()}


def blocks(J: Tensor) -> Tensor:
    """K_cd(n, m) = Σ_θ J_nc J_md. Shapes: (N, C, |θ|) -> (C, C, N, N)."""
    return torch.einsum("ncp,mdp->cdnm", J, J)


def kernels(J: dict[str, Tensor]) -> dict[tuple[str, str], Tensor]:
    """`blocks` of every parameter, by (layer, name)."""
    return {tuple(name.rpartition(".")[::2]): blocks(j) for name, j in J.items()}  # type: ignore[misc]


def gradient_matrix(J: dict[str, Tensor], *layers: str) -> Tensor:
    """G, the Jacobian by all parameters of some layers. Shapes: -> (N·C, Σ |θ_k|)."""
    own = [j for name, j in J.items() if name.rpartition(".")[0] in layers]
    return torch.cat(own, dim=2).flatten(0, 1)
