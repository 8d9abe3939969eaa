"""Naive twins: written like the equation, never fast."""
