"""The sender against real sockets: where it connects to, whom it believes, and how long it takes."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.webhook_receiver import Receiver, receiving, status

from touchstone.adapters.addresses import Address, resolve
from touchstone.adapters.webhook_sender import HttpWebhookSender, retry_after_seconds

LOOPBACK = ipaddress.ip_address("127.0.0.1")
PUBLIC = ipaddress.ip_address("8.8.8.8")


class Names:
    """Answers each question with the next of the lists; counts them."""

    def __init__(self, *answers: list[Address]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append((host, port))
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


@contextlib.asynccontextmanager
async def sending(
    names: Names, *, allow_private: bool = True, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[HttpWebhookSender]:
    context = tls or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    sender = HttpWebhookSender(timeout_seconds=2, allow_private=allow_private, resolve=names, tls=context)
    yield sender
    await sender.close()


@pytest.mark.parametrize("host", ["hooks.test", "8.8.8.8.hooks.test"])
async def test_a_name_that_leads_to_a_private_address_is_refused(host: str) -> None:
    async with receiving() as receiver, sending(Names([LOOPBACK]), allow_private=False) as sender:
        sent = await sender.send(f"http://{host}:{receiver.port}/", {}, b"{}")
        assert sent.status is None
        assert sent.error == f"AddressRefusedError: {host} leads to 127.0.0.1, which may not be called"
        assert receiver.messages == []


async def test_one_private_address_among_public_ones_is_reason_enough() -> None:
    async with sending(Names([PUBLIC, LOOPBACK]), allow_private=False) as sender:
        assert "127.0.0.1" in str((await sender.send("https://hooks.test/", {}, b"")).error)


@pytest.mark.parametrize(
    "url", ["http://2130706433:{}/", "http://0x7f.1:{}/", "http://127.1:{}/", "http://[::ffff:7f00:1]:{}/"]
)
async def test_no_spelling_of_loopback_gets_through(url: str) -> None:
    async with receiving() as receiver:
        sender = HttpWebhookSender(timeout_seconds=2, tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), resolve=resolve)
        sent = await sender.send(url.format(receiver.port), {}, b"")
        await sender.close()
        assert sent.error is not None
        assert receiver.messages == []


async def test_a_name_is_asked_once_and_the_connection_goes_to_what_was_checked() -> None:
    """Were it asked again for the connection, the second answer would lead it to a machine that is not there."""
    async with receiving() as receiver:
        names = Names([LOOPBACK], [ipaddress.ip_address("127.0.0.9")])
        async with sending(names) as sender:
            sent = await sender.send(f"http://hooks.test:{receiver.port}/a?b=c", {"webhook-id": "msg_1"}, b"{}")
        assert sent.is_delivered
        assert names.asked == [("hooks.test", receiver.port)]
        assert receiver.messages[0].headers["host"] == f"hooks.test:{receiver.port}"
        assert receiver.messages[0].target == "/a?b=c"


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    async with receiving() as receiver, sending(Names([ipaddress.ip_address("127.0.0.9"), LOOPBACK])) as sender:
        assert (await sender.send(f"http://hooks.test:{receiver.port}/", {}, b"{}")).is_delivered
        assert len(receiver.messages) == 1


async def test_a_name_that_there_is_not_is_an_error() -> None:
    sender = HttpWebhookSender(timeout_seconds=2, tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    sent = await sender.send("https://nothing.invalid/", {}, b"")
    assert sent.status is None
    assert sent.error


async def test_tls_believes_the_name_and_not_the_address(tmp_path: Path) -> None:
    server, client = certificates(tmp_path, "hooks.test")
    async with secured(server) as receiver, sending(Names([LOOPBACK]), tls=client) as sender:
        assert (await sender.send(f"https://hooks.test:{receiver.port}/", {}, b"{}")).is_delivered
        sent = await sender.send(f"https://other.test:{receiver.port}/", {}, b"{}")
        assert "certificate verify failed" in str(sent.error)
        assert len(receiver.messages) == 1


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    server, _ = certificates(tmp_path, "hooks.test")
    async with secured(server) as receiver, sending(Names([LOOPBACK])) as sender:
        assert "certificate verify failed" in str(
            (await sender.send(f"https://hooks.test:{receiver.port}/", {}, b"")).error
        )


@pytest.mark.parametrize(
    "rubbish", [b"HTTP/1.1 abc\r\n\r\n", b"\0" * 100, b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200_000]
)
async def test_an_answer_that_is_none_is_an_error(rubbish: bytes) -> None:
    async def answer(writer: asyncio.StreamWriter, _: int) -> None:
        writer.write(rubbish)
        await writer.drain()

    async with receiving() as receiver, sending(Names([LOOPBACK])) as sender:
        receiver.answer = answer
        sent = await sender.send(receiver.url, {}, b"{}")
        assert sent.status is None
        assert sent.error
        assert len(sent.error) <= 300


async def test_an_answer_byte_by_byte_is_cut_off() -> None:
    async def answer(writer: asyncio.StreamWriter, _: int) -> None:
        while not writer.is_closing():
            writer.write(b"H")
            await asyncio.sleep(0.05)

    async with receiving() as receiver, sending(Names([LOOPBACK])) as sender:
        sender.timeout_seconds = 0.5
        receiver.answer = answer
        assert (await sender.send(receiver.url, {}, b"{}")).error


def test_only_a_number_of_seconds_is_a_wish_for_more_time() -> None:
    assert [retry_after_seconds(text) for text in ("120", "", "soon", "-1", "9" * 30, "99999999")] == [
        120,
        None,
        None,
        None,
        None,
        86_400,
    ]


def certificates(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of this name shows, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem, private)
    return server, ssl.create_default_context(cafile=str(pem))


@contextlib.asynccontextmanager
async def secured(context: ssl.SSLContext) -> AsyncGenerator[Receiver]:
    receiver = Receiver()
    receiver.answer = status(204)
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
