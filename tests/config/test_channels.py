"""Channels that could not be used are refused when they are made."""

import pytest

from barograph.config.channels import load_channels
from barograph.config.errors import ConfigError

MAIL = 'smtp = "mail.example.com"\nsender = "a@example.com"\nrecipients = ["b@example.com"]\n'


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('webhook = "https://x"\nheaders = {A = "secr\u00e9t"}', "channels.ops.headers.A='(secret)': wanted printable ASCII"),
        ('webhook = "https://x"\nheaders = {A = "a\\nB: secret"}', "channels.ops.headers.A='(secret)': wanted printable ASCII"),
        ('webhook = "https://x"\nheaders = {A = " secret"}', "with no space at either end"),
        ('webhook = "https://x"\nheaders = {"A B" = "secret"}', "channels.ops.headers='A B': wanted names of letters"),
        (MAIL.replace("b@", "b\\nBcc: c@"), "channels.ops.recipients[0]='b\\nBcc: c@example.com': wanted printable ASCII"),
        (MAIL + 'username = "\u00e9"', "channels.ops.username='\u00e9': wanted printable ASCII"),
        (MAIL + 'password = "secr\u00e9t"', "channels.ops.password='(secret)': wanted printable ASCII"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_its_name_and_without_secrets(tmp_path, table, told):
    file = tmp_path / "barograph.toml"
    file.write_text(f"[channels.ops]\n{table}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_channels(file, {})
    assert told in str(refused.value)
    assert "secr\u00e9t" not in str(refused.value)
    assert "B: secret" not in str(refused.value)


def test_what_can_be_sent_is_taken(tmp_path):
    file = tmp_path / "barograph.toml"
    file.write_text(f'[channels.a]\nwebhook = "https://x"\nheaders = {{X-Key = "Bearer a\\tb", E = ""}}\n[channels.b]\n{MAIL}')
    assert set(load_channels(file, {})) == {"log", "a", "b"}
