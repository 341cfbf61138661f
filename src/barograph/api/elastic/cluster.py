"""What is asked of the cluster as a whole; there is one node."""

from typing import Final

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.version import BAROGRAPH, BUILD_HASH, NODE_ID, OPENSEARCH_VERSION, VERSION


def root(call: Call) -> Answer:
    """Who is there. Clients of OpenSearch say so in their `User-Agent`, and are told the release whose API they know."""
    of_opensearch = "opensearch" in call.agent.lower()
    return Answer(
        {
            "name": NODE_ID,
            "cluster_name": call.server.config.cluster_name,
            "cluster_uuid": call.server.service.store_id,
            "version": {
                **(_OPENSEARCH if of_opensearch else _ELASTICSEARCH),
                "build_type": "pip",
                "build_hash": BUILD_HASH,
                "build_date": "2025-01-01T00:00:00Z",
                "build_snapshot": False,
                "barograph": BAROGRAPH,
            },
            "tagline": "The OpenSearch Project: https://opensearch.org/" if of_opensearch else "You Know, for Search",
        }
    )


_ELASTICSEARCH: Final = {
    "number": VERSION,
    "build_flavor": "default",
    "lucene_version": "10.2.2",
    "minimum_wire_compatibility_version": "8.19.0",
    "minimum_index_compatibility_version": "8.0.0",
}
_OPENSEARCH: Final = {
    "distribution": "opensearch",
    "number": OPENSEARCH_VERSION,
    "lucene_version": "10.3.1",
    "minimum_wire_compatibility_version": "2.19.0",
    "minimum_index_compatibility_version": "2.0.0",
}


ENDPOINTS = (Endpoint("GET HEAD", "/", root),)
