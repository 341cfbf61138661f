"""Documents that belong to no job: one repository a kind, typed, changed by one thread at a time."""

from collections.abc import Mapping
from threading import RLock
from typing import Generic, TypeVar

import msgspec

from barograph.store.store import Store

T = TypeVar("T")


class Kept(Generic[T]):
    """The documents of a kind, by name. Whoever reads one to change it holds `changing` meanwhile."""

    def __init__(self, store: Store, kind: str, type_of_body: type[T]) -> None:
        self._store = store
        self._kind = kind
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(type_of_body)
        self.changing = RLock()

    def all(self) -> dict[str, T]:
        """All of them, in the order of their names."""
        return {name: self._decoder.decode(body) for name, body in self._store.documents(self._kind).items()}

    def find(self, name: str) -> T | None:
        """One of them; None when it is not there."""
        body = self._store.document(self._kind, name)
        return None if body is None else self._decoder.decode(body)

    def put(self, name: str, document: T) -> T:
        """Keep one, instead of what has its name; returns it."""
        self._store.put_document(self._kind, name, msgspec.json.encode(document).decode())
        return document

    def put_all(self, documents: Mapping[str, T]) -> None:
        """Keep several, all or none, instead of what has their names."""
        self._store.put_documents(self._kind, {name: msgspec.json.encode(one).decode() for name, one in documents.items()})

    def delete(self, *names: str) -> int:
        """Remove some; returns how many were there."""
        return self._store.delete_documents(self._kind, names)
