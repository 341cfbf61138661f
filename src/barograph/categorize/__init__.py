"""Messages that say the same get the same category. It knows rows and settings only."""

from barograph.categorize.categories import Categories
from barograph.categorize.definitions import definitions
from barograph.categorize.statistics import statistics

__all__ = ["Categories", "definitions", "statistics"]
