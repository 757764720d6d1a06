"""Days, clock times and phone numbers as filters: the same words as everywhere, from `yhteiso.lib.dates`."""

from datetime import date, datetime

from django import template

from yhteiso.lib import dates

register = template.Library()


@register.filter
def short_date(value: date) -> str:
    """ke 10.6.: the form of a day, or of a moment as it is in Helsinki."""
    return dates.short_date(date_of(value))


@register.filter
def long_date(value: date) -> str:
    """10.6.2026: the form of a day, or of a moment as it is in Helsinki."""
    return dates.long_date(date_of(value))


@register.filter
def at_clock(value: datetime) -> str:
    """klo 14.30: the form of a moment."""
    return dates.at_clock(value)


@register.filter
def clock_time(value: datetime) -> str:
    """14.30: the form of a moment."""
    return dates.clock_time(value)


@register.filter
def date_of(value: date) -> date:
    """The day of a moment in Helsinki; a day stays as it is."""
    return dates.helsinki_date(value) if isinstance(value, datetime) else value


@register.filter
def tel(number: str) -> str:
    """The address that calls this number."""
    return "tel:" + "".join(c for c in number if c.isdigit() or c == "+")
