"""What a query is compiled for: one index, its fields, the moment that `now` is."""

from collections.abc import Callable, Mapping
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
        if found is None and path == "_id":
            return Field("_id", "keyword", -1, {})
        return found

    def value(self, item: Field) -> Sql:
        """The first value of a field, as an expression over the table of documents."""
        if item.path in self.runtime:
            return self.runtime[item.path].sql(replace(self, runtime={}))
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
