"""Text as people type and paste it: one written form, and a plain refusal of what no keyboard writes.

Refused rather than quietly removed: the writer sees what is kept. Marks that turn the direction of writing are refused
everywhere, because a name or a promise must read the same to everybody who is shown it.
"""

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Unicode Bidi_Control: LRM, RLM, ALM, the embeddings and overrides, the isolates.
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_REFUSED = (
    (_SURROGATE, "surrogate", _("Line %(line)d has a broken character. Delete it and write it again.")),
    (_CONTROL, "control", _("Line %(line)d has a hidden control character. Delete it or write the line again.")),
    (
        _DIRECTION,
        "direction",
        _("Line %(line)d has a hidden mark that turns the direction of writing. Write the line again."),
    ),
)
_SEEN = re.compile(r"[^\s\u200b-\u200d\u2060\ufeff\u00ad]")


def clean_text(value: str) -> str:
    """The text in its one form: NFC, line ends as \\n, trimmed; "" when nothing in it can be seen.

    Newlines, tabs and the joiners inside emoji stay. Raises ValidationError (code control, surrogate or direction) for
    NUL bytes and other control characters, halves of characters, and marks that turn the direction of writing; its
    message names the line and never quotes the text.
    """
    text = _LINE_ENDS.sub("\n", value)
    for pattern, code, message in _REFUSED:
        if found := pattern.search(text):
            raise ValidationError(message, code=code, params={"line": text.count("\n", 0, found.start()) + 1})
    text = unicodedata.normalize("NFC", text).strip().strip("\ufeff").strip()
    return text if _SEEN.search(text) else ""


def validate_text(value: str) -> None:
    """Validator of a model or form field: refuses what `clean_text` refuses and changes nothing."""
    clean_text(value)


class TextField(forms.CharField):
    """A form field whose value has gone through `clean_text` before its length is counted."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return (clean_text(text) or self.empty_value) if isinstance(text, str) else text
