"""Names of the forests of a job."""

import base64
import hashlib
from collections.abc import Sequence

Entity = tuple[tuple[str, str], ...]
"""Category fields with their values, sorted by field."""


def model_id(job_id: str, entity: Sequence[tuple[str, str]]) -> str:
    """The id of the forest of an entity: `JOB_model_rcf_0` without category fields, else `JOB_entity_` and a hash."""
    if not entity:
        return f"{job_id}_model_rcf_0"
    named = "\0".join(part for pair in sorted(entity) for part in pair)
    digest = hashlib.sha256(named.encode()).digest()[:16]
    return f"{job_id}_entity_{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
