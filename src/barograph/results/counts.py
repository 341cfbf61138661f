"""What was read, what was dropped and why, under the names of Elastic's `data_counts`."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

MAX_EXAMPLES: Final = 5
"""Dropped rows kept as examples, per reason; the counts themselves have no limit."""


@dataclass(frozen=True)
class Example:
    """One dropped row, kept to show what is wrong.

    Attributes:
        reason: one of `REASONS`.
        row: place among all rows that the job was given, malformed ones too, from 1; of a malformed row, that in its source.
        value: the offending text, shortened to 200 characters.
        message: what was wanted.
    """

    reason: str
    row: int
    value: str
    message: str


REASONS: Final = {
    "malformed": "not a row of its format",
    "invalid_date": "the time cannot be read",
    "missing_field": "a field that the job needs is missing or null",
    "not_a_number": "a field that must be a number is not",
    "out_of_order": "older than the latency allows",
}


@dataclass(frozen=True)
class DataCounts:
    """Cumulative counts of one job. Times are epoch ms or None.

    `processed_field_count` counts analysed fields without the time, `input_field_count` all fields without the time.
    `malformed_record_count` and `not_a_number_count` are Barograph's own; what is not a number is also a missing field.
    """

    input_record_count: int = 0
    input_bytes: int = 0
    input_field_count: int = 0
    processed_record_count: int = 0
    processed_field_count: int = 0
    invalid_date_count: int = 0
    missing_field_count: int = 0
    out_of_order_timestamp_count: int = 0
    malformed_record_count: int = 0
    not_a_number_count: int = 0
    bucket_count: int = 0
    empty_bucket_count: int = 0
    sparse_bucket_count: int = 0
    earliest_record_timestamp: int | None = None
    latest_record_timestamp: int | None = None
    latest_bucket_timestamp: int | None = None
    latest_empty_bucket_timestamp: int | None = None
    latest_sparse_bucket_timestamp: int | None = None
    examples: tuple[Example, ...] = ()

    def with_examples(self, examples: list[Example]) -> "DataCounts":
        """Keep the first `MAX_EXAMPLES` of each reason, in the order they came."""
        if not examples:
            return self
        shown = list(self.examples)
        for example in examples:
            if sum(other.reason == example.reason for other in shown) < MAX_EXAMPLES:
                shown.append(example)
        return replace(self, examples=tuple(shown))

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary; `from_dict` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> "DataCounts":
        """Rebuild the counts from `to_dict`."""
        return cls(**{**document, "examples": tuple(Example(**example) for example in document["examples"])})
