"""The functions that a detector can compute: one table, which everything else reads."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from barograph.config.base import did_you_mean

Kind = Literal[
    "series", "correlated", "population", "rare", "rare_over", "freq_rare",
    "time_of_day", "time_of_week", "place", "time_of_day_over", "time_of_week_over", "place_over",
]  # fmt: skip
"""How a function's values are modelled; `models.kinds.MODELS` has the model of each kind."""

Need = Literal["optional", "required", "forbidden"]
Side = Literal["both", "high", "low"]
Statistic = Literal[
    "count", "sum", "mean", "median", "min", "max", "varp", "distinct_count",
    "info_content", "rare", "freq_rare", "time_of_day", "time_of_week", "lat_long",
]  # fmt: skip


@dataclass(frozen=True)
class Function:
    """One function.

    Attributes:
        name: full name; short forms (`nzc`) are in `ALIASES`.
        statistics: what is computed from a bucket's rows, each with the side on which it can be unusual. One, but for `metric`.
        empty: what a bucket without rows is: the number zero, or no data.
        needs_field: "yes" = `field_name` is required, "no" = it is forbidden.
        field_type: how the field is read: as a number, as text, or as a place (`latitude,longitude`).
        by: whether `by_field_name` is required.
        over: whether `over_field_name` is required or forbidden.
        description: what a record says was measured (`function_description`).
        kind: how its values are modelled.
        integer: the statistic can only be a whole number.
        forecast: whether its series can be forecast.
        rule_conditions: whether rules may look at actual and typical, or only at the time.
    """

    name: str
    statistics: tuple[tuple[Statistic, Side], ...]
    empty: Literal["zero", "none"] = "none"
    needs_field: Literal["yes", "no"] = "yes"
    field_type: Literal["number", "text", "place"] = "number"
    by: Need = "optional"
    over: Need = "optional"
    description: str = ""
    kind: Kind = "series"
    integer: bool = False
    forecast: bool = True
    rule_conditions: bool = True

    def measured(self, statistic: Statistic) -> str:
        """What a record or bucket value says was measured: the description, or for `metric` the statistic itself."""
        return statistic if len(self.statistics) > 1 else self.description

    @property
    def statistic(self) -> Statistic:
        """The first statistic, which is the only one for all but `metric`."""
        return self.statistics[0][0]

    @property
    def side(self) -> Side:
        """The side of the first statistic."""
        return self.statistics[0][1]


_SIDES: Final[tuple[tuple[str, Side], ...]] = (("", "both"), ("high_", "high"), ("low_", "low"))
_RARE: Final[tuple[tuple[Literal["rare", "freq_rare"], Need], ...]] = (("rare", "optional"), ("freq_rare", "required"))
_DIURNAL: Final[tuple[Literal["time_of_day", "time_of_week"], ...]] = ("time_of_day", "time_of_week")


def _three_sided() -> list[Function]:
    """The functions that exist plain, `high_` and `low_`."""
    functions: list[Function] = []
    for prefix, side in _SIDES:
        functions += [
            Function(f"{prefix}count", (("count", side),), "zero", "no", description="count", integer=True),
            Function(
                f"{prefix}non_zero_count", (("count", side),), "none", "no", over="forbidden", description="count", integer=True
            ),
            Function(
                f"{prefix}distinct_count",
                (("distinct_count", side),),
                field_type="text",
                description="distinct_count",
                integer=True,
            ),
            Function(
                f"{prefix}info_content",
                (("info_content", side),),
                field_type="text",
                description="info_content",
                integer=True,
                forecast=False,
            ),
            Function(f"{prefix}sum", (("sum", side),), "zero", description="sum"),
            # Elastic has no population form of non_null_sum: a population's sum already counts present values only.
            Function(f"{prefix}non_null_sum", (("sum", side),), over="forbidden", description="sum"),
            Function(f"{prefix}mean", (("mean", side),), description="mean"),
            Function(f"{prefix}median", (("median", side),), description="median"),
            Function(f"{prefix}varp", (("varp", side),), description="varp"),
        ]
    return functions


def _one_sided() -> list[Function]:
    """The functions that have one form only."""
    return [
        Function("min", (("min", "low"),), description="min"),
        Function("max", (("max", "high"),), description="max"),
        Function("metric", (("mean", "both"), ("min", "low"), ("max", "high")), description="metric", rule_conditions=False),
        *(
            Function(
                name,
                ((name, "both"),),
                needs_field="no",
                by="required",
                over=over,
                description=name,
                kind=name,
                integer=True,
                forecast=False,
                rule_conditions=False,
            )
            for name, over in _RARE
        ),
        *(
            Function(name, ((name, "both"),), needs_field="no", description=name, kind=name, forecast=False)
            for name in _DIURNAL
        ),
        Function(
            "lat_long",
            (("lat_long", "both"),),
            field_type="place",
            description="lat_long",
            kind="place",
            forecast=False,
            rule_conditions=False,
        ),
    ]


FUNCTIONS: Final[dict[str, Function]] = {function.name: function for function in (*_three_sided(), *_one_sided())}
"""Every function by its full name."""

_OVER_KINDS: Final[dict[Kind, Kind]] = {
    "series": "population",
    "rare": "rare_over",
    "time_of_day": "time_of_day_over",
    "time_of_week": "time_of_week_over",
    "place": "place_over",
}

OVER: Final[dict[str, Function]] = {
    name: replace(one, empty="none", forecast=False, kind=_OVER_KINDS.get(one.kind, one.kind))
    for name, one in FUNCTIONS.items()
    if one.over != "forbidden"
}
"""The same with an over field: members of a population are compared with each other where they have rows, and not forecast."""

ALIASES: Final[dict[str, str]] = {
    f"{prefix}{short}": f"{prefix}{full}"
    for prefix, _ in _SIDES
    for short, full in (("c", "count"), ("nzc", "non_zero_count"), ("dc", "distinct_count"), ("avg", "mean"))
}
"""Short forms and the names they stand for."""


def resolve(name: str) -> str:
    """The full name of a function.

    Raises:
        ValueError: no function has this name; the message lists those there are and the nearest one.
    """
    full = ALIASES.get(name, name)
    if full in FUNCTIONS:
        return full
    near = did_you_mean(name, [*FUNCTIONS, *ALIASES])
    raise ValueError(f"a known function{near}" if near else f"one of {', '.join(sorted(FUNCTIONS))}")
