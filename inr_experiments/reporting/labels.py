"""Names, colours, order and published values of methods: the one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """How a model appears in tables and figures.

    Attributes:
        label: its name for readers.
        colour: from the palette of Okabe and Ito, safe for colour-blind readers.
        dash: matplotlib line style, so that colour is never the only mark.
        published_psnr: mean PSNR (dB) over the 16 DIV2K images in the paper's Table 1.
        published_iou: mean IoU (%) of the paper's 3D table.
    """

    label: str
    colour: str
    dash: str = "-"
    published_psnr: float | None = None
    published_iou: float | None = None


#: In the order of tables and legends.
METHODS = {
    "relu": Method("ReLU (default)", "#000000", "-", 23.57, 90.98),
    "relu_frozen": Method("ReLU, frozen inlet", "#777777", "--"),
    "random_thresholds": Method("random thresholds", "#999999", ":"),
    "rank_expanding": Method("REI", "#D55E00", "-", 25.61, 95.75),
    "rank_expanding_matched": Method("REI, matched norm", "#F0A060", "--"),
    "rank_expanding_frozen": Method("REI, frozen inlet", "#8C3A00", "-."),
    "rei_box": Method("REI, tight box", "#D55E00", "--"),
    "rei_ball": Method("REI, ball", "#D55E00", "-."),
    "rei_spread": Method("REI, spread subset", "#D55E00", ":"),
    "rei_small_epsilon": Method("REI, ε = 0.001", "#A63E00", "--"),
    "rei_large_epsilon": Method("REI, ε = 0.3", "#A63E00", ":"),
    "pe": Method("PE", "#0072B2", "-", 27.15),
    "pe_rank_expanding": Method("REI + PE", "#6FA8D0", "--"),
    "siren": Method("SIREN", "#009E73", "-", 27.29, 96.36),
    "siren_rank_expanding": Method("REI + SIREN", "#66C2A5", "--"),
    "bn": Method("BN after inlet", "#CC79A7", "--"),
    "bn_all_pre": Method("BN before, all layers", "#E69F00", "--"),
    "rff": Method("RFF", "#56B4E9", "-."),
}

#: Knobs of the rank ablation by their experiment: name, colour, marker.
KNOBS = {
    "rank_distinct": ("distinct points r", "#D55E00", "o"),
    "rank_epsilon": ("ε", "#E69F00", "s"),
    "rank_spread": ("threshold spread s", "#CC79A7", "D"),
    "rank_bias": ("bias scale", "#000000", "^"),
    "rank_omega": ("ω₀ (SIREN)", "#009E73", "v"),
    "rank_octaves": ("octaves (PE)", "#0072B2", "P"),
}

#: Spare colours for methods that are not listed.
SPARE = ("#999999", "#8C564B", "#17BECF", "#7F7F00")


def method(name: str) -> Method:
    """The method of that name; an unlisted one goes by its name, in a spare colour."""
    if name in METHODS:
        return METHODS[name]
    return Method(name, SPARE[sum(map(ord, name)) % len(SPARE)], ":")


def in_order(names: set[str]) -> list[str]:
    """Names in the order of tables: the listed ones, then the others by name."""
    listed = [name for name in METHODS if name in names]
    return listed + sorted(names - set(METHODS))
