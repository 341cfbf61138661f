"""Aggregations: a query for each kind of bucket in the tree, and the tree put together from the rows.

Each level of the tree groups by the keys of all levels above it. What a `terms` has left out is left out below it too, so
nothing is computed for buckets that nobody will see.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import duckdb
import polars as pl

from barograph.index.database import Arrow, frame
from barograph.index.errors import BadQuery
from barograph.index.hits import Column, Hits
from barograph.index.keys import Key
from barograph.index.metrics import METRICS, Metric, metric
from barograph.index.pipelines import PIPELINES
from barograph.index.sql import Sql

Path = tuple[Any, ...]
Answer = Callable[[Path], dict[str, Any]]
"""What an aggregation answers in the bucket of these keys."""
MAX_BUCKETS: Final = 65_536
"""Buckets of an answer, as Elasticsearch limits them."""
_MAX_DEPTH: Final = 16
_INSTEAD: Final = {
    **dict.fromkeys(("children", "parent"), "a field of the documents themselves; which one another belongs to is not kept"),
    "diversified_sampler": "a [sampler], which takes all documents",
    "scripted_metric": "a metric of a field; scripts are not run",
}
"""What Elasticsearch has and this does not, with what does instead."""


@dataclass
class Run:
    """One request on its way.

    Attributes:
        connection: where queries go.
        kinds: what makes buckets, by Elastic's name.
        buckets: how many there are so far.
        names: how many names of tables and columns have been given.
    """

    connection: duckdb.DuckDBPyConnection
    kinds: Mapping[str, Callable[[str, Mapping[str, Any], Any, "Level"], Answer]]
    buckets: int = 0
    names: int = 0

    def count(self, more: int) -> None:
        """There are so many more buckets.

        Raises:
            BadQuery: there are too many.
        """
        self.buckets += more
        if self.buckets > MAX_BUCKETS:
            raise BadQuery(
                f"Trying to create too many buckets. Must be less than or equal to: [{MAX_BUCKETS}] but was [{self.buckets}]. "
                "Ask for a shorter span, a longer interval, or for pages with a composite aggregation"
            )

    def number(self) -> int:
        """A number that nothing else has."""
        self.names += 1
        return self.names


@dataclass(frozen=True)
class Level:
    """A level of the tree.

    Attributes:
        run: the request.
        hits: the documents that are in buckets of this level.
        keys: what they are put into buckets by, from the outermost inwards.
        kept: the table of the buckets that are answered; None for all.
        depth: how many levels are above it.
        is_of_documents: the hits are objects, of which those of one document count once.
    """

    run: Run
    hits: Hits
    keys: tuple[Key, ...] = ()
    kept: str | None = None
    depth: int = 0
    is_of_documents: bool = False

    @property
    def names(self) -> list[str]:
        """The columns of the keys."""
        return [f"k{number}" for number in range(len(self.keys))]

    def grouped(self, aggregates: Sequence[str], columns: Sequence[Column]) -> Sql:
        """Aggregates for each bucket: the keys, then these."""
        group = f" GROUP BY {', '.join(self.names)}" if self.names else ""
        selected = ", ".join([*self.names, *aggregates])
        return self.members(columns).put(f"SELECT {selected} FROM ({{}}) m{group}")

    def members(self, columns: Sequence[Column], also: str = "") -> Sql:
        """The documents of the buckets: their keys, these columns, and what `also` names (see `Hits.relation`)."""
        keys = [Column(name, key.path, key.form, absent=key.absent) for name, key in zip(self.names, self.keys, strict=True)]
        relation = self.hits.relation([*keys, *columns], also)
        relation = relation.put("SELECT DISTINCT * FROM ({}) o") if self.is_of_documents else relation
        present = " AND ".join(f"{name} IS NOT NULL" for name in self.names) or "TRUE"
        kept = "" if self.kept is None else f" SEMI JOIN {self.kept} USING ({', '.join(self.names[: self._kept_keys])})"
        return relation.put(f"SELECT * FROM ({{}}) r{kept} WHERE {present}")

    @property
    def _kept_keys(self) -> int:
        return int(self.kept.rsplit("_", 1)[1]) if self.kept else 0

    def rows(self, sql: Sql) -> list[Path]:
        """The rows of a query."""
        return self.run.connection.execute(sql.text, sql.values).fetchall()

    def inside(self, key: Key, kept: pl.DataFrame) -> "Level":
        """The level of the buckets of `key`, of which those in `kept` are answered."""
        name = f"kept_{self.run.number()}_{len(self.keys) + 1}"
        self.run.connection.register(name, Arrow(kept))
        return replace(self, keys=(*self.keys, key), kept=name, depth=self.depth + 1)

    def frame(self, sql: Sql) -> pl.DataFrame:
        """The rows of a query, as columns."""
        return frame(self.run.connection, sql.text, sql.values)


@dataclass(frozen=True)
class Tree:
    """Aggregations beside each other.

    Attributes:
        metrics: those that make numbers.
        others: those that make buckets: name, kind, body, and what is inside.
    """

    metrics: tuple[Metric, ...] = ()
    others: tuple[tuple[str, str, Any, Any], ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


def tree(body: object, level: Level) -> Tree:
    """The aggregations of a request.

    Raises:
        BadQuery: they are none.
    """
    if not isinstance(body, Mapping) or level.depth > _MAX_DEPTH:
        raise BadQuery(f"[aggs]={body!r}: wanted an object, at most {_MAX_DEPTH} deep")
    metrics: list[Metric] = []
    others: list[tuple[str, str, Any, Any]] = []
    meta: dict[str, Any] = {}
    for name, definition in body.items():
        kinds = (
            [key for key in definition if key not in ("aggs", "aggregations", "meta")]
            if isinstance(definition, Mapping)
            else []
        )
        if len(kinds) != 1:
            raise BadQuery(f"aggregation [{name}]={definition!r}: wanted one type in it, found {len(kinds)}")
        kind = kinds[0]
        if "meta" in definition:
            meta[name] = definition["meta"]
        if kind in METRICS:
            metrics.append(metric(name, kind, definition[kind], level.hits, level.run.number()))
        else:
            others.append((name, kind, definition[kind], definition.get("aggs", definition.get("aggregations", {}))))
    return Tree(tuple(metrics), tuple(others), meta)


def answers(body: object, level: Level) -> Answer:
    """What the aggregations `body` answer in each bucket of a level.

    Raises:
        BadQuery: they cannot be computed.
    """
    parsed = tree(body, level)
    made: dict[str, Answer] = _metric_answers(parsed.metrics, level)
    for name, kind, inner, inside in parsed.others:
        build = level.run.kinds.get(kind)
        if build is None and kind in _INSTEAD:
            raise BadQuery(f"Aggregation type [{kind}] of [{name}] is not answered here: wanted {_INSTEAD[kind]}")
        if build is None:
            wanted = ", ".join(sorted({*METRICS, *level.run.kinds, *PIPELINES}))
            raise BadQuery(f"Unknown aggregation type [{kind}] of [{name}]: wanted one of {wanted}")
        if not isinstance(inner, Mapping):
            raise BadQuery(f"[{kind}] aggregation [{name}]={inner!r}: wanted an object")
        made[name] = build(name, inner, inside, level)
    order = [name for name in body if name in made] if isinstance(body, Mapping) else []

    def answer(path: Path) -> dict[str, Any]:
        parts = {name: made[name](path) for name in order}
        return {name: {"meta": parsed.meta[name], **part} if name in parsed.meta else part for name, part in parts.items()}

    return answer


def _metric_answers(metrics: Sequence[Metric], level: Level) -> dict[str, Answer]:
    """One query for all metrics of fields with one value, and one for each other: its rows are values, not documents."""
    made: dict[str, Answer] = {}
    plain = [item for item in metrics if not item.has_several]
    for group in [plain, *([item] for item in metrics if item.has_several)]:
        if not group:
            continue
        aggregates = [part for item in group for part in item.sql]
        width = len(level.keys)
        columns = [column for item in group for column in item.columns]
        found = {row[:width]: row[width:] for row in level.rows(level.grouped(aggregates, columns))}
        at = 0
        for item in group:
            made[item.name] = _from_rows(item, found, at)
            at += len(item.forms)
    return made


def _from_rows(item: Metric, found: Mapping[Path, Path], at: int) -> Answer:
    def answer(path: Path) -> dict[str, Any]:
        row = found.get(path)
        return item.answer(item.empty if row is None else row[at : at + len(item.forms)])

    return answer
