"""How well categories fit the messages they are of."""

from typing import Final

import numpy as np

from barograph.categorize.categories import Categories
from barograph.config.job import Job
from barograph.results.category import CategorizerStats

LEAST_MESSAGES: Final = 100
"""Fewer say nothing yet."""


def statistics(job: Job, categories: Categories) -> list[CategorizerStats]:
    """Of each partition, in the order of their first rows; or of all messages together."""
    memory, field = categories.categorizer.memory, job.analysis_config.categories_by
    live, owners = memory.live("categories"), memory.owners
    of, count = live["owner"], live["count"]
    is_frequent = (count > 1) & (100 * count > owners["messages"][of])
    totals, frequents, rares = (
        np.bincount(of[which], minlength=len(owners)) for which in (slice(None), is_frequent, count == 1)
    )
    found = []
    for at, owner in enumerate(owners):
        frequent, rare, total = int(frequents[at]), int(rares[at]), int(totals[at])
        messages, dead = int(owner["messages"]), int(owner["dead"])
        stats = CategorizerStats(
            partition_field_name=field,
            partition_field_value=None if field is None else categories.partitions[at],
            categorized_doc_count=messages,
            total_category_count=total,
            frequent_category_count=frequent,
            rare_category_count=rare,
            dead_category_count=dead,
            failed_category_count=int(owner["failed"]),
            categorization_status="warn" if warns(messages, total, frequent, rare, dead) else "ok",
            is_stopped=bool(owner["stopped"]),
        )
        found.append(stats)
    return found


def warns(messages: int, total: int, frequent: int, rare: int, dead: int) -> bool:
    """Whether these are no set of categories: `Memory::warns` of the kernel decides by the same rules whom to stop."""
    if messages < LEAST_MESSAGES:
        return False
    return total == 1 or 10 * rare > 9 * total or 2 * total > messages or frequent == 0 or 2 * dead > total
