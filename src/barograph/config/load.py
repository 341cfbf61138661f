"""Jobs from files and dictionaries."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from barograph.config.bounds import MOST_BYTES, MOST_DEPTH, problems_of_size
from barograph.config.detector_document import is_detector, read_detector
from barograph.config.errors import ConfigError, Problem
from barograph.config.job import Job

_SUFFIXES: Final = {".json": "JSON", ".yaml": "YAML", ".yml": "YAML", ".toml": "TOML"}


JobSource = str | Path | Mapping[str, Any] | list[Any] | Job
"""What `load_job` makes a job of."""


def load_job(source: JobSource) -> Job:
    """A job from a file (JSON, YAML or TOML, by its extension) or from the document itself.

    Elastic's `GET` answer (`{"count": 1, "jobs": [{...}]}`) and Kibana's export (`[{"job": {...}, "datafeed": {...}}]`) are
    accepted when they hold exactly one job. OpenSearch's detector document is the job that it stands for, also as its `GET`
    answers it.

    Raises:
        ConfigError: with all problems at once.
    """
    if isinstance(source, Job):
        return source
    document = read_document(Path(source)) if isinstance(source, str | Path) else source
    problems = problems_of_size(document)
    if problems:
        raise ConfigError(problems)
    if isinstance(document, Mapping) and is_detector(document):
        return read_detector(document).job()
    job = _only_job(dict(document) if isinstance(document, Mapping) else document)
    if not isinstance(job, dict):
        raise ConfigError([Problem("", job, "an object with job_id and analysis_config")])
    return Job.model_validate(job)


def read_document(path: Path) -> Any:
    """What a JSON, YAML or TOML file holds.

    Raises:
        ConfigError: it cannot be read, or is not what its extension says.
    """
    kind = _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise ConfigError([Problem("file", str(path), f"a file that ends with {', '.join(_SUFFIXES)}")])
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ConfigError([Problem("file", str(path), f"a file of at most {MOST_BYTES >> 20} MiB")])
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError([Problem("file", str(path), f"a readable file ({reason})")]) from None
    try:
        return _parse(text, kind)
    except RecursionError:
        wanted = f"valid {kind} with at most {MOST_DEPTH} objects and lists inside each other"
        raise ConfigError([Problem("file", str(path), wanted)]) from None
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError([Problem("file", str(path), f"valid {kind} ({' '.join(str(error).split())[:300]})")]) from None


def _parse(text: str, kind: str) -> Any:
    if kind == "JSON":
        return json.loads(text)
    return _Yaml(text).get_single_data() if kind == "YAML" else tomllib.loads(text)


class _Yaml(yaml.SafeLoader):
    """YAML in which keys are what is written: `on` names a field of a rule, and is not true."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:bool":
                key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep)


def _only_job(document: Any) -> Any:
    """The job inside the envelopes that Elastic and Kibana put around it."""
    job, where = document, ""
    if isinstance(document, dict) and "jobs" in document:
        job, where = document["jobs"], "jobs"
    if isinstance(job, list):
        if len(job) != 1:
            names = [item.get("job_id") for item in job if isinstance(item, dict)]
            raise ConfigError([Problem(where, names, f"exactly one job; this has {len(job)}")])
        job = job[0]
    if isinstance(job, dict) and isinstance(job.get("job"), dict):
        datafeed = {"datafeed_config": job["datafeed"]} if job.get("datafeed") else {}
        job = {**job["job"], **datafeed}
    return job
