"""The pure pipeline: rows in, results out."""

from barograph.engine.engine import Engine, run

__all__ = ["Engine", "run"]
