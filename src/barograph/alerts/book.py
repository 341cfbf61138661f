"""Which rules are for which jobs."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from barograph.alerts.rules import KeptRule
from barograph.config.job import Job


class Book:
    """Rules by the names that they are for, so that a job's are found without looking at all of them."""

    def __init__(self, rules: Iterable[KeptRule]) -> None:
        self._named: dict[str, list[KeptRule]] = {}
        self._patterns: dict[str, list[KeptRule]] = {}
        for kept in rules:
            for expression in kept.rule.jobs if kept.rule.enabled else ():
                pattern = "*" if expression == "_all" else expression
                (self._patterns if "*" in pattern else self._named).setdefault(pattern, []).append(kept)

    def rules_of(self, job: Job) -> list[KeptRule]:
        """The enabled rules that are for a job, by id and each once."""
        names = (job.job_id, *job.groups)
        found = [kept for name in names for kept in self._named.get(name, ())]
        for pattern, rules in self._patterns.items():
            if any(fnmatchcase(name, pattern) for name in names):
                found += rules
        return [kept for _, kept in sorted({kept.rule.rule_id: kept for kept in found}.items())]


class KnownJobs:
    """The configurations of jobs, read from their text once as long as it stays the same."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Job]] = {}

    def of(self, configs: Mapping[str, str]) -> dict[str, Job]:
        """Jobs by id, given their configurations as text."""
        for job_id, text in configs.items():
            if self._known.get(job_id, ("", None))[0] != text:
                self._known[job_id] = (text, Job.model_validate_json(text))
        return {job_id: self._known[job_id][1] for job_id in configs}
