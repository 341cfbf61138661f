"""A feed of files: Parquet, CSV or NDJSON, by paths or globs, here or in S3."""

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Final

import polars as pl

from barograph.config.datafeed import Datafeed
from barograph.config.errors import BadRequest, UnreadableInput
from barograph.config.job import Job
from barograph.config.sources import FileSource
from barograph.intake.parse_times import parse_times
from barograph.sources.feed import FeedPage, cut, refuse_search_parts, with_times

Prepare = Callable[[pl.LazyFrame], pl.LazyFrame]
"""Makes the rows that are fed of those of the files."""

_ANY_MS: Final = 1 << 62
_FORMATS: Final = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
"""Extensions, and what they say."""

_SCANS: Final[dict[str, Callable[[FileSource], pl.LazyFrame]]] = {
    "parquet": lambda source: pl.scan_parquet(list(source.files)),
    "csv": lambda source: pl.scan_csv(
        list(source.files), separator=source.delimiter, quote_char=source.quote, infer_schema=False
    ),
    "ndjson": lambda source: pl.scan_ndjson(list(source.files)),
    "lines": lambda source: pl.scan_lines(list(source.files), name="raw"),
}


class FileFeed:
    """Rows of files. They are read anew for each page, so pages are large; rows that come to the files later are seen."""

    page_rows = 500_000

    def __init__(
        self, name: str, source: FileSource, datafeed: Datafeed, job: Job, prepare: Prepare = lambda rows: rows
    ) -> None:
        """A feed of the files of a source; `prepare` makes of their rows those that are fed.

        Raises:
            BadRequest: they are no table, lack a field, or the datafeed asks for what only an index can do.
        """
        refuse_search_parts(name, datafeed)
        self._name, self._source, self._job = name, source, job
        self._read_as = _by_size(job)
        self._prepare = prepare
        form = source.format or _FORMATS.get(PurePosixPath(source.files[0]).suffix)
        if form is None:
            wanted = f"files that end with {', '.join(_FORMATS)}, or a format"
            raise BadRequest(f"sources.{name}.files={source.files[0]!r}: wanted {wanted}")
        self._scan = _SCANS[form]
        present = self._columns()
        missing = [field for field in (job.time_field, *job.fields) if field not in present]
        if missing:
            raise BadRequest(
                f"[{datafeed.datafeed_id}] cannot retrieve field [{missing[0]}] because the files of {name} have none"
            )

    def _scanned(self) -> pl.LazyFrame:
        return self._prepare(self._scan(self._source))

    def _columns(self) -> list[str]:
        try:
            return list(self._scanned().collect_schema().names())
        except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise BadRequest(
                f"sources.{self._name}.files={list(self._source.files)}: wanted files to read ({error})"
            ) from error

    def _rows(self, start_ms: int, end_ms: int) -> pl.LazyFrame:
        time_field, job = self._job.time_field, self._read_as
        times = pl.col(time_field).map_batches(
            lambda values: parse_times(values, job), return_dtype=pl.Int64(), is_elementwise=True
        )
        chosen = self._scanned().select(times, *(name for name in self._job.fields if name != time_field))
        return chosen.filter(pl.col(time_field).is_between(start_ms, end_ms, closed="left"))

    def _collected(self, lazy: pl.LazyFrame) -> pl.DataFrame:
        try:
            found: pl.DataFrame = lazy.collect(engine="streaming")
            return found
        except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise UnreadableInput(
                f"sources.{self._name}.files={list(self._source.files)}: wanted rows to read ({error})"
            ) from error

    def page(self, start_ms: int, end_ms: int, limit: int) -> FeedPage:
        """See `Feed`."""
        return with_times(cut(self._first, self._job.time_field, (start_ms, end_ms), limit), self._job.time_field)

    def _first(self, start_ms: int, end_ms: int, limit: int | None) -> pl.DataFrame:
        found = self._rows(start_ms, end_ms).sort(self._job.time_field, maintain_order=True)
        return self._collected(found if limit is None else found.head(limit))

    def next_time(self, start_ms: int, end_ms: int) -> int | None:
        """See `Feed`."""
        first = self._collected(self._rows(start_ms, end_ms).select(pl.col(self._job.time_field).min())).item()
        return None if first is None else int(first)

    def newest_ms(self) -> int | None:
        """The latest time of all rows; None without any. Raises as `page`."""
        newest = self._collected(self._rows(-_ANY_MS, _ANY_MS).select(pl.col(self._job.time_field).max())).item()
        return None if newest is None else int(newest)

    def counts(self, start_ms: int, end_ms: int, span_ms: int) -> dict[int, int]:
        """See `Feed`."""
        start = pl.col(self._job.time_field) // span_ms * span_ms
        found = self._collected(self._rows(start_ms, end_ms).group_by(start).len())
        return dict(found.iter_rows())


def _by_size(job: Job) -> Job:
    """A job that takes numbers for seconds or ms by their size; as seconds alone, what is ms would be no time at all."""
    description = job.data_description
    if description.time_format != "epoch":
        return job
    return job.model_copy(update={"data_description": description.model_copy(update={"time_format": "auto"})})
