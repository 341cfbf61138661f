"""Which one series of a job is meant, and which series there are to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from barograph.config.detector import Detector
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.splits import SERIES_ROLES, SPLIT_VALUES
from barograph.jobs.views.selection import check_detector


@dataclass(frozen=True)
class OneSeries:
    """One series of a job.

    Attributes:
        detector_index: the detector.
        function: one of its measures, by its `function_description`; None is its first.
        split_values: values of the columns `SPLIT_VALUES`, None where the detector has no such field.
    """

    detector_index: int
    function: str | None = None
    split_values: tuple[str | None, ...] = (None,) * len(SPLIT_VALUES)

    def of(self, job: Job) -> "OneSeries":
        """The same with the name of its measure.

        Raises:
            BadRequest: the job has no such detector or measure, or more series than one are meant.
        """
        check_detector(job, self.detector_index)
        detector = job.detectors[self.detector_index]
        known = functions(detector)
        if self.function is not None and self.function not in known:
            raise BadRequest(f"function={self.function!r}: wanted {'one of ' if len(known) > 1 else ''}{', '.join(known)}")
        for role, value in zip(SERIES_ROLES, self.split_values, strict=True):
            field = detector.splits.get(role)
            if field is not None and value is None:
                raise BadRequest(f"{role}: wanted a value of {field!r}, so that one series is meant")
            if field is None and value is not None:
                raise BadRequest(f"{role}={value!r}: wanted none, as detector {self.detector_index} has no {role} field")
        return OneSeries(self.detector_index, self.function or known[0], self.split_values)

    def line_of(self, job: Job) -> "OneSeries":
        """The same of a series that is a line over time.

        Raises:
            BadRequest: it is none, or as `of` says.
        """
        check_detector(job, self.detector_index)
        reason = refusal(job.detectors[self.detector_index])
        if reason is not None:
            raise BadRequest(f"detector={self.detector_index}: wanted one whose values are a line over time. {reason}")
        return self.of(job)

    def entity(self, job: Job) -> tuple[tuple[str, str], ...]:
        """The values of the fields that split its detector, by field."""
        splits = job.detectors[self.detector_index].splits
        pairs = zip(SERIES_ROLES, self.split_values, strict=True)
        return tuple((splits[role], value) for role, value in pairs if role in splits and value is not None)

    def rows(self) -> pl.Expr:
        """Whether a row is of it, by the columns of `schema.SERIES_KEY`."""
        return pl.all_horizontal(
            pl.col("detector_index") == self.detector_index,
            pl.col("function_description") == self.function,
            *(
                pl.col(name).eq_missing(pl.lit(value, pl.String))
                for name, value in zip(SPLIT_VALUES, self.split_values, strict=True)
            ),
        )


_NO_LINE: Final = {
    "freq_rare": "It tells how rare what members do is, which is no value of a series.",
}


def refusal(detector: Detector) -> str | None:
    """Why a detector's series cannot be charted, as a sentence; None when they can."""
    if detector.spec.statistic in _NO_LINE:
        return _NO_LINE[detector.spec.statistic]
    if detector.over_field_name is not None and detector.spec.kind != "population":
        return f"The members of {detector.over_field_name} are compared with each other, not each with its own past."
    return None


def functions(detector: Detector) -> Sequence[str]:
    """What a detector measures; more than one thing for `metric` only."""
    return [detector.spec.measured(statistic) for statistic, _ in detector.spec.statistics]
