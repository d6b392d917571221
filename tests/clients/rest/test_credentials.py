"""Keys and certificates that cannot be used are refused before the server starts."""

import pathlib

import pytest

from tapeline.clients.rest.credentials import check_tls, read_key
from tapeline.schemas.errors import ConfigError


def test_a_key_is_what_stands_in_the_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "key").write_text("0123456789abcdef\n")
    assert read_key(tmp_path / "key") == "0123456789abcdef"


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"short", b"0123456789 abcdef", b"0123456789abc\xc3\xa4def", b"\x00" * 20]
)
def test_what_is_no_key_is_refused(tmp_path: pathlib.Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigError, match="--api-key-file"):
        read_key(tmp_path / "key")
    with pytest.raises(ConfigError, match=r"--api-key-file: .* cannot be read"):
        read_key(tmp_path / "nowhere")


def test_https_needs_a_certificate_and_its_key(tmp_path: pathlib.Path) -> None:
    file = str(tmp_path / "pem")
    assert check_tls(None, None) is None
    with pytest.raises(ConfigError, match="--tls-key: is missing"):
        check_tls(file, None)
    with pytest.raises(ConfigError, match="--tls-cert: is missing"):
        check_tls(None, file)
    with pytest.raises(ConfigError, match="cannot be used"):
        check_tls(file, file)
    (tmp_path / "pem").write_text("no certificate")
    with pytest.raises(ConfigError, match="cannot be used"):
        check_tls(file, file)
