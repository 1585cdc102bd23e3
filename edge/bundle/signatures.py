"""Signatures of bundles: who says that a bundle is good.

A checksum finds a bundle that was damaged; whoever changes a bundle can change its checksums too. A
signature is made with a key that only its owner has. It covers the manifest, and so by their SHA-256 all
files. Keys and signatures are those of minisign: ``minisign -Vm manifest.json -p KEY`` checks the same.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.errors import MissingExtra, SignatureRefused, install_hint
from edge.files import read_bounded, written_beside

MAX_BYTES = 16_384
"""Of a key or a signature; minisign's hold less."""


def signature_path(manifest: Path) -> Path:
    """Where a manifest's signature lies."""
    return manifest.with_name(f"{manifest.name}.minisig")


def sign(manifest: Path, raw: bytes, key: Path, password: Callable[[], str]) -> Path:
    """Sign a manifest; returns the signature's path.

    Args:
        manifest: The manifest's path; the signature goes beside it.
        raw: Its content.
        key: The file of a secret key, made by ``minisign -G``.
        password: Called for the key's password, if it has one.

    Raises:
        MissingExtra: The package that signs is not installed.
        SignatureRefused: The file holds no secret key, or the password is wrong.
        OSError: A file can't be read or written.
    """
    minisign = _minisign()
    try:
        with minisign.SecretKey.from_bytes(read_bounded(key, MAX_BYTES)) as secret:
            if secret.is_encrypted():
                secret.decrypt(password())
            signed = secret.sign(raw, trusted_comment="A bundle of Heirloom")
    except minisign.Error as error:
        raise SignatureRefused(
            f"{key} can't sign ({error}): name a secret key that `minisign -G` has made."
        ) from error
    path = signature_path(manifest)
    with written_beside(path) as out:
        out.write(bytes(signed) + b"\n")
    return path


def check_signature(manifest: Path, raw: bytes, public_key: str) -> None:
    """Check that the owner of a key has signed a manifest.

    Args:
        manifest: The manifest's path.
        raw: Its content.
        public_key: A minisign public key, or the path of its file.

    Raises:
        MissingExtra: The package that checks is not installed.
        SignatureRefused: There is no signature, it is another key's, or the manifest was changed since.
    """
    minisign = _minisign()
    key = _public_key(minisign, public_key)
    path = signature_path(manifest)
    try:
        signature = minisign.Signature.from_bytes(read_bounded(path, MAX_BYTES))
    except OSError as error:
        raise SignatureRefused(
            f"{manifest.parent} is not signed ({path.name}: {error.strerror}): get it from whom you trust, "
            "with its signature."
        ) from error
    except minisign.Error as error:
        raise SignatureRefused(f"{path} is no signature of minisign ({error}).") from error
    try:
        key.verify(raw, signature)
    except minisign.Error as error:
        raise SignatureRefused(
            f"{manifest.parent} was changed since it was signed, or another key has signed it ({error}): "
            "do not use it."
        ) from error


def _public_key(minisign: Any, text: str) -> Any:
    try:
        if len(text) < MAX_BYTES and Path(text).is_file():
            return minisign.PublicKey.from_bytes(read_bounded(Path(text), MAX_BYTES))
        return minisign.PublicKey.from_base64(text)
    except (OSError, ValueError) as error:
        raise SignatureRefused(
            f"{text!r} is neither a public key of minisign nor the file of one ({error})."
        ) from error


def _minisign() -> Any:
    try:
        import minisign
    except ImportError as error:
        raise MissingExtra(
            f"Signatures need a package that is missing ({error}): {install_hint('sign')}."
        ) from error
    return minisign
