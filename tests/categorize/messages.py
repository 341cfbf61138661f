"""Messages and categorizers for the tests of categorization."""

from importlib import resources

import numpy as np
import polars as pl
from hypothesis import strategies as st

from barograph.categorize.categorizer import Categorizer
from barograph.config.analyzer import Analyzer

KNOWN = set(resources.files("barograph.categorize").joinpath("words.txt").read_text().split())

NAMES = (
    "db7",
    "apsd",
    "kworker",
    "QQ",
    "10.0.0.7",
    "eth0",
    "/var/log/x",
    "a.b.c",
    "mail.example:25",
    "0xfe",
    "ea:bc:01:ff:00",
    "é",
)
WORDS = ("user", "session", "opened", "closed", "for", "by", "Failed", "sendMessage", "read_only", "root", "size=", "12", "KB")
GLUE = (" ", " ", " ", ": ", "=", "'", ", ")


@st.composite
def message(draw) -> str:
    pieces = draw(st.lists(st.tuples(st.sampled_from(NAMES + WORDS), st.sampled_from(GLUE)), max_size=12))
    return "".join(piece + glue for piece, glue in pieces)


any_message = st.one_of(message(), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))


def fresh(analyzer: Analyzer | None = None, **settings) -> Categorizer:
    return Categorizer.build(analyzer or Analyzer(), **settings)


def assigned(categorizer: Categorizer, messages: list[str], owner: list[int] | None = None) -> list[int]:
    """The category of each message."""
    lines = list(dict.fromkeys(messages))
    at = {line: index for index, line in enumerate(lines)}
    line = np.array([at[one] for one in messages], np.int64)
    owners = np.array(owner if owner is not None else [0] * len(messages), np.int32)
    return categorizer.assign(pl.Series(lines, dtype=pl.String), line, owners).tolist()


def token_texts(analyzer: Analyzer, text: str) -> list[str]:
    from barograph.categorize.analyze import Analysis  # noqa: PLC0415

    found = Analysis(analyzer).tokens(pl.Series([text], dtype=pl.String))
    data = found.arena.tobytes()
    return [data[at : at + size].decode() for at, size in found.tokens[["offset", "length"]].tolist()]
