"""What is told of a job when it first meets a limit: what its memory has no room for, categories that fit no messages."""

from collections.abc import Iterator, Sequence
from typing import Final

from barograph.config.job import Job
from barograph.engine.estimate import most_entities, most_series
from barograph.results.category import CategorizerStats
from barograph.results.sizes import Sizes

_NAMED: Final = 5
"""Partitions that a sentence names."""


class LimitsMet:
    """Which limits a job has met. Each is told once, with the commit that met it."""

    def __init__(self, job: Job, sizes: Sizes, stats: Sequence[CategorizerStats]) -> None:
        """What a job had met before.

        Args:
            job: the job.
            sizes: what it held at its last commit.
            stats: how well the categories fitted then.
        """
        self._job = job
        self._refused, self._left_out = sizes.refused_rows > 0, sizes.left_out > 0
        self._poor = _poor(stats)

    def tell(self, sizes: Sizes | None, stats: Sequence[CategorizerStats]) -> list[str]:
        """What it has met since, as sentences; from now on that is known."""
        held = sizes or Sizes()
        return [*self._rows(held), *self._entities(held), *self._categories(stats)]

    def _rows(self, sizes: Sizes) -> Iterator[str]:
        if sizes.refused_rows and not self._refused:
            limit, most = self._job.analysis_limits.model_memory_limit, most_series(self._job)
            yield (
                f"model_memory_limit={limit!r} has room for {most:,} series of each detector: rows of further ones are left out"
                f" from now on, {sizes.refused_rows:,} so far; raise the limit, or split by less"
            )
        self._refused = sizes.refused_rows > 0

    def _entities(self, sizes: Sizes) -> Iterator[str]:
        if sizes.left_out and not self._left_out:
            limit, most = self._job.analysis_limits.model_memory_limit, most_entities(self._job)
            yield (
                f"model_memory_limit={limit!r} has room to know what {most:,} values of each influencer field usually do in a"
                " detector: those with the smallest shares are forgotten from now on, and are as new when they come again"
            )
        self._left_out = sizes.left_out > 0

    def _categories(self, stats: Sequence[CategorizerStats]) -> Iterator[str]:
        poor = _poor(stats)
        new = [one for value, one in poor.items() if value not in self._poor]
        self._poor = poor
        if not new:
            return
        named = ",".join(_said(one) for one in new[:_NAMED])
        more = f" and of {len(new) - _NAMED:,} more" if len(new) > _NAMED else ""
        stopped = "; nothing more of it is categorized" if any(one.is_stopped for one in new) else ""
        yield f"Categories do not fit the messages{named}{more}: categorization_status is now warn{stopped}"


def _poor(stats: Sequence[CategorizerStats]) -> dict[str | None, CategorizerStats]:
    return {one.partition_field_value: one for one in stats if one.categorization_status == "warn"}


def _said(stats: CategorizerStats) -> str:
    of = "" if stats.partition_field_name is None else f" of {stats.partition_field_name}={stats.partition_field_value!r}"
    return f"{of} ({stats.total_category_count:,} of {stats.categorized_doc_count:,} messages)"
