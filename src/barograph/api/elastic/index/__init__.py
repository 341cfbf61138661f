"""Documents and indices, as clients of Elasticsearch speak of them: what `barograph.index` does, over HTTP."""

from barograph.api.elastic.endpoint import Endpoint
from barograph.api.elastic.index import aliases, bulk, cats, documents, indices, search, settings

ENDPOINTS: tuple[Endpoint, ...] = (
    *documents.ENDPOINTS,
    *bulk.ENDPOINTS,
    *search.ENDPOINTS,
    *indices.ENDPOINTS,
    *aliases.ENDPOINTS,
    *cats.ENDPOINTS,
    *settings.ENDPOINTS,
)
