"""A small stream with one incident, as clients of the Engine API send it."""

from typing import Any

START = 1_388_534_400
SPAN = 600
BUCKETS = 300
HOSTS = ("web-1", "web-2")
BURST = START + 280 * SPAN
"""The bucket in which `web-2` is slow."""


def values(time: int, host: str) -> float:
    """Milliseconds of a host at a time: about 100, and 900 in the incident."""
    noise = (time * 2_654_435_761 + len(host) * 97 + ord(host[-1]) * 31) % 1_000 / 50
    return (900.0 if host == "web-2" and BURST <= time < BURST + SPAN else 100.0) + noise


def rows(first: int = 0, last: int = BUCKETS) -> list[dict[str, Any]]:
    """The rows of some buckets, in order of time, two minutes apart."""
    times = range(START + first * SPAN, START + last * SPAN, 120)
    return [{"time": time, "host": host, "ms": values(time, host)} for time in times for host in HOSTS]


def delimited(chosen: list[dict[str, Any]], sign: str = ",") -> bytes:
    """Rows with a header."""
    lines = [sign.join(("time", "host", "ms")), *(sign.join(map(str, row.values())) for row in chosen)]
    return ("\n".join(lines) + "\n").encode()


def config(**changes: Any) -> dict[str, Any]:
    """The configuration of a job that reads it."""
    detectors = [{"function": "mean", "fieldName": "ms", "byFieldName": "host"}]
    analysis = {"bucketSpan": SPAN, "detectors": detectors, "influencers": ["host"]} | changes.pop("analysisConfig", {})
    return {"analysisConfig": analysis, "dataDescription": {"fieldDelimiter": ","}} | changes
