"""Rows of any kind become clean columns: times in epoch ms, numbers, text. Nothing is lost without being counted."""

from barograph.intake.clean_rows import CleanRows
from barograph.intake.intake import Intake, column_of

__all__ = ["CleanRows", "Intake", "column_of"]
