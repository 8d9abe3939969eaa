"""Small networks of the field, and the features of each stage written out by hand.

A case gives a module and a function that computes Z of every stage, by name, from the module's own
parts. Which stages there are, and what they hold, is said here and nowhere taken from the code.
"""

# The list of cases is whole once every file was imported.
from . import positions, weights
from .base import CASES, Net, NetworkCase, cases
from .branches import Heads
from .chains import Chain, Checkpointed
from .encodings import PlainFourier

__all__ = [
    "CASES",
    "Chain",
    "Checkpointed",
    "Heads",
    "Net",
    "NetworkCase",
    "PlainFourier",
    "cases",
    "positions",
    "weights",
]
