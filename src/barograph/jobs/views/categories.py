"""The categories of messages that a job has found. They lie in its snapshots: so they are those of its results, always."""

from dataclasses import dataclass

from barograph.engine.engine import known_categories
from barograph.results.category import CategorizerStats, CategoryDefinition
from barograph.store.store import Store


@dataclass(frozen=True)
class JobCategories:
    """All that is known of a job's messages.

    Attributes:
        definitions: its categories, by id.
        stats: how well they fit, by partition, or of all messages together; empty before the first row.
    """

    definitions: tuple[CategoryDefinition, ...] = ()
    stats: tuple[CategorizerStats, ...] = ()


def categories(store: Store, job_id: str) -> JobCategories:
    """What was known at a job's last commit.

    Raises:
        NoSuchJob: there is none of this id.
    """
    job = store.job(job_id)
    saved = None if job.analysis_config.categorization_field_name is None else store.resume(job_id)
    if saved is None:
        return JobCategories()
    found, stats = known_categories(job, saved.snapshot)
    return JobCategories(tuple(found), tuple(stats))
