"""How the columns of clean rows are called.

One input field can be needed both as a number and as text (`sum(bytes)` and `distinct_count(bytes)`), so a column's name
says which of them it is.
"""


def number_column(field: str) -> str:
    """The Float64 column of an input field; null where it is missing or not a number."""
    return f"n:{field}"


def place_column(field: str) -> str:
    """The Float64 column of an input field that holds places, as one number each; null where it is missing or no place."""
    return f"p:{field}"


def text_column(field: str) -> str:
    """The String column of an input field; null where it is missing."""
    return f"s:{field}"
