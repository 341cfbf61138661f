"""Aggregations that make one number, or a few, of the values of a field."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from barograph.index.asked import number_of
from barograph.index.dates import DEFAULT_FORMAT, shown_time
from barograph.index.errors import BadQuery
from barograph.index.hits import Column, Hits
from barograph.index.kinds import BOOLEAN, DATE, EXACT, NANOS, NUMBER, Kind
from barograph.index.sql import Sql

Values = Sequence[Any]
_PERCENTS: Final = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)
_STATS: Final = ("count({})", "min({})", "max({})", "avg({})", "sum({})")
_MORE_STATS: Final = ("sum({} * {})", "var_pop({})", "var_samp({})")
_WEIGHTED: Final = "weighted_avg"
_NUMERIC: Final = {_WEIGHTED, "sum", "avg", "stats", "extended_stats", "percentiles", "min", "max", "median_absolute_deviation"}


@dataclass(frozen=True)
class Metric:
    """A metric of a request.

    Attributes:
        name: what the request calls it.
        column: the value that it is made of.
        forms: aggregates in SQL, with `{}` for the value.
        answer: what is answered, from the aggregates.
        has_several: documents may have several values of the field.
        weight: the value that it is weighted by.
    """

    name: str
    column: Column
    forms: tuple[str, ...]
    answer: Callable[[Values], dict[str, Any]]
    has_several: bool
    weight: Column | None = None

    @property
    def columns(self) -> list[Column]:
        """All values that it is made of."""
        return [self.column] if self.weight is None else [self.column, self.weight]

    @property
    def sql(self) -> list[str]:
        """Its aggregates over the relation."""
        return [form.replace("{}", self.column.name) for form in self.forms]

    @property
    def empty(self) -> Values:
        """The aggregates of no documents."""
        return [0 if form.startswith("count") else None for form in self.forms]

    def part(self, name: str | None) -> str:
        """The aggregate that an order such as `stats.avg` means."""
        named = {"min": "min({})", "max": "max({})", "avg": "avg({})", "sum": "sum({})", "count": "count({})"}
        form = self.forms[0] if name in (None, "value") else named.get(str(name), "")
        if form not in self.forms:
            raise BadQuery(f"Invalid aggregation order path [{self.name}.{name}]: wanted a number of this metric")
        return form.replace("{}", self.column.name)


def metric(name: str, kind: str, body: object, hits: Hits, number: int) -> Metric:
    """The metric `kind` of a request. `number` tells its column from others.

    Raises:
        BadQuery: it cannot be computed.
    """
    if kind == _WEIGHTED:
        return _weighted(name, body, hits, number)
    column, value_kind = _column(name, kind, body, hits, f"m{number}")
    assert isinstance(body, Mapping)  # else it had no column
    forms, answer = _FORMS[kind](body, value_kind)
    return Metric(name, column, tuple(forms), answer, hits.has_several(column.path))


def _weighted(name: str, body: object, hits: Hits, number: int) -> Metric:
    """The mean of a field by the weights that another one has; documents without either count for nothing."""
    if not isinstance(body, Mapping) or body.keys() - {"value", "weight", "format", "value_type"}:
        raise BadQuery(f"[{_WEIGHTED}] aggregation [{name}]={body!r}: wanted an object with [value] and [weight]")
    value, _ = _column(f"{name}.value", _WEIGHTED, body.get("value"), hits, f"m{number}")
    weight, _ = _column(f"{name}.weight", _WEIGHTED, body.get("weight"), hits, f"w{number}")
    if hits.has_several(weight.path):
        raise BadQuery(f"[weight] of aggregation [{name}], field [{weight.path}]: wanted one value in each document")
    form = f"sum({{}} * {weight.name}) / nullif(sum({weight.name}) FILTER (WHERE {{}} IS NOT NULL), 0)"
    return Metric(name, value, (form,), lambda found: {"value": _number(found[0])}, hits.has_several(value.path), weight)


def _column(name: str, kind: str, body: object, hits: Hits, column: str) -> tuple[Column, Kind | None]:
    """The values that a metric is made of, and what they are."""
    if not isinstance(body, Mapping) or not isinstance(body.get("field"), str):
        raise BadQuery(f"[{kind}] aggregation [{name}]={body!r}: wanted an object with [field]; scripts are not run")
    path, missing = body["field"], body.get("missing")
    value_kind = hits.kind(path)
    if kind in _NUMERIC and value_kind is not None and not value_kind.is_number:
        wanted = f"Field [{path}] of type [{value_kind.name}] is not supported for aggregation [{kind}]: wanted a number"
        raise BadQuery(wanted)
    form = "{}" if kind in ("cardinality", "value_count") or value_kind is not BOOLEAN else "CAST({} AS INTEGER)"
    made = Sql(form) if missing is None else Sql(f"coalesce({form}, ?)", (missing,))
    return Column(column, path, made, absent=NUMBER if kind in _NUMERIC else EXACT), value_kind


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, (int, float)) else None


def _single(form: str) -> Callable[[Mapping[str, Any], Kind | None], tuple[Sequence[str], Callable[[Values], dict[str, Any]]]]:
    def build(body: Mapping[str, Any], kind: Kind | None) -> tuple[Sequence[str], Callable[[Values], dict[str, Any]]]:
        shape = str(body.get("format") or DEFAULT_FORMAT)

        def answer(values: Values) -> dict[str, Any]:
            value = _number(values[0])
            if value is None or kind not in (DATE, NANOS) or form == "sum({})":
                return {"value": value}
            return {"value": value, "value_as_string": shown_time(int(value), shape)}

        return (form,), answer

    return build


def _sum(_body: Mapping[str, Any], _kind: Kind | None) -> tuple[Sequence[str], Callable[[Values], dict[str, Any]]]:
    return ("sum({})",), lambda values: {"value": _number(values[0]) or 0.0}


def _count(form: str) -> Callable[[Mapping[str, Any], Kind | None], tuple[Sequence[str], Callable[[Values], dict[str, Any]]]]:
    return lambda _body, _kind: ((form,), lambda values: {"value": values[0]})


def _stats_answer(values: Values) -> dict[str, Any]:
    count, least, most, mean, total = values[:5]
    return {"count": count, "min": _number(least), "max": _number(most), "avg": _number(mean), "sum": _number(total) or 0.0}


def _stats(_body: Mapping[str, Any], _kind: Kind | None) -> tuple[Sequence[str], Callable[[Values], dict[str, Any]]]:
    return _STATS, _stats_answer


def _extended(body: Mapping[str, Any], _kind: Kind | None) -> tuple[Sequence[str], Callable[[Values], dict[str, Any]]]:
    sigma = number_of(body, "sigma", 2, "extended_stats")

    def answer(values: Values) -> dict[str, Any]:
        squares, variance, sampled = (_number(value) for value in values[5:8])
        spread = None if variance is None else variance**0.5
        mean = _number(values[3])
        spreads = {"variance": variance, "variance_population": variance, "variance_sampling": sampled, "std_deviation": spread}
        bounds = {
            "upper": None if mean is None or spread is None else mean + sigma * spread,
            "lower": None if mean is None or spread is None else mean - sigma * spread,
        }
        return _stats_answer(values) | {"sum_of_squares": squares} | spreads | {"std_deviation_bounds": bounds}

    return (*_STATS, *_MORE_STATS), answer


def _percentiles(body: Mapping[str, Any], _kind: Kind | None) -> tuple[Sequence[str], Callable[[Values], dict[str, Any]]]:
    percents = body.get("percents", _PERCENTS)
    numbers = isinstance(percents, list | tuple) and all(isinstance(p, (int, float)) for p in percents)
    if not numbers or not percents or not all(0 <= p <= 100 for p in percents):
        raise BadQuery(f"percents={percents!r}: wanted numbers from 0 to 100")
    names = [str(float(p)) for p in percents]

    def answer(values: Values) -> dict[str, Any]:
        if body.get("keyed", True):
            return {"values": dict(zip(names, map(_number, values), strict=True))}
        return {"values": [{"key": float(key), "value": _number(value)} for key, value in zip(names, values, strict=True)]}

    return tuple(f"quantile_cont({{}}, {float(p) / 100!r})" for p in percents), answer


_FORMS: Final = {
    "min": _single("min({})"),
    "max": _single("max({})"),
    "avg": _single("avg({})"),
    "sum": _sum,
    "value_count": _count("count({})"),
    "cardinality": _count("count(DISTINCT {})"),
    "median_absolute_deviation": _single("mad({})"),
    "stats": _stats,
    "extended_stats": _extended,
    "percentiles": _percentiles,
}
METRICS: Final = frozenset({*_FORMS, _WEIGHTED})
"""What is computed here, under Elastic's names."""
