"""What a template asks of an area."""

from typing import Any

from django import template

from networks.models import Area
from networks.safety import Safety, safety_of

register = template.Library()


@register.simple_tag(takes_context=True)
def safety_panel(context: dict[str, Any]) -> Safety:
    """The words of the safety panel: of `safety` or `area` given to the include, else of the page's own area."""
    given = context.get("safety")
    if isinstance(given, Safety):
        return given
    area = context.get("area")
    if isinstance(area, Area):
        return safety_of(area)
    return (context.get("page") or {}).get("safety") or safety_of(None)
