"""HTML from a notebook, made safe to open: no scripts, no frames, nothing loaded unasked."""

from __future__ import annotations

import bleach  # type: ignore[import-untyped]
from bleach.css_sanitizer import CSSSanitizer  # type: ignore[import-untyped]

_TAGS = """
    a abbr b blockquote br caption center code col colgroup dd del details div dl dt em figcaption
    figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strike strong
    sub summary sup table tbody td tfoot th thead tr tt u ul var"""
_ATTRIBUTES = """
    align alt border class colspan dir height href id lang open rowspan span src start style title
    valign value width"""
TAGS = frozenset(_TAGS.split())
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
PROTOCOLS = frozenset(("http", "https", "mailto", "data"))
_IMAGES = ("data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/svg+xml;")


def clean_html(html: str) -> str:
    """Return HTML with everything escaped that can run, load or cover something.

    Images are kept if their data is in the page itself.
    """
    text: str = bleach.clean(
        str(html),
        tags=TAGS,
        attributes=_allowed,
        protocols=PROTOCOLS,
        css_sanitizer=CSSSanitizer(),
    )
    return text


def _allowed(tag: str, name: str, value: str) -> bool:
    if name not in ATTRIBUTES:
        return False
    if name == "src":
        return tag == "img" and value.startswith(_IMAGES)
    if name == "href":
        return not value.strip().lower().startswith("data:")
    return True
