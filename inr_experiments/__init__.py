"""Reproduction suite for the inlet rank collapse of implicit neural representations."""
