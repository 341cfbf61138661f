"""Settings of the server."""

from pathlib import Path

import pytest

from barograph.config.errors import BadRequest, ConfigError
from barograph.config.server import ServerConfig, load_server


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "barograph.toml"
    file.write_text('[server]\nport = 1\nhost = "::1"\ncluster_name = "mine"\n')
    loaded = load_server(file, {"BAROGRAPH_PORT": "2", "BAROGRAPH_HOST": "127.0.0.1"}, {"port": 3, "host": None})
    assert (loaded.port, loaded.host, loaded.cluster_name) == (3, "127.0.0.1", "mine")


def test_the_file_in_the_current_folder_is_read_where_there_is_one() -> None:
    assert load_server(None, {}, {}, exists=lambda _: False) == ServerConfig()


def test_every_problem_is_told_under_its_name(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text("[server]\nport = 70000\nhots = 1\ntls_key = 'k'\n")
    with pytest.raises(ConfigError) as told:
        load_server(file, {}, {})
    assert {problem.path for problem in told.value.problems} == {"server.port", "server.hots", "server.tls_certificate"}


@pytest.mark.parametrize("text", ["server = 1", "[server", ""])
def test_a_file_that_is_no_settings_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / ("x.toml" if text else "missing.toml")
    if text:
        file.write_text(text)
    with pytest.raises(BadRequest, match="config="):
        load_server(file, {}, {})


@pytest.mark.parametrize("text", ['[server]\nstore = ["pg://me:s3cret@x"]', '[[server]]\nstore = "pg://me:s3cret@x"'])
def test_the_password_of_the_store_is_never_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.toml"
    file.write_text(text)
    with pytest.raises(BadRequest) as told:
        load_server(file, {}, {})
    assert "s3cret" not in str(told.value)
    assert "s3cret" not in repr(ServerConfig.model_validate({"store": "postgresql://me:s3cret@x/d"}))


def test_only_loopback_needs_no_keys() -> None:
    assert not ServerConfig().demands_auth
    assert ServerConfig(host="0.0.0.0").demands_auth
    assert ServerConfig(auth="required").demands_auth


def test_sizes_are_bytes() -> None:
    assert ServerConfig(max_body="2mb").max_body_bytes == 2 << 20
