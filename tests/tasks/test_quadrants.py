"""Crops of photographs: where they are cut, and which are held out."""

import pytest
import torch

from inr_experiments.checks import InputError
from inr_experiments.data.images import load as images
from inr_experiments.tasks.quadrants import Quadrants, accuracy

TWO = ["astronaut", "chelsea"]


def test_crops_are_cut_from_their_quadrant_and_share_no_pixel():
    task = Quadrants(images=TWO, side=64, crop=8)
    assert task.out_features == 8
    for name, first in (("astronaut", 0), ("chelsea", 4)):
        picture = 2 * torch.from_numpy(images.load(images.bundled(name), side=64).pixels) - 1
        height, width = (n // 2 for n in picture.shape[:2])
        for quadrant in range(4):
            top, left = height * (quadrant // 2), width * (quadrant % 2)
            tiles = {
                tuple(picture[top + i : top + i + 8, left + j : left + j + 8].flatten().tolist())
                for i in range(0, height - 7, 8)
                for j in range(0, width - 7, 8)
            }
            own = [
                x[targets.argmax(dim=1) == first + quadrant]
                for x, targets in (
                    (task.coordinates, task.targets), (task.heldout, task.heldout_targets)
                )
            ]  # fmt: skip
            fitted, heldout = ({tuple(row) for row in x.tolist()} for x in own)
            assert fitted | heldout == tiles and not fitted & heldout
            assert len(fitted) == len(tiles) // 2


def test_a_draw_is_an_item_of_its_own():
    made = [Quadrants(images=TWO, side=64, crop=8, draw=draw) for draw in (0, 1, 0)]
    assert [task.item for task in made] == ["draw 0", "draw 1", "draw 0"]
    assert made[0].coordinates.equal(made[2].coordinates) and made[0].sha256 == made[2].sha256
    assert not made[0].coordinates.equal(made[1].coordinates)
    assert len({task.sha256 for task in [*made, Quadrants(images=TWO[:1], crop=8)]}) == 3


def test_accuracy_is_the_share_that_is_told_right():
    task = Quadrants(images=TWO, side=64, crop=8)
    told = task.evaluate(lambda x: torch.ones(len(x), 1) * torch.eye(8)[3])
    assert told["accuracy"] == pytest.approx((task.targets.argmax(dim=1) == 3).double().mean())
    assert accuracy(task.heldout_targets, task.heldout_targets) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images": []}, "images=.*: expected a list of names"),
        ({"images": "astronaut"}, "images='astronaut': expected a list of names"),
        ({"images": ["moon"]}, "image='moon'"),
        ({"crop": 0}, "crop=0"),
        ({"crop": 32}, "crop=32: a quadrant of astronaut holds 1; expected two"),
        ({"crop": 64}, "crop=64: a quadrant of astronaut holds 0; expected two"),
        ({"draw": -1}, "draw=-1"),
    ],
)
def test_what_cannot_be_cut_is_refused(changes, said):
    with pytest.raises(InputError, match=said):
        Quadrants(**{"images": TWO, "side": 64, "crop": 8, **changes})
