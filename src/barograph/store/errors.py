"""What can be wrong about a job, each with its name and what to do."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from barograph.config.errors import Conflict, NotFound, shortened


class NoSuchJob(NotFound):
    """No job has this id."""

    def __init__(self, job_id: str, known: Iterable[str]) -> None:
        self.job_id = job_id
        self.nearest: Sequence[str] = get_close_matches(job_id, sorted(known), n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(map(repr, self.nearest))}?" if self.nearest else ""
        super().__init__(f"job_id={job_id!r}: wanted the id of a job in this store{hint}")


class JobBusy(Conflict):
    """Another process is running the job; a job has one writer at a time."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"job {job_id!r} is being run by another process: wait for it to end, or stop it")


class JobChanged(Conflict):
    """A job of this id exists, with settings that its models cannot follow.

    Attributes:
        differences: path, the value in the store and the value given, each as text.
    """

    def __init__(self, job_id: str, differences: Sequence[tuple[str, object, object]]) -> None:
        self.job_id = job_id
        self.differences = differences
        lines = [f"  {path}: {shortened(old)} in the store, {shortened(new)} now" for path, old, new in differences]
        super().__init__(
            "\n".join(
                [
                    f"job {job_id!r} exists with other settings:",
                    *lines,
                    "Its models have learned under the old ones. Give the new settings another job_id, or forget what was "
                    f"learned and found with 'barograph jobs reset {job_id}'.",
                ]
            )
        )
