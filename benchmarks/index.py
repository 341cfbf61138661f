"""The built-in index: documents/s in, seconds of a search. CPU time; `python benchmarks/index.py [DOCUMENTS] [BATCH]`."""

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from barograph.index.documents import Documents
from barograph.index.write import Operation

START_MS = 1_700_000_000_000
MINUTES = {"date_histogram": {"field": "@timestamp", "fixed_interval": "1m"}}
HOSTS, SERVICES = {"terms": {"field": "host.keyword"}}, {"terms": {"field": "service.keyword"}}
SUM = {"sum": {"sum": {"field": "bytes"}}}
RANGE = {"bool": {"filter": [{"term": {"host.keyword": "host-0007"}}, {"range": {"status": {"gte": 500}}}]}}
SEARCHES: dict[str, dict[str, Any]] = {
    "a range and a term, counted": {"query": RANGE},
    "terms of hosts with a sum": {"aggs": {"hosts": {**HOSTS, "aggs": SUM}}},
    "minutes x services with a sum": {"aggs": {"minutes": {**MINUTES, "aggs": {"services": {**SERVICES, "aggs": SUM}}}}},
    "composite of minutes x hosts": {
        "aggs": {"page": {"composite": {"size": 1000, "sources": [{"t": MINUTES}, {"h": HOSTS}]}}}
    },
}


def operations(start: int, count: int, *, with_ids: bool) -> Iterator[Operation]:
    rng = random.Random(start)
    for at in range(start, start + count):
        head = f'{{"@timestamp":{START_MS + at * 10},"host":"host-{rng.randrange(1000):04d}","service":"service-{at % 20}"'
        status, text = rng.choice((200, 404, 500)), f"GET /path/{at} took {at % 977} ms"
        tail = f'"bytes":{rng.random() * 1e5:.3f},"status":{status},"message":"{text}"}}'
        yield Operation("index", "logs", f"d{at}" if with_ids else None, f"{head},{tail}".encode())


def spent(call: Any) -> float:
    before = time.process_time()
    call()
    return time.process_time() - before


def main() -> None:
    count, batch = (int(text) for text in (sys.argv[1:] or ["200000", "5000"]))
    for with_ids in (False, True):
        with TemporaryDirectory() as folder, Documents(Path(folder) / "index.duckdb", lambda: START_MS) as into:
            batches = (list(operations(start, batch, with_ids=with_ids)) for start in range(0, count, batch))
            seconds = sum(spent(lambda made=made: into.bulk(made)) for made in batches)  # type: ignore[misc]
            print(
                f"bulk of {batch}, {'ids of the client' if with_ids else 'ids made here'}: {count / seconds:,.0f} documents/s"
            )
            if not with_ids:
                for name, body in SEARCHES.items():
                    print(f"{name}: {spent(lambda body=body: into.search('logs', {'size': 0, **body})) * 1000:.0f} ms")  # type: ignore[misc]


if __name__ == "__main__":
    main()
