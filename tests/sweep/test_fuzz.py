"""Whatever is written on the command line ends in a config, or in one sentence."""

from hydra import compose, initialize_config_dir
from hypothesis import given, settings
from hypothesis import strategies as st

from inr_experiments import building
from inr_experiments.checks import InputError
from inr_experiments.config import resolve
from inr_experiments.errors import of_the_config, sentence
from inr_experiments.paths import conf_dir
from inr_experiments.sweep.arguments import ready

KEYS = st.sampled_from(
    [
        *("model", "task", "fit", "scale", "tracking", "diagnostic", "seed", "device", "outputs"),
        *("force", "trusted", "model.width", "model.hidden_layers", "model.name", "model.lr"),
        *("model.encoding", "model.inlet_init", "model.inlet_init.epsilon", "model.batch_norm"),
        *("task.image", "task.path", "task.side", "task.fitted", "task.source", "task.scales"),
        *(
            "fit.lr",
            "fit.steps",
            "fit.batch",
            "fit.chunk",
            "fit.optimiser",
            "task.scales.smoke.width",
        ),
        *("diagnostic.spectra", "model.inlet_init._target_", "task._target_", "no.such"),
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        [
            *("null", "nan", "-inf", "true", "''", "[]", "{}", "{a: 1}", "${seed}", "${nope}"),
            *("a=b", "(", "[", "'", "~", "$", "choice(1,2)", "range(0,3)", "..", "/", "-", "1,2"),
        ]
    ),
    st.integers(-3, 40).map(str),
    st.floats().map(str),
    st.integers(10**18, 10**30).map(lambda n: f"-{n}"),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
)
WORDS = st.tuples(st.sampled_from(["", "+", "++", "~"]), KEYS, VALUES)


@settings(max_examples=25, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=2))
def test_a_config_or_a_sentence(words):
    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            smoke = ["scale=smoke", "model.width=8", "fit.steps=2"]
            cfg = compose("config", ready([*smoke, *(f"{a}{key}={b}" for a, key, b in words)]))
        config = resolve(cfg)
        building.build_settings(config)
        building.build_diagnostics(config)
        building.build_network(config, building.build_task(config))
    except Exception as error:
        assert isinstance(error, InputError) or of_the_config(error), repr(error)
        assert len(sentence(error).splitlines()) == 1, sentence(error)
