"""Bodies are opened whatever their content type says, and kept without secrets."""

import os
from collections.abc import Mapping
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.webhooks.documents import open_document
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.redaction import redact

DOCUMENT = {"event": "media.play", "title": "Ebbe & Flut \N{EM DASH} „Tidewatch“"}
TEXT = orjson.dumps(DOCUMENT)
PICTURE = b"\xff\xd8\xff\xe0" + os.urandom(100_000)


def form(*parts: tuple[str, bytes], boundary: str = "----x7MA4Y") -> bytes:
    lines = [f"--{boundary}\r\n{head}\r\n\r\n".encode() + content for head, content in parts]
    return b"\r\n".join([*lines, f"--{boundary}--\r\n".encode()])


def field(name: str, more: str = "") -> str:
    return f'Content-Disposition: form-data; name="{name}"{more}'


PLEX = form(
    (field("payload") + "\r\nContent-Type: application/json", TEXT),
    (field("thumb", '; filename="thumb.jpg"') + "\r\nContent-Type: image/jpeg", PICTURE),
)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (TEXT, "application/json"),
        (TEXT, "text/plain; charset=utf-8"),
        (TEXT, "application/x-www-form-urlencoded"),
        (TEXT, "multipart/form-data; boundary=lie"),
        (TEXT, ""),
        (b"\r\n " + TEXT + b"\n", "text/plain"),
        (b"\xef\xbb\xbf" + TEXT, "application/json"),
        (TEXT.decode().encode("utf-16"), "text/plain"),
        (TEXT.decode().encode("utf-16-le"), "text/plain"),
        (PLEX, "multipart/form-data; boundary=----x7MA4Y"),
        (PLEX, "application/json"),
        (b"\r\n" + PLEX, ""),
        (form((field("data"), TEXT)), "multipart/form-data; boundary=----x7MA4Y"),
        (form((field("data", '; filename="e.json"'), TEXT)), ""),
        (form((field("x"), b"1"), (field("payload"), TEXT)), ""),
        (form((field("data"), TEXT)).replace(b"\r\n", b"\n"), ""),
        (b"preamble\r\n" + form((field("data"), TEXT)), "multipart/form-data; boundary=----x7MA4Y"),
    ],
)
def test_a_body_is_opened(body, content_type):
    assert open_document(body, content_type) == DOCUMENT


def test_a_form_has_json_in_a_field_or_is_the_document_itself():
    assert open_document(b"payload=%7B%22event%22%3A+%22test%22%7D&x=1", "text/plain") == {
        "event": "test"
    }
    assert open_document(b"event=finished&title=Low+Water&year=", "") == {
        "event": "finished",
        "title": "Low Water",
        "year": "",
    }


@pytest.mark.parametrize(
    ("body", "clause"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"hello", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b'{"a": NaN}', "it is not JSON"),
        (b"[1]", "it is JSON, but not an object"),
        (b'"text"', "it is JSON, but not an object"),
        (b"\xff\xfe\x00", "it is neither UTF-8 nor UTF-16"),
        (b'{"a":"\xff"}', "it is neither UTF-8 nor UTF-16"),
        (b'{"a":' + b"[" * 70 + b"]" * 70 + b"}", "it is nested deeper than 64 levels"),
        (b'{"a":' + b"[" * 500_000 + b"]" * 500_000 + b"}", "it is nested deeper than 64 levels"),
        (b'{"a":' + b"9" * 5000 + b"}", "a number in it is too large"),
        (b'{"a":"' + b"x" * 1024 * 1024 + b'"}', "it has more than 1048576 bytes"),
        (form((field("thumb"), PICTURE)), "the form has none of the fields payload, data, json"),
        (form((field("payload"), b"hello")), "it is not JSON"),
        (form(*[(field("a"), b"1")] * 21), "the form has more than 20 parts"),
        (PLEX[:40], "the form has none of the fields payload, data, json"),
        (b"--x\r\nbroken header\r\n\r\n", "the multipart form is broken"),
        (b"&".join([b"a=1"] * 101), "the form has more than 100 fields"),
    ],
)
def test_what_cannot_be_opened_says_why(body, clause):
    with pytest.raises(Unreadable) as refusal:
        open_document(body, "application/json")
    assert refusal.value.clause == clause


@given(st.binary() | st.text().map(str.encode), st.text(max_size=80))
def test_any_body_is_opened_or_refused(body, content_type):
    for each in (body, form((field("payload"), body)), PLEX[:90] + body):
        with suppress(Unreadable):
            assert isinstance(open_document(each, content_type), Mapping)


def test_secrets_are_redacted():
    gone = "[redacted]"
    assert redact(
        {
            "title": "The Cookie Jar",
            "ratingKey": "901",
            "downloadId": "ABC",
            "token": "s3cret",
            "X-Plex-Token": "s3cret",
            "apiKey": 17,
            "api_key": "",
            "Password": {"value": "s3cret"},
            "nothing": None,
            "Session": {"Id": "a", "PlaySessionId": "s3cret", "Client": "TV"},
            "request": {"requestedBy_email": "ana@example.org", "requestedBy_username": "ana"},
            "headers": [{"name": "Authorization", "value": "Bearer s3cret"}, {"Cookie": "s3cret"}],
            "image": "https://ana:s3cret@example.org/x.jpg?size=1&X-Plex-Token=s3cret&w=2",
            "message": "see http://example.org/?apikey=s3cret or #access_token=s3cret",
        }
    ) == {
        "title": "The Cookie Jar",
        "ratingKey": "901",
        "downloadId": "ABC",
        "token": gone,
        "X-Plex-Token": gone,
        "apiKey": gone,
        "api_key": "",
        "Password": gone,
        "nothing": None,
        "Session": {"Id": "a", "PlaySessionId": gone, "Client": "TV"},
        "request": {"requestedBy_email": gone, "requestedBy_username": "ana"},
        "headers": [{"name": "Authorization", "value": gone}, {"Cookie": gone}],
        "image": f"https://{gone}@example.org/x.jpg?size=1&X-Plex-Token={gone}&w=2",
        "message": f"see http://example.org/?apikey={gone} or #access_token={gone}",
    }


def test_redaction_changes_no_document_and_ends():
    document = {"a": [{"token": "s3cret"}]}
    assert redact(redact(document)) == {"a": [{"token": "[redacted]"}]}
    assert document == {"a": [{"token": "s3cret"}]}
    deep: dict[str, object] = {"token": "s3cret"}
    for _ in range(5000):
        deep = {"a": deep}
    assert "s3cret" not in str(redact(deep))


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", ["token", "?token", "&", "://", "://@", "=", "://a", "?a=token="])
def test_long_texts_are_redacted_at_once(piece):
    redact({"message": "?" + piece * (1024 * 1024 // len(piece))})
