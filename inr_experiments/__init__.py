"""Reproduction suite for the inlet rank collapse of implicit neural representations."""

__version__ = "0.1.0"
