"""The frame of one component on the gallery page (debug only)."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_block_tag
def demo(content: str, ref: str, name: str, why: str, states: str = "", usage: str = "") -> SafeString:
    """Name, purpose and states of a component, the live thing, and how it is called."""
    return format_html(
        '<section class="y-demo" id="{0}" aria-labelledby="{0}-h"><div class="y-row y-row--between">'
        '<h2 id="{0}-h">{1}</h2><code class="y-small y-muted">.{0}</code></div><p>{2}</p>{3}'
        '<div class="y-demo__stage" lang="fi">{4}</div>{5}</section>',
        ref,
        name,
        why,
        format_html('<p class="y-small y-muted">States: {}</p>', states) if states else "",
        content,
        format_html('<pre class="y-code" lang="en"><code>{}</code></pre>', usage) if usage else "",
    )
