"""HTML in, tagged PDF out, with WeasyPrint. Knows nothing of what the page says.

The document may load only what lies in `static/pdf/` (its style and fonts): no network, no other file. Anything else
stops the rendering, so that neither a pasted address nor a mistake in a template can fetch or leak something.
"""

import atexit
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

PDF_DIR = Path(__file__).resolve().parents[2] / "static" / "pdf"
_TYPES = {".css": "text/css", ".woff2": "font/woff2"}
# Pango's font map is not made for several threads; laying out holds the interpreter most of the time anyway.
_one_at_a_time = Lock()
# Laying out takes the square of a word's length, so one of thousands of letters would hold the process for minutes.
_LONG_WORD = re.compile(r"""[^\s<>&"'=\u200b-\u200d]{50}(?=[^\s<>&"'=\u200b-\u200d])""")


class PdfUnavailable(RuntimeError):
    """PDF files can't be made on this machine: WeasyPrint's system library Pango is missing."""


class ForbiddenAddress(ValueError):
    """The document asked for something outside `static/pdf/`, or for a file that isn't there."""


def read_local(url: str) -> tuple[bytes, str]:
    """The content and media type of a style sheet or font below `static/pdf/`, by its file address.

    Raises ForbiddenAddress for every other scheme, host, folder (also by `..` or a link) or kind of file.
    """
    parts = urlsplit(url)
    path = Path(unquote(parts.path)).resolve() if parts.scheme == "file" and not parts.netloc else None
    if path is None or not path.is_relative_to(PDF_DIR.resolve()) or path.suffix not in _TYPES or not path.is_file():
        raise ForbiddenAddress("A PDF may use only style sheets and fonts from static/pdf/.")
    return path.read_bytes(), _TYPES[path.suffix]


def render_pdf(html: str, *, variant: str = "pdf/ua-1") -> bytes:
    """The document as PDF bytes; relative addresses in it start at `static/pdf/`.

    `html` is a whole page with `lang` and `title`; `variant` is WeasyPrint's name of a PDF standard. Two A4 pages take
    a fraction of a second once the fonts are loaded. After each 50 characters without a space a break is allowed, so no
    tag, attribute name or address in the page may be that long. Raises PdfUnavailable without Pango, ForbiddenAddress
    when the page asks for anything that `read_local` refuses.
    """
    write = _writer()
    html = _LONG_WORD.sub("\\g<0>\u200b", html)
    with _one_at_a_time:
        return write(html, variant)


@lru_cache(maxsize=1)
def _writer() -> Callable[[str, str], bytes]:
    """WeasyPrint with our fetcher, Finnish hyphenation and one font configuration for the life of the process."""
    try:
        from weasyprint import HTML  # here, because it needs system libraries that may be missing
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse
    except (ImportError, OSError) as missing:
        raise PdfUnavailable("PDF files can't be made: install Pango (apt install libpango-1.0-0).") from missing

    class LocalFetcher(URLFetcher):
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            body, media_type = read_local(url)
            return URLFetcherResponse(url, body, {"Content-Type": media_type})

    _teach_finnish_hyphenation()
    atexit.register(_writer.cache_clear)  # removes the unpacked fonts while the interpreter can still do it
    fonts, fetcher = FontConfiguration(), LocalFetcher(fail_on_errors=True)

    def write(html: str, variant: str) -> bytes:
        try:
            page = HTML(string=html, base_url=f"{PDF_DIR.as_uri()}/", url_fetcher=fetcher)
            pdf: bytes = page.write_pdf(font_config=fonts, pdf_variant=variant)
        except FatalURLFetchingError as error:
            raise ForbiddenAddress(str(error.__cause__)) from error
        return pdf

    return write


def _teach_finnish_hyphenation() -> None:
    """Adds our patterns to pyphen, which WeasyPrint hyphenates with and which has no Finnish of its own."""
    import pyphen

    pyphen.LANGUAGES["fi"] = PDF_DIR / "hyph_fi.dic"
    pyphen.LANGUAGES_LOWERCASE["fi"] = "fi"
