"""Where people find a certificate: written here once, for the paper, the API and the pages."""

from django.conf import settings


def page_address(number: str) -> str:
    """The page of a certificate: its facts, and how it stands now."""
    return f"{settings.EGRET_PUBLIC_URL}/certificates/{number}/"


def pdf_address(number: str) -> str:
    """The certificate as a PDF."""
    return f"{settings.EGRET_PUBLIC_URL}/certificates/{number}.pdf"
