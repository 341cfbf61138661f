"""Which indices there are, and which of them a name means."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import translate
from typing import Any, Final

from barograph.config.errors import BadRequest
from barograph.index.errors import BadName, IndexClosed, IndexExists, NoSuchIndex
from barograph.index.mapping import IndexMapping

_BAD_NAME: Final = re.compile(r'[A-Z\\/*?"<>|\s,#:]|^[-_+]|^\.{1,2}$')
_NAME_RULE: Final = 'lower case, no more than 255 bytes, none of \\ / * ? " < > | , # : or blanks, and no - _ + in front'
FILTER: Final = "filter"


@dataclass(frozen=True)
class Index:
    """An index.

    Attributes:
        name: its name.
        number: what its tables are called by.
        mapping: its fields.
        settings: as they were given, flat (`index.number_of_shards`).
        created_ms: when it was made.
        uuid: tells it from another one of this name, made later.
        is_open: whether its documents can be reached.
        beside: the index that its documents are shown in: it has no name of its own for clients. None for all others.
    """

    name: str
    number: int
    mapping: IndexMapping
    settings: Mapping[str, Any]
    created_ms: int
    uuid: str
    is_open: bool = True
    beside: str | None = None

    @property
    def shown(self) -> str:
        """The name that clients know its documents by."""
        return self.beside or self.name

    @property
    def documents(self) -> str:
        """The table of its documents."""
        return f"documents_{self.number}"

    @property
    def more(self) -> str:
        """The table of values but the first, of fields that have several."""
        return f"more_{self.number}"

    def saved(self) -> dict[str, Any]:
        """The index as `load` reads it."""
        own = {name: getattr(self, name) for name in ("name", "number", "settings", "created_ms", "uuid", "is_open", "beside")}
        return own | {"mapping": self.mapping.saved()}

    @classmethod
    def load(cls, saved: dict[str, Any]) -> "Index":
        """The index that `saved` wrote."""
        return cls(**{**saved, "mapping": IndexMapping.load(saved["mapping"])})


@dataclass(frozen=True)
class Target:
    """An index that a request reaches, and, if all of its names were aliases with a filter, which documents of it.

    Attributes:
        index: the index.
        filters: queries of which one must match; empty for all documents.
    """

    index: Index
    filters: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Options:
    """How names with wildcards are read.

    Attributes:
        with_hidden: a wildcard also means indices whose name begins with a dot.
        ignore_unavailable: a name that is not there means nothing, instead of an error.
        allow_no_indices: nothing may be left.
    """

    with_hidden: bool = False
    ignore_unavailable: bool = False
    allow_no_indices: bool = True


@dataclass(frozen=True)
class Catalog:
    """All indices and aliases at one moment. Frozen: a change makes a new one.

    Attributes:
        indices: by name.
        aliases: by alias, then by index, with what was said of it (`filter`, `is_write_index`).
    """

    indices: Mapping[str, Index] = field(default_factory=dict)
    aliases: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

    def check_new(self, name: str) -> None:
        """Whether an index may be called so.

        Raises:
            BadName: not this name.
            IndexExists: the name is taken.
        """
        if not name or _BAD_NAME.search(name) or len(name.encode()) > 255:
            raise BadName(f"Invalid index name [{name}], must be {_NAME_RULE}")
        if name in self.indices:
            raise IndexExists(f"index [{name}/{self.indices[name].uuid}] already exists")
        if name in self.aliases:
            raise IndexExists(f"Invalid index name [{name}], already exists as alias")

    def with_index(self, index: Index) -> "Catalog":
        """The catalogue with this index, in the place of one of its name."""
        return replace(self, indices={**self.indices, index.name: index})

    def without(self, names: Iterable[str]) -> "Catalog":
        """The catalogue without indices, and without aliases that meant only them."""
        gone = set(names)
        kept = {alias: {n: d for n, d in means.items() if n not in gone} for alias, means in self.aliases.items()}
        indices = {name: index for name, index in self.indices.items() if name not in gone}
        return Catalog(indices, {alias: means for alias, means in kept.items() if means})

    def with_alias(self, alias: str, index: str, definition: Mapping[str, Any]) -> "Catalog":
        """The catalogue where `alias` also means `index`.

        Raises:
            BadRequest: an index is called so.
        """
        if alias in self.indices:
            raise BadRequest(f"Invalid alias name [{alias}]: an index exists with the same name as the alias")
        if not alias or _BAD_NAME.search(alias):
            raise BadRequest(f"Invalid alias name [{alias}], must be {_NAME_RULE}")
        return replace(self, aliases={**self.aliases, alias: {**self.aliases.get(alias, {}), index: definition}})

    def without_alias(self, alias: str, index: str) -> "Catalog":
        """The catalogue where `alias` no longer means `index`."""
        means = {name: definition for name, definition in self.aliases.get(alias, {}).items() if name != index}
        others = {name: definition for name, definition in self.aliases.items() if name != alias}
        return replace(self, aliases=others | ({alias: means} if means else {}))

    def aliases_of(self, index: str) -> dict[str, Mapping[str, Any]]:
        """The aliases of an index, with what was said of each."""
        return {alias: means[index] for alias, means in sorted(self.aliases.items()) if index in means}

    def targets(self, expression: str, options: Options = Options()) -> list[Target]:
        """The indices that an expression means (`a,b-*,-b-old`, `_all`, aliases), by name.

        Raises:
            NoSuchIndex: a name is not there.
            IndexClosed: an index that is named is closed.
        """
        found: dict[str, list[Mapping[str, Any]] | None] = {}
        for part in expression.split(","):
            if part.startswith("-") and found:
                for name in self._matching(part[1:], with_hidden=True):
                    for index in self._meant(name):
                        found.pop(index, None)
            elif "*" in part or part in ("_all", ""):
                pattern = "*" if part in ("_all", "") else part
                for name in self._matching(pattern, with_hidden=options.with_hidden or pattern.startswith(".")):
                    self._add(found, name, skip_closed=True)
            elif part in self.aliases or (part in self.indices and self.indices[part].beside is None):
                self._add(found, part, skip_closed=options.ignore_unavailable)
            elif not options.ignore_unavailable:
                raise NoSuchIndex(part)
        if not found and not options.allow_no_indices:
            raise NoSuchIndex(expression)
        besides = {index.name: found[index.beside] for index in self.indices.values() if index.beside in found}
        return [Target(self.indices[name], tuple(filters or ())) for name, filters in sorted((found | besides).items())]

    def _add(self, found: dict[str, list[Mapping[str, Any]] | None], name: str, *, skip_closed: bool) -> None:
        for index, definition in self._meant(name).items():
            if self.indices[index].is_open:
                old, query = found.get(index, []), definition.get(FILTER)
                found[index] = None if query is None or old is None else [*old, query]
            elif not skip_closed:
                raise IndexClosed(index)

    def _meant(self, name: str) -> Mapping[str, Mapping[str, Any]]:
        return {name: {}} if name in self.indices else self.aliases.get(name, {})

    def _matching(self, pattern: str, *, with_hidden: bool) -> list[str]:
        matches = re.compile(translate(pattern)).match
        names = [*(name for name, index in self.indices.items() if index.beside is None), *self.aliases]
        return sorted(name for name in names if matches(name) and (with_hidden or not name.startswith(".")))

    def names(self, expression: str, options: Options = Options()) -> list[str]:
        """The names of indices, closed ones too, that an expression means. Raises as `targets`."""
        opened = Catalog({name: replace(index, is_open=True) for name, index in self.indices.items()}, self.aliases)
        return [target.index.name for target in opened.targets(expression, options) if target.index.beside is None]

    def written(self, name: str) -> str:
        """The index that a document goes to which is written to `name`; `name` itself if nothing is called so.

        Raises:
            BadRequest: an alias of several indices, none of which is the one to write to.
            IndexClosed: it is closed.
        """
        means = self.aliases.get(name)
        if means is not None:
            chosen = [index for index, definition in means.items() if definition.get("is_write_index") or len(means) == 1]
            if len(chosen) != 1:
                raise BadRequest(f"no write index is defined for alias [{name}]: wanted one of {sorted(means)}")
            name = chosen[0]
        if name in self.indices and not self.indices[name].is_open:
            raise IndexClosed(name)
        return name
