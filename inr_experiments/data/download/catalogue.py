"""The catalogue of downloads: item -> archive, size and hash -> files in the data folder.

    div2k/test512/ID.png       the 16 test crops of Tancik et al. 2020
    meshes/SHAPE.ply           Stanford's scans, by the shape's name
    volumes/thai_statue.npz    WIRE's Thai statue, key `occupancy`

The scans are the full reconstructions of Stanford's archives, unchanged: 69 thousand (bunny) to 28
million (lucy) faces, none decimated, moved or repaired, and only some of them closed (bunny, dragon
and happy_buddha have holes). A decimated copy of one's own lies beside them under another stem or
suffix (`meshes/armadillo.obj`) and is never touched. `meshes/thai_statue.ply` is the scan that
Stanford calls the XYZ RGB statuette, not WIRE's volume.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..images.load import DIV2K
from . import recipes
from .fetch import Source

GROUPS = ("div2k", "scans", "thai_statue")
STANFORD = "https://graphics.stanford.edu"
STANFORD_TERMS = (
    "Stanford Computer Graphics Laboratory: research use with attribution, not commercial"
)


@dataclass(frozen=True)
class Item:
    """One archive and the files made of it.

    Attributes:
        group: `div2k`, `scans` or `thai_statue`.
        name: how it is asked for within its group.
        source: the archive.
        unpacked: a bound on the bytes of what is taken out of it.
        files: name in the archive -> path in the data folder.
        recipe: makes the one of the other.
        terms: what its owner allows.
    """

    group: str
    name: str
    source: Source
    unpacked: int
    files: dict[str, str]
    recipe: Callable[[Path, Path], object]
    terms: str

    @property
    def command(self) -> str:
        """The command that brings it."""
        only = f" --shape {self.name}" if self.group == "scans" else ""
        return f"inr-download {self.group}{only}"


def _scan(shape: str, where: str, size: int, sha256: str, member: str, unpacked: int) -> Item:
    source = Source(PurePosixPath(where).name, f"{STANFORD}/{where}", size, sha256)
    files = {member: f"meshes/{shape}.ply"}
    return Item("scans", shape, source, unpacked, files, shutil.copyfile, STANFORD_TERMS)


CATALOGUE: tuple[Item, ...] = (
    Item(
        group="div2k",
        name="div2k",
        source=Source(
            name="DIV2K_valid_HR.zip",
            url="https://data.vision.ee.ethz.ch/cvl/DIV2K/DIV2K_valid_HR.zip",
            size=448_993_893,
            sha256="20dd31fd84d777bc1cf5d6b7654a3f569c0aec74458ae094122ad1d0489900fc",
        ),
        unpacked=200_000_000,
        files={f"{name}.png": f"div2k/test512/{name}.png" for name in DIV2K},
        recipe=recipes.crop,
        terms="DIV2K: academic research only, not to be redistributed",
    ),
    _scan(
        "armadillo",
        "pub/3Dscanrep/armadillo/Armadillo.ply.gz",
        3_874_291,
        "8b9b56cc36e66d54429b1e1e75bd89e833645bfe0dc7c1afd1205877a7356a3f",
        "Armadillo.ply",
        50_000_000,
    ),
    _scan(
        "bunny",
        "pub/3Dscanrep/bunny.tar.gz",
        4_894_286,
        "a5720bd96d158df403d153381b8411a727a1d73cff2f33dc9b212d6f75455b84",
        "bun_zipper.ply",
        20_000_000,
    ),
    _scan(
        "dragon",
        "pub/3Dscanrep/dragon/dragon_recon.tar.gz",
        11_197_764,
        "74ac1d90989c9b1732edee82d57e9ce71452144cf4355f108d8c9c616d28d02f",
        "dragon_vrip.ply",
        100_000_000,
    ),
    _scan(
        "happy_buddha",
        "pub/3Dscanrep/happy/happy_recon.tar.gz",
        14_456_495,
        "409cd294efbfd8244e15a382b95a9423f153b7776e736c9b09f19ec9d3c10ed0",
        "happy_vrip.ply",
        100_000_000,
    ),
    _scan(
        "thai_statue",
        "data/3Dscanrep/xyzrgb/xyzrgb_statuette.ply.gz",
        106_051_627,
        "1d867b6540c02935caa777bd6746429a62d4a5d23f11c9bfdfebbaa90c05ca8b",
        "xyzrgb_statuette.ply",
        250_000_000,
    ),
    _scan(
        "lucy",
        "data/3Dscanrep/lucy.tar.gz",
        350_000_000,
        "c4beb1f7bfa965643bbbf889bd1849a4b4b955e95c731941be61e6edac65616a",
        "lucy.ply",
        800_000_000,
    ),
    Item(
        group="thai_statue",
        name="thai_statue",
        source=Source(
            name="thai_statue.mat",
            url=None,
            size=134_217_936,
            sha256="ff29ff642d037e055a8797769cb9b8eeb32ec09bc7918642a18718440c0889f5",
        ),
        unpacked=150_000_000,
        files={"thai_statue.mat": "volumes/thai_statue.npz"},
        recipe=recipes.occupancy,
        terms="WIRE (Saragadam et al. 2023): research use",
    ),
)
