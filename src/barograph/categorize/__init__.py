"""Messages that say the same get the same category. It knows rows and settings only."""

from barograph.categorize.categories import Categories

__all__ = ["Categories"]
