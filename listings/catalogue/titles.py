"""One form for each title of the open list, so that what looks alike is found alike."""

import unicodedata


def open_list_title(text: str) -> str:
    """A title as the list stores it: one form of each character, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
