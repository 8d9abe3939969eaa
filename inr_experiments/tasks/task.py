"""The base class of a task: all that fit, diagnostics, launcher, key, tables and claims ask."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from ..checks import InputError
from ..digest import file_sha256, sha256_of
from ..domain import Domain
from ..paths import stem_of, user_path

#: Coordinates (N, P) to predictions (N, C), without gradient.
Predict = Callable[[Tensor], Tensor]


class Metric(NamedTuple):
    """A metric as tables tell it.

    Attributes:
        unit: empty for a plain number.
        better: `higher` or `lower`.
        keep_best: the best milestone is recorded too, as `<name>_best`.
    """

    unit: str = ""
    better: str = "higher"
    keep_best: bool = False


class Task(ABC):
    """A field to fit: where, to what, and how well.

    The class knows what can be said without building; its methods take the settings of the task's
    yaml. A constructor sets the attributes below, and leaves what takes long until `domain`,
    `facts` or `coordinates` are asked for. A file of one's own is the setting `path`.

    Attributes:
        METRICS: of `evaluate` and `evaluate_last`, by name; tables show the first.
        NOUN: what one item is called.
        KEY_EXCLUDES: settings that decide no number, or enter a run's key by the fingerprint; in
            tables the item stands for them.
        COST_EXCLUDES: settings that change what is fitted, but hardly what a step of it costs.
        out_features: C, the channels of a value.
        item: what is fitted, as tables name it; `item_name` of the settings.
        sha256: hash of the data behind it; `fingerprint` of the settings.
        coordinates: (N, P) fitted points, the set that spectra and BatchNorm statistics are
            taken on.
        targets: (N, C) values there; only `pool` below asks for them.
        heldout: (M, P) points that were not fitted, for spectra; None where none are set apart.
    """

    METRICS: ClassVar[Mapping[str, Metric]] = {}
    NOUN: ClassVar[str] = "item"
    KEY_EXCLUDES: ClassVar[Collection[str]] = ("path",)
    COST_EXCLUDES: ClassVar[Collection[str]] = ("path",)

    out_features: int
    item: str
    sha256: str
    coordinates: Tensor
    targets: Tensor
    heldout: Tensor | None = None

    @classmethod
    def suffixes(cls) -> tuple[str, ...]:
        """Endings of the files that a folder of items holds, in small letters; none for any."""
        return ()

    @classmethod
    def item_name(cls, **settings: Any) -> str:
        """The item as tables name it: the file's name, or else the class's."""
        path = settings.get("path")
        return cls.__name__.lower() if path is None else stem_of(path)

    @classmethod
    def fingerprint(cls, **settings: Any) -> str:
        """The hash of the data behind a task, without decoding or building anything.

        Raises:
            InputError: if the data is not there; says how to get it.
        """
        path = settings.get("path")
        if path is None:  # the settings enter the key beside it
            return sha256_of(f"{cls.__module__}.{cls.__qualname__}")
        return file_sha256(user_path(path), expected=f"a file to fit ({cls.NOUN})")

    @classmethod
    def usual_shape(cls, **settings: Any) -> tuple[Domain, int]:
        """Domain, without points, and C of a usual item with these settings, which is not opened.

        Sizes of models are solved in it. By default no task has one.

        Raises:
            InputError: if it cannot be told.
        """
        raise InputError(
            f"model.match: {cls.__name__} has no usual_shape; expected that class method, or null"
        )

    @classmethod
    def for_record(cls) -> dict[str, Any]:
        """The facts of the task that tables and claims take from the run's record."""
        metrics = {name: metric._asdict() for name, metric in cls.METRICS.items()}
        return {"noun": cls.NOUN, "metrics": metrics, "key_excludes": list(cls.KEY_EXCLUDES)}

    @cached_property
    def domain(self) -> Domain:
        """Box, ball and density of the fitted points."""
        x = self.coordinates
        sides = x.amax(dim=0) - x.amin(dim=0)
        sides = sides[sides > 0]
        return Domain(
            half_extents=x.abs().amax(dim=0).tolist(),
            radius=x.norm(dim=1).max().item(),
            density=(len(x) / sides.prod().item()) ** (1 / max(1, len(sides))),
            points=x,
        )

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Facts of this item for the record; those that are plain values go into frames too.

        `redistributable` says whether pictures of it may be passed on; without it they stay in
        the run's folder. `notes` are sentences on what was done to the data.
        """
        return {}

    @cached_property
    def without_network(self) -> Mapping[str, Mapping[str, float]]:
        """Metrics of what fills in the rest without a network, by label; by default nothing.

        They are taken when a run's record is written, and tables show them below the methods.
        """
        return {}

    @property
    def nbytes(self) -> int:
        """About the bytes of what it holds: its own arrays, unless a subclass knows of more."""
        return sum(getattr(value, "nbytes", 0) for value in vars(self).values())

    @property
    def pool(self) -> tuple[Tensor, Tensor]:
        """The points (N, P) that steps draw of, and their values (N, C)."""
        return self.coordinates, self.targets

    @cached_property
    def _on(self) -> dict[torch.device, tuple[Tensor, Tensor]]:
        return {}

    def batch(self, size: str | int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Points of one step (B, P) and their values (B, C), on the device of the generator.

        The whole pool for `full`, else `size` of it drawn with replacement.
        """
        device = generator.device
        if device not in self._on:  # a GPU gets the pool once
            x, y = self.pool
            self._on[device] = x.to(device), y.to(device)
        x, y = self._on[device]
        if size == "full":
            return x, y
        chosen = torch.randint(len(x), (int(size),), generator=generator, device=device)
        return x[chosen], y[chosen]

    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The training loss, summed over points (its mean over them is what is minimised).

        Here Σ of the squared error averaged over channels.
        """
        return (prediction - target).square().mean(dim=1).sum()

    @abstractmethod
    def evaluate(self, predict: Predict) -> dict[str, float]:
        """Metrics of the field as plain numbers, by name."""

    def evaluate_last(self, predict: Predict) -> dict[str, float]:
        """Metrics of the last step alone, as they take long; by default none."""
        return {}

    def draw(self, predict: Predict, folder: Path) -> None:  # noqa: B027
        """Write what a person looks at into `folder`; by default nothing."""
