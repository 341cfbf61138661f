"""The quantiles of all kinds of results of a job, and their table."""

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from barograph.results import schema
from barograph.results.arrays import Floats, Ints
from barograph.results.snapshot import Arrays
from barograph.scoring.normalise import DayEnds, Normaliser
from barograph.scoring.quantiles_layout import QUANTILES, STATE, TODAY
from barograph.scoring.tables import typed

_NONE_ENDED: Final = schema.empty(schema.QUANTILES)

BUCKET: Final = "bucket"


def detector(index: int) -> str:
    """The kind of a detector's part in a bucket."""
    return f"detector:{index}"


def record(measure: int) -> str:
    """The kind of the records of a measure, by its position."""
    return f"record:{measure}"


def influencer(field: str) -> str:
    """The kind of the influencers of a field."""
    return f"influencer:{field}"


def bucket_influencer(field: str) -> str:
    """The kind of an influencer field's part in a bucket."""
    return f"bucket_influencer:{field}"


class Normalisers:
    """One normaliser a kind of result, always in the same order."""

    def __init__(self, normalisers: dict[str, Normaliser], fields: tuple[str, ...], bucket_span_ms: int) -> None:
        self.fields = fields
        self._normalisers = normalisers
        self._span_ms = bucket_span_ms
        self._ended: list[tuple[str, DayEnds]] = []

    @classmethod
    def build(
        cls, measures: int, detectors: int, fields: Sequence[str], bucket_span_ms: int, state: Arrays | None = None
    ) -> "Normalisers":
        """Normalisers that have seen nothing, or as `snapshot` left them."""
        names = [BUCKET, *map(detector, range(detectors)), *map(record, range(measures))]
        names += [kind(field) for field in fields for kind in (influencer, bucket_influencer)]
        made = {name: Normaliser.build(bucket_span_ms) for name in names}
        if state is not None:
            known, today = np.array(state["quantiles"], STATE), np.array(state["today"], TODAY)
            for i, name in enumerate(names):
                made[name] = Normaliser.build(bucket_span_ms, known[i : i + 1], today[today["kind"] == i])
        return cls(made, tuple(fields), bucket_span_ms)

    def snapshot(self) -> Arrays:
        """What must be kept to go on."""
        states = [normaliser.snapshot(i) for i, normaliser in enumerate(self._normalisers.values())]
        return {
            "quantiles": np.concatenate([state for state, _ in states]),
            "today": np.concatenate([today for _, today in states]),
        }

    def raise_and_learn(
        self, kind: str, first_bucket: int, cells: Floats, bucket: Ints, ln_p: Floats, entity: Ints | None = None
    ) -> Floats:
        """As `Normaliser.raise_and_learn`; days that end wait for `take_ended_days`. Without `entity` the kind has one only."""
        raised, ended = self._normalisers[kind].raise_and_learn(first_bucket, cells, bucket, entity, ln_p)
        self._keep(kind, ended)
        return raised

    def learn(self, kind: str, first_bucket: int, cells: Floats, bucket: Ints, ln_p: Floats) -> None:
        """The same of a kind that has one entity only, where nobody asks for the raised probabilities."""
        self._keep(kind, self._normalisers[kind].learn(first_bucket, cells, bucket, None, ln_p))

    def _keep(self, kind: str, ended: DayEnds) -> None:
        if len(ended.bucket):
            self._ended.append((kind, ended))

    def take_ended_days(self) -> pl.DataFrame:
        """The quantiles of the days that have ended since it was last called, by time and kind."""
        if not self._ended:
            return _NONE_ENDED
        number = {name: i for i, name in enumerate(self._normalisers)}
        kind = np.concatenate([np.full(len(days.bucket), number[name]) for name, days in self._ended])
        bucket, quantiles, moved = (
            np.concatenate([getattr(days, part) for _, days in self._ended]) for part in ("bucket", "quantiles", "moved")
        )
        self._ended = []
        order = np.lexsort((kind, bucket))
        counted = quantiles[order]
        columns = {
            "timestamp": bucket[order] * self._span_ms,
            "kind": pl.Series(list(number))[kind[order]],
            **{name: np.ascontiguousarray(counted[name]) for name in QUANTILES.names or ()},
            "moved": moved[order],
        }
        return typed(pl.DataFrame(columns), schema.QUANTILES)


def entity_ids(values: pl.Series) -> Ints:
    """Numbers for the values of entities: the same for the same text in every run and on every machine."""
    texts = values.to_list()
    numbers = {text: _number(text) for text in set(texts)}
    return np.array([numbers[text] for text in texts], np.int64)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little", signed=True)
