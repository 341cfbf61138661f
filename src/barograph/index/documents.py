"""`Documents`: the built-in index. What a program does with indices and their documents, without HTTP."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import duckdb
import msgspec
import polars as pl

from barograph.config.errors import BadRequest
from barograph.index.catalog import Catalog, Index, Options, Target
from barograph.index.contexts import Context, Contexts, keep_alive
from barograph.index.database import Database, rows
from barograph.index.errors import BadQuery, NoSuchIndex
from barograph.index.extract import Extraction, extract
from barograph.index.mapping import IndexMapping
from barograph.index.search import Page, Request, count, search
from barograph.index.write import Operation, Outcome, State, Writer

T = TypeVar("T")
_ALIASES: Final = "aliases/"
_NO_OPTIONS: Final = Options()
INDEX_FILE: Final = "index.duckdb"
"""The file of the index within a data directory."""


@dataclass(frozen=True)
class Stored:
    """A document as it lies in an index.

    Attributes:
        index: its index.
        id: its id.
        version: how often it was written.
        seq: its sequence number.
        source: the JSON as it was given.
    """

    index: str
    id: str
    version: int
    seq: int
    source: str


class Documents:
    """Indices and their documents. Any number of threads may use it; one writes at a time.

    A document can be found as soon as the call that wrote it has returned, and outlives the process from then on.
    """

    def __init__(self, path: Path | None, now: Callable[[], int]) -> None:
        """Open the index.

        Args:
            path: its file, made if it is not there; None for one in memory.
            now: the time in epoch ms.

        Raises:
            Conflict: another process has it open.
            StorageFailure: it cannot be read.
        """
        self.now_ms = now
        self._database = Database(path)
        self._contexts = Contexts()
        with self._database.write() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS catalog (name VARCHAR, document VARCHAR)")
            connection.execute("CREATE TABLE IF NOT EXISTS numbers (index_number INTEGER, next_seq BIGINT)")
            self.catalog = _loaded(connection)
            self._states = {index.number: _state(connection, index) for index in self.catalog.indices.values()}

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # indices

    def create_index(self, name: str, body: Mapping[str, Any]) -> Index:
        """Make an index with `mappings`, `settings` and `aliases`.

        Raises:
            IndexExists: the name is taken.
            BadRequest: the name or the body cannot be used.
        """
        unknown = body.keys() - {"mappings", "settings", "aliases"}
        if unknown:
            raise BadRequest(f"unknown key [{sorted(unknown)[0]}] for create index: wanted mappings, settings, aliases")
        for part in ("settings", "aliases"):
            if body.get(part) is not None and not isinstance(body[part], Mapping):
                raise BadRequest(f"[{part}]={str(body[part])[:100]}: wanted an object")
        mapping = IndexMapping(exact_texts=name.startswith(".ml-")).merged(body.get("mappings") or {})
        settings = flat_settings(body.get("settings") or {})

        def change(writer: Writer) -> Index:
            index = writer.create(name, mapping, settings)
            for alias, definition in (body.get("aliases") or {}).items():
                if definition is not None and not isinstance(definition, Mapping):
                    raise BadRequest(f"[aliases].{alias}={str(definition)[:100]}: wanted an object")
                writer.catalog = writer.catalog.with_alias(alias, name, definition or {})
            return index

        return self._changed(change)

    def create_beside(self, name: str, beside: str) -> None:
        """Make an index whose documents are shown in another one, `beside`; one that is there is made anew, empty."""

        def change(writer: Writer) -> None:
            if name in writer.catalog.indices:
                _drop(writer, [name])
            mapping = writer.catalog.indices[beside].mapping if beside in writer.catalog.indices else IndexMapping()
            writer.create(name, mapping, {}, beside)

        self._changed(change)

    def delete_indices(self, expression: str, options: Options = _NO_OPTIONS) -> list[str]:
        """Remove indices with all of their documents. Raises as `Catalog.targets`."""

        def change(writer: Writer) -> list[str]:
            names = writer.catalog.names(expression, options)
            _drop(writer, [*names, *(index.name for index in writer.catalog.indices.values() if index.beside in names)])
            return names

        return self._changed(change)

    def put_mapping(self, expression: str, body: Mapping[str, Any], options: Options = _NO_OPTIONS) -> None:
        """Add fields to indices.

        Raises:
            BadMapping: a field has another type already.
        """

        def change(writer: Writer) -> None:
            for target in writer.catalog.targets(expression, options):
                writer.adopt(target.index, target.index.mapping.merged(body))

        self._changed(change)

    def put_settings(self, expression: str, body: Mapping[str, Any], options: Options = _NO_OPTIONS) -> None:
        """Keep settings with indices; null removes one."""
        self._each(expression, options, lambda index: replace(index, settings=_kept(index.settings, flat_settings(body))))

    def set_open(self, expression: str, options: Options = _NO_OPTIONS, *, is_open: bool) -> list[str]:
        """Open or close indices; the documents of one that is closed stay, and cannot be reached."""
        return self._each(expression, options, lambda index: replace(index, is_open=is_open))

    def _each(self, expression: str, options: Options, change_of: Callable[[Index], Index]) -> list[str]:
        def change(writer: Writer) -> list[str]:
            names = writer.catalog.names(expression, options)
            for name in names:
                writer.catalog = writer.catalog.with_index(change_of(writer.catalog.indices[name]))
            writer.changed.update(names)
            return names

        return self._changed(change)

    def change_aliases(self, actions: Iterable[tuple[str, str, str, Mapping[str, Any]]]) -> None:
        """Change aliases, all or none: (`add` or `remove`, index, alias, definition).

        Raises:
            NoSuchIndex: no such index.
            BadRequest: not a name of an alias.
        """

        def change(writer: Writer) -> None:
            for action, index, alias, definition in actions:
                if index not in writer.catalog.indices:
                    raise NoSuchIndex(index)
                if action == "add":
                    writer.catalog = writer.catalog.with_alias(alias, index, definition)
                else:
                    writer.catalog = writer.catalog.without_alias(alias, index)

        self._changed(change)

    def _changed(self, change: Callable[[Writer], T]) -> T:
        """Change the catalogue and what belongs to it, all or nothing."""
        with self._database.lock:
            states = {number: replace(state) for number, state in self._states.items()}
            with self._database.write() as connection:
                writer = Writer(connection, self.catalog, states, self.now_ms())
                made = change(writer)
                if writer.catalog is not self.catalog:
                    _save(connection, writer.catalog, writer.changed)
            self.catalog, self._states = writer.catalog, writer.states
            return made

    # documents

    def bulk(self, operations: Sequence[Operation]) -> list[Outcome]:
        """Do operations in their order. What fails is told by its outcome and leaves the others alone.

        Raises:
            StorageFailure: the disk has failed; nothing of it is written.
        """
        return self._changed(lambda writer: writer.write(operations))

    def write(self, operation: Operation) -> Outcome:
        """Do one operation.

        Raises:
            BarographError: it cannot be done.
        """
        outcome = self.bulk([operation])[0]
        if outcome.error is not None:
            raise outcome.error
        return outcome

    def delete_matching(self, expression: str, query: Mapping[str, Any], options: Options = _NO_OPTIONS) -> int:
        """Remove the documents that a query is true of; how many there were. Raises as `search`."""

        def change(writer: Writer) -> int:
            return sum(writer.remove_matching(target, query) for target in writer.catalog.targets(expression, options))

        return self._changed(change)

    def delete_beside(self, name: str, query: Mapping[str, Any]) -> int:
        """As `delete_matching`, of an index that `create_beside` made."""
        return self._changed(lambda writer: writer.remove_matching(Target(writer.catalog.indices[name]), query))

    def get(self, name: str, document_id: str) -> Stored | None:
        """A document by its id, or None.

        Raises:
            NoSuchIndex: there is no such index.
        """
        for target in self.catalog.targets(name):
            with self._database.read() as connection:
                sql = f"SELECT version, seq, source FROM {target.index.documents} WHERE id = ?"
                for version, seq, source in rows(connection, sql, [document_id]):
                    return Stored(target.index.shown, document_id, version, seq, source)
        return None

    def is_written(self, expression: str, options: Options = _NO_OPTIONS) -> bool:
        """Whether somebody has written to one of these indices since it was made; those of `create_beside` do not count.

        Raises:
            NoSuchIndex: there is no such index.
            IndexClosed: it is closed.
        """
        targets = self.catalog.targets(expression, options)
        return any(target.index.beside is None and self._states[target.index.number].next_seq > 0 for target in targets)

    def totals(self) -> dict[str, int]:
        """How many documents each open index has."""
        with self._database.read() as connection:
            opened = [index for index in self.catalog.indices.values() if index.is_open]
            counts: dict[str, int] = {}
            for index in opened:
                found = rows(connection, f"SELECT count(*) FROM {index.documents}")[0][0]
                counts[index.shown] = counts.get(index.shown, 0) + found
            return counts

    # search

    def search(self, expression: str, body: Mapping[str, Any], options: Options = _NO_OPTIONS) -> Page:
        """Answer a search; `expression` is ignored where `body` names a point in time.

        Raises:
            NoSuchIndex: there is no such index.
            BadQuery: it cannot be answered.
        """
        pit, now_ms = body.get("pit"), self.now_ms()
        bounds = None
        if pit is not None:
            if not isinstance(pit, Mapping):
                raise BadQuery(f"[pit]={pit!r}: wanted an object with [id]")
            keep = keep_alive(pit["keep_alive"]) if "keep_alive" in pit else None
            context = self._contexts.use(pit.get("id"), now_ms, keep)
            expression, bounds, options = context.expression, context.bounds, Options(True, True)
        request = Request(body, self.catalog.targets(expression, options), now_ms, bounds, every_place=pit is not None)
        with self._database.read() as connection:
            return search(connection, request)

    def search_written(self, expression: str, body: Mapping[str, Any], options: Options = _NO_OPTIONS) -> Page:
        """As `search`, without the documents of indices that `create_beside` made."""
        targets = [target for target in self.catalog.targets(expression, options) if target.index.beside is None]
        with self._database.read() as connection:
            return search(connection, Request(body, targets, self.now_ms()))

    def count(self, expression: str, body: Mapping[str, Any], options: Options = _NO_OPTIONS) -> int:
        """How many documents match. Raises as `search`."""
        with self._database.read() as connection:
            return count(connection, Request(body, self.catalog.targets(expression, options), self.now_ms()))

    def extract(
        self, expression: str, wanted: Extraction, span: tuple[int, int], limit: int | None, options: Options = _NO_OPTIONS
    ) -> pl.DataFrame:
        """Rows of a span of time, as columns. See `extract`. Raises as `search`."""
        targets = self.catalog.targets(expression, options)
        with self._database.read() as connection:
            return extract(connection, targets, wanted, span, limit)

    def open_view(self, expression: str, keep: object, options: Options = _NO_OPTIONS) -> str:
        """Take a point in time; its id. Raises as `Contexts.add`."""
        return self._contexts.add(self._context(expression, keep, options), self.now_ms())

    def start_scroll(
        self, expression: str, body: Mapping[str, Any], keep: object, options: Options = _NO_OPTIONS
    ) -> tuple[str, Page]:
        """The first page of a scroll, and the name to go on with. Raises as `search`."""
        if body.get("from"):
            raise BadQuery("using [from] is not allowed in a scroll context: wanted 0")
        if body.get("size") == 0:
            raise BadQuery("[size] cannot be [0] in a scroll context: wanted at least 1")
        name = self._contexts.add(replace(self._context(expression, keep, options), body=dict(body)), self.now_ms())
        return name, self.scroll(name)

    def scroll(self, name: str, keep: object = None) -> Page:
        """The next page of a scroll; empty behind the last.

        Raises:
            NoSuchContext: it has ended.
        """
        context = self._contexts.use(name, self.now_ms(), None if keep is None else keep_alive(keep))
        body = dict(context.body or {})
        if context.after is not None:
            body.pop("aggs", None), body.pop("aggregations", None)
        targets = self.catalog.targets(context.expression, Options(True, True))
        request = Request(body, targets, self.now_ms(), context.bounds, every_place=True, after=context.after)
        with self._database.read() as connection:
            page = search(connection, request)
        if page.last is not None:
            self._contexts.go_on(name, page.last)
        return page

    def end_views(self, names: list[str] | None) -> int:
        """End scrolls and points in time, all for None; how many there were."""
        return self._contexts.remove(names)

    def _context(self, expression: str, keep: object, options: Options) -> Context:
        keep_ms = keep_alive(keep)
        targets = self.catalog.targets(expression, options)
        bounds = {target.index.number: self._states[target.index.number].next_seq for target in targets}
        return Context(expression, bounds, keep_ms, self.now_ms() + keep_ms)


def flat_settings(body: Mapping[str, Any], prefix: str = "index.") -> dict[str, Any]:
    """Settings under flat names with `index.` in front, however they were given."""
    flat: dict[str, Any] = {}
    for name, value in body.items():
        path = name if name.startswith("index") and prefix == "index." else prefix + name
        if isinstance(value, Mapping):
            flat |= flat_settings(value, f"{path}.")
        else:
            flat[path] = value
    return flat


def _drop(writer: Writer, names: list[str]) -> None:
    for name in names:
        index = writer.catalog.indices[name]
        writer.connection.execute(f"DROP TABLE {index.documents}")
        writer.connection.execute(f"DROP TABLE {index.more}")
        writer.connection.execute("DELETE FROM numbers WHERE index_number = ?", [index.number])
    writer.catalog = writer.catalog.without(names)
    writer.changed.update(names)


def _kept(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**old, **new}.items() if value is not None}


def _state(connection: duckdb.DuckDBPyConnection, index: Index) -> State:
    written = rows(connection, f"SELECT coalesce(max(seq) + 1, 0) FROM {index.documents}")[0][0]
    kept = rows(connection, "SELECT next_seq FROM numbers WHERE index_number = ?", [index.number])
    return State(max(written, *(row[0] for row in kept), 0))


def _loaded(connection: duckdb.DuckDBPyConnection) -> Catalog:
    saved = {name: msgspec.json.decode(document) for name, document in rows(connection, "SELECT name, document FROM catalog")}
    aliases = saved.pop(_ALIASES, {})
    return Catalog({name: Index.load(document) for name, document in saved.items()}, aliases)


def _save(connection: duckdb.DuckDBPyConnection, catalog: Catalog, changed: Iterable[str]) -> None:
    """Write what has changed; aliases are one row, under a name that no index can have."""
    for name in {*changed, _ALIASES}:
        connection.execute("DELETE FROM catalog WHERE name = ?", [name])
        index = catalog.indices.get(name)
        document: Any = catalog.aliases if name == _ALIASES else None if index is None else index.saved()
        if document is not None:
            connection.execute("INSERT INTO catalog VALUES (?, ?)", [name, msgspec.json.encode(document).decode()])
