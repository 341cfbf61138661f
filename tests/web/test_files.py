"""The page's files: what was taken from elsewhere is what its makers published."""

import hashlib
import json

from barograph.web.pages import STATIC

VENDOR = STATIC / "vendor"


def test_every_vendored_file_is_the_one_that_was_published() -> None:
    listed = json.loads((VENDOR / "VENDOR.json").read_text())
    for one in listed:
        assert hashlib.sha256((VENDOR / one["file"]).read_bytes()).hexdigest() == one["sha256"], one["file"]
        assert (VENDOR / one["license_file"]).stat().st_size > 500
        assert one.keys() == {"file", "name", "version", "license", "license_file", "npm_file", "sha256"}
    there = {file.name for file in VENDOR.iterdir() if file.is_file()}
    assert there == {one["file"] for one in listed} | {"VENDOR.json"}


def test_no_module_makes_markup_of_text_or_names_another_host() -> None:
    for file in STATIC.rglob("*.mjs"):
        if file.parent == VENDOR:
            continue
        text = file.read_text()
        for forbidden in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "dangerouslySetInnerHTML",
            "https://",
            "http://",
            "eval(",
        ):
            assert forbidden not in text.replace("http://www.w3.org", ""), f"{file.name}: {forbidden}"
