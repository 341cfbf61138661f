"""Rows of any kind become clean columns: times in epoch ms, numbers, text. Nothing is lost without being counted."""

from barograph.intake.intake import Intake, column_of
from barograph.intake.rows import Rows

__all__ = ["Intake", "Rows", "column_of"]
