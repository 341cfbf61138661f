"""Writing documents: what a request asks for, in its order, in one transaction."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import duckdb
import msgspec
import polars as pl

from barograph.config.errors import BarographError
from barograph.index.catalog import Catalog, Index, Target
from barograph.index.columns import MORE, columns_of
from barograph.index.database import Arrow, frame, insert, rows
from barograph.index.errors import BadDocument, NoSuchDocument, NoSuchIndex, VersionConflict
from barograph.index.hits import Hits
from barograph.index.known_ids import KnownIds
from barograph.index.mapping import IndexMapping

Action = Literal["index", "create", "update", "delete"]
_JSON: Final = msgspec.json.Decoder()
_ID_BYTES: Final = 512
_PART: Final = 1_000_000
_PREFIX: Final = secrets.token_urlsafe(9)
"""Of ids that are made here: two processes never make the same one."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to do to one document.

    Attributes:
        action: `index` writes it, over an old one if need be; `create` does not; `update` changes fields of it.
        index: where, as the client called it.
        id: its id; None makes one.
        source: the document, or, for `update`, what to change (`doc`, `upsert`, `doc_as_upsert`); JSON.
        if_seq: the sequence number that it must have.
    """

    action: Action
    index: str
    id: str | None = None
    source: bytes = b""
    if_seq: int | None = None


@dataclass(slots=True)
class Outcome:
    """What became of an operation: a `result` (`created`, `updated`, `deleted`, `not_found`, `noop`) or an `error`."""

    index: str
    id: str | None
    result: str = ""
    version: int = 1
    seq: int = 0
    error: Exception | None = None


@dataclass
class State:
    """What the writer knows of the tables of an index. All of it can be made anew from them, and from `numbers`.

    Attributes:
        next_seq: the number of the next document.
        ids: which ids there may be; None until an id is asked for.
    """

    next_seq: int
    ids: KnownIds | None = None


@dataclass(slots=True)
class _Task:
    """An operation on its way."""

    at: int
    action: Action
    id: str
    is_new: bool
    text: str
    document: dict[str, Any]
    if_seq: int | None = None
    old: tuple[int, int] | None = None


@dataclass
class Writer:
    """Writes within one transaction. `catalog` grows with the indices and fields that documents bring."""

    connection: duckdb.DuckDBPyConnection
    catalog: Catalog
    states: dict[int, State]
    now_ms: int
    changed: set[str] = field(default_factory=set)

    def write(self, operations: Sequence[Operation]) -> list[Outcome]:
        """Do all operations, as if one after the other; one that fails leaves the others alone."""
        outcomes = [Outcome(operation.index, operation.id) for operation in operations]
        waiting: dict[str, dict[str, _Task]] = {}
        known: dict[str, tuple[str, State]] = {}
        for at, operation in enumerate(operations):
            try:
                if operation.index not in known:
                    name = self._index_for(operation)
                    known[operation.index] = name, self.states[self.catalog.indices[name].number]
                name, state = known[operation.index]
                task = self._task(at, operation, state)
            except BarographError as error:
                outcomes[at].error = error
                continue
            outcomes[at].index, outcomes[at].id = name, task.id
            tasks = waiting.setdefault(name, {})
            if task.id in tasks:
                self._run(name, list(tasks.values()), outcomes)
                tasks.clear()
            tasks[task.id] = task
        for name, tasks in waiting.items():
            self._run(name, list(tasks.values()), outcomes)
        return outcomes

    def _index_for(self, operation: Operation) -> str:
        name = self.catalog.written(operation.index)
        if name not in self.catalog.indices:
            if operation.action == "delete":
                raise NoSuchIndex(name)
            self.create(name, IndexMapping(exact_texts=name.startswith(".ml-")), {})
        return name

    def create(self, name: str, mapping: IndexMapping, settings: dict[str, Any], beside: str | None = None) -> Index:
        """Make an index. Raises as `Catalog.check_new`."""
        self.catalog.check_new(name)
        if beside is not None and beside not in self.catalog.indices:
            raise NoSuchIndex(beside)
        number = 1 + max((index.number for index in self.catalog.indices.values()), default=0)
        number = max(number, 1 + max(self.states, default=0))
        index = Index(name, number, mapping, settings, self.now_ms, secrets.token_urlsafe(16), beside=beside)
        columns = "".join(f", {item.name} {item.kind.sql}" for item in mapping.fields.values() if item.parent is None)
        head = "seq BIGINT, id VARCHAR, version BIGINT, source VARCHAR"
        self.connection.execute(f"CREATE TABLE {index.documents} ({head}{columns})")
        self.connection.execute(f'CREATE TABLE {index.more} (seq BIGINT, "column" INTEGER, "text" VARCHAR, number DOUBLE)')
        self.states[number] = State(0)
        self._change(index)
        return index

    def _change(self, index: Index) -> None:
        self.catalog = self.catalog.with_index(index)
        self.changed.add(index.name)

    def _task(self, at: int, operation: Operation, state: State) -> _Task:
        name = operation.id
        if name is None:
            name = f"{_PREFIX}{state.next_seq + at:010x}"
        elif not name or len(name.encode()) > _ID_BYTES:
            raise BadDocument(f"id [{name[:50]}] is too long, must be no longer than {_ID_BYTES} bytes and not empty")
        document: Any = {}
        text = ""
        if operation.action != "delete":
            document = parsed(operation.source, name)
            text = operation.source.decode()
        return _Task(at, operation.action, name, operation.id is None, text, document, operation.if_seq)

    def _run(self, name: str, tasks: list[_Task], outcomes: list[Outcome]) -> None:
        """Do operations of one index that are of different documents."""
        index = self.catalog.indices[name]
        self._find_old(index, tasks)
        ready = [task for task in tasks if self._prepare(index, task, outcomes[task.at])]
        made = columns_of([task.document for task in ready], index.mapping)
        for row, error in made.errors.items():
            outcomes[ready[row].at].error = error
        gone = [task.old[0] for row, task in enumerate(ready) if task.old is not None and row not in made.errors]
        gone += [task.old[0] for task in tasks if task.action == "delete" and task.old and not outcomes[task.at].error]
        self._remove(index, gone)
        index = self._adopt(index, made.mapping, made.widened)
        self._append(index, ready, made.values, made.more, made.errors.keys(), outcomes)
        self._number_deletes(index, [outcomes[task.at] for task in tasks if task.action == "delete"])

    def _find_old(self, index: Index, tasks: list[_Task]) -> None:
        """Look up documents that may be there already."""
        state = self.states[index.number]
        ids = pl.Series([task.id for task in tasks if not task.is_new], dtype=pl.String)
        if not len(ids) or state.next_seq == 0:
            return
        if state.ids is None or state.ids.is_full:
            state.ids = known_ids(self.connection, index, state.next_seq)
        maybe = ids.filter(state.ids.may_have(ids))
        if not len(maybe):
            return
        self.connection.register("wanted", Arrow(maybe.to_frame("id")))
        query = f"SELECT id, seq, version FROM {index.documents} WHERE id IN (SELECT id FROM wanted)"
        old = {found: (seq, version) for found, seq, version in rows(self.connection, query)}
        self.connection.unregister("wanted")
        for task in tasks:
            task.old = old.get(task.id)

    def _prepare(self, index: Index, task: _Task, outcome: Outcome) -> bool:
        """Decide about an operation; whether there is a document to write."""
        old, action = task.old, task.action
        outcome.version = 1 if old is None else old[1] + 1
        if task.if_seq is not None and (old is None or old[0] != task.if_seq):
            found = "no document was found" if old is None else f"current document has seqNo [{old[0]}]"
            outcome.error = VersionConflict(f"[{task.id}]: version conflict, required seqNo [{task.if_seq}], {found}")
        elif action == "create" and old is not None:
            message = f"[{task.id}]: version conflict, document already exists (current version [{old[1]}])"
            outcome.error = VersionConflict(message)
        elif action == "delete":
            outcome.result = "not_found" if old is None else "deleted"
        elif action == "update":
            return self._change_document(index, task, outcome)
        else:
            outcome.result = "created" if old is None else "updated"
            return True
        return False

    def _change_document(self, index: Index, task: _Task, outcome: Outcome) -> bool:
        body, before = task.document, None
        change = body.get("doc")
        if task.old is not None:
            before = parsed(rows(self.connection, f"SELECT source FROM {index.documents} WHERE seq = ?", [task.old[0]])[0][0])
        if change is not None and not isinstance(change, dict):
            outcome.error = BadDocument(f"doc={change!r}: wanted an object")
        elif change is None and (before is not None or "upsert" not in body):
            outcome.error = BadDocument(f"update of [{task.id}]: wanted doc, or upsert; scripts are not run")
        elif before is None:
            after = change if body.get("doc_as_upsert") else body.get("upsert")
            if not isinstance(after, dict):
                outcome.error = NoSuchDocument(f"[{task.id}]: document missing")
                outcome.result = "not_found"
            else:
                task.document, outcome.result = after, "created"
        else:
            task.document = _merged(before, change or {})
            outcome.result = "updated" if task.document != before else "noop"
            if outcome.result == "noop" and task.old is not None:
                outcome.seq, outcome.version = task.old
        task.text = msgspec.json.encode(task.document).decode()
        return outcome.error is None and outcome.result != "noop"

    def remove_matching(self, target: Target, query: object) -> int:
        """Remove the documents of an index that a query is true of; how many there were."""
        hits = Hits.of([target], query, self.now_ms, {})
        sql = hits.relation([]).put("SELECT seq FROM ({}) r")
        seqs = [row[0] for row in rows(self.connection, sql.text, sql.values)]
        self._remove(target.index, seqs)
        if seqs:
            self._keep_number(target.index)
        return len(seqs)

    def _remove(self, index: Index, seqs: list[int]) -> None:
        if not seqs:
            return
        self.connection.register("gone", Arrow(pl.Series("seq", seqs, dtype=pl.Int64).to_frame()))
        for table in (index.documents, index.more) if index.mapping.fields else (index.documents,):
            # The bounds let whole blocks be skipped: documents that are written again are often neighbours.
            where = f"seq BETWEEN {min(seqs)} AND {max(seqs)} AND seq IN (SELECT seq FROM gone)"
            self.connection.execute(f"DELETE FROM {table} WHERE {where}")
        self.connection.unregister("gone")

    def _adopt(self, index: Index, mapping: IndexMapping, widened: Iterable[tuple[int, int]]) -> Index:
        """Give the tables the columns that a mapping has more than theirs."""
        if mapping is index.mapping:
            return index
        for item in mapping.fields.values():
            if item.parent is None and item.column >= index.mapping.columns:
                self.connection.execute(f"ALTER TABLE {index.documents} ADD COLUMN {item.name} {item.kind.sql}")
        for old, new in widened:
            if old < index.mapping.columns:
                self.connection.execute(f"UPDATE {index.documents} SET c{new} = c{old}")
                self.connection.execute(f'UPDATE {index.more} SET "column" = {new} WHERE "column" = {old}')
        index = replace(index, mapping=mapping)
        self._change(index)
        return index

    def adopt(self, index: Index, mapping: IndexMapping) -> Index:
        """Give an index a mapping with more fields."""
        return self._adopt(index, mapping, ())

    def _append(
        self,
        index: Index,
        tasks: list[_Task],
        values: dict[int, pl.Series],
        more: list[tuple[int, int, str | None, float | None]],
        bad: Iterable[int],
        outcomes: list[Outcome],
    ) -> None:
        bad = set(bad)
        if len(bad) == len(tasks):
            return
        state = self.states[index.number]
        seqs = range(state.next_seq, state.next_seq + len(tasks))
        state.next_seq += len(tasks)
        for seq, task in zip(seqs, tasks, strict=True):
            outcomes[task.at].seq = seq
        ids = pl.Series("id", [task.id for task in tasks], dtype=pl.String)
        versions = pl.Series("version", [outcomes[task.at].version for task in tasks], dtype=pl.Int64)
        texts = pl.Series("source", [task.text for task in tasks], dtype=pl.String)
        columns = [series.alias(f"c{column}") for column, series in values.items()]
        table = pl.DataFrame([pl.Series("seq", seqs, dtype=pl.Int64), ids, versions, texts, *columns])
        if bad:
            table = table.filter(~pl.Series(range(len(tasks))).is_in(sorted(bad)))
        insert(self.connection, index.documents, table)
        extra = [(seqs.start + row, column, text, number) for row, column, text, number in more if row not in bad]
        if extra:
            names = {"seq": pl.Int64(), **{name: dtype for name, dtype in MORE.items() if name != "row"}}
            insert(self.connection, index.more, pl.DataFrame(extra, schema=names, orient="row"))
        if state.ids is not None:
            state.ids.add(ids)

    def _number_deletes(self, index: Index, outcomes: Iterable[Outcome]) -> None:
        """That a document was removed, or asked to be, has a number of its own, like every change."""
        state = self.states[index.number]
        done = [outcome for outcome in outcomes if outcome.error is None]
        for outcome in done:
            outcome.seq = state.next_seq
            state.next_seq += 1
        if done:
            self._keep_number(index)

    def _keep_number(self, index: Index) -> None:
        """Keep the next number where no document has the last one: none is given twice, also by the next process."""
        values = [self.states[index.number].next_seq, index.number]
        if not rows(self.connection, "UPDATE numbers SET next_seq = ? WHERE index_number = ? RETURNING 1", values):
            self.connection.execute("INSERT INTO numbers (next_seq, index_number) VALUES (?, ?)", values)


def parsed(source: bytes | str, name: str = "") -> dict[str, Any]:
    """A document from its JSON.

    Raises:
        BadDocument: it is none.
    """
    try:
        document = _JSON.decode(source)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadDocument(f"failed to parse document [{name}]: wanted a JSON object ({error})") from None
    if not isinstance(document, dict):
        raise BadDocument(f"failed to parse document [{name}]: wanted a JSON object, found {type(document).__name__}")
    return document


def _merged(before: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    both = dict(before)
    for name, value in change.items():
        old = both.get(name)
        both[name] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def known_ids(connection: duckdb.DuckDBPyConnection, index: Index, next_seq: int) -> KnownIds:
    """The ids of an index, read from its table in parts."""
    known = KnownIds(next_seq)
    for start in range(0, next_seq, _PART):
        sql = f"SELECT id FROM {index.documents} WHERE seq >= {start} AND seq < {start + _PART}"
        known.add(frame(connection, sql)["id"])
    return known
