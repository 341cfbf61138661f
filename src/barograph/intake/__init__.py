"""Rows of any kind become clean columns: times in epoch ms, numbers, text. Nothing is lost without being counted."""

from barograph.intake.intake import Intake
from barograph.intake.rows import Rows

__all__ = ["Intake", "Rows"]
