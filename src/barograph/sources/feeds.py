"""Which source a datafeed reads from, by the names of its indices."""

from collections.abc import Mapping

from barograph.config.datafeed import Datafeed
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.sources import FileSource, Source, SqlSource
from barograph.index.documents import Documents
from barograph.sources.feed import Feed
from barograph.sources.file_feed import FileFeed
from barograph.sources.index_feed import IndexFeed
from barograph.sources.remote_feed import RemoteFeed
from barograph.sources.sql_feed import SqlFeed


def open_feed(documents: Documents, sources: Mapping[str, Source], datafeed: Datafeed, job: Job) -> Feed:
    """The source of a datafeed: one that the settings name so, else the built-in index.

    Raises:
        BadRequest: it is not there, cannot be read, or lacks a field that the job needs.
    """
    named = [name for name in datafeed.indices if name in sources]
    if not named:
        feed = IndexFeed(documents, datafeed, job)
        feed.check()
        return feed
    if len(datafeed.indices) > 1:
        raise BadRequest(
            f"datafeed_config.indices={list(datafeed.indices)}: wanted source {named[0]!r} alone, or indices alone"
        )
    return _of_source(named[0], sources[named[0]], datafeed, job)


def _of_source(name: str, source: Source, datafeed: Datafeed, job: Job) -> Feed:
    if isinstance(source, FileSource):
        return FileFeed(name, source, datafeed, job)
    if isinstance(source, SqlSource):
        return SqlFeed(name, source, datafeed, job)
    return RemoteFeed(name, source, datafeed, job)
