"""SVG and HTML elements as escaped text, and estimates of text width."""

from __future__ import annotations

import re
from html import escape as escape_markup

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def readable(text: object) -> str:
    """The text with U+FFFD in place of the characters that XML 1.0 forbids."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", str(text))


def escape(text: object) -> str:
    """The text as content or attribute value of XML and HTML; see `readable` for what else is replaced."""
    return escape_markup(readable(text), quote=True)


def element(tag: str, content: str | None = None, **attributes: object) -> str:
    """One element around `content`, which is markup; without content it is self-closing.

    Attribute values are escaped, None omits an attribute; `class_` is written `class`, `stroke_width` `stroke-width`.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{number(value) if isinstance(value, float) else escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{written}/>" if content is None else f"<{tag}{written}>{content}</{tag}>"


def number(value: float) -> str:
    """A coordinate in pixels, to a tenth."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def text_width(text: str, size: float = 12.0) -> float:
    """Estimated width in pixels of a line of sans-serif text, an overestimate rather than an underestimate."""
    ems = (0.36 if c in "iljtfr.,:;|!'()[] " else 0.95 if c in "mwMW@%" or ord(c) > 0x2E7F else 0.62 for c in text)
    return size * sum(ems)


def shorten(text: str, width: float, size: float = 12.0) -> str:
    """The text cut to `width` pixels, with an ellipsis where something is missing."""
    if text_width(text, size) <= width:
        return text
    room = width - text_width("…", size)
    for kept, character in enumerate(text):
        room -= text_width(character, size)
        if room < 0:
            return text[:kept] + "…"
    return text
