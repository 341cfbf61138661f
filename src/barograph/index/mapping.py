"""The mapping of an index: which fields its documents have, and which column of the database holds each."""

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from typing import Any, Final

from barograph.index.dates import looks_like_a_date
from barograph.index.errors import BadMapping
from barograph.index.kinds import EXACT, KINDS, OBJECTS, TEXT, WHOLE, Kind

MAX_FIELDS: Final = 1000
"""Fields of an index, as Elasticsearch limits them: documents whose keys are data would make a column a value."""


@dataclass(frozen=True)
class Field:
    """A field that can be searched.

    Attributes:
        path: its name, with dots between the names of objects.
        type: Elastic's type, a key of `KINDS`.
        column: the number of its column.
        definition: the mapping as it was given, or as it was guessed.
        is_multi: some document has several values of it.
        is_guessed: it came with a document; nobody has declared it.
        parent: the field whose column this is another view of (`host.keyword`), or None.
    """

    path: str
    type: str
    column: int
    definition: Dict[str, Any]
    is_multi: bool = False
    is_guessed: bool = False
    parent: str | None = None

    @property
    def kind(self) -> Kind:
        """What its values are."""
        return KINDS[self.type]

    @property
    def name(self) -> str:
        """Its column in the table of documents."""
        return f"c{self.column}"


@dataclass(frozen=True)
class IndexMapping:
    """All fields of an index. Frozen: what adds a field makes a new mapping.

    Attributes:
        fields: by path, views included.
        objects: objects that were declared, with their definitions.
        dynamic: what happens to fields that nobody has declared: "true" (guessed), "false" (kept, not searched), "strict".
        meta: `_meta` as it was given.
        exact_texts: text that nobody has declared is found as a whole, not by its words.
    """

    fields: Dict[str, Field] = field(default_factory=dict)
    objects: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    dynamic: str = "true"
    meta: Dict[str, Any] = field(default_factory=dict)
    exact_texts: bool = False

    @classmethod
    def parse(cls, body: object) -> "IndexMapping":
        """The mapping of a body as it comes to `PUT /{index}`.

        Raises:
            BadMapping: it cannot be.
        """
        return cls().merged(body)

    def merged(self, body: object) -> "IndexMapping":
        """This mapping and what `body` declares. A field that is there keeps its type.

        Raises:
            BadMapping: `body` is none, or gives a field another type.
        """
        if not isinstance(body, dict):
            raise BadMapping(f"mappings={body!r}: wanted an object")
        fields, objects = dict(self.fields), dict(self.objects)
        columns = self.columns
        for path, definition in _leaves(body.get("properties", {}), "", objects):
            old = fields.get(path)
            if old is not None and old.type != definition["type"]:
                raise BadMapping(f"mapper [{path}] cannot be changed from type [{old.type}] to [{definition['type']}]")
            number = columns if old is None else old.column
            columns += old is None
            new = Field(path, definition["type"], number, definition, old is not None and old.is_multi)
            fields |= {view.path: view for view in (new, *_views(new))}
        meta, dynamic = body.get("_meta", self.meta), str(body.get("dynamic", self.dynamic)).lower()
        _check_size(fields)
        exact = self.exact_texts or _maps_texts_to_keyword(body.get("dynamic_templates"))
        return IndexMapping(fields, objects, dynamic, meta, exact)

    @property
    def columns(self) -> int:
        """How many columns have been given out. A column is never used again."""
        return max((item.column + 1 for item in self.fields.values()), default=0)

    def with_field(self, path: str, value: object) -> "IndexMapping":
        """This mapping and a field of which `value` is the first value seen."""
        definition = self._guess(value)
        new = Field(path, definition["type"], self.columns, definition, is_guessed=True)
        fields = {**self.fields, **{view.path: view for view in (new, *_views(new))}}
        _check_size(fields)
        return replace(self, fields=fields)

    def widened(self, path: str) -> "IndexMapping":
        """This mapping where whole numbers that nobody has declared may be any numbers: a column of its own."""
        old = self.fields[path]
        new = replace(old, type="double", column=self.columns, definition={"type": "double"})
        return replace(self, fields={**self.fields, path: new})

    def with_several(self, paths: Iterable[str]) -> "IndexMapping":
        """This mapping where the fields `paths` have documents with several values."""
        columns = {self.fields[path].column for path in paths}
        fields = {path: replace(item, is_multi=item.is_multi or item.column in columns) for path, item in self.fields.items()}
        return replace(self, fields=fields)

    def _guess(self, value: object) -> dict[str, Any]:
        if isinstance(value, bool):
            return {"type": "boolean"}
        if isinstance(value, int):
            return {"type": "long"}
        if isinstance(value, float):
            return {"type": "float"}
        if looks_like_a_date(str(value)):
            return {"type": "date"}
        if self.exact_texts:
            return {"type": "keyword"}
        return {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}

    def below(self, path: str) -> list[Field]:
        """The fields of an object."""
        return [item for name, item in self.fields.items() if name.startswith(f"{path}.") and item.parent is None]

    def document(self) -> dict[str, Any]:
        """The mapping as Elastic writes it."""
        tree: dict[str, Any] = {}
        for path, definition in self.objects.items():
            _object(tree, path).update(definition)
        for path, item in sorted(self.fields.items()):
            if item.parent is None:
                _object(tree, path).update(item.definition)
        head = {} if self.dynamic == "true" else {"dynamic": self.dynamic}
        return head | ({"_meta": self.meta} if self.meta else {}) | tree

    def saved(self) -> dict[str, Any]:
        """The mapping with its columns, as `load` reads it."""
        names = ("path", "type", "column", "definition", "is_multi", "is_guessed", "parent")
        rows = [[getattr(item, name) for name in names] for item in self.fields.values()]
        own = {"objects": self.objects, "dynamic": self.dynamic, "meta": self.meta, "exact_texts": self.exact_texts}
        return {"fields": rows, **own}

    @classmethod
    def load(cls, saved: dict[str, Any]) -> "IndexMapping":
        """The mapping that `saved` wrote."""
        fields = [Field(*row) for row in saved["fields"]]
        return cls(**{**saved, "fields": {item.path: item for item in fields}})


def _check_size(fields: Dict[str, Field]) -> None:
    if len(fields) > MAX_FIELDS:
        raise BadMapping(f"Limit of total fields [{MAX_FIELDS}] has been exceeded: wanted fewer names of fields")


def _leaves(properties: object, prefix: str, objects: dict[str, Dict[str, Any]]) -> Iterable[tuple[str, dict[str, Any]]]:
    if not isinstance(properties, dict):
        raise BadMapping(f"{prefix}properties={properties!r}: wanted an object")
    for name, definition in properties.items():
        path = prefix + name
        if not isinstance(definition, dict):
            raise BadMapping(f"{path}={definition!r}: wanted an object with a type or with properties")
        kind = definition.get("type", "object" if "properties" in definition else None)
        if kind in OBJECTS or kind is None:
            objects[path] = {key: value for key, value in definition.items() if key != "properties"}
            yield from _leaves(definition.get("properties", {}), f"{path}.", objects)
        elif kind == "alias":
            raise BadMapping(f"{path}.type='alias': wanted a type of its own")
        elif not isinstance(kind, str) or kind not in KINDS:
            raise BadMapping(f"No handler for type [{kind}] declared on field [{path}]")
        else:
            yield path, definition


def _views(item: Field) -> Iterable[Field]:
    """The other ways to look at a field's column, which its `fields` declare."""
    for name, definition in item.definition.get("fields", {}).items():
        if KINDS.get(definition.get("type")) in (TEXT, EXACT) and item.kind in (TEXT, EXACT):
            yield replace(item, path=f"{item.path}.{name}", type=definition["type"], definition=definition, parent=item.path)


def _object(tree: dict[str, Any], path: str) -> dict[str, Any]:
    for name in path.split("."):
        tree = tree.setdefault("properties", {}).setdefault(name, {})
    return tree


def _maps_texts_to_keyword(templates: object) -> bool:
    items = [item for template in templates for item in template.values()] if isinstance(templates, list) else []
    return any(
        item.get("match_mapping_type") == "string" and item.get("mapping", {}).get("type") == "keyword" for item in items
    )


def can_widen(item: Field) -> bool:
    """Whether a column of whole numbers may become one of any numbers: nobody has declared it."""
    return item.is_guessed and item.kind is WHOLE
