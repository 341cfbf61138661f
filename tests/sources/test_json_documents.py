"""JSON arrays and documents, however they are laid out."""

import json

import pytest

from tests.sources.reading import read


def test_line_ends_of_old_macs_are_white_space_between_objects(file):
    assert read(file("a.ndjson", '{"time":1}\r{"time":2}\r'), fields=[]) == ([("1",), ("2",)], 0, [])


DOCUMENTS = [{"time": 1, "v": "a}b"}, {"time": 2, "v": {"x": ["{"]}}, {"time": 3}]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(DOCUMENTS),
        json.dumps(DOCUMENTS, indent=2),
        " ".join(json.dumps(one) for one in DOCUMENTS),
        "\n".join(json.dumps(one, indent=1) for one in DOCUMENTS),
        "\n".join(json.dumps(one) for one in DOCUMENTS),
        "\ufeff" + json.dumps(DOCUMENTS),
    ],
    ids=["array", "indented array", "spaces", "indented documents", "lines", "marked"],
)
@pytest.mark.parametrize("name", ["a.json", "a", "a.log"])
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_documents_are_read_however_they_are_laid_out(file, content, name, size):
    rows, malformed, _ = read(file(name, content), fields=["v"], block_bytes=size)
    assert rows == [("1", "a}b"), ("2", '{"x": ["{"]}'), ("3", None)]
    assert malformed == 0


def test_a_bad_document_costs_nothing_but_itself(file):
    content = '[{"time":1},{"time":},xx, {"time":"open},\n{"time":2}]'
    rows, malformed, examples = read(file("a.json", content), fields=[])
    assert rows == [("1",), ("2",)]
    assert (malformed, examples) == (3, [(2, '{"time":}'), (3, "xx"), (4, '{"time":"open}')])
