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
