"""What stands behind the address."""

from importlib.metadata import version

from barograph.api.engine.answers import Answer
from barograph.api.engine.endpoint import Call, Endpoint


def get_info(_: Call) -> Answer:
    """Tell what answers here, for whoever opens the address in a browser."""
    told = version("barograph")
    body = (
        "<!DOCTYPE html>\n<html><head><title>Engine API</title></head><body>\n"
        f"<h1>Prelert Engine REST API</h1>\n<h2>Analytics Version: Barograph {told}</h2>\n</body></html>\n"
    )
    return Answer(body, media_type="text/html; charset=utf-8")


ENDPOINTS = (Endpoint("GET", "", get_info), Endpoint("GET", "/", get_info))
