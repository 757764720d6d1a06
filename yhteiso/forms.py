"""The look of every form: govuk markup through Django's own form renderer, and the base of our own forms.

`Renderer` is FORM_RENDERER. Field groups come from `templates/django/forms/field.html`; a bound field adds the
classes and the links to hint, error and character count. Rules of the application stay in the apps' forms.
"""

import re
from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.forms.widgets import Input
from django.utils.translation import gettext_lazy as _

from yhteiso.lib.text import clean_text

YES_NO = [("yes", _("Yes"), "yes", "check"), ("maybe", _("If need be"), "part", "half"), ("no", _("No"), "no", "cross")]
KEPT = [
    ("kept", _("I did"), "yes", "check"),
    ("partly", _("Partly"), "part", "half"),
    ("not_kept", _("I did not"), "low", "cross"),
]


class GovukBoundField(BoundField):
    """A field in its form, with what the field template asks: which kind it is, its icon, where an error leads."""

    def build_widget_attrs(self, given: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        attrs: dict[str, Any] = {**super().build_widget_attrs(given, widget)}
        used = widget or self.field.widget
        names = [used.attrs.get("class", ""), attrs.get("class", ""), *self._govuk(used)]
        if any(names):
            attrs["class"] = " ".join(name for name in names if name)
        attrs["placeholder"] = False  # a placeholder is no label, and a hint stands above the field
        if used.attrs.get("autocomplete") == "one-time-code":
            attrs |= {"inputmode": "numeric", "aria-describedby": f"{self.auto_id}_hint {self._error_id()}".strip()}
            attrs["class"] += " y-code-input"
        if self.counts:
            attrs["data-count"] = self.counts
            attrs["aria-describedby"] = f"{attrs.get('aria-describedby', '')} {self.auto_id}_count".strip()
        return attrs

    def _error_id(self) -> str:
        return f"{self.auto_id}_error" if self.errors else ""

    def _govuk(self, widget: forms.Widget) -> list[str]:
        base = _base_class(widget)
        return [base, f"{base}--error"] if base and self.errors and not self.is_checkbox else [base]

    @property
    def counts(self) -> int | None:
        """The longest allowed text of a text area, when it has a limit."""
        limit = getattr(self.field, "max_length", None)
        return limit if limit and isinstance(self.field.widget, forms.Textarea) else None

    @property
    def is_checkbox(self) -> bool:
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def first_id(self) -> str:
        """Where a link of the error summary leads: the control itself, or the first of several."""
        several = isinstance(self.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple | forms.MultiWidget)
        return f"{self.auto_id}_0" if several else self.auto_id

    @property
    def icon(self) -> str:
        return getattr(self.form, "icons", {}).get(self.name, "")

    @property
    def optional(self) -> bool:
        """Whether the label says "not required"."""
        marked = getattr(self.form, "mark_optional", False)
        return marked and not self.field.required and not self.is_checkbox

    @property
    def label_hidden(self) -> bool:
        return self.name in getattr(self.form, "hidden_labels", ())


def _base_class(widget: forms.Widget) -> str:
    """The govuk class of a plain control; radios, checkboxes, files and hidden fields have their own templates."""
    if isinstance(widget, forms.Textarea):
        return "govuk-textarea"
    if isinstance(widget, forms.CheckboxInput):
        return "govuk-checkboxes__input"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return ""
    if isinstance(widget, forms.Select):
        return "govuk-select"
    if isinstance(widget, Input) and widget.input_type not in ("hidden", "file", "checkbox", "radio"):
        return "govuk-input"
    return ""


class Renderer(TemplatesSetting):
    """Django's renderer over our template folder, with our bound field."""

    bound_field_class = GovukBoundField


class YhteisoForm(forms.Form):
    """Base of our forms: the browser does not validate, the server says what to do beside the field and keeps the text.

    `icons` names an icon before a label, `hidden_labels` labels for screen readers only.
    """

    error_css = "govuk-form-group--error"
    use_required_attribute = False
    mark_optional = True
    icons: dict[str, str] = {}
    hidden_labels: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # A browser cuts pasted text silently at maxlength; the server keeps it and asks to shorten.
            field.widget.attrs.pop("maxlength", None)
            field.widget.attrs.setdefault("autocomplete", "off")
            if isinstance(field, forms.CharField) and not _secret(field):
                _read_as_plain_text(field)


def _read_as_plain_text(field: forms.CharField) -> None:
    """Let the field read its text through `clean_text` before it counts or requires anything."""
    read = field.to_python

    def to_python(value: Any) -> Any:
        text = read(value)
        return (clean_text(text) or field.empty_value) if isinstance(text, str) else text

    field.to_python = to_python  # type: ignore[method-assign]


def _secret(field: forms.Field) -> bool:
    """A password is never normalised."""
    return isinstance(field.widget, forms.PasswordInput)


# -- widgets


class Radios(forms.RadioSelect):
    """Radio buttons under each other; `hints` gives a hint a value."""

    def __init__(self, *args: Any, hints: dict[str, Any] | None = None, small: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hints, self.small = hints or {}, small

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["hint"] = self.hints.get(str(value), "")
        return option

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["small"] = self.small
        return context


class ChoiceRow(Radios):
    """Radio buttons in one row; `looks` gives (tone, icon) a value, `cls` a variant (y-choice--stack, --many)."""

    template_name = "django/forms/widgets/choice_row.html"

    def __init__(self, *args: Any, looks: dict[str, tuple[str, str]] | None = None, cls: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.looks, self.cls = looks or {}, cls

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["tone"], option["icon"] = self.looks.get(str(value), ("", ""))
        return option

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["cls"] = self.cls
        return context


class RouteCards(Radios):
    """Radio buttons as cards with the consequence written in the card; `keys` takes Alt+1, Alt+2 and so on."""

    template_name = "django/forms/widgets/route_cards.html"

    def __init__(self, *args: Any, keys: bool = False, dense: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys, self.dense = keys, dense

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"] |= {"keys": self.keys, "dense": self.dense}
        return context


class DayInput(forms.DateInput):
    """A date as plain text: "10.6.2026"."""

    input_type = "text"

    def format_value(self, value: Any) -> str | None:
        return f"{value.day}.{value.month}.{value.year}" if isinstance(value, date) else value


class ClockInput(forms.TimeInput):
    """A time of day as plain text: "14.30"."""

    input_type = "text"

    def format_value(self, value: Any) -> str | None:
        return f"{value.hour}.{value.minute:02d}" if isinstance(value, time) else value


# -- fields


NO_SUCH_DAY = _("There is no such day. Check the day and the month.")
_WRITTEN_DAY = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}")


class DayField(forms.DateField):
    """A day written the Finnish way (10.6.2026); ISO dates are taken too."""

    widget = DayInput
    default_error_messages = {"invalid": _("Write the date like this: 10.6.2026")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _("For example 10.6.2026"))
        super().__init__(input_formats=["%d.%m.%Y", "%Y-%m-%d"], **kwargs)

    def to_python(self, value: Any) -> date | None:
        value = "".join(value.split()) if isinstance(value, str) else value
        try:
            return super().to_python(value)
        except ValidationError:
            if isinstance(value, str) and _WRITTEN_DAY.fullmatch(value):
                raise ValidationError(NO_SUCH_DAY, code="no_such_day") from None
            raise


class ClockField(forms.TimeField):
    """A time of day written the Finnish way (14.30); 14:30 and 14 are taken too."""

    widget = ClockInput
    default_error_messages = {"invalid": _("Write the time like this: 14.30")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _("For example 14.30"))
        super().__init__(input_formats=["%H.%M", "%H:%M", "%H"], **kwargs)


class CodeField(forms.CharField):
    """A one-time code: pasted spaces and hyphens are dropped."""

    def to_python(self, value: Any) -> str:
        return "".join(str(super().to_python(value) or "").replace("-", "").split())


def field_error(message: str) -> ValidationError:
    """A refusal of an action, to be put beside a field with `form.add_error(name, field_error(str(refusal)))`."""
    return ValidationError(message, code="refused")
