"""A network and its features by hand, and the list that the networks are added to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Features = dict[str, Tensor]
D = 6


@dataclass(frozen=True)
class NetworkCase:
    """A network, its features by stage, its inlet, and words that the text must have."""

    name: str
    module: nn.Module
    by_hand: Callable[[nn.Module, Tensor], Features]
    inlet: str
    says: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


CASES: list[Callable[[], NetworkCase]] = []


def case(inlet: str, *says: str) -> Callable[[type[nn.Module]], type[nn.Module]]:
    """Add a module class, which computes its features in `by_hand`, to the list."""

    def add(kind: type[nn.Module]) -> type[nn.Module]:
        def made() -> NetworkCase:
            torch.manual_seed(0)
            return NetworkCase(kind.__name__, kind(), kind.by_hand, inlet, says)

        CASES.append(made)
        return kind

    return add


def cases() -> Iterator[NetworkCase]:
    """All of them, made anew."""
    return (made() for made in CASES)


class Net(nn.Module):
    """First, middle and last Linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(2, D), nn.Linear(D, D), nn.Linear(D, 1)
