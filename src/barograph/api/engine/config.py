"""Jobs as clients of the Engine API send them: their fields and types. What the fields mean is in `job_documents`."""

from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.redacted import is_secret
from barograph.config.errors import shortened

_MOST_SECONDS: Final = 3_153_600_000
_MOST_DAYS: Final = 36_500
Seconds = Annotated[int, Field(ge=0, le=_MOST_SECONDS)]
Days = Annotated[int, Field(ge=0, le=_MOST_DAYS)]
_IN_CAPITALS: Final = BeforeValidator(lambda given: given.upper() if isinstance(given, str) else given)
"""Of words that clients may write in small letters."""

Many = Annotated[int, Field(ge=0, le=1 << 31)]


class Part(BaseModel):
    """A part of a job. `IGNORED` are fields that clients add by themselves, and that mean nothing."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)
    IGNORED: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _without_ignored(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if name not in cls.IGNORED} if isinstance(data, dict) else data

    def told(self) -> dict[str, Any]:
        """The fields that are set, as a document."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def read(cls, document: Any, parse: Code, unknown: Code) -> Self:
        """The part that a document is.

        Args:
            document: JSON.
            parse: the code of a value of another type.
            unknown: the code of a field that there is not.

        Raises:
            EngineError: it is none.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise _refused(error.errors()[0], parse, unknown) from None


_RANGES: Final = ("greater_than_equal", "less_than_equal", "greater_than", "less_than", "literal_error")


def _refused(problem: ErrorDetails, parse: Code, unknown: Code) -> EngineError:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in problem["loc"]).lstrip(".") or "body"
    if problem["type"] == "extra_forbidden":
        return EngineError(unknown, f"{shortened(place)}: wanted a known field")
    if problem["type"] == "missing":
        return EngineError(parse, f"{place}: wanted a value, got none")
    code = Code.INVALID_VALUE if problem["type"] in _RANGES else parse
    if code is Code.INVALID_VALUE and problem["loc"][:1] == ("schedulerConfig",):
        code = Code.SCHEDULER_OPTION
    hidden = is_secret(place) or "baseUrl" in problem["loc"]
    shown = "" if hidden else f"={shortened(problem['input'])}"
    return EngineError(code, f"{place}{shown}: {problem['msg'][0].lower()}{problem['msg'][1:]}")


class Detector(Part):
    """A detector."""

    function: str | None = None
    field_name: str | None = None
    by_field_name: str | None = None
    over_field_name: str | None = None
    partition_field_name: str | None = None
    use_null: bool | None = None
    exclude_frequent: str | None = None
    detector_description: str | None = None


class Analysis(Part):
    """The detectors, and the time grid that they share; spans in seconds."""

    bucket_span: Annotated[int, Field(ge=1, le=_MOST_SECONDS)] | None = None
    batch_span: Seconds | None = None
    period: Many | None = None
    latency: Seconds | None = None
    summary_count_field_name: str | None = None
    categorization_field_name: str | None = None
    detectors: tuple[Detector, ...] = ()
    influencers: tuple[str, ...] = ()
    overlapping_buckets: bool | None = None
    result_finalization_window: Many | None = None
    multivariate_by_fields: bool | None = None


class Limits(Part):
    """Limits: of memory in megabytes."""

    model_memory_limit: Annotated[int, Field(ge=1, le=1 << 30)] | None = None
    categorization_examples_limit: Many | None = None


class DataDescription(Part):
    """How the rows look."""

    IGNORED = frozenset({"transformTime", "epochMs"})

    format: str | None = None
    time_field: str | None = None
    time_format: str | None = None
    field_delimiter: str | None = None
    quote_character: str | None = None


class ModelDebug(Part):
    """Whose bounds are kept for charts."""

    IGNORED = frozenset({"enabled"})

    write_to: Annotated[Literal["FILE", "DATA_STORE"], _IN_CAPITALS] | None = None
    bounds_percentile: Annotated[float, Field(gt=0, lt=100)] | None = None
    terms: str | None = None


class Condition(Part):
    """When a transform applies."""

    operator: str | None = None
    value: str | int | float | None = None


class Transform(Part):
    """A transform."""

    transform: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] | None = None
    arguments: tuple[str, ...] = ()
    condition: Condition | None = None


class EngineJob(Part):
    """A job."""

    id: str | None = None
    description: str | None = None
    analysis_config: Analysis | None = None
    analysis_limits: Limits | None = None
    transforms: tuple[Transform, ...] = ()
    data_description: DataDescription = DataDescription()
    timeout: Seconds | None = None
    model_debug_config: ModelDebug | None = None
    renormalization_window_days: Days | None = None
    background_persist_interval: Seconds | None = None
    model_snapshot_retention_days: Days | None = None
    results_retention_days: Days | None = None
    ignore_downtime: Annotated[Literal["NEVER", "ONCE", "ALWAYS"], _IN_CAPITALS] | None = None
    custom_settings: dict[str, Any] | None = None
