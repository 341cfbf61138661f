"""What entities did over all records of a bucket, and what their influencer fields show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from barograph.results.arrays import Floats, Ints
from barograph.results.schema import INFLUENCER_KEY
from barograph.results.snapshot import Arrays
from barograph.scoring.leaves import Stretch
from barograph.scoring.odd_groups import ODD, OddGroups

_FIELD: Final = INFLUENCER_KEY[0]
_NO_ENTITIES: Final = pl.DataFrame(schema={"bucket": pl.Int64, **dict.fromkeys(INFLUENCER_KEY, pl.String)})
_NO_FIELDS: Final = _NO_ENTITIES.drop(INFLUENCER_KEY[1])

_NO_NUMBERS: Final[Floats] = np.zeros(0)
_NO_IDS: Final[Ints] = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Scored:
    """Entities or fields with the probability of what they did in a bucket."""

    keys: pl.DataFrame  # bucket, influencer_field_name[, influencer_field_value]
    ln_p: Floats


class Entities:
    """From records to the entities that are to blame for them, and to influencer fields.

    It remembers for each field how far what an entity shows in several series and detectors goes together, and how far its
    entities do.
    """

    def __init__(self, records: dict[str, OddGroups], entities: dict[str, OddGroups]) -> None:
        self._records = records
        self._entities = entities

    @classmethod
    def build(cls, fields: Sequence[str], bucket_span_ms: int, state: Arrays | None = None) -> "Entities":
        """Entities of the influencer fields of a job that have shown nothing, or as `snapshot` left them."""

        def groups(level: str) -> dict[str, OddGroups]:
            states = [None if state is None else state[level][at : at + 1] for at in range(len(fields))]
            return {field: OddGroups.build(bucket_span_ms, own) for field, own in zip(fields, states, strict=True)}

        return cls(groups("records"), groups("entities"))

    def snapshot(self) -> Arrays:
        """What must be kept to go on: of each level a record a field."""
        levels = {"records": self._records, "entities": self._entities}
        return {name: np.concatenate([one.snapshot() for one in level.values()]) for name, level in levels.items() if level}

    @staticmethod
    def readable(fields: Sequence[str], state: Arrays) -> bool:
        """Whether a snapshot has what fields need; one of a former version has not."""
        return not fields or all(level in state and state[level].dtype == ODD for level in ("records", "entities"))

    def entities_and_learn(self, stretch: Stretch, blamed: pl.DataFrame, leaves: Mapping[str, Floats]) -> Scored:
        """Combine what each entity did over detectors and series of a bucket; a leaf counts as far as the entity is guilty.

        Args:
            stretch: the stretch of buckets.
            blamed: who is to blame, by leaf.
            leaves: [T] by field, in how many leaves of each bucket its entities have rows, one entity after the other.
        """
        if blamed.is_empty():
            return _nobody_and_learn(self._records, _NO_ENTITIES, leaves)
        leaf = blamed["leaf"].to_numpy()
        keys = blamed.hstack([pl.Series("bucket", stretch.leaves["bucket"][leaf])])[_NO_ENTITIES.columns]
        ln_p = blamed["guilt"].to_numpy() * stretch.leaves["ln_evidence"][leaf]
        return _combined_and_learn(self._records, keys, ln_p, stretch.leaves_of(keys), leaves, stretch.first_bucket)

    def fields_and_learn(self, stretch: Stretch, entities: Scored, present: Mapping[str, Floats]) -> Scored:
        """Combine the entities of each influencer field in a bucket: the quiet ones counted, and those that are missing.

        Args:
            stretch: the stretch of buckets.
            entities: what they did.
            present: [T] by field, how many of its entities have rows in each bucket.
        """
        if entities.keys.is_empty():
            return _nobody_and_learn(self._entities, _NO_FIELDS, present)
        keys = entities.keys
        bucket, field, members = keys["bucket"].to_numpy() - stretch.first_bucket, keys[_FIELD].to_numpy(), np.zeros(len(keys))
        for name, each in present.items():
            members[field == name] = each[bucket[field == name]]
        of_field = keys[_NO_FIELDS.columns]
        return _combined_and_learn(self._entities, of_field, entities.ln_p, members, present, stretch.first_bucket)


def _nobody_and_learn(groups: Mapping[str, OddGroups], nobody: pl.DataFrame, members: Mapping[str, Floats]) -> Scored:
    for field, own in groups.items():
        own.combine_and_learn(_NO_NUMBERS, _NO_IDS, _NO_NUMBERS, _NO_IDS, members[field])
    return Scored(nobody, _NO_NUMBERS)


def _combined_and_learn(
    groups: Mapping[str, OddGroups],
    rows: pl.DataFrame,
    ln_p: Floats,
    n: Floats,
    members: Mapping[str, Floats],
    first_bucket: int,
) -> Scored:
    """Combine rows [k] with the same values, field by field.

    Args:
        groups: by field, what combines them.
        rows: [k] bucket, `INFLUENCER_KEY` or the first of it.
        ln_p: [k] ln of the probabilities of the rows.
        n: [k] how many others like it there are, quiet ones too.
        members: [T] by field, how many there are in each bucket.
        first_bucket: number of the first of these.
    """
    # Equal rows have the number of their place among all that differ, in order.
    place = rows.select(pl.struct(rows.columns).rank("dense")).to_series().to_numpy().astype(np.int64) - 1
    _, first = np.unique(place, return_index=True)
    keys = rows[first]
    # Who is missing has rows in none of the leaves that it is blamed for.
    n = np.maximum(n, np.bincount(place)[place])
    out, field, bucket = np.empty(len(keys)), rows[_FIELD].to_numpy(), rows["bucket"].to_numpy() - first_bucket
    for name, own in groups.items():
        at = np.flatnonzero(field == name)
        of, group = np.unique(place[at], return_inverse=True)
        out[of] = own.combine_and_learn(ln_p[at], group, n[at], bucket[at], members[name])
    return Scored(keys, out)
