"""Channels that could not be used are refused when they are made."""

import pytest

from barograph.config.channels import load_channels
from barograph.config.errors import BadRequest, ConfigError

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


MANY = ", ".join(f'X-{at} = "$TEA"' for at in range(51))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            f'webhook = "https://x"\nheaders = {{{MANY}}}'.replace("$TEA", "s3cret"),
            "ops.headers='(secret)': wanted a length of",
        ),
        ('webhook = "https://x"\nheaders = {A = ["s3cret"]}', "ops.headers.A='(secret)': wanted text"),
        ('webhook = ["https://x/s3cret"]', "channels.ops.webhook='(secret)': wanted text"),
        (
            'webhook = "https://x"\nsecrt = "s3cret"',
            "channels.ops.secrt='(secret)': wanted a known field (did you mean 'secret'?)",
        ),
        ('apprise = ["s3cret"]', "channels.ops.apprise[0]='(secret)': wanted a URL as Apprise spells them"),
        ('apprise = ["slack://x", "s3cret:x"]', "channels.ops.apprise[1]='(secret)': wanted a URL as Apprise spells them"),
        (MAIL + 'password = ["$TEA"]', "channels.ops.password='(secret)': wanted text"),
        ("apprise = [" + ", ".join(['"slack://s3cret"'] * 101) + "]", "channels.ops.apprise='(secret)': wanted a length"),
        (MAIL + "port = 0", "channels.ops.port=0: wanted at least 1"),
        ('webhok = "https://x/s3cret"', "channels.ops has 'webhok': wanted a table with one of webhook, smtp, apprise"),
    ],
)
def test_no_error_tells_the_value_of_what_may_be_a_secret(tmp_path, table, told):
    file = tmp_path / "barograph.toml"
    file.write_text(f"[channels.ops]\n{table}\n")
    with pytest.raises(BadRequest) as refused:
        load_channels(file, {"TEA": "s3cret"})
    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_what_can_be_sent_is_taken(tmp_path):
    file = tmp_path / "barograph.toml"
    file.write_text(f'[channels.a]\nwebhook = "https://x"\nheaders = {{X-Key = "Bearer a\\tb", E = ""}}\n[channels.b]\n{MAIL}')
    assert set(load_channels(file, {})) == {"log", "a", "b"}
