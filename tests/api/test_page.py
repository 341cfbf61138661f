"""The page is for people: programs get at the same paths what they always got."""

import base64
from collections.abc import Iterator

import httpx
import pytest

from tests.api.running import Running
from tests.api.test_auth import made_key

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, tuple[str, str, str]]]:
    data_dir = tmp_path_factory.mktemp("page") / "data"
    key = made_key(data_dir, "read")
    with Running(data_dir, environment={"BAROGRAPH_AUTH": "required"}) as server:
        yield server, key


def test_browsers_get_the_page_and_programs_the_banner(http: httpx.Client) -> None:
    page = http.get("/", headers=HTML)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "no-store" in page.headers["cache-control"]
    for accept in ("*/*", "application/json", "application/vnd.elasticsearch+json;compatible-with=8"):
        assert http.get("/", headers={"Accept": accept}).json()["tagline"] == "You Know, for Search"
    assert http.head("/").status_code == 200


def test_an_index_may_be_named_as_a_page(http: httpx.Client) -> None:
    assert http.put("/explorer").status_code == 200
    assert "explorer" in http.get("/explorer").json()
    assert http.get("/explorer", headers=HTML).text.startswith("<!doctype html>")
    assert http.delete("/explorer").status_code == 200


def test_scripts_run_by_name_or_by_a_word_that_no_two_answers_share(http: httpx.Client) -> None:
    policies = [http.get("/", headers=HTML).headers["content-security-policy"] for _ in range(2)]
    assert policies[0] != policies[1]
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'self'"):
        assert part in policies[0]
    assert "unsafe" not in policies[0]


def test_files_never_change_under_their_name(http: httpx.Client) -> None:
    page = http.get("/", headers=HTML).text
    name = page.split('<script type="module" src="')[1].split('"')[0]
    module = http.get(name)
    assert module.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in module.headers["cache-control"]
    assert http.get(f"{name}/../../../pages.py").status_code == 404
    assert http.get(name.replace("app.mjs", "%2e%2e/pages.py")).status_code == 404


def test_the_page_itself_needs_no_key_and_what_it_asks_for_does(guarded) -> None:
    server, _ = guarded
    assert server.http.get("/explorer", headers=HTML).status_code == 200
    name = server.http.get("/", headers=HTML).text.split('<script type="module" src="')[1].split('"')[0]
    assert server.http.get(name).status_code == 200
    refused = server.http.get("/api/v1/jobs")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "ApiKey"
    assert server.http.get("/").status_code == 401


def test_a_browser_signs_in_with_a_key_and_out_again(guarded) -> None:
    server, (key_id, secret, _) = guarded
    told = base64.b64encode(f"{key_id}:{secret}".encode()).decode()
    for key in (f"{key_id}:{secret}", told, f"ApiKey {told}", f"Authorization: ApiKey {told}"):
        with httpx.Client(base_url=f"{server.url}/api/v1", trust_env=False) as visitor:
            assert visitor.get("/session").json() == {"needs_key": True, "name": None, "role": None}
            assert visitor.post("/session", json={"key": "no:key"}).status_code == 401
            answer = visitor.post("/session", json={"key": key})
            assert answer.json() == {"needs_key": True, "name": "for read", "role": "read"}
            cookie = answer.headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            assert "max-age" not in cookie
            assert visitor.get("/jobs").json() == {"total": 0, "jobs": []}
            assert visitor.delete("/session").status_code == 204
            assert visitor.get("/jobs").status_code == 401


def test_no_other_site_may_change_anything_through_a_visitor(http: httpx.Client) -> None:
    for origin in ("https://elsewhere.example", "null", str(http.base_url).replace("127.0.0.1", "localhost")):
        refused = http.post("/_bulk", content=b"{}", headers={"Origin": origin, "Content-Type": "application/x-ndjson"})
        assert refused.status_code == 403
        assert "Origin=" in refused.json()["error"]["reason"]
    own = http.put("/own-origin", headers={"Origin": str(http.base_url).rstrip("/")})
    assert own.status_code == 200
    http.delete("/own-origin")
