"""NDJSON: fields as text or numbers, and what a bad line costs."""

import time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.sources import ndjson
from barograph.sources.ndjson import NdjsonParser
from barograph.sources.read import read_files
from tests.sources.reading import JSON_PARTS, PLAIN, content_of, read


def test_a_whole_object_needs_no_line_end(file):
    assert read(file("a.ndjson", '{"time":1}\n{"time":2}'), fields=[], now=time.time)[0] == [("1",), ("2",)]


NDJSON = '{"time":1,"v":2.5,"k":"a"}\n{"time":"x","k":null}\n\n{"v":"7","z":[1]}\n'


def test_ndjson_gives_the_fields_that_are_asked_for_as_text(file):
    assert read(file("a.ndjson", NDJSON), fields=["v", "k"])[0] == [("1", "2.5", "a"), ("x", None, None), (None, "7", None)]


def test_ndjson_gives_all_fields_when_none_are_asked_for(file):
    (chunk,) = read_files([file("a.ndjson", NDJSON)], PLAIN)
    assert chunk.frame.columns == ["time", "v", "k", "z"]


def test_number_fields_of_ndjson_stay_numbers(file):
    (chunk,) = read_files([file("a.jsonl", '{"time":1,"v":2}\n{"time":2,"v":0.1}\n')], PLAIN, fields=["v"], number_fields=["v"])
    assert chunk.frame.to_dict(as_series=False) == {"time": [1.0, 2.0], "v": [2.0, 0.1]}


def test_a_bad_line_costs_nothing_but_itself(file):
    content = b'{"time":1}\n{"time":\n[1]\n\xff\n{"time":{"a":1}}\n{"time":1e400}\nnull\n{"time":2}\n'
    rows, malformed, examples = read(file("a.ndjson", content), fields=[])
    assert rows == [("1",), ('{"a": 1}',), ("2",)]
    assert malformed == 5
    assert examples[0] == (2, '{"time":')


@pytest.mark.parametrize("name", ["a.ndjson", "a.json"])
@pytest.mark.parametrize("value", ["1" * 5000, "[" * 2000 + "]" * 2000], ids=["digits", "depth"])
@pytest.mark.parametrize("fields", [None, []])
@pytest.mark.parametrize("place", [0, 1])
def test_a_number_too_long_and_a_nesting_too_deep_cost_one_row(file, name, value, fields, place):
    objects = ['{"time":1}', '{"time":2}']
    objects.insert(place, f'{{"time":9,"v":{value}}}')
    rows, malformed, _ = read(file(name, "\n".join(objects) + "\n"), fields=fields)
    assert ([row[0] for row in rows], malformed) == (["1", "2"], 1)


def test_a_block_of_bad_lines_alone_is_counted(file):
    for fields in (None, ("time",)):
        assert read(file("a.ndjson", "{]\n" * 3), fields=fields)[:2] == ([], 3)


def test_fields_inside_objects_are_found_by_their_path(file):
    content = '{"a":{"b":{"c":1}}}\n{"a.b.c":2}\n{"a":5}\n{"a":[]}\n{"a":{"b":"x"}}\n'
    rows, malformed, _ = read(file("a.ndjson", content), fields=["a.b.c"])
    assert [row[1] for row in rows] == ["1", "2", None, None, None]
    assert malformed == 0


@given(st.lists(st.sampled_from(JSON_PARTS), max_size=30))
def test_numbers_read_directly_are_those_read_through_text(tmp_path_factory, parts):
    path = tmp_path_factory.getbasetemp() / "numbers.ndjson"
    path.write_bytes(content_of(parts))

    def numbers(**options):
        frames = [
            chunk.frame.with_columns(pl.col("v").cast(pl.Float64, strict=False))
            for chunk in read_files([path], PLAIN, fields=["v"], **options)
        ]
        return [row for frame in frames for row in frame["v"].to_list()]

    assert numbers(number_fields=["v"]) == numbers() == numbers(number_fields=["v"], block_bytes=20)


REFUSED = {
    "another encoding": b'{"time":1,"v":"\xff\xfe"}',
    "another encoding where nobody reads": b'{"time":1,"v":2,"w":{"\xe4":1}}',
    "a number beyond doubles": b'{"time":1,"v":-1e999}',
    "one where nobody reads": b'{"time":1,"v":1,"w":[2,{"x":1e309}]}',
    "one in full": b'{"time":1,"v":' + b"9" * 400 + b"}",
    "half an object": b'{"time":1,"v":2',
    "two objects": b'{"time":1,"v":2} {"time":1,"v":2}',
    "not a number": b'{"time":1,"v":NaN}',
    "no object": b"[1, 2]",
    "the second half of a pair": b'{"time":1,"v":"\\udc00"}',
    "what is no pair": b'{"time":1,"v":"\\ud800\\u0041"}',
}
READ = {
    "digits of a text": b'{"time":1,"v":"' + b"9" * 400 + b'"}',
    "a number of many digits": b'{"time":1,"v":0.' + b"3" * 400 + b"}",
    "a large whole number": b'{"time":1,"v":123456789012345678901234567890}',
    "the zero byte": b'{"time":1,"v":"\\u0000"}',
    "the first half of a pair": b'{"time":1,"v":"\\uD800"}',
    "the first half of one where nobody reads": b'{"time":1,"v":2,"w":{"\\ud83d\\n":1}}',
}


@pytest.mark.parametrize("kind", REFUSED | READ)
def test_many_lines_that_are_refused_cost_little(monkeypatch, kind):
    line, asked = (REFUSED | READ)[kind], []
    alone = NdjsonParser(("time", "v"), ()).parse(line + b"\n", 0)
    assert (len(alone.bad), alone.frame.height) == ((1, 0) if kind in REFUSED else (0, 1))
    monkeypatch.setattr(ndjson, "_read", lambda block, schema, read=ndjson._read: asked.append(1) or read(block, schema))
    found = NdjsonParser(("time", "v"), ()).parse(
        b'{"time":1,"v":"x"}\n{\n' + (b'{"time":1,"v":2.5}\n' + line + b"\n") * 500, 0
    )
    assert [bad.position for bad in found.bad] == [1, *(range(3, 1003, 2) if kind in REFUSED else ())]
    assert found.frame.height == 501 + (kind in READ) * 500
    assert len(asked) < 20
