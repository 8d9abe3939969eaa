"""Arrays that are dear to compute, kept by the hash of what they follow from."""

import json
import logging
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import files
from ...digest import sha256_of

log = logging.getLogger(__name__)

Arrays = dict[str, npt.NDArray]


def arrays(
    folder: Path | None, stem: str, settings: Mapping[str, Any], compute: Callable[[], Arrays]
) -> Arrays:
    """`compute()`, or what it gave for the same settings before.

    Kept in <folder>/<stem>-<hash of settings>.npz, written under another name and then renamed, so
    that workers may share the folder. A file that cannot be read is computed anew. Without a
    folder nothing is kept.
    """
    if folder is None:
        return compute()
    text = json.dumps(settings, sort_keys=True)
    path = folder / f"{stem}-{sha256_of(text)[:16]}.npz"
    if path.exists():
        try:
            with np.load(path, allow_pickle=False) as stored:
                return dict(stored)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            log.warning("%s cannot be read (%s); computed anew", path, error)
    result = compute()
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, lambda part: np.savez(part, **result))  # type: ignore[arg-type]
    return result
