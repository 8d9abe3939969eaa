"""Names that were given up: whoever types one is told the new one."""

import re

from ..checks import InputError

FIGURES = ("activations", "bn_placement", "controls", "generalisation", "optimisers")
KNOBS = ("bias", "distinct", "epsilon", "spread")
#: Keys by their old name; `*` stands for what was given.
KEYS = {"pictures": "data=*", "pair": "data=*", "shapes": "data=*", "object": "data=*"}
KEYS |= {"model.fast": "model.bf16=allowed or refused", "fit.momentum": "fit.optimiser.momentum=*"}
KEYS |= dict.fromkeys(("fit.decay", "fit.decay_every"), "a schedule of torch.optim.lr_scheduler")
KEYS |= {"task.kind": "task.scales, the numbers at each scale in the task's yaml"}
KEYS |= {
    f"scale.{task}.{name}": f"task.scales.NAME.{name}=*, of the scale with that name"
    for task in ("image", "occupancy")
    for name in ("width", "steps", "batch", "milestone_every", "side", "bundled_side", "pool")
}
#: Options of a group by their old name, and what to write now.
OPTIONS = {
    "model": {
        "rank_expanding_frozen": "model=rei_frozen",
        "rank_expanding_matched": "model=rei_matched",
        "pe_rank_expanding": "model=pe_rei",
        "siren_rank_expanding": "model=siren_rei",
        "rei_box": "model=rank_expanding +model.inlet_init.over=box",
        "rei_ball": "model=rank_expanding +model.inlet_init.over=ball",
        "rei_spread": "model=rank_expanding +model.inlet_init.points=10",
        "rei_small_epsilon": "model=rank_expanding model.inlet_init.epsilon=1e-3",
        "rei_large_epsilon": "model=rank_expanding model.inlet_init.epsilon=0.3",
    },
    "diagnostic": {
        "inlet_spectrum": "diagnostic=spectra",
        "training_rank": "diagnostic=spectra 'diagnostic.spectra.stages=[inlet,hidden,head]'",
        "layer_spectra": "diagnostic=spectra 'diagnostic.spectra.stages=[inlet,hidden,head]' "
        "diagnostic.spectra.weights=true",
    },
    "fit.optimiser": {"adam": "fit=standard", "sgd": "fit=sgd", "muon": "fit=muon"},
    "fit.schedule": {
        "constant": "fit.schedule=null",
        "cosine": "fit=standard",
        "step": "fit.schedule, a node with _target_: torch.optim.lr_scheduler.StepLR",
    },
    "experiment": {
        **{f"fig_{name}": f"experiment={name}" for name in FIGURES},
        **{f"rank_{knob}": "experiment=rank_ablation" for knob in KNOBS},
        "fig_rei_3d": "experiment=lattice_3d",
        "rei_3d_siren": "experiment=lattice_3d",
        "activations_sampling": "experiment=activations",
        "baseline": "experiment=bn_placement",
        "calibration": "experiment=budget",
        "controls_unit": "experiment=controls",
        "fig_calibration": "experiment=budget",
        "generalisation_noise": "experiment=generalisation",
        "inlet_seeds": "experiment=inlet",
        "table1_seeds": "experiment=seeds",
    },
}


def check_names(word: str) -> None:
    """Raise an `InputError` with the new name where an override has an old one."""
    key, _, value = word.lstrip("+~").partition("=")
    if key in KEYS:
        raise InputError(f"{word}: no longer a key; expected {KEYS[key].replace('*', value)}")
    for name in re.findall(r"\w+", value):
        if name in OPTIONS.get(key, {}):
            raise InputError(f"{key}={name}: no longer an option; expected {OPTIONS[key][name]}")
