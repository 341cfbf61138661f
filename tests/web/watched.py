"""What a page does that it must not."""

from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request


class Watched:
    """A page under watch."""

    def __init__(self, page: Page, base_url: str, expected: tuple[str, ...]) -> None:
        """Watch a page from now on.

        Args:
            page: the page.
            base_url: the only server that it may ask.
            expected: parts of errors that are meant to be there.
        """
        self.page = page
        self._host = urlsplit(base_url).netloc
        self._expected = expected
        self._faults: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._faults.append(f"error: {error}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._faults.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def _request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and url.netloc != self._host:
            self._faults.append(f"another host: {request.url}")

    def check(self) -> None:
        """Fail if it did."""
        faults = [fault for fault in self._faults if not any(part in fault for part in self._expected)]
        assert not faults, "\n".join(faults)
