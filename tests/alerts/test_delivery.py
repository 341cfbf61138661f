"""Messages get there once for a receiver that looks at their ids, and a channel that is dead holds up no other."""

import json
import smtplib
import socket
import subprocess
from collections.abc import Iterator
from email import message_from_bytes, policy
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from barograph.alerts.delivery import GIVEN_UP_MS, Delivery
from barograph.alerts.senders import SendFailed, mail, sender, signature
from barograph.config.channels import EmailChannel, WebhookChannel, load_channels
from barograph.config.errors import BarographError
from barograph.store import alert_outbox
from tests.alerts.making import Made, job, rule
from tests.alerts.receiver import Receiver


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


@pytest.fixture
def made(tmp_path) -> Iterator[Made]:
    one = Made(tmp_path / "data")
    one.add(job())
    one.alerts.rules.create(rule(channels=["dead", "alive"]))
    one.commit(40, {40: {"a": 99.0}})
    one.judge.step()
    yield one
    one.close()


def test_a_webhook_gets_a_signed_message_and_is_asked_again_when_it_refuses(made, receiver):
    channels = {
        "alive": WebhookChannel(webhook=f"{receiver.url}/good", secret="tea"),
        "dead": WebhookChannel(webhook=f"{receiver.url}/bad"),
    }
    delivery = Delivery(made.service.store, channels, made.service.now_ms)
    assert delivery.step() == 1
    (_, headers, content), *_ = [one for one in receiver.got if one[0] == "/good"]
    body = json.loads(content)
    assert headers["x-barograph-signature"] == signature("tea", content)
    assert body["id"] == f"{made.rows()[0].alert_id}/raised/alive"
    assert body["alert"]["blamed"] == [{"field_name": "user", "field_value": "eve", "influence": 0.9}]
    asked = len(receiver.got)
    delivery.step()
    assert len(receiver.got) == asked  # not before its time
    made.now_ms += 6_000
    delivery.step()
    assert [one[0] for one in receiver.got[asked:]] == ["/bad"]
    made.now_ms += GIVEN_UP_MS
    delivery.step()
    delivery.close()
    alert, events = made.alerts.get(made.rows()[0].alert_id)
    assert (alert.sent, alert.waiting, alert.failed) == (1, 0, 1)
    assert events[-1].text == "raised over dead given up: http://127.0.0.1 answered 503"


class Killed(BaseException):
    pass


def test_what_was_sent_and_not_noted_is_sent_again_under_the_same_id(made):
    got = []

    def send(body, _):
        got.append(body["id"])
        if len(got) == 1:
            raise Killed("between sending and noting")
        return "ok"

    for _ in range(2):
        delivery = Delivery(made.service.store, {"alive": None, "dead": None}, made.service.now_ms, lambda _: send)
        delivery.start()
        delivery.close()
    assert len(got) == 3
    assert len(set(got)) == 2


def test_one_that_is_no_channel_any_more_is_named(made):
    delivery = Delivery(made.service.store, load_channels(None, {}, exists=lambda _: False), made.service.now_ms)
    delivery.start()
    delivery.close()
    with made.service.store.reading() as connection:
        assert {message.attempts for message in alert_outbox.due(connection, 1 << 60, 10)} == {1}


def test_what_is_for_channels_of_another_process_waits_for_it(made):
    made.now_ms += GIVEN_UP_MS + 1
    delivery = Delivery(made.service.store, {"alive": None}, made.service.now_ms, lambda _: lambda *_: "ok")
    assert delivery.step() == 1
    delivery.close()
    with made.service.store.reading() as connection:
        assert [(one.channel, one.attempts) for one in alert_outbox.due(connection, 1 << 60, 10)] == [("dead", 0)]


def test_mail_says_it_all_and_what_follows_is_in_its_thread(made, monkeypatch):
    channel = EmailChannel(smtp="mail.example", security="none", sender="b@example.com", recipients=["ada@example.com"])
    body = {
        "id": "odd~web~1/raised/mail",
        "what": "raised",
        "title": "Critical:\nall",
        "text": "said",
        "alert": {"alert_id": "odd~web~1"},
    }
    first, later = mail(channel, body), mail(channel, {**body, "id": "odd~web~1/recovered:5/mail", "what": "recovered"})
    assert (first["Subject"], first["To"], first.get_content().strip()) == ("Critical: all", "ada@example.com", "said")
    assert (later["Subject"], later["In-Reply-To"]) == ("Recovered: Critical: all", first["Message-ID"])
    sent = []

    class Server:
        def __init__(self, host, port, timeout):
            sent.append((host, port))

        def quit(self):
            pass

        def close(self):
            pass

        def send_message(self, message):
            sent.append(message["To"])

    monkeypatch.setattr(smtplib, "SMTP", Server)
    assert sender(channel)(body, b"") == "taken by mail.example"
    assert sent == [("mail.example", 25), "ada@example.com"]


class Mailbox:
    """What an SMTP server has taken."""

    def __init__(self) -> None:
        self.got = []

    async def handle_DATA(self, server, session, envelope):
        self.got.append((envelope.mail_from, envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 taken"


@pytest.fixture
def secured(tmp_path, monkeypatch):
    """The keys of a mail server that is trusted here."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subject = [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-days",
        "2",
        "-nodes",
        "-newkey",
        "rsa:2048",
    ]
    made = ["openssl", "req", "-x509", *subject, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, capture_output=True, timeout=60, check=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_a_mail_server_gets_alerts_from_who_is_known_to_it(made, secured):
    def known(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"barograph", b"tea"))

    box = Mailbox()
    options = {"authenticator": known, "auth_required": True, "tls_context": secured, "require_starttls": True}
    with socket.socket() as probe:  # it connects to itself, so it wants the number of a port
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(box, "127.0.0.1", port, **options)
    server.start()
    try:
        common = {"smtp": "localhost", "port": port, "sender": "b@example.com"}
        channel = EmailChannel(**common, username="barograph", password="tea", recipients=["ada@example.com", "bo@example.com"])
        channels = {"alive": channel, "dead": channel.model_copy(update={"security": "none", "username": None})}
        delivery = Delivery(made.service.store, channels, made.service.now_ms)
        assert delivery.step() == 1
        delivery.close()
    finally:
        server.stop()
    ((sender_of, recipients, message),) = box.got
    assert (sender_of, recipients) == ("b@example.com", ["ada@example.com", "bo@example.com"])
    (alert,) = made.rows()
    assert message["Subject"] == alert.title
    assert message.get_content().replace("\r\n", "\n").startswith(alert.text)
    with made.service.store.reading() as connection:
        assert [one.channel for one in alert_outbox.due(connection, 1 << 60, 10)] == ["dead"]


def test_what_a_mail_server_says_to_a_password_is_not_told(monkeypatch):
    class Repeating:
        def __init__(self, *_, **__):
            pass

        def login(self, username, password):
            raise smtplib.SMTPAuthenticationError(535, f"no such login: {username}, {password}".encode())

        def quit(self):
            raise smtplib.SMTPServerDisconnected("farewell")

        def close(self):
            pass

    monkeypatch.setattr("barograph.alerts.senders.smtplib.SMTP", Repeating)
    common = {"smtp": "mail", "security": "none", "sender": "b@example.com", "recipients": ["ada@example.com"]}
    with pytest.raises(SendFailed) as refused:
        sender(EmailChannel(**common, username="barograph", password="s3cret"))({}, b"")
    assert str(refused.value) == "mail:25 answered 535 to the username and the password"


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # in what it imports
def test_apprise_takes_a_message(receiver, tmp_path):
    file = tmp_path / "b.toml"
    url = receiver.url.replace("http://", "json://")
    file.write_text(f'[channels.chat]\napprise = ["{url}/apprise", "$OTHER"]\n')
    channel = load_channels(file, {"OTHER": f"{url}/other"})["chat"]
    assert channel.to == "json"
    sender(channel)({"title": "odd", "text": "very"}, b"")
    assert sorted(one[0] for one in receiver.got if one[0] in {"/apprise", "/other"}) == ["/apprise", "/other"]
    with pytest.raises(SendFailed, match="nothing: wanted a URL as Apprise spells them"):
        sender(channel.model_copy(update={"apprise": (type(channel.apprise[0])("nothing://x"),)}))(
            {"title": "", "text": ""}, b""
        )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('[channels.log]\nwebhook = "https://x"', "wanted another name"),
        (
            '[channels.a]\nwebhook = "ftp://secret.example/token"',
            "channels.a.webhook='(secret)': wanted a URL that begins with https://",
        ),
        ("[channels.a]\nurl = 1", "wanted a table with one of webhook, smtp, apprise"),
        ('[channels.a]\nwebhook = "$NONE"', "wanted, behind $, a variable of the environment that is set"),
        ('[channels.a]\nsmtp = "m"\nsender = "me@x"\nrecipients = []', "channels.a.recipients"),
    ],
)
def test_a_channel_that_cannot_be_is_refused_without_its_secrets(tmp_path, text, wanted):
    file = tmp_path / "b.toml"
    file.write_text(text)
    with pytest.raises(BarographError) as refused:
        load_channels(file, {})
    assert wanted in str(refused.value)
    assert "token" not in str(refused.value)


def test_a_message_that_cannot_be_sent_at_all_keeps_no_other_waiting(made):
    made.commit(80, {80: {"a": 99.0}})
    made.judge.step()
    got = []

    def send(body, _):
        if not got:
            got.append("broken")
            raise UnicodeEncodeError("ascii", "secret", 0, 1, "cannot be written")
        got.append(body["id"])
        return "ok"

    delivery = Delivery(made.service.store, {"alive": None}, made.service.now_ms, lambda _: send)
    delivery.step()
    made.now_ms += 6_000
    delivery.step()
    delivery.close()
    with made.service.store.reading() as connection:
        assert [message for message in alert_outbox.due(connection, 1 << 60, 10) if message.channel == "alive"] == []
    assert len(got) == 3


def test_what_is_acknowledged_while_its_channel_is_busy_is_not_sent(made):
    made.commit(80, {80: {"a": 99.0}})
    made.judge.step()
    got = []

    def send(body, _):
        got.append(body["alert"]["alert_id"])
        for row in made.rows():
            made.alerts.acknowledge(row.alert_id, "ada")
        return "ok"

    delivery = Delivery(made.service.store, {"alive": None}, made.service.now_ms, lambda _: send)
    delivery.step()
    delivery.close()
    assert len(got) == 1
