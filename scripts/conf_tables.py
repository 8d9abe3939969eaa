"""Write the generated tables of conf/README.md anew, after an option was added or renamed."""

from inr_experiments import files
from inr_experiments.errors import exit_on_error
from inr_experiments.paths import conf_dir
from inr_experiments.reporting.options import filled

if __name__ == "__main__":
    path = conf_dir() / "README.md"
    with exit_on_error("conf_tables"):
        files.write_text(path, filled(path.read_text(encoding="utf-8"), conf_dir()))
