import pytest

from shop.errors import ValidationError
from shop.server import parse_body


def test_parse_body():
    assert parse_body(b'{"text": "an"}') == {"text": "an"}
    assert parse_body(b"") is None
    assert parse_body(None) is None


def test_parse_body_refuses():
    with pytest.raises(ValidationError, match="the body is not JSON"):
        parse_body(b"{")
