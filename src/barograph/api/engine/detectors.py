"""Detectors between the Engine API's words and the engine's, with the checks whose errors have numbers of their own."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from barograph.api.engine.config import Analysis, Detector
from barograph.api.engine.errors import Code, EngineError
from barograph.config import detector as core
from barograph.config.detector import MLCATEGORY
from barograph.config.errors import shortened
from barograph.config.functions import FUNCTIONS, OVER, resolve
from barograph.config.splits import ROLES

CATEGORY: Final = "prelertcategory"
"""The Engine API's name of the field that categorization makes."""

_EXCLUDE: Final = ("all", "none", "by", "over")
_RARE: Final = ("rare", "freq_rare")


def own_name(name: str) -> str:
    """The engine's name of a field."""
    return MLCATEGORY if name == CATEGORY else name


def told_name(name: str) -> str:
    """The Engine API's name of a field."""
    return CATEGORY if name == MLCATEGORY else name


def check_detector(given: Detector) -> str:
    """Refuse a detector that cannot be; returns the full name of its function.

    Raises:
        EngineError: 10104 to 10106, 10113, 10119.
    """
    names = {"fieldName": given.field_name} | {f"{role}FieldName": getattr(given, f"{role}_field_name") for role in ROLES}
    for place, name in names.items():
        check_field_name(place, name)
    if given.exclude_frequent not in (None, "", *_EXCLUDE):
        wanted = ", ".join(_EXCLUDE)
        raise EngineError(
            Code.INVALID_EXCLUDE_FREQUENT, f"excludeFrequent={shortened(given.exclude_frequent)}: wanted one of {wanted}"
        )
    try:
        function = resolve((given.function or "metric").lower())
    except ValueError as error:
        raise EngineError(Code.UNKNOWN_FUNCTION, f"function={shortened(given.function)}: wanted {error}") from None
    _check_fields(function, given)
    return function


def check_field_name(place: str, name: str | None) -> None:
    """Refuse names with quotes, backslashes and NUL.

    Raises:
        EngineError: it has one (10113).
    """
    if name and set(name) & {'"', "\\", "\0"}:
        raise EngineError(Code.PROHIBITED_CHARACTER_IN_FIELD_NAME, f'{place}={shortened(name)}: wanted a name without " and \\')


def _check_fields(function: str, given: Detector) -> None:
    spec = (FUNCTIONS if not given.over_field_name else OVER).get(function, FUNCTIONS[function])
    needs = (
        ("fieldName", given.field_name, {"yes": "required", "no": "forbidden"}[spec.needs_field]),
        ("byFieldName", given.by_field_name, spec.by),
        ("overFieldName", given.over_field_name, spec.over),
    )
    for place, name, need in needs:
        if need == "required" and not name:
            raise EngineError(Code.INVALID_FIELD_SELECTION, f"{place}: wanted a field, as the function {function} needs one")
        if need == "forbidden" and name:
            raise EngineError(
                Code.INVALID_FIELD_SELECTION, f"{place}={shortened(name)}: wanted none with the function {function}"
            )


def check_analysis(given: Analysis) -> None:
    """Refuse an analysis that cannot be.

    Raises:
        EngineError: 10107, 10113, 10114, and those of `check_detector`.
    """
    if not given.detectors:
        raise EngineError(Code.INCOMPLETE_CONFIGURATION, "No detectors configured")
    check_field_name("summaryCountFieldName", given.summary_count_field_name)
    check_field_name("categorizationFieldName", given.categorization_field_name)
    for name in given.influencers:
        check_field_name("influencers", name)
    for detector in given.detectors:
        function = check_detector(detector)
        if given.overlapping_buckets and function in _RARE:
            raise EngineError(Code.INVALID_FUNCTION, f"function={function!r}: wanted another one with overlappingBuckets")
        if given.summary_count_field_name and function == "metric":
            raise EngineError(
                Code.INVALID_FUNCTION, "function='metric': wanted mean, min or max, as summaries hold no single values"
            )


def own_detectors(given: Iterable[Detector], *, overlapping: bool) -> list[dict[str, Any]]:
    """Detectors in the engine's words; if wanted, behind them the same again, whose buckets begin half a bucket early."""
    made = [_own(detector) for detector in given]
    return [*made, *(_early(detector) for detector in made)] if overlapping else made


def _early(made: dict[str, Any]) -> dict[str, Any]:
    described = made.get("detector_description")
    return {**made, "overlapping": True} | ({} if described is None else {"detector_description": early_description(described)})


def early_description(described: str) -> str:
    """What a detector is called that is the same as another, half a bucket earlier."""
    return f"{described} (half a bucket earlier)"


def _own(given: Detector) -> dict[str, Any]:
    made = {
        "function": (given.function or "metric").lower(),
        "field_name": given.field_name or None,
        **{f"{role}_field_name": getattr(given, f"{role}_field_name") or None for role in ROLES},
        "use_null": given.use_null,
        "exclude_frequent": given.exclude_frequent or None,
        "detector_description": given.detector_description or None,
    }
    return {
        name: own_name(str(value)) if name.endswith("_name") else value for name, value in made.items() if value is not None
    }


def originals(detectors: Sequence[core.Detector]) -> list[int]:
    """For each detector its own index or, where it is another again with buckets half a bucket early, that of the other."""
    found: dict[tuple[Any, ...], int] = {}
    for at, detector in enumerate(detectors):
        if not detector.overlapping:
            found.setdefault(_analysed(detector), at)
    return [found.get(_analysed(detector), at) if detector.overlapping else at for at, detector in enumerate(detectors)]


def _analysed(detector: core.Detector) -> tuple[Any, ...]:
    splits = tuple(detector.splits.items())
    return detector.function, detector.field_name, splits, detector.use_null, detector.exclude_frequent


def told_index(detectors: Sequence[core.Detector]) -> list[int]:
    """The `detectorIndex` of each detector."""
    of = originals(detectors)
    told = sorted(set(of))
    return [told.index(at) for at in of]


def told_detector(detector: core.Detector) -> dict[str, Any]:
    """A detector in the Engine API's words."""
    described = detector.detector_description
    if MLCATEGORY in detector.splits.values() and described == core.describe(detector.model_dump()):
        described = described.replace(MLCATEGORY, CATEGORY)  # of no client's own words
    told: dict[str, Any] = {"detectorDescription": described, "function": detector.function}
    names = {"fieldName": detector.field_name} | {f"{role}FieldName": name for role, name in detector.splits.items()}
    told |= {place: told_name(name) for place, name in names.items() if name is not None}
    if detector.exclude_frequent is not None:
        told["excludeFrequent"] = detector.exclude_frequent
    return told | {"useNull": detector.use_null}
