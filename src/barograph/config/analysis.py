"""What is analysed: the `analysis_config` of Elastic's job document."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from barograph.config.analyzer import Analyzer, pattern_problem, read_analyzer, with_filters
from barograph.config.base import Document
from barograph.config.bounds import MOST_DETECTORS, MOST_NAMES
from barograph.config.detector import MLCATEGORY, Detector, FieldName
from barograph.config.duration import Duration
from barograph.config.errors import MISSING, Problem


def _whole_seconds(duration: Duration) -> Duration:
    if duration.ms < 1_000 or duration.ms % 1_000:
        raise ValueError("a whole number of seconds, at least '1s'")
    return duration


def _zero_or_a_second(duration: Duration) -> Duration:
    if 0 < duration.ms < 1_000:
        raise ValueError("'0' or at least '1s'")
    return duration


def _analyzer(value: object) -> object:
    if value is None or isinstance(value, str | dict):
        return value
    raise ValueError("the name of an analyzer, or an object with char_filter, tokenizer and filter")


class PerPartitionCategorization(Document):
    """How categorization works with partition fields."""

    enabled: bool = False
    stop_on_warn: bool = False


def _at_least_one_detector(config: "AnalysisConfig") -> list[Problem]:
    return [] if config.detectors else [Problem("detectors", [], "at least one detector")]


def _detectors_differ(config: "AnalysisConfig") -> list[Problem]:
    problems, seen = [], dict[str, int]()
    for detector in config.detectors:
        content = detector.model_dump_json(exclude={"detector_index", "detector_description"})
        if content in seen:
            wanted = f"a detector other than detectors[{seen[content]}], which does the same"
            problems.append(Problem(f"detectors[{detector.detector_index}]", detector.detector_description, wanted))
        seen.setdefault(content, detector.detector_index)
    return problems


def _influencers_differ(config: "AnalysisConfig") -> list[Problem]:
    names = config.influencers
    twice = [index for index, name in enumerate(names) if name in names[:index]]
    problems = [Problem(f"influencers[{index}]", names[index], "a field that is not listed before") for index in twice]
    if "bucket_time" in names:  # the name under which a bucket's own result stands beside those of its influencer fields
        problems.append(Problem(f"influencers[{names.index('bucket_time')}]", "bucket_time", "a name other than bucket_time"))
    return problems


def _prune_window_fits(config: "AnalysisConfig") -> list[Problem]:
    window, span = config.model_prune_window, config.bucket_span
    if window is None or (window.ms % span.ms == 0 and window.ms >= 2 * span.ms):
        return []
    wanted = f"a multiple of bucket_span ({span}), at least twice as long"
    return [Problem("model_prune_window", window.text, wanted)]


def _no_metric_of_summaries(config: "AnalysisConfig") -> list[Problem]:
    if config.summary_count_field_name is None:
        return []
    return [
        Problem(
            f"detectors[{detector.detector_index}].function",
            detector.function,
            "mean, min or max: summaries hold no single values",
        )
        for detector in config.detectors
        if detector.function == "metric"
    ]


def _categories_are_used(config: "AnalysisConfig") -> list[Problem]:
    used = any(MLCATEGORY in detector.splits.values() for detector in config.detectors)
    if used and config.categorization_field_name is None:
        return [Problem("categorization_field_name", MISSING, f"the field with the messages: a detector uses {MLCATEGORY}")]
    if not used and config.categorization_field_name is not None:
        wanted = f"a detector whose by, over or partition field is {MLCATEGORY}"
        return [Problem("categorization_field_name", config.categorization_field_name, wanted)]
    return []


def _categories_are_made_of_messages(config: "AnalysisConfig") -> list[Problem]:
    """What is read before there are categories, or as numbers, cannot be a category."""
    problems = []
    if config.categorization_field_name == MLCATEGORY:
        problems.append(
            Problem("categorization_field_name", MLCATEGORY, f"the field with the messages; {MLCATEGORY} is made of it")
        )
    if config.summary_count_field_name == MLCATEGORY:
        problems.append(Problem("summary_count_field_name", MLCATEGORY, "a field with numbers, not that of the categories"))
    if MLCATEGORY in config.influencers and config.categorization_field_name is None:
        at = config.influencers.index(MLCATEGORY)
        problems.append(Problem(f"influencers[{at}]", MLCATEGORY, "a categorization_field_name, of which it is made"))
    for detector in config.detectors:
        path = f"detectors[{detector.detector_index}].field_name"
        if detector.field_name == MLCATEGORY and detector.spec.field_type == "number":
            problems.append(Problem(path, MLCATEGORY, "a field with numbers, not that of the categories"))
        elif detector.field_name == MLCATEGORY and config.categorization_field_name is None:
            problems.append(Problem(path, MLCATEGORY, "a categorization_field_name, of which it is made"))
    return problems


def _categorization_fits(config: "AnalysisConfig") -> list[Problem]:
    problems = []
    given = {"categorization_filters": config.categorization_filters, "categorization_analyzer": config.categorization_analyzer}
    if config.categorization_field_name is None:
        wanted = "nothing without categorization_field_name"
        problems += [Problem(path, value, wanted) for path, value in given.items() if value]
    if all(given.values()):
        wanted = "nothing beside categorization_analyzer, which can hold filters itself"
        problems.append(Problem("categorization_filters", config.categorization_filters, wanted))
    filters = list(config.categorization_filters or ())
    for index, text in enumerate(filters):
        if not text or text in filters[:index]:
            wanted = "a regular expression that is not empty and not listed before"
            problems.append(Problem(f"categorization_filters[{index}]", text, wanted))
        elif (pattern := pattern_problem(text)) is not None:
            problems.append(Problem(f"categorization_filters[{index}]", text, pattern))
    if config.categorization_analyzer is not None:
        problems += [problem.below("categorization_analyzer") for problem in read_analyzer(config.categorization_analyzer)[1]]
    return problems


def _partitions_of_categories_agree(config: "AnalysisConfig") -> list[Problem]:
    per_partition = config.per_partition_categorization
    if per_partition.stop_on_warn and not per_partition.enabled:
        return [Problem("per_partition_categorization.stop_on_warn", True, "enabled: true beside it")]
    if not per_partition.enabled:
        return []
    if config.categorization_field_name is None:
        return [Problem("per_partition_categorization.enabled", True, "categorization_field_name beside it, or false")]
    using = [detector for detector in config.detectors if MLCATEGORY in detector.splits.values()]
    names = [detector.partition_field_name for detector in using]
    first = next((name for name in names if name not in (None, MLCATEGORY)), None)
    problems = []
    for detector, name in zip(using, names, strict=True):
        if name is None or name != first:
            wanted = f"the same partition field in every detector that uses {MLCATEGORY}, as per-partition categorization is on"
            if name == MLCATEGORY:
                wanted += f"; not {MLCATEGORY} itself, which is made within its values"
            path = f"detectors[{detector.detector_index}].partition_field_name"
            problems.append(Problem(path, MISSING if name is None else name, wanted))
    return problems


_CATEGORIZATION: Final = frozenset({"categorization_field_name", "categorization_filters", "categorization_analyzer"})
_FIELDS: Final = frozenset({"categorization_field_name", "summary_count_field_name", "influencers", "detectors"})
_PARTITIONED: Final = frozenset({"detectors", "per_partition_categorization", "categorization_field_name"})


class AnalysisConfig(Document):
    """The detectors and the time grid that they share."""

    CHECKS = (
        (frozenset({"detectors"}), _at_least_one_detector),
        (frozenset(), _detectors_differ),
        (frozenset({"influencers"}), _influencers_differ),
        (frozenset({"bucket_span", "model_prune_window"}), _prune_window_fits),
        (frozenset({"summary_count_field_name"}), _no_metric_of_summaries),
        (frozenset({"detectors", "categorization_field_name"}), _categories_are_used),
        (_CATEGORIZATION, _categorization_fits),
        (_FIELDS, _categories_are_made_of_messages),
        (_PARTITIONED, _partitions_of_categories_agree),
    )

    bucket_span: Annotated[Duration, AfterValidator(_whole_seconds)] = Duration.parse("5m")
    detectors: tuple[Detector, ...] = Field(max_length=MOST_DETECTORS, description="a list of at least one detector")
    influencers: Annotated[tuple[FieldName, ...], Field(max_length=MOST_NAMES)] = ()
    summary_count_field_name: FieldName | None = None
    latency: Annotated[Duration, AfterValidator(_zero_or_a_second)] | None = None
    categorization_field_name: FieldName | None = None
    categorization_filters: Annotated[tuple[str, ...], Field(max_length=MOST_NAMES)] | None = None
    categorization_analyzer: Annotated[str | dict[str, Any] | None, BeforeValidator(_analyzer)] = None
    per_partition_categorization: PerPartitionCategorization = PerPartitionCategorization()
    model_prune_window: Duration | None = None
    multivariate_by_fields: bool = False

    @property
    def analyzer(self) -> Analyzer:
        """What makes tokens of the messages that are categorized."""
        if self.categorization_analyzer is None:
            return with_filters(self.categorization_filters or ())
        analyzer, problems = read_analyzer(self.categorization_analyzer)
        assert analyzer is not None, problems  # it was checked when this was built
        return analyzer

    @property
    def categories_by(self) -> str | None:
        """The partition field within whose values messages are categorized; None: all together."""
        if not self.per_partition_categorization.enabled:
            return None
        return next(one.partition_field_name for one in self.detectors if MLCATEGORY in one.splits.values())

    @classmethod
    def _prepared(cls, data: Any) -> Any:
        """A detector's index is its position, whatever the document says."""
        if not isinstance(data, dict) or not isinstance(data.get("detectors"), list | tuple):
            return data
        return {**data, "detectors": [_numbered(detector, index) for index, detector in enumerate(data["detectors"])]}


def _numbered(detector: Any, index: int) -> Any:
    if isinstance(detector, Detector):
        return detector.at(index)
    return {**detector, "detector_index": index} if isinstance(detector, dict) else detector
