"""What the launcher refuses: one sentence and exit code 2, before anything is written."""

import pytest

from tests.launching import SMOKE, inr

#: What is asked for -> what the sentence says.
BAD = [
    (["model=sirn"], "model=sirn: no such option; expected one of bn,"),
    (["model=null"], "model=null: no such option"),
    (["data=reel"], "data=reel: no such option; expected one of bundled, real"),
    (["task=imag"], "did you mean 'image'?"),
    (["diagnostic=[layer_ntkk]"], "did you mean 'layer_ntk'?"),
    (["+diagnostic.layer_ntk.points=3"], "points=3: not chosen; expected diagnostic=layer_ntk as"),
    (["modle=relu"], "modle: no such key"),
    (["model.widht=3"], "did you mean 'width'?"),
    (["+model.foo=1"], "model.foo: no such key; expected one of"),
    (["+fit.stepz=1"], "fit.stepz: no such key"),
    (["+foo=1"], "foo: no such key"),
    (["~fit.steps"], "steps"),
    (["data=real"], "data=real: of an experiment; expected experiment=NAME as well"),
    (["items=2"], "items=2: of an experiment; expected experiment=NAME as well"),
    (["sweep=3"], "experiment=NAME: a sweep; expected inr -m experiment=NAME"),
    (["-m", "seed=0,1", "items=2"], "items=2: of an experiment; expected experiment=NAME as well"),
    (["-m", "experiment=table1", "items=2", "task.path=a.png"], "expected without task.path"),
    (["-m", "seed=0,1", "hydra/sweeper=basic"], "hydra/sweeper=basic: expected union"),
    (["-m", "seed=0,1", "hydra/launcher=mine"], "no such option; expected one of joblib, local,"),
    (["-m", "seed=0,1", "hydra/launcher=basic"], "hydra/launcher=basic: expected local, joblib or"),
    (
        ["-m", "seed=0,1", "hydra/launcher=joblib", "hydra.launcher.n_jobs=abc"],
        "n_jobs='abc': expected a number of processes",
    ),
    (["trusted=mine"], "trusted='mine': expected a list of packages"),
    (["model.inlet_init=relu"], "model.inlet_init='relu': expected a part with a _target_"),
    (
        ["model=relu", "model.hidden_activation._target_=torch.nn.GLU"],
        "model.hidden_activation=GLU: puts out (2, 4) for (2, 8); expected the same",
    ),
    (
        ["model=coordinate_cnn", "model.inlet_activation._target_=torch.nn.GLU"],
        "model.inlet_activation=GLU: puts out (1, 8, 2, 1) for (1, 8, 2, 2); expected the same",
    ),
    (
        ["task=quadrants", "model=vit_patches", "task.side=-5"],
        "task.side=-5: expected an integer of at least 2",
    ),
    (["model.inlet_activation._target_=torch.nn.Gelu"], "torch.nn.Gelu': cannot be imported"),
    (["model.width=0"], "model.width=0: expected an integer of at least 1"),
    (["model=rei_frozen", "model.freeze_inlet=no"], "model.freeze_inlet='no': expected true or"),
    (["diagnostic.spectra.weights=off"], "diagnostic.spectra.weights='off': expected true or"),
    (["task.name=null"], "task.name=None: expected letters"),
    (["model.hidden_layers=-1"], "model.hidden_layers=-1"),
    (["fit.lr=nan"], "fit.lr=nan"),
    (["model=bn", "model.batch_norm.layers=1"], "layers=1: expected all or a list of indices"),
    (
        ["+model.inlet_init.over=box", "+model.inlet_init.half_extents=3"],
        "half_extents=3: expected a list of numbers",
    ),
    (["fit.steps=0"], "fit.steps=0: expected an integer of at least 1"),
    (["model=bn", "fit.batch=1"], "one point has no variance"),
    (["model=bn", "task.fitted=0.0001"], "one point has no variance"),
    (["seed=-1"], "seed=-1"),
    (["seed=1000000000000000000"], "seed=1000000000000000000: expected an integer from 0 to"),
    (["model.name=.x"], "model.name='.x': expected letters"),
    (["outputs=null"], "outputs=None: expected a folder"),
    (["fit.groups.inlets.lr=1"], "fit.groups.inlets: no such key; expected +fit.groups.inlets"),
    (
        [
            "fit.schedule._target_=torch.optim.lr_scheduler.OneCycleLR",
            "+fit.schedule.max_lr=1",
            "+fit.schedule.total_steps=1",
        ],
        "expected one that takes 4",
    ),
    (["tracking=wandb", "+tracking.projct=mine"], "tracking.projct: no such key"),
    (["device=tpu"], "device='tpu': expected one of"),
    (["task.image=astronut"], "did you mean 'astronaut'"),
    (["task.path=nowhere.png"], "nowhere.png: no such file"),
    (["task.fitted=2"], "task.fitted=2"),
    (["task=occupancy", "task.path=me.png"], "pictures are for task=image"),
    (["task=occupancy", "task.path=nowhere.ply"], "nowhere.ply: no such file"),
    (["task=occupancy", "task.shape=torusknot"], "did you mean 'torus_knot'"),
    (["model.inlet_activation._target_=os.system"], "not in a trusted package"),
]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("experiment/mine", "sweep: [{seed: [0, 1]}]\n", "expected `# @package _global_` as the"),
        ("model/mine", "name: caf\xe9\n", "a text file is not in UTF-8, after 'name: caf'"),
        ("model/mine", "defaults: [relu]\nlabel: [a, b]\n", "expected one line of text"),
    ],
)
def test_a_yaml_that_cannot_be_used_is_one_sentence(tmp_path, file, text, said):
    path = tmp_path / f"conf/{file}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="latin-1")
    for sweep in ((), ("-m",)):
        words = (*sweep, *SMOKE, f"{path.parent.name}=mine", "outputs=o")
        done = inr("--config-dir", "conf", *words, cwd=tmp_path)
        assert done.returncode == 2 and said in done.stderr, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_bad_input_is_one_sentence(tmp_path):
    for words, expected in BAD:
        done = inr(*SMOKE, "outputs=o", *words, cwd=tmp_path)
        assert done.returncode == 2, (words, done.stderr)
        assert expected in done.stderr, words
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not (tmp_path / "o/runs").exists()
