"""Keys to a server: made once, kept as hashes only."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Literal, get_args

from barograph.config.errors import BadRequest, NotFound
from barograph.jobs.kept import Kept
from barograph.store.store import Store

Role = Literal["read", "write", "admin"]
"""What a key may do: ask; also change jobs and feed them; also change the server."""

ROLES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True)
class Key:
    """A key, without its secret.

    Attributes:
        key_id: its id.
        name: what it is for.
        role: what it may do; each role may do what the one before it may.
        sha256: hexadecimal hash of the secret. The secret is 256 random bits, so guessing one is hopeless and a slow hash,
            which every request would wait for, would protect nothing.
        create_time: epoch ms.
    """

    key_id: str
    name: str
    role: Role
    sha256: str
    create_time: int

    def allows(self, role: Role) -> bool:
        """Whether it may do what needs a role."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Keys:
    """The keys of a store."""

    def __init__(self, store: Store) -> None:
        self._kept = Kept(store, "key", Key)

    def all(self) -> list[Key]:
        """All of them, by name."""
        return sorted(self._kept.all().values(), key=lambda key: (key.name, key.key_id))

    def create(self, name: str, role: str, now_ms: int) -> tuple[Key, str]:
        """Make a key; returns it and its secret, which nobody can tell again.

        Raises:
            BadRequest: there is no such role, or no name.
        """
        if role not in ROLES:
            raise BadRequest(f"role={role!r}: wanted one of {', '.join(ROLES)}")
        if not name.strip():
            raise BadRequest(f"name={name!r}: wanted a name that says what the key is for")
        secret = secrets.token_urlsafe(32)
        key = Key(secrets.token_hex(8), name, role, _hash(secret), now_ms)
        return self._kept.put(key.key_id, key), secret

    def find(self, key_id: str, secret: str) -> Key | None:
        """The key of an id, if the secret is its own."""
        key = self._kept.find(key_id)
        return key if key is not None and hmac.compare_digest(key.sha256, _hash(secret)) else None

    def delete(self, key_id: str) -> None:
        """Remove a key; nobody gets in by it any more.

        Raises:
            NotFound: there is none of this id.
        """
        if not self._kept.delete(key_id):
            raise NotFound(f"key_id={key_id!r}: wanted the id of a key; 'barograph keys list' shows them")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
