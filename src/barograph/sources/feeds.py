"""Which source a datafeed reads from, by the names of its indices."""

from barograph.config.datafeed import Datafeed
from barograph.config.job import Job
from barograph.index.documents import Documents
from barograph.sources.feed import Feed
from barograph.sources.index_feed import IndexFeed


def open_feed(documents: Documents, datafeed: Datafeed, job: Job) -> Feed:
    """The source of a datafeed.

    Raises:
        BadRequest: it is not there, or lacks a field that the job needs.
    """
    feed = IndexFeed(documents, datafeed, job)
    feed.check()
    return feed
