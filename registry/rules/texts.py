"""A sentence for people in both languages, because rules are data and their texts travel with them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """The same statement in English and Chinese; neither is ever empty."""

    en: str
    zh: str

    def in_language(self, code: str) -> str:
        """The Chinese for ``zh`` and its variants, else the English."""
        return self.zh if code.lower().startswith("zh") else self.en
