"""What clients are told about the server, in the words of the API that they speak."""

from importlib.metadata import version
from typing import Final

VERSION: Final = "9.1.0"
"""The release of the API that is followed."""

OPENSEARCH_VERSION: Final = "3.3.0"
"""The release whose anomaly-detection API is followed, for clients of OpenSearch."""

BUILD_HASH: Final = "0000000000000000000000000000000000000000"
"""Barograph has no build of Elasticsearch behind it."""

NODE_ID: Final = "barograph"
"""The one node there is."""

BAROGRAPH: Final = version("barograph")
