"""The components as template tags: named inputs in, one piece of escaped markup out.

Only what repeats inside a row or needs a little logic is a tag; larger still pieces are templates under
`templates/components/`. `docs/components.md` shows each with an example. Class and attribute names are fixed
words of the caller's template; every text is escaped here.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yhteiso.icons import ICONS, LARGE
from yhteiso.templatetags import ui_days
from yhteiso.templatetags.ui_days import EMPTY, date_block, get

register = template.Library()
register.tags.update(ui_days.register.tags)


@register.filter
def name_in(user: Any, case: Any) -> str:
    """What a family's pages call a person: a masked member's unit and name stay out of them."""
    return str(case.name_of(user)) if user else ""


@register.filter
def as_json(value: Any) -> str:
    """JSON for a data attribute: a page without inline scripts hands a script its data there."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.simple_tag
def icon(name: str, large: bool = False) -> SafeString:
    """An icon by its name, hidden from assistive technology: a word stands beside it. An empty name gives nothing."""
    return (LARGE if large else ICONS)[name] if name else EMPTY


@register.simple_tag
def vh(text: str) -> SafeString:
    """Text for screen readers only."""
    return format_html('<span class="govuk-visually-hidden">{}</span>', text)


@register.simple_tag
def state(text: str, tone: str = "", icon_name: str = "") -> SafeString:
    """A state as icon and word (`govuk-tag`). Tones: green, yellow, purple, red, grey or none. Never a link."""
    tone_class = f" govuk-tag--{tone}" if tone else ""
    return format_html('<strong class="govuk-tag{}">{}{}</strong>', tone_class, icon(icon_name), text)


@register.simple_tag
def states(items: Iterable[Sequence[str]]) -> SafeString:
    """Several states after one another; each item is (text, tone, icon)."""
    return format_html_join("", "{}", ((state(*item),) for item in items))


@register.simple_tag
def y_mark(kind: str, word: str, who: str = "") -> SafeString:
    """A mark in a cell. Kinds: yes, wait, part, no, locked, end. A refusal is grey, never red."""
    tone, icon_name = _MARKS[kind]
    name = format_html("<b>{}</b> ", who) if who else EMPTY
    return format_html('<span class="y-mark y-mark--{}">{}<span>{}{}</span></span>', tone, ICONS[icon_name], name, word)


_MARKS = {
    "yes": ("yes", "check"),
    "wait": ("wait", "clock"),
    "part": ("wait", "half"),
    "no": ("no", "cross"),
    "locked": ("no", "lock"),
    "end": ("end", "undo"),
}


# -- people and rows


@register.simple_tag
def person(initials: str, name: str, org: str = "", kind: str = "") -> SafeString:
    """Face, name and role of a person, inside `li.y-person`. Kinds: family, masked or none."""
    face = ICONS["building"] if kind == "masked" else conditional_escape(initials)
    kind_class = f" y-person__face--{kind}" if kind else ""
    return format_html(
        '<span class="y-person__face{}" aria-hidden="true">{}</span><span class="y-person__name">{}</span>'
        '<span class="y-person__org">{}</span>',
        kind_class,
        face,
        name,
        org,
    )


@register.simple_tag
def item(day: date, title: str, meta: str = "", tone: str = "", url: str = "", tag: Sequence[str] = ()) -> SafeString:
    """A row with its day on the left. `url` makes the title a link, `tag` is (text, tone, icon)."""
    title = format_html('<a href="{}">{}</a>', url, title) if url else title
    return format_html(
        '<li class="y-item{}">{}<div><p class="y-item__title">{}</p>{}</div>{}</li>',
        " y-item--end" if tag else "",
        date_block(day, tone),
        title,
        format_html('<p class="y-item__meta">{}</p>', meta) if meta else EMPTY,
        state(*tag) if tag else EMPTY,
    )


@register.simple_tag
def spot(tone: str, icon_name: str, bold: str, text: str = "") -> SafeString:
    """An observation in a list. Tones: good, now, bad, lock."""
    after = format_html(' <span class="y-muted">{}</span>', text) if text else EMPTY
    return format_html('<li class="y-spot y-spot--{}">{}<div><b>{}</b>{}</div></li>', tone, icon(icon_name), bold, after)


@register.simple_tag
def ladder(rungs: Iterable[Any]) -> SafeString:
    """Reminders as a ladder: items with `.state` (done, now or empty), `.icon`, `.title`, `.text`."""
    rows = (
        (
            format_html(' class="is-{}"', get(r, "state")) if get(r, "state") else EMPTY,
            SafeString(' aria-current="step"') if get(r, "state") == "now" else EMPTY,
            icon(get(r, "icon")),
            get(r, "title"),
            get(r, "text"),
        )
        for r in rungs
    )
    body = format_html_join("", "<li{}{}>{}<div><b>{}</b>{}</div></li>", rows)
    return format_html('<ol class="y-ladder">{}</ol>', body)


@register.simple_tag
def crumbs(*pairs: str) -> SafeString:
    """Breadcrumbs: `{% crumbs "Taulu" url "Tilanne" %}`: text and address in turn, the last one is text."""
    links = zip(pairs[0::2], pairs[1::2], strict=False)
    body = format_html_join(
        "",
        '<li class="govuk-breadcrumbs__list-item"><a class="govuk-breadcrumbs__link" href="{}">{}</a></li>',
        ((url, text) for text, url in links),
    )
    if len(pairs) % 2:
        body += format_html('<li class="govuk-breadcrumbs__list-item" aria-current="page">{}</li>', pairs[-1])
    return format_html(
        '<nav class="govuk-breadcrumbs" aria-label="{}"><ol class="govuk-breadcrumbs__list">{}</ol></nav>',
        _("Breadcrumb"),
        body,
    )


# -- blocks around content


@register.simple_block_tag
def sheet(content: str, ref: str, title: str, side: str = "", url: str = "", cls: str = "y-stack y-stack--s") -> SafeString:
    """The one box of a page: a section with its h2. `side` is a quiet word at the right, with `url` a link."""
    quiet = '<a href="{url}">{side}</a>' if url else '<span class="y-muted y-small">{side}</span>'
    return format_html(
        '<section class="y-sheet {}" aria-labelledby="{}"><div class="y-sheet__head"><h2 id="{}">{}</h2>{}</div>'
        "{}</section>",
        cls,
        ref,
        ref,
        title,
        format_html(quiet, url=url, side=side) if side else EMPTY,
        content,
    )


@register.simple_block_tag
def note(content: str, icon_name: str, tone: str = "", bold: str = "", role: str = "", block: bool = False) -> SafeString:
    """One sentence beside the matter. Tones: now, bad, good or none; `role="status"` after a save; `block` for
    content that brings its own paragraphs."""
    return format_html(
        '<div class="y-note{}"{}>{}<{tag} class="y-small">{}{}</{tag}></div>',
        f" y-note--{tone}" if tone else "",
        format_html(' role="{}"', role) if role else EMPTY,
        icon(icon_name),
        format_html("<b>{}</b> ", bold) if bold else EMPTY,
        SafeString(content.strip()),
        tag=SafeString("div" if block else "p"),
    )


@register.simple_tag
def y_empty(title: str, text: str, level: int = 3) -> SafeString:
    """What will come here, and when."""
    heading = SafeString(f"h{int(level)}")
    return format_html('<div class="y-empty"><{0} class="y-h3">{1}</{0}><p>{2}</p></div>', heading, title, text)


@register.simple_tag
def y_choice(
    name: str, legend: str, options: Iterable[Sequence[str]], checked: str = "", cls: str = "", hide: bool = True
) -> SafeString:
    """Radio buttons in a row. Options are (value, word, tone, icon); tones: yes, part, low, no."""
    rows = (
        (
            f" y-choice__opt--{tone}" if tone else "",
            name,
            value,
            SafeString(" checked") if str(value) == str(checked) else EMPTY,
            icon(icon_name),
            word,
        )
        for value, word, tone, icon_name in options
    )
    return format_html(
        '<fieldset><legend class="{}">{}</legend><div class="y-choice {}">{}</div></fieldset>',
        "govuk-visually-hidden" if hide else "govuk-label",
        legend,
        cls,
        format_html_join("", _OPTION, rows),
    )


_OPTION = (
    '<label class="y-choice__opt{}"><input type="radio" name="{}" value="{}"{}>'
    '<span class="y-choice__text">{}{}</span></label>'
)


@register.simple_tag
def y_table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], cls: str = "") -> SafeString:
    """A table that is a list on a phone. The first cell of each row is its heading."""
    top = format_html_join("", '<th scope="col" role="columnheader">{}</th>', ((head,) for head in heads))
    body = format_html_join("", '<tr role="row">{}{}</tr>', ((_row_head(row), _cells(heads, row)) for row in rows))
    return format_html(
        '<table class="y-table{}" role="table"><caption class="govuk-visually-hidden">{}</caption>'
        '<thead role="rowgroup"><tr role="row">{}</tr></thead><tbody role="rowgroup">{}</tbody></table>',
        f" {cls}" if cls else "",
        caption,
        top,
        body,
    )


def _row_head(row: Sequence[str]) -> SafeString:
    return format_html('<th scope="row" role="rowheader">{}</th>', row[0])


def _cells(heads: Sequence[str], row: Sequence[str]) -> SafeString:
    pairs = zip(heads[1:], row[1:], strict=True)
    return format_html_join("", '<td role="cell" data-label="{}"><div>{}</div></td>', pairs)


# -- forms


@register.simple_tag
def error_title(form: Any) -> str:
    """The heading of the error summary: it counts what is listed under it and still needs an answer."""
    count = sum(len(field.errors) for field in form)
    if not count:
        return _("This did not work yet")
    count += len(form.non_field_errors())
    words = [
        _("one"),
        _("two"),
        _("three"),
        _("four"),
        _("five"),
        _("six"),
        _("seven"),
        _("eight"),
        _("nine"),
        _("ten"),
    ]
    number = words[count - 1] if count <= len(words) else str(count)
    text = ngettext("%(number)s field still needs an answer", "%(number)s fields still need an answer", count)
    return capfirst(text % {"number": number})


@register.simple_tag
def save_state(form_id: str = "", saved: str = "", draft: bool = False) -> SafeString:
    """Where the text is safe. The script of the pages writes here; without it the last save is told.

    `draft`: what is saved is a draft, which waits for its writer after a sign-out too.
    """
    kept = _("Draft kept at {time}. If your sign-in ends, the text waits for you here.")
    texts = {
        "saving": _("Saving…"),
        "saved": kept if draft else _("Saved at {time}"),
        "offline": _("No connection. The text is safe on this page and is saved when the connection is back."),
        "lost": _("Not saved. Copy your text and reload the page."),
        "conflict": _("Someone else has changed this text. Copy yours and reload the page."),
        "ended": _("Sign in in another tab and carry on. The text is safe on this page."),
    }
    data = format_html_join("", ' data-{}="{}"', texts.items())
    icons = format_html_join("", '<span class="y-save__icon y-save__icon--{}">{}</span>', _SAVE_ICONS)
    return format_html(
        '<span class="y-save{}" role="status" data-save-state="{}"{}{}>{}<span data-save-text>{}</span></span>',
        " y-save--ok" if saved else "",
        form_id,
        data,
        EMPTY if saved else SafeString(" hidden"),
        icons,
        texts["saved"].replace("{time}", saved) if saved else "",
    )


_SAVE_ICONS = [("ok", ICONS["check"]), ("wait", ICONS["clock"]), ("lost", ICONS["warn"])]
