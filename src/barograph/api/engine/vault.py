"""Passwords of schedulers as they are kept and told: sealed with a key of this data directory's own."""

import os
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from barograph.config.errors import BadRequest, StorageFailure

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_FILE: Final = "engine.key"


@dataclass(frozen=True)
class Login:
    """Who logs in where. All of it is sealed: a password that was told can be used for nothing else."""

    base_url: str
    username: str
    password: str


class Vault:
    """Seals passwords, and opens what it has sealed. Any thread may call."""

    def __init__(self, path: Path) -> None:
        """A vault.

        Args:
            path: the file of its key, which is made with the first password.
        """
        self._path = path
        self._making = threading.Lock()

    def sealed(self, login: Login) -> str:
        """A login as `encryptedPassword`.

        Raises:
            StorageFailure: the key cannot be written or read.
        """
        return self._fernet(make=True).encrypt(orjson.dumps(asdict(login))).decode()

    def password(self, sealed: str, base_url: str, username: str) -> str:
        """The password of somebody at an address.

        Raises:
            BadRequest: it was sealed by another server, or for somebody else.
            StorageFailure: the key cannot be read.
        """
        from cryptography.fernet import InvalidToken  # noqa: PLC0415

        try:
            if not sealed.isascii():
                raise InvalidToken
            login = Login(**orjson.loads(self._fernet(make=False).decrypt(sealed)))
        except (InvalidToken, FileNotFoundError):
            wanted = f"one that this server has told while it had its file {KEY_FILE}; or a password"
            raise BadRequest(f"encryptedPassword: wanted {wanted}") from None
        if (login.base_url, login.username) != (base_url, username):
            wanted = f"the baseUrl {login.base_url!r} and the username {login.username!r} that it was made for"
            raise BadRequest(f"encryptedPassword: wanted {wanted}; or a password")
        return login.password

    def _fernet(self, *, make: bool) -> "Fernet":
        from cryptography.fernet import Fernet  # noqa: PLC0415 only jobs that log in somewhere need it

        try:
            with self._making:
                if make and not self._path.exists():
                    self._make(Fernet.generate_key())
            return Fernet(self._path.read_bytes())
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            raise StorageFailure(f"{str(self._path)!r}: wanted to keep a key there ({error})") from error

    def _make(self, key: bytes) -> None:
        """Write the key whole, for the server's user only; one that somebody else has made meanwhile stays."""
        with tempfile.NamedTemporaryFile(dir=self._path.parent, prefix=f"{self._path.name}.") as half:
            half.write(key)
            half.flush()
            os.fsync(half.fileno())
            with suppress(FileExistsError):
                self._path.hardlink_to(half.name)
