"""What a query is compiled for: one index, its fields, the moment that `now` is."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from barograph.index.catalog import Index
from barograph.index.mapping import Field
from barograph.index.runtime import RuntimeField
from barograph.index.sql import FALSE, Sql, any_of


@dataclass(frozen=True)
class Scope:
    """Names of fields as SQL.

    Attributes:
        index: the index whose table is asked.
        now_ms: what `now` means in dates.
        runtime: fields that are computed for this request.
    """

    index: Index
    now_ms: int
    runtime: Mapping[str, RuntimeField] = field(default_factory=dict)

    def field(self, path: str) -> Field | None:
        """The field of this name, or None: a query for it then matches nothing."""
        if path in self.runtime:
            return Field(path, self.runtime[path].type, -1, {})
        found = self.index.mapping.fields.get(path)
        if found is None and path in ("_id", "_index"):
            return Field(path, "keyword", -1, {})
        return found

    def fields(self, paths: Iterable[str]) -> list[Field]:
        """The fields that names with boosts (`host^2`) and wildcards (`*_name`) mean; of a wildcard, those that hold texts.

        A column is among them once, under its own name rather than that of another view of it.
        """
        found: dict[str, Field] = {}
        for path in (path.split("^")[0] for path in paths):
            if "*" not in path:
                named = self.field(path)
                found |= {} if named is None else {path: named}
                continue
            pattern = re.compile(".*".join(map(re.escape, path.split("*"))))
            texts = [item for item in self.index.mapping.fields.values() if not item.kind.is_number]
            matching = sorted(
                (item for item in texts if pattern.fullmatch(item.path)), key=lambda item: item.parent is not None
            )
            columns: set[int] = set()
            for item in matching:
                if item.column not in columns and not item.kind.is_number:
                    columns.add(item.column)
                    found[item.path] = item
        return list(found.values())

    @property
    def table(self) -> Sql:
        """What is asked."""
        return Sql(self.index.documents)

    def value(self, item: Field) -> Sql:
        """The first value of a field, as an expression over the table of documents."""
        if item.path in self.runtime:
            return self.runtime[item.path].sql(replace(self, runtime={}))
        if item.path == "_index":
            return Sql("CAST(? AS VARCHAR)", (self.index.shown,))
        return Sql("id") if item.path == "_id" else Sql(item.name)

    def any_value(self, item: Field, holds: Callable[[str], Sql]) -> Sql:
        """True where any value of a field is such that `holds` of its name is."""
        value = self.value(item)
        here = holds("{}")
        here = Sql(here.text.replace("{}", value.text), value.values * here.text.count("{}") + here.values)
        if not item.is_multi:
            return here
        other = holds("number" if item.kind.is_number else '"text"')
        more = f'seq IN (SELECT seq FROM {self.index.more} WHERE "column" = {item.column} AND {other.text})'
        return any_of([here, Sql(more, other.values)])

    def exists(self, path: str) -> Sql:
        """True where a field, or any field of an object, has a value."""
        item = self.field(path)
        if item is not None:
            return self.value(item).put("{} IS NOT NULL")
        return any_of(Sql(f"{child.name} IS NOT NULL") for child in self.index.mapping.below(path)) or FALSE
