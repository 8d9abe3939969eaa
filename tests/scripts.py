"""Scripts of tables and figures, which nothing imports, as modules."""

import importlib.util
from pathlib import Path
from types import ModuleType

SCRIPTS = Path(__file__).parents[1] / "scripts"


def load(name: str) -> ModuleType:
    """`figures/fig_x` or `tables/table_x`."""
    spec = importlib.util.spec_from_file_location(Path(name).stem, SCRIPTS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script
