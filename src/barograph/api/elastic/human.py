"""`human=true`: times and sizes also as people read them, beside the numbers."""

from datetime import UTC, datetime
from typing import Any, Final

from barograph.api.elastic.errors import bad

_TIMES: Final = frozenset(
    {
        *("create_time", "finished_time", "timestamp", "log_time", "last_data_time", "start_time", "end_time"),
        *("latest_record_time_stamp", "latest_result_time_stamp", "earliest_record_timestamp", "latest_record_timestamp"),
        *("latest_bucket_timestamp", "latest_empty_bucket_timestamp", "latest_sparse_bucket_timestamp"),
    }
)
_BYTES: Final = "_in_bytes"
_UNITS: Final = ("b", "kb", "mb", "gb", "tb", "pb")
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999


def humanized(value: Any) -> Any:
    """A document where each time has a twin `..._string`, and each `..._in_bytes` one without that ending."""
    if isinstance(value, list):
        return [humanized(item) for item in value]
    if not isinstance(value, dict):
        return value
    told: dict[str, Any] = {}
    for name, part in value.items():
        told[name] = humanized(part)
        if isinstance(part, int) and not isinstance(part, bool):
            if name in _TIMES and _FIRST_MS <= part <= _LAST_MS:
                told[f"{name}_string"] = _iso(part)
            elif name.endswith(_BYTES):
                told[name.removesuffix(_BYTES)] = bytes_text(part, None)
    return told


def _iso(time_ms: int) -> str:
    seconds, ms = divmod(time_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03}Z"


def bytes_text(size: int, unit: str | None) -> str:
    """A size for people, or in the unit that was asked for.

    Raises:
        ElasticError: there is no such unit.
    """
    if unit is not None:
        if unit not in _UNITS:
            raise bad(f"Unknown byte unit [{unit[:100]}]")
        return str(size >> (10 * _UNITS.index(unit)))
    at = 0
    value = float(size)
    while value >= 1024 and at < len(_UNITS) - 1:
        value, at = value / 1024, at + 1
    shown = f"{int(value * 10) / 10:.1f}".removesuffix(".0")
    return f"{shown}{_UNITS[at]}"
