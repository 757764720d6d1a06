"""Component tags of days, the clock and the two-week path; `ui` carries them, so that a template loads one library."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yhteiso.icons import ICONS
from yhteiso.lib.dates import day_month, helsinki_date, weekday

register = template.Library()

EMPTY = SafeString("")


def get(item: Any, name: str, default: Any = "") -> Any:
    """The value of a dict's key or an object's attribute: tags take either."""
    return item.get(name, default) if isinstance(item, dict) else getattr(item, name, default)


def _classes(*names: Any) -> str:
    """Class names joined by a space; a list or tuple among them is flattened, empty ones are left out."""
    flat: list[str] = []
    for name in names:
        flat.extend(str(part) for part in name) if isinstance(name, list | tuple) else flat.append(str(name or ""))
    return " ".join(part for part in flat if part)


@register.simple_tag
def word_block(above: str, below: str, tone: str = "") -> SafeString:
    """The block on the left of a row with two words instead of a day ("joka" / "ilta")."""
    tone_class = f" y-date--{tone}" if tone else ""
    return format_html('<span class="y-date{}"><span>{}</span><b>{}</b></span>', tone_class, above, below)


@register.simple_tag
def date_block(day: date, tone: str = "") -> SafeString:
    """A day as weekday and date ("ke" / "10.6."). Tones: now, over or none."""
    return word_block(weekday(day), day_month(day), tone)


@register.simple_tag
def clock_badge(clock: Any, big: bool = False) -> SafeString:
    """The clock of a case, from `.day`, `.state` (ok, near, over, kept) and `.text` of `yhteiso.lib.dates.clock`."""
    kind = str(get(clock, "state", "ok"))
    mod = "" if kind == "ok" else f" y-clock--{kind}"
    size = " y-clock--l" if big else ""
    day = get(clock, "day")
    if kind == "kept":
        words = format_html("{} <b>{}/14</b>", _("kept on day"), day)
    else:
        words = format_html("{} <b>{}/14</b> · {}", pgettext("clock", "day"), day, get(clock, "text"))
    return format_html('<span class="y-clock{}{}">{}<span>{}</span></span>', mod, size, ICONS[_CLOCK[kind]], words)


@register.simple_tag
def case_clock(case: Any, big: bool = False) -> SafeString:
    """Day x/14 of a situation as it stands now, on every page and row that shows one.

    Nothing for a reader whom the family has not let know of it (`child_shown`), nor of a situation closed unmet.
    """
    if not case.child_shown or (case.closed_at and not case.first_met_at):
        return EMPTY
    return SafeString(clock_badge(case.clock(helsinki_date(timezone.now())), big))


_CLOCK = {"ok": "clock", "near": "clock", "over": "warn", "kept": "check"}


@register.simple_tag
def clock_line(clock: Any) -> SafeString:
    """The clock on a card of the board: what is left, and the day as "5/14"."""
    kind = str(get(clock, "state", "ok"))
    text = get(clock, "text")
    return format_html(
        '<p class="y-card__left"><b>{} {}</b><span><span class="govuk-visually-hidden">{} </span>{}/14</span></p>',
        ICONS[_CLOCK[kind]],
        text,
        pgettext("clock", "day"),
        get(clock, "day"),
    )


@lru_cache(maxsize=4096)
def _dot(cx: float, r: float, cls: str) -> SafeString:
    return format_html('<circle cx="{}" cy="5" r="{}" class="{}"/>', f"{cx:.1f}", f"{r:g}", cls)


@register.simple_tag
def dots(points: Iterable[Any]) -> SafeString:
    """The path in miniature: decoration beside a text with the same numbers. Points have `.cx`, `.r`, `.cls`."""
    circles = SafeString("".join(_dot(float(get(p, "cx")), float(get(p, "r")), _classes(get(p, "cls"))) for p in points))
    return format_html('<svg class="y-dots" viewBox="0 0 200 10" aria-hidden="true" focusable="false">{}</svg>', circles)


@register.simple_tag
def path_days(days: Iterable[Any], caption: str) -> SafeString:
    """The fifteen stones (`.wd .date .classes .flag .minor`) and the caption that says all of it in words."""
    stones = format_html_join("", _STONE, ((_classes(get(day, "classes")), _flag(day), *_day(day)) for day in days))
    return format_html(
        '<div class="y-path"><ol class="y-path__days" aria-hidden="true">{}</ol><p class="y-path__caption">{}</p></div>',
        stones,
        caption,
    )


_STONE = (
    '<li class="y-path__day {}">{}<span class="y-path__stone"></span>'
    '<span class="y-path__wd">{}</span><span class="y-path__date">{}</span></li>'
)


def _day(day: Any) -> tuple[Any, Any]:
    return get(day, "wd"), get(day, "date")


def _flag(day: Any) -> SafeString:
    text = get(day, "flag")
    minor = " y-path__flag--minor" if get(day, "minor", False) else ""
    return format_html('<span class="y-path__flag{}">{}</span>', minor, text) if text else EMPTY


@register.simple_tag
def steps(items: Iterable[Any], label: str = "") -> SafeString:
    """The stages of a case: items with `.state` (done, part, now or empty), `.text`, `.small`."""
    return format_html(
        '<ol class="y-steps" aria-label="{}">{}</ol>',
        label or _("Stages"),
        format_html_join("", "{}", ((_step(item),) for item in items)),
    )


def _step(item: Any) -> SafeString:
    kind, small = str(get(item, "state")), get(item, "small")
    done = {"done": ("check", _("done")), "part": ("half", _("partly"))}.get(kind)
    before = format_html("{} ", ICONS[done[0]]) if done else EMPTY
    after = format_html('<span class="govuk-visually-hidden">, {}</span>', done[1]) if done else EMPTY
    return format_html(
        '<li class="y-steps__item{}"{}><span>{}{}{}{}</span></li>',
        f" is-{kind}" if kind else "",
        SafeString(' aria-current="step"') if kind == "now" else "",
        before,
        get(item, "text"),
        after,
        format_html("<small>{}</small>", small) if small else EMPTY,
    )
