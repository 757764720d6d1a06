"""What the safety panel of an area says in the reader's language. Published words and numbers: no family, no person."""

from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from networks.models import Area, AreaTexts
from networks.models.area_texts import PANEL


@dataclass(frozen=True)
class Safety:
    """The words and numbers of one panel. 112, and that this is no notification, stand in the panel itself."""

    heading: str
    text: str
    emergency_phone: str = ""
    notice_phone: str = ""
    link: str = ""

    @property
    def emergency_href(self) -> str:
        return tel(self.emergency_phone)

    @property
    def notice_href(self) -> str:
        return tel(self.notice_phone)


def newest(area: Area) -> AreaTexts | None:
    """The version in force; without its writer, whom most readers may not know."""
    return AreaTexts.objects.filter(area=area).only(*PANEL).first()


def safety_of(area: Area | None) -> Safety:
    """The panel of an area, or of none: what nobody has written is said in the application's own words."""
    return panel(area, newest(area) if area else None)


def panel(area: Area | None, texts: AreaTexts | None) -> Safety:
    """The panel as these texts say it, saved or not yet."""
    own = own_words(area, texts)
    return Safety(
        heading=own.heading or _("Urgent concern about a child?"),
        text=own.text or _("Yhteiso does not pass notifications to the authorities, and nobody watches this form."),
        emergency_phone=own.emergency_phone,
        notice_phone=own.notice_phone,
        link=own.link,
    )


def own_words(area: Area | None, texts: AreaTexts | None) -> Safety:
    """Only what the area has written itself, in the reader's language; its number stands in for an empty one."""
    code = (get_language() or "fi")[:2]

    def said(name: str) -> str:
        return getattr(texts, f"{name}_{code}", "") if texts else ""

    return Safety(
        heading=said("heading"),
        text=said("text"),
        emergency_phone=(texts.emergency_phone if texts else "") or (area.emergency_phone if area else ""),
        notice_phone=texts.notice_phone if texts else "",
        link=said("link"),
    )


def tel(number: str) -> str:
    """A `tel:` address without spaces."""
    return "tel:" + "".join(c for c in number if c.isdigit() or c == "+")
