"""Filters: lists of values that rules refer to."""

from collections.abc import Iterable
from dataclasses import dataclass

from barograph.config.errors import BadRequest, NotFound
from barograph.jobs.kept import Kept
from barograph.store.store import Store


@dataclass(frozen=True)
class Filter:
    """A list of values.

    Attributes:
        filter_id: its id.
        items: the values, sorted, each once; `*` at either end stands for any text.
        description: what somebody has noted of it.
    """

    filter_id: str
    items: tuple[str, ...] = ()
    description: str | None = None


class Filters:
    """The filters of a store."""

    def __init__(self, store: Store) -> None:
        self._kept = Kept(store, "filter", Filter)

    def all(self) -> list[Filter]:
        """All of them, by id."""
        return list(self._kept.all().values())

    def get(self, filter_id: str) -> Filter:
        """One of them.

        Raises:
            NotFound: there is none of this id.
        """
        found = self._kept.find(filter_id)
        if found is None:
            raise NotFound(f"No filter with id [{filter_id}] exists")
        return found

    def create(self, filter_id: str, items: Iterable[str], description: str | None) -> Filter | None:
        """Make a filter; None when there is one of this id."""
        with self._kept.changing:
            if self._kept.find(filter_id) is not None:
                return None
            return self._kept.put(filter_id, Filter(filter_id, tuple(sorted(set(items))), description))

    def update(self, filter_id: str, add: Iterable[str], remove: Iterable[str], description: str | None) -> Filter:
        """Change a filter; `description` None leaves it as it is.

        Raises:
            NotFound: there is none of this id.
            BadRequest: a value to remove is not there.
        """
        with self._kept.changing:
            old = self.get(filter_id)
            items = {*old.items, *add}
            for item in remove:
                if item not in old.items:
                    raise BadRequest(f"Cannot remove item [{item}] as it is not present in filter [{filter_id}]")
                items.discard(item)
            noted = old.description if description is None else description
            return self._kept.put(filter_id, Filter(filter_id, tuple(sorted(items)), noted))

    def delete(self, filter_id: str) -> None:
        """Remove a filter.

        Raises:
            NotFound: there is none of this id.
        """
        self.get(filter_id)
        self._kept.delete(filter_id)
