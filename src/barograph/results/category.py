"""Categories of messages, and how well they fit the messages they are of."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class CategoryDefinition:
    """What the messages of a category have in common.

    Attributes:
        category_id: from 1, unique in the job; the value of `mlcategory`.
        partition_field_name: the field within whose values messages are categorized; None: all together.
        partition_field_value: of these messages.
        terms: the tokens that all of them have, with a space between them.
        regex: matches all of them that are not longer than `max_matching_length`.
        grok_pattern: the same for Logstash and ingest pipelines, with names for the addresses and numbers in the examples.
        max_matching_length: characters; a tenth more than the longest has.
        examples: the first different ones, in the order of text.
        num_matches: how many there were.
        preferred_to_categories: categories whose place it has taken, by their ids: their messages are now its own.
    """

    category_id: int
    partition_field_name: str | None
    partition_field_value: str | None
    terms: str
    regex: str
    grok_pattern: str
    max_matching_length: int
    examples: tuple[str, ...]
    num_matches: int
    preferred_to_categories: tuple[int, ...]


@dataclass(frozen=True)
class CategorizerStats:
    """How well categories fit the messages of a partition, or of all.

    Attributes:
        partition_field_name: as in a `CategoryDefinition`.
        partition_field_value: as there.
        categorized_doc_count: messages.
        total_category_count: categories.
        frequent_category_count: of them, those of more than 1 % of the messages, and of more than one.
        rare_category_count: those of a single message.
        dead_category_count: those whose place another has taken.
        failed_category_count: messages without a category, as the job has as many as it may.
        categorization_status: "warn" when these are no set of categories (`docs/categories.md` has the rules).
        is_stopped: nothing of it is categorized any more.
    """

    partition_field_name: str | None
    partition_field_value: str | None
    categorized_doc_count: int
    total_category_count: int
    frequent_category_count: int
    rare_category_count: int
    dead_category_count: int
    failed_category_count: int
    categorization_status: Literal["ok", "warn"]
    is_stopped: bool
