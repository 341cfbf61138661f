"""Jobs that read their rows themselves: from files of the server's machine, or from an Elasticsearch."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field

from barograph.api.engine.config import EngineJob, Part, Seconds
from barograph.api.engine.errors import Code, EngineError
from barograph.api.engine.redacted import redacted
from barograph.api.engine.state import Extras
from barograph.api.engine.vault import Login, Vault
from barograph.config.datafeed import Datafeed
from barograph.config.errors import BadRequest, ConfigError, shortened

_TAIL_EVERY: Final = "5s"
"""How often it is looked whether a file has grown."""

_SOURCES: Final = ("FILE", "ELASTICSEARCH")
_OF_FILES: Final = frozenset({"filePath", "tailFile"})
_OF_ELASTICSEARCH: Final = frozenset(
    {
        *("dataSourceCompatibility", "baseUrl", "username", "password", "indexes", "types", "query", "aggregations", "aggs"),
        *("encryptedPassword", "script_fields", "retrieveWholeSource", "scrollSize"),
    }
)


class Scheduler(Part):
    """Where a job reads its rows."""

    data_source: str | None = None
    data_source_compatibility: Literal["1.7.x", "2.x.x"] | None = None
    query_delay: Seconds | None = None
    frequency: Annotated[int, Field(ge=1, le=1 << 31)] | None = None
    file_path: str | None = None
    tail_file: bool | None = None
    base_url: str | None = None
    username: str | None = None
    password: str | None = None
    encrypted_password: str | None = None
    indexes: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    query: dict[str, Any] | None = None
    aggregations: dict[str, Any] | None = None
    aggs: dict[str, Any] | None = None
    script_fields: dict[str, Any] | None = Field(default=None, alias="script_fields")
    retrieve_whole_source: bool | None = None
    scroll_size: Annotated[int, Field(ge=1, le=10_000)] | None = None


class ScheduledJob(EngineJob):
    """A job that may read its rows itself."""

    scheduler_config: Scheduler | None = None


def source_of(job_id: str) -> str:
    """The name under which a job's own source stands where datafeeds name theirs."""
    return f"scheduler-of-{job_id}"


def check_scheduler(given: Scheduler, job: EngineJob, data_format: str) -> None:
    """Refuse what a job cannot read.

    Args:
        given: where it is to read.
        job: the job.
        data_format: of its rows.

    Raises:
        EngineError: 10301 to 10309.
    """
    source = (given.data_source or "").upper()
    if source not in _SOURCES:
        wanted = ", ".join(_SOURCES)
        raise EngineError(
            Code.SCHEDULER_DATA_SOURCE, f"schedulerConfig.dataSource={shortened(given.data_source)}: wanted one of {wanted}"
        )
    others = _OF_ELASTICSEARCH if source == "FILE" else _OF_FILES
    foreign = sorted(others.intersection(given.told()))
    if foreign:
        raise EngineError(Code.SCHEDULER_FIELD, f"schedulerConfig.{foreign[0]}: wanted none with dataSource {source}")
    if (data_format == "ELASTICSEARCH") != (source == "ELASTICSEARCH"):
        wanted = "ELASTICSEARCH with that data source, and with no other"
        raise EngineError(Code.SCHEDULER_DATA_FORMAT, f"dataDescription.format={data_format}: wanted {wanted}")
    if source == "FILE":
        _check_option("filePath", given.file_path, "the path of a file, or a pattern of several", bool(given.file_path))
        return
    _check_credentials(given)
    _check_search(given, job)


def _check_option(name: str, value: object, wanted: str, is_good: bool) -> None:
    if not is_good:
        raise EngineError(Code.SCHEDULER_OPTION, f"schedulerConfig.{name}={shortened(value)}: wanted {wanted}")


def _check_credentials(given: Scheduler) -> None:
    if given.password is not None and given.encrypted_password is not None:
        raise EngineError(Code.SCHEDULER_TWO_PASSWORDS, "schedulerConfig: wanted one of password and encryptedPassword")
    if (given.username is None) != (given.password is None and given.encrypted_password is None):
        raise EngineError(Code.SCHEDULER_CREDENTIALS, "schedulerConfig: wanted both of username and password, or none")


def _check_search(given: Scheduler, job: EngineJob) -> None:
    try:
        at = urlsplit(given.base_url or "")
        is_url = at.scheme in ("http", "https") and bool(at.hostname) and at.port != 0 and not at.query
    except ValueError:
        is_url = False
    shown = redacted(given.base_url)
    _check_option("baseUrl", shown, "the address of an Elasticsearch, such as http://localhost:9200", is_url)
    if at.username is not None or at.password is not None:
        raise EngineError(
            Code.SCHEDULER_CREDENTIALS, "schedulerConfig.baseUrl: wanted username and password beside it, not in it"
        )
    _check_option("indexes", given.indexes, "names of indices", bool(given.indexes) and all(given.indexes or ()))
    analysis = job.analysis_config
    if analysis is None or analysis.bucket_span is None:
        raise EngineError(
            Code.SCHEDULER_NEEDS_BUCKET_SPAN, "analysisConfig.bucketSpan: wanted one, as the job reads its rows itself"
        )
    if analysis.latency:
        raise EngineError(
            Code.SCHEDULER_NO_LATENCY, f"analysisConfig.latency={analysis.latency}: wanted none with ELASTICSEARCH"
        )
    if given.aggregations is not None and given.aggs is not None:
        raise EngineError(Code.SCHEDULER_OPTION, "schedulerConfig: wanted one of aggregations and aggs")
    if (given.aggregations or given.aggs) and not analysis.summary_count_field_name:
        raise EngineError(
            Code.SCHEDULER_NEEDS_SUMMARY_COUNT,
            "analysisConfig.summaryCountFieldName: wanted one, as aggregations are summaries",
        )


def datafeed_of(given: Scheduler, job_id: str) -> Datafeed:
    """The datafeed that reads a job's rows.

    Raises:
        EngineError: an option cannot be (10303).
    """
    document = {
        "datafeed_id": job_id,
        "job_id": job_id,
        "indices": [source_of(job_id)],
        "query": given.query,
        "query_delay": f"{60 if given.query_delay is None else given.query_delay}s",
        "frequency": (_TAIL_EVERY if given.tail_file else None) if given.frequency is None else f"{given.frequency}s",
        "scroll_size": given.scroll_size,
        "aggregations": given.aggregations or given.aggs,
        "script_fields": given.script_fields,
    }
    try:
        datafeed = Datafeed.model_validate({name: value for name, value in document.items() if value is not None})
        _ = datafeed.interval_ms
    except ConfigError as error:
        raise EngineError(Code.SCHEDULER_OPTION, str(error).replace("datafeed_config", "schedulerConfig")) from None
    return datafeed


def kept_scheduler(given: Scheduler, vault: Vault) -> dict[str, Any]:
    """What is kept of where a job reads its rows, which was checked: the password sealed.

    Raises:
        EngineError: it was sealed by another server, or for another address or user (10118).
    """
    kept = given.told() | {"dataSource": str(given.data_source).upper()}
    if given.password is not None:
        return _sealed(kept, vault)
    if given.encrypted_password is not None:
        try:
            vault.password(given.encrypted_password, given.base_url or "", given.username or "")
        except BadRequest as error:
            raise EngineError(Code.ENCRYPTION, f"schedulerConfig.{error}") from None
    return kept


def with_sealed_password(vault: Vault, extras: Extras) -> Extras:
    """What is kept of a job, the password of its scheduler sealed: of a job that was made before there was a vault it is not.

    Raises:
        StorageFailure: the key of the data directory cannot be written or read.
    """
    scheduler = extras.get("scheduler") or {}
    return {**extras, "scheduler": _sealed(scheduler, vault)} if "password" in scheduler else extras


def _sealed(kept: Mapping[str, Any], vault: Vault) -> dict[str, Any]:
    login = Login(kept["baseUrl"], kept["username"], kept["password"])
    return {**{name: value for name, value in kept.items() if name != "password"}, "encryptedPassword": vault.sealed(login)}


def told_scheduler(extras: Extras) -> dict[str, Any]:
    """Where a job reads its rows, as clients get it."""
    return {"queryDelay": 60, **extras["scheduler"]}
