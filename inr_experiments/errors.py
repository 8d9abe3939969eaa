"""Errors of every command: one sentence on stderr and an exit code."""

import codecs
import os
import re
import sys
import traceback
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hydra
import omegaconf
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException
from yaml import YAMLError

from .checks import InputError, nearest
from .paths import conf_dir

HYDRA, OMEGACONF = (Path(package.__path__[0]) for package in (hydra, omegaconf))


#: Characters of ours, and the words for them where a terminal has none.
PLAIN = {"→": "->", "–": "-", "−": "-", "…": "...", "×": "x", "≤": "<=", "≥": ">=", "ρ": "rho"}
PLAIN |= {"σ": "sigma", "ε": "epsilon", "ω": "omega", "±": "+-"}
PLAIN |= {"ü": "ue", "ö": "oe", "ä": "ae", "Ü": "Ue", "Ö": "Oe", "Ä": "Ae", "ß": "ss"}


#: Errors of what the user can mend.
USER = (InputError, OSError, UnicodeDecodeError)


class JobFailedError(RuntimeError):
    """A run failed, as its record or launch folder says."""


@contextmanager
def exit_on_error(command: str) -> Iterator[None]:
    """Turn what went wrong inside the block into one sentence and an exit code.

    2 for what the user can mend, 1 for a failed run, 130 for Ctrl-C. `INR_DEBUG=1` shows the
    traceback instead. Characters that the terminal lacks are written plainly.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="inr_plain")
    try:
        yield
    except KeyboardInterrupt:
        print(
            f"\n{command}: stopped; finished runs are kept, the same command goes on",
            file=sys.stderr,
        )
        sys.exit(130)
    except BrokenPipeError:  # as of `inr-table | head`, which has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("INR_DEBUG") == "1":
            raise
        print(f"{command}: {sentence(error)}", file=sys.stderr)
        sys.exit(2 if isinstance(error, USER) or of_the_config(error) else 1)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Plain words for characters that an encoder lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    plain = "".join(PLAIN.get(c) or unicodedata.normalize("NFKD", c) for c in text)
    kept = (c for c in plain if not unicodedata.combining(c))
    return "".join(c if c.isascii() else "?" for c in kept), error.end


codecs.register_error("inr_plain", _plain)


def sentence(error: BaseException) -> str:
    """An error as one line."""
    if isinstance(error, InputError | JobFailedError):
        return str(error)
    if of_the_config(error):
        if (named := unknown_name(error)) is not None:
            return named
        lines = [line.strip() for line in str(error).splitlines()]
        return "; ".join(line for line in lines if line)
    if isinstance(error, OSError) and error.strerror:  # a full disk, a folder that is read-only
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}; what was done before is kept"
    if isinstance(error, UnicodeDecodeError) and error.encoding == "utf-8":
        before = error.object[: error.start].decode("utf-8").splitlines()
        return f"a text file is not in UTF-8, after {(before or [''])[-1]!r}"
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    says = " ".join(str(error).split())
    return f"unexpected {type(error).__name__}: {says}{where}; INR_DEBUG=1 shows the traceback"


def of_the_config(error: BaseException) -> bool:
    """True where Hydra or OmegaConf refused what was asked, by whatever error."""
    if isinstance(error, HydraException | OmegaConfBaseException | YAMLError):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    raised_in = frames[-1].filename if frames else ""
    return Path(raised_in).is_relative_to(HYDRA) or Path(raised_in).is_relative_to(OMEGACONF)


def unknown_name(error: BaseException) -> str | None:
    """The sentence for a key or an option that does not exist; None for any other error."""
    cause = error.__cause__
    parent = getattr(cause, "parent_node", None)
    if isinstance(cause, ConfigKeyError | ConfigAttributeError) and isinstance(parent, DictConfig):
        names = [str(name) for name in parent]
        expected = f"one of {', '.join(names)}" if names else f"+{cause.full_key}, a new one"
        return f"{cause.full_key}: no such key; expected {expected}{nearest(cause.key, names)}"
    missing = re.search(r"Could not (?:find|load) '(.+)/(.*?)'", str(error))
    if isinstance(error, MissingConfigException) and missing:
        group, name = (part if part.isprintable() else repr(part) for part in missing.groups())
        own = [path.stem for path in sorted((conf_dir() / group).glob("*"))]
        # Hydra's own launchers and sweepers are refused.
        options = own if own and group.startswith("hydra/") else error.options or own
        return (
            f"{group}={name}: no such option; expected one of {', '.join(options)}"
            f"{nearest(name, options)}"
        )
    return None
