"""The certificate as a PDF (PDF/A-3a and PDF/UA-1): the same face gives the same bytes, in every process."""

import hashlib
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import segno
import typst

from registry.certificates.rendering.face import Face
from registry.certificates.rendering.glyphs import FONT
from registry.certificates.rendering.words import template_data

if TYPE_CHECKING:
    from typst import PDFStandard

STANDARDS: Final[list["PDFStandard"]] = ["a-3a", "ua-1"]
TEMPLATE: Final = Path(__file__).with_name("certificate.typ")
CACHED_MAX: Final = 32
"""Renderings that a process keeps in memory, so that a certificate which many ask for is set once."""
WAIT_SECONDS: Final = 2.0
"""How long a request waits for its turn: a process sets one certificate at a time."""
ROOM_MAX: Final = 3
"""Requests of a process that are set or wait for it; further ones are turned away at once, so that a flood leaves threads for others."""

_room = threading.BoundedSemaphore(ROOM_MAX)
_turn = threading.Lock()


class Busy(Exception):
    """Too many certificates are being set at once; nothing is wrong with this one."""


def etag(face: Face, attached: bytes) -> str:
    """What tells two renderings apart, without setting either: 32 hex digits over all that goes into the bytes."""
    digest = hashlib.sha256()
    for part in (template_data(face).encode(), attached, _setting()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:32]


@lru_cache(maxsize=CACHED_MAX)
def certificate_pdf(face: Face, attached: bytes) -> bytes:
    """Set a certificate; the signed document that it renders goes along as an attachment.

    Args:
        face: what stands on the paper.
        attached: the signed document, JSON in UTF-8.

    Raises:
        Busy: too many wait already, or the process did not get round to it within ``WAIT_SECONDS``.
    """
    inputs = {"face": template_data(face), "attached": attached.decode(), "qr": qr_svg(face.scanned)}
    with _admitted():
        made = _compiler().compile(format="pdf", sys_inputs=inputs, pdf_standards=STANDARDS, timestamp=int(face.issued_at.timestamp()))
    if not isinstance(made, bytes):
        raise TypeError(type(made))
    return made


def qr_svg(address: str) -> str:
    """A QR code (ISO/IEC 18004) of an address, error level Q or better: a quarter of it may be lost; with its quiet zone."""
    picture = io.BytesIO()
    segno.make_qr(address, error="q").save(picture, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False, nl=False)
    return picture.getvalue().decode()


@contextmanager
def _admitted() -> Iterator[None]:
    """One certificate's turn to be set."""
    if not _room.acquire(blocking=False):
        raise Busy
    try:
        if not _turn.acquire(timeout=WAIT_SECONDS):
            raise Busy
        try:
            yield
        finally:
            _turn.release()
    finally:
        _room.release()


@cache
def _setting() -> bytes:
    """What goes into every rendering: the template, and the versions of what sets it."""
    return b"\n".join([version("typst").encode(), version("segno").encode(), version("noto-cjk-sans-otc").encode(), TEMPLATE.read_bytes()])


@cache
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONT.parent)])
    return typst.Compiler(str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=fonts)
