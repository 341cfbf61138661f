"""What is asked of the cluster as a whole; there is one node."""

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.endpoint import Call, Endpoint
from barograph.api.elastic.version import BAROGRAPH, BUILD_HASH, NODE_ID, VERSION


def root(call: Call) -> Answer:
    """Who is there."""
    return Answer(
        {
            "name": NODE_ID,
            "cluster_name": call.server.config.cluster_name,
            "cluster_uuid": call.server.service.store_id,
            "version": {
                "number": VERSION,
                "build_flavor": "default",
                "build_type": "pip",
                "build_hash": BUILD_HASH,
                "build_date": "2025-01-01T00:00:00Z",
                "build_snapshot": False,
                "lucene_version": "10.2.2",
                "minimum_wire_compatibility_version": "8.19.0",
                "minimum_index_compatibility_version": "8.0.0",
                "barograph": BAROGRAPH,
            },
            "tagline": "You Know, for Search",
        }
    )


ENDPOINTS = (Endpoint("GET HEAD", "/", root),)
