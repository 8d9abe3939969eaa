"""The destination of runs: a server of Weights & Biases, the disk for later, or none."""

import logging
import netrc
import os
import ssl
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from ..checks import InputError, choice

log = logging.getLogger(__name__)

MODES = ("auto", "offline", "online", "disabled")
#: Values of WANDB_MODE, with W&B's older words.
SAID = {"online": "online", "run": "online", "offline": "offline", "dryrun": "offline"}
SAID |= {"disabled": "disabled"}
TRUE, FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
#: Variables of W&B that are of a single run, where there are many.
OF_ONE_RUN = ("WANDB_RUN_ID", "WANDB_NAME", "WANDB_RESUME")
#: W&B's own servers; a key for one is a key for all.
OWN = ("api.wandb.ai", "api.forge.coreweave.com")
#: Seconds to wait for the server before going on without it.
PATIENCE = 5.0
#: Servers that answered and then began no run.
_given_up: set[str] = set()


class Destination(NamedTuple):
    """The mode, `online`, `offline` or `disabled`, and the address of the server."""

    mode: str
    server: str


def asked_mode(mode: str, environment: Mapping[str, str]) -> str:
    """The mode that a config and W&B's own variables ask for together.

    What is switched off by WANDB_MODE or WANDB_DISABLED stays off; else `auto` takes WANDB_MODE.

    Raises:
        InputError: if a value is none of those known.
    """
    choice("mode", mode, MODES)
    said, off = environment.get("WANDB_MODE", ""), environment.get("WANDB_DISABLED", "").lower()
    if said and said not in SAID:
        raise InputError(f"WANDB_MODE={said!r}: expected online, offline or disabled")
    if off not in (*TRUE, *FALSE):
        raise InputError(f"WANDB_DISABLED={off!r}: expected true or false")
    if off in TRUE or SAID.get(said) == "disabled":
        return "disabled"
    return SAID.get(said, mode) if mode == "auto" else mode


@cache
def destination(mode: str) -> Destination:
    """The destination of a mode as of `asked_mode`, decided once a process, in seconds.

    `auto` and `online` go to the server where it answers, `auto` where there is a key for it too;
    else they write offline.
    """
    if os.environ.get("WANDB_MODE") == "":
        del os.environ["WANDB_MODE"]  # it says nothing, and W&B refuses it
    for name in OF_ONE_RUN:
        if os.environ.get(name):
            log.warning("W&B: %s is of a single run, and not used here", name)
    if mode == "disabled":
        return Destination("disabled", "")
    if "wandb" not in sys.modules:
        # A parent process hands on its W&B service, in which the ids of its own runs are in use.
        os.environ.pop("WANDB_SERVICE", None)
    import wandb

    server = str(wandb.setup().settings.base_url)
    if mode == "auto" and not has_key(server):
        log.info("W&B: no key for %s; written offline, inr-collect --wandb sends it later", server)
        return Destination("offline", server)
    if mode == "offline":
        return Destination("offline", server)
    if server in _given_up:
        return Destination("offline", server)
    if (why := unreachable(server)) is not None:
        log.warning("W&B: no answer from %s (%s); writing offline", server, why)
        return Destination("offline", server)
    return Destination("online", server)


def give_up(server: str) -> None:
    """Write offline for the rest of the process: the server answers, but begins no run."""
    _given_up.add(server)
    destination.cache_clear()


def has_key(server: str) -> bool:
    """True where the environment or the user's netrc file has a key; nothing is asked of a server.

    A netrc file that cannot be read has none.
    """
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    place = urlsplit(server)
    hosts = {place.netloc, place.hostname or "", *(OWN if place.hostname in OWN else ())}
    named = os.environ.get("NETRC")
    files = [Path(named)] if named else [Path.home() / name for name in (".netrc", "_netrc")]
    for file in files:
        try:
            known = netrc.netrc(file).hosts
        except (OSError, ValueError, netrc.NetrcParseError):
            continue
        if hosts & known.keys():
            return True
    return False


def unreachable(server: str, *, patience: float = PATIENCE) -> str | None:
    """The reason why a server does not answer within `patience` seconds, None where it does.

    Any answer counts. It is asked in a thread, as no timeout ends the search for a name.
    """
    found: list[str | None] = []

    def ask() -> None:
        try:
            urllib.request.urlopen(server, timeout=patience).close()
            found.append(None)
        except urllib.error.HTTPError:
            found.append(None)
        except Exception as error:
            reason = getattr(error, "reason", error)
            found.append(None if isinstance(reason, ssl.SSLError) else str(reason))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(patience)
    return found[0] if found else f"nothing within {patience:g} s"
