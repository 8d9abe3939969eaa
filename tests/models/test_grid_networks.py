"""A CNN and a Transformer of coordinates: their oracles, their twins, and what they refuse."""

import pytest
import torch

from inr_experiments.checks import InputError
from inr_experiments.diagnostics.layer_ntk import LayerNtk
from inr_experiments.diagnostics.oversmoothing import Oversmoothing
from inr_experiments.diagnostics.spectra import Spectra
from inr_experiments.domain import Domain, evenly_spaced
from inr_experiments.fit.snapshot import Snapshot
from inr_experiments.models.batch_norm import freeze_statistics
from inr_experiments.models.coordinate_transformer import domain_of_tokens
from inr_experiments.ntk.empirical import EmpiricalNtk
from inr_experiments.ranks.measures import effective_rank
from inr_experiments.ranks.singular import singular_values
from tests.fields import field_and_task
from tests.reference.attention import attention
from tests.reference.convolution import convolution

CNN = ("coordinate_cnn", "cnn_rei", "cnn_pe", "cnn_noise", "cnn_bn")
TRANSFORMERS = (
    "coordinate_transformer", "transformer_relu", "transformer_rei", "transformer_pe",
    "transformer_learned",
)  # fmt: skip
#: Chelsea is no square: 24 × 16 nodes, or 18 × 12, which patches of four stand over.
SMALL = ("task.side=24", "task.image=chelsea", "model.width=16")


def snapshot_of(*words: str) -> tuple[Snapshot, object]:
    network, task = field_and_task(*words)
    freeze_statistics(network, task.coordinates)
    return Snapshot(0, network, task.coordinates).float64(), task


def rank_of(Z: torch.Tensor) -> float:
    return effective_rank(singular_values(Z).numpy())


@pytest.mark.parametrize("width", [16, 144])
def test_rei_on_the_centre_tap_has_the_features_of_the_mlp(width):
    words = ("task.side=24", f"model.width={width}")
    cnn, task = field_and_task("model=cnn_rei", *words)
    mlp, _ = field_and_task("model=rank_expanding", *words)
    with torch.no_grad():
        Z = Snapshot(0, cnn.eval(), task.coordinates).features()["inlet"]
        torch.testing.assert_close(Z, mlp.inlet(task.all_coordinates), rtol=0, atol=1e-7)


def test_rei_raises_the_rank_of_a_cnn_and_default_and_rei_share_what_follows():
    (default, _), (rei, _) = (
        snapshot_of(f"model={name}", "task.side=64", "model.width=144")
        for name in ("coordinate_cnn", "cnn_rei")
    )
    low, high = (rank_of(one.features()["inlet"]) for one in (default, rei))
    assert 10 < low < 14 and high == pytest.approx(26.2, abs=0.1)
    theirs = rei.network.state_dict()
    for name, value in default.network.state_dict().items():
        assert value.equal(theirs[name]) != name.startswith("inlet")


def test_tokens_are_as_dense_wherever_the_coordinates_lie():
    """16 tokens of 4 pixels: along two units three octaves, along one unit one more."""
    for coordinates, octaves in (("symmetric", 3), ("unit", 4)):
        words = ("task.side=64", "model.width=16", f"task.coordinates={coordinates}")
        network, _ = field_and_task("model=transformer_pe", *words)
        assert network.encoding.out_features == 2 + 2 * 2 * octaves
    uneven = Domain(
        half_extents=(1, 0.5), radius=1.2, density=1, axes=(along(60, 1.0), along(32, 0.5))
    )
    tokens = domain_of_tokens(uneven, patch=4)
    assert tokens.density == pytest.approx(15 / (2 - 2 * 3 / 59)), "along the longest axis"


def along(count: int, half: float) -> tuple[float, ...]:
    return tuple(torch.linspace(-half, half, count, dtype=torch.float64).tolist())


def test_points_of_a_grid_are_points_of_one_function():
    made, task = snapshot_of("model=coordinate_cnn", "task.side=8", "model.width=6")
    ntk = EmpiricalNtk(made.network, made.coordinates)
    some = evenly_spaced(len(made.coordinates), 5)
    found = LayerNtk(points=5, rank_points=5, stage=None)(made, task)
    expected = torch.linalg.eigvalsh(ntk.total()[some][:, some]).flip(0)
    assert found["total/eigenvalues"] == pytest.approx(expected.numpy(), rel=1e-9)


def test_features_of_a_grid_are_of_no_held_out_points():
    made, task = snapshot_of("model=coordinate_cnn", "task.side=8", "model.width=6")
    options = {"weights": False, "jacobians": False, "points": None, "arrays": False}
    with pytest.raises(InputError, match="heldout=True: features of this network are those of all"):
        Spectra(stages=["inlet"], heldout=True, **options)(made, task)


def test_an_initialisation_that_trains_another_matrix_is_none_of_a_convolution():
    told = "hidden_init=FourierBases: trains another matrix"
    changed = "model.hidden_init._target_=inr_experiments.models.inits.fourier_bases.FourierBases"
    options = [f"+model.hidden_init.{key}=2" for key in ("frequencies", "phases")]
    with pytest.raises(InputError, match=told):
        field_and_task(
            "model=coordinate_cnn", *SMALL, changed, *options, "+model.hidden_init.alpha=0.1"
        )


def test_a_layer_is_a_convolution_whose_edge_is_repeated():
    made, _ = snapshot_of("model=coordinate_cnn", *SMALL)
    network, Z = made.network, made.features()
    z = network.nodes.T.reshape(2, *network.shape)
    for stage in (network.inlet, network.hidden[0]):
        z = convolution(z, stage[0].weight.data, stage[0].bias.data).relu()
        name = "inlet" if stage is network.inlet else "hidden.0"
        torch.testing.assert_close(Z[name], z.flatten(1).T, rtol=0, atol=1e-12)


@pytest.mark.parametrize("side", [24, 18])
@pytest.mark.parametrize("model", [*CNN, *TRANSFORMERS])
def test_it_makes_the_same_picture_whatever_points_are_asked_for(model, side):
    network, task = field_and_task(f"model={model}", *SMALL, f"task.side={side}")
    freeze_statistics(network, task.coordinates)
    with torch.no_grad():
        whole = network(task.all_coordinates)
        assert whole.shape == (task.mask.size, 3)
        assert network(task.coordinates).equal(whole[task.mask.flatten()])
        assert network(task.heldout[:5]).equal(whole[~task.mask.flatten()][:5])


@pytest.mark.parametrize("coordinates", ["symmetric", "unit"])
def test_a_token_stands_at_the_centre_of_its_patch_and_gives_its_pixels(coordinates):
    words = ("model=coordinate_transformer", *SMALL, "task.side=18")
    network, task = field_and_task(*words, f"task.coordinates={coordinates}")
    given = {}
    network.head.register_forward_hook(lambda _m, _x, y: given.update(patches=y[0]))
    with torch.no_grad():
        picture = network(task.all_coordinates).reshape(*network.shape, 3)
    grid = task.all_coordinates.reshape(*network.shape, 2)
    rows, columns = network.tokens
    for t in range(rows * columns):
        top, left = 4 * (t // columns), 4 * (t % columns)
        own = given["patches"][t].reshape(4, 4, 3)
        part = picture[top : top + 4, left : left + 4]
        assert part.equal(own[: part.shape[0], : part.shape[1]])
        if part.shape[:2] == (4, 4):
            centre = grid[top : top + 4, left : left + 4].mean(dim=(0, 1))
            torch.testing.assert_close(network.centres[t], centre)


def test_a_linear_embedding_of_tokens_has_rank_three():
    made, _ = snapshot_of("model=coordinate_transformer", "task.side=64", "model.width=144")
    sigma = singular_values(made.features()["inlet"])
    assert sigma[2] > 0.1 * sigma[0] and sigma[3] < 1e-12 * sigma[0]


@pytest.mark.parametrize("model", TRANSFORMERS)
def test_without_skips_tokens_become_alike_and_queries_get_no_gradient(model):
    words = (f"model={model}", "task.side=32", "model.width=48", "model.hidden_layers=4")
    found = {skips: Oversmoothing()(*snapshot_of(*words, f"model.skips={skips}"))
             for skips in (True, False)}  # fmt: skip
    residuals = [found[False][f"{s}/residual"] for s in ("inlet", "hidden.0", "hidden.1")]
    assert residuals == sorted(residuals, reverse=True) and residuals[-1] < 0.05
    assert found[False]["hidden.3/residual"] < 1e-8 < 0.01 < found[True]["hidden.3/residual"]
    slopes = [found[skips]["hidden.3.query/gradient_norm"] for skips in (True, False)]
    assert slopes[1] < 1e-8 * slopes[0]


def test_attention_is_that_of_the_definition():
    made, _ = snapshot_of("model=coordinate_transformer", *SMALL)
    module = made.network.hidden[0].attention
    x = torch.randn(7, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    layers = {name: (layer.weight, layer.bias) for name, layer in module.named_children()}
    torch.testing.assert_close(module(x[None])[0], attention(x, layers, 4), rtol=0, atol=1e-12)


@pytest.mark.parametrize("place", ["before", "after"])
def test_batch_norm_stands_before_or_after_the_activation(place):
    made, _ = snapshot_of("model=cnn_bn", *SMALL, f"model.batch_norm.place={place}")
    Z = made.features()["inlet"]
    assert (Z.min() == 0) == (place == "before")
    if place == "after":
        torch.testing.assert_close(Z.mean(dim=0), torch.zeros(16).double(), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("model=coordinate_cnn", "task=occupancy"), "on no axes of a grid; expected the two"),
        (("model=coordinate_transformer", "task=signal", "task.dimensions=1"), "on 1 axes"),
        (("model=coordinate_cnn", "model.size=4"), "model.size=4: expected an odd number"),
        (("model=coordinate_transformer", "model.heads=3"), "model.heads=3: expected a divisor"),
        (("model=cnn_rei", "model.inlet_init.size=2"), "model.inlet_init.size=2: expected an odd"),
        (("model=cnn_rei", "model.inlet_init.size=5"), "a layer of them a channel, got 18"),
        (("model=cnn_noise", "model.encoding.features=0"), "model.encoding.features=0: expected"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_one_sentence(words, said):
    with pytest.raises(InputError, match=said):
        field_and_task(*words)


def test_nodes_have_numbers_only_all_together():
    network, task = field_and_task("model=cnn_noise", *SMALL)
    with pytest.raises(InputError, match="5 points; expected all 384 nodes of the grid"):
        network.encoding(task.all_coordinates[:5])
