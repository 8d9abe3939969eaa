"""Places of the configuration and the data."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def user_path(text: str) -> Path:
    """A path as a person writes it: `~` is their home, and a name that begins with it is a name."""
    return Path(os.path.expanduser(text))


def stem_of(path: str) -> str:
    """The name of a file without its endings: `ball` of `ball.ply.gz`."""
    file = Path(path)
    return Path(file.stem).stem if file.suffix.lower() == ".gz" else file.stem


def conf_dir() -> Path:
    """The folder of yaml files: `conf/` beside the package in a checkout, inside it in a wheel."""
    beside = PACKAGE.parent / "conf"
    return beside if (beside / "config.yaml").is_file() else PACKAGE / "conf"


def data_dir() -> Path:
    """The folder of downloaded data: `$INR_DATA`, else `~/.local/share/inr_experiments`."""
    chosen = os.environ.get("INR_DATA")
    if chosen:
        return user_path(chosen)
    share = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return user_path(share) / "inr_experiments"
