"""Whether queries and aggregations can be read at all, before there is an index to ask."""

import duckdb

from barograph.index.aggregations import Level, Run, answers
from barograph.index.bucket_kinds import BUCKETS
from barograph.index.catalog import Index
from barograph.index.hits import Hits
from barograph.index.mapping import IndexMapping
from barograph.index.pipelines import without_pipelines
from barograph.index.queries import compile_query
from barograph.index.scope import Scope


def check_query(query: object) -> None:
    """Refuse what is no query.

    Raises:
        BadQuery: it is none.
    """
    compile_query(query, Scope(Index("", 0, IndexMapping(), {}, 0, ""), 0))


def check_aggregations(body: object) -> None:
    """Refuse what are no aggregations.

    Raises:
        BadQuery: they are none.
    """
    with duckdb.connect() as connection:
        answers(without_pipelines(body), Level(Run(connection, BUCKETS), Hits((), ())))
