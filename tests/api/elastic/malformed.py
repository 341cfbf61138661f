"""Requests that nobody should send, made from a seed."""

import gzip
import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from barograph.api.elastic import ENDPOINTS
from tests.api.elastic.server_jobs import config

_IDS = [
    "fuzzed",
    "missing",
    "..",
    "../../etc/passwd",
    "%2e%2e%2f",
    "A B",
    "_all",
    "*",
    "é",
    "x" * 300,
    "\x00",
    "a,b",
    "-",
    "a\nb",
    "..%00/",
]
_VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        1e308,
        -1e308,
        10**18,
        -(10**18),
        2**63,
        2**64,
        10**30,
        "",
        "x",
        "1h",
        "-1s",
        "99999999999d",
    ),
    *("2014-06-23T00:00:00Z", "not a time", "9" * 400, "\x00", "\ud83d", "NaN", [], {}, [[]], [None], {"a": {"b": []}}),
    *(
        ["x"] * 50,
        {"from": -1, "size": 10**9},
        {"from": "a"},
        {"": ""},
        "*" * 1000,
        "💥",
        {"function": 1},
        [{"function": None}],
    ),
]
_GOOD: dict[str, Any] = {
    **config(),
    "groups": ["good"],
    "model_plot_config": {"enabled": True, "terms": "x"},
    "analysis_limits": {"model_memory_limit": "20mb", "categorization_examples_limit": 4},
    "detectors": [{"detector_index": 0, "description": "d", "custom_rules": [{"scope": {"airline": {"filter_id": "f"}}}]}],
    "events": [{"description": "d", "start_time": 1, "end_time": "2014-06-23T00:00:00Z", "skip_result": True}],
    "items": ["a"],
    "add_items": ["b"],
    "remove_items": ["a"],
    "job_ids": ["fuzzed"],
    "page": {"from": 0, "size": 10},
    "start": "2014-06-23T00:00:00Z",
    "end": 1_500_000_000_000,
    "sort": "timestamp",
    "desc": True,
    "overall_cardinality": {"airline": 5},
    "max_bucket_cardinality": {"airline": 5},
    "duration": "1h",
    "expires_in": "1h",
    "advance_time": 1_403_481_600,
    "skip_time": "1403481600",
    "calc_interim": True,
    "description": "d",
    "retain": True,
    "custom_settings": {"a": 1},
    "per_partition_categorization": {"enabled": False},
    "model_prune_window": "30d",
    "background_persist_interval": "3h",
    "datafeed_config": {"indices": ["x"]},
    "time": 1_403_481_600,
}
_TYPES = [
    *("application/json", "application/x-ndjson", "application/vnd.elasticsearch+json; compatible-with=9", "text/plain", ""),
    *(
        "application/json; charset=utf-16",
        "multipart/form-data",
        "\x80",
        "application/vnd.elasticsearch+json; compatible-with=x",
    ),
]


@dataclass
class Malformed:
    """A request as httpx takes it."""

    method: str
    path: str
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)


def requests(count: int, seed: int) -> list[Malformed]:
    """So many of them."""
    choose = random.Random(seed)
    return [_request(choose) for _ in range(count)]


def _request(choose: random.Random) -> Malformed:
    endpoint = choose.choice(ENDPOINTS)
    path = endpoint.path
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = path[:start] + _id(choose) + path[end + 1 :]
    names = [*endpoint.query.split(), *choose.choices(["x", "pretty", "filter_path", "human"], [1, 9, 9, 9])]
    given = {name: choose.choice(_VALUES) for name in choose.sample(names, choose.randint(0, len(names)))}
    if given and choose.random() < 0.2:
        path += "?" + "&".join(f"{quote(name)}={quote(str(value).encode('utf-8', 'replace'))}" for name, value in given.items())
    content, headers = _body(choose, endpoint.fields)
    return Malformed(choose.choice(endpoint.methods.split()), path, content, headers)


def _id(choose: random.Random) -> str:
    chosen = choose.choice(_IDS) if choose.random() < 0.3 else "fuzzed"
    return chosen if "%" in chosen else quote(chosen, safe="*,")


def _body(choose: random.Random, fields: str | None) -> tuple[bytes, dict[str, str]]:
    headers = {"Content-Type": choose.choice(_TYPES)} if choose.random() < 0.1 else {"Content-Type": "application/json"}
    headers = {name: value for name, value in headers.items() if value.isascii()}
    content = _content(choose, (fields or "time value analysis_config data_description").split())
    if choose.random() < 0.05:
        headers["Content-Encoding"] = choose.choice(["gzip", "br", "deflate", "gzip, gzip", "x"])
        if choose.random() < 0.5:
            content = gzip.compress(content)[: choose.choice([None, -1, -5, 10])]
    return content, headers


def _content(choose: random.Random, names: list[str]) -> bytes:
    broken = [
        lambda: b"[" * choose.choice([10, 5000, 100_000]),
        lambda: choose.randbytes(choose.randint(0, 200)),
        lambda: b'{"a":' * choose.choice([10, 3000]) + b"1" + b"}" * 10,
        lambda: b'{"x": 1' + b"0" * choose.choice([10, 400, 5000]) + b"}",
        lambda: _json(_value(choose)).decode().encode("utf-16"),
    ]
    if choose.random() < 0.15:
        return choose.choice(broken)()
    if choose.random() < 0.8:
        return _json(_spoilt(choose, {name: _GOOD[name] for name in names if name in _GOOD}))
    body = _json({name: _value(choose) for name in choose.sample(names, choose.randint(0, len(names)))})
    return choose.choice([body, b"[" + body + b"]", body[: choose.randint(0, len(body))]])


def _spoilt(choose: random.Random, good: Any) -> Any:
    """A good document with one place in it that is not."""
    if choose.random() < 0.15 or not good:
        return _value(choose)
    if isinstance(good, dict):
        name = choose.choice(list(good))
        return {**good, choose.choice([name] * 9 + ["other"]): _spoilt(choose, good[name])}
    if isinstance(good, list):
        return [_spoilt(choose, good[0]), *good[1:]]
    return _value(choose)


def _value(choose: random.Random) -> Any:
    value = choose.choice(_VALUES)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError):
        return repr(value).encode("utf-8", "replace")
