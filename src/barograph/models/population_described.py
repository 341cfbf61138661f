"""What the population model believes about a member, in words and numbers."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from barograph.models.config import ModelConfig
from barograph.models.describe import YOUNG, Description, Known
from barograph.results.arrays import Floats, Structs


def described(record: Any, config: ModelConfig) -> Description:
    """Read one record of `population_state.MEMBER`."""
    values, span_ms = int(record["count"]), config.bucket_span_ms
    first, last, since = (int(record[name]) * span_ms if record[name] >= 0 else None for name in ("first", "last", "since"))
    severity = 0.0 if since is None else 1.0
    return Description(values, first, last, severity, tuple(_sentences(record, values)), incident_ms=since)


def _sentences(record: Any, values: int) -> Iterator[str]:
    if not values:
        yield "Nothing seen yet."
        return
    yield f"A member of a population, judged against its peers; it had {values:,} {'value' if values == 1 else 'values'}."
    if values < YOUNG:
        yield "It is too new to have a habit of its own."
    if record["since"] >= 0:
        yield "Its last value was far from those of its peers and from its own habit."


def known(records: Structs, config: ModelConfig) -> Known:  # noqa: ARG001  # no setting changes it
    """What is known of members [S] together, and what not yet."""
    seen = records["count"]
    return Known(series=int(np.count_nonzero(seen)), young=int(np.count_nonzero((seen > 0) & (seen < YOUNG))))


def lately(records: Structs) -> Floats:
    """[S] how anomalous each member was lately: 1 where its last value was far off, else 0."""
    return np.asarray(records["since"] >= 0, np.float64)
