"""Signing: Ed25519 over the bytes of a file, as OpenSSL makes and checks it too.

openssl genpkey -algorithm ed25519 -out key.pem
openssl pkey -in key.pem -pubout -out public.pem
openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in FILE -sigfile FILE.sig
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class BadKeyError(TemporalLineageError):
    """A file that holds no private key to sign with."""

    def __init__(self, path: Path, reason: str) -> None:
        """Keep the path and what is wrong."""
        self.path = path
        self.reason = reason
        super().__init__(
            f"{path} cannot sign: {reason};"
            " make a key with: openssl genpkey -algorithm ed25519 -out key.pem"
        )


class SigningKey:
    """An Ed25519 private key out of a PEM file."""

    def __init__(self, path: Path) -> None:
        """Read the key. Raises BadKeyError where it is none, or needs a passphrase."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise BadKeyError(path, error.strerror or str(error)) from error
        except TypeError as error:
            raise BadKeyError(
                path, "it is encrypted, and nobody is asked for a passphrase"
            ) from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise BadKeyError(path, "it holds no private key in PEM") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise BadKeyError(path, f"it is a key of another kind ({type(key).__name__})")
        self._key: Ed25519PrivateKey = key

    @property
    def public_pem(self) -> str:
        """The public key, as OpenSSL reads it."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        told = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return told.decode()

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the public key's 32 bytes."""
        return hashlib.sha256(self._key.public_key().public_bytes_raw()).hexdigest()

    def sign(self, body: bytes) -> bytes:
        """Give the signature, 64 bytes."""
        return self._key.sign(body)
