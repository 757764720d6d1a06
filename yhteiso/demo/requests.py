"""Two requests from the public page that wait in the demonstration: a mother's, and a young person's."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from cases.actions import help_request
from yhteiso.demo.people import Cast
from yhteiso.hats.wear import wearing

MOTHER: dict[str, Any] = {
    "source": "guardian", "everyday": "Nukkuminen ja aamut. En jaksa herätä yövuoron jälkeen, ja poika itkee ovella.",
    "strengths": "Iltaisin luetaan kirja. Mummo hakee perjantaisin.", "child_name": "Väinö", "child_age": 4,
    "place": "Kuusiranta", "phone": "040 000 0122", "suits": "arkisin klo 14 jälkeen", "language": "suomi",
    "interpreter": False, "protected": False,
}  # fmt: skip
YOUNG: dict[str, Any] = {
    "source": "child", "everyday": "En ole käynyt koulussa kahteen viikkoon. En tiedä, kenelle kertoisin.",
    "strengths": "Pelaan lentopalloa.", "child_name": "", "child_age": 14, "place": "", "phone": "040 000 0123",
    "suits": "tekstiviesti ensin", "language": "svenska", "interpreter": False, "protected": False,
}  # fmt: skip


def load(cast: Cast, *, now: datetime) -> None:
    """The same deed that the public page does, in its hat."""
    with wearing("public"):
        for told, hours in ((MOTHER, 20), (YOUNG, 3)):
            at = now - timedelta(hours=hours)
            help_request.send(area=cast.area, form_key=uuid.uuid4(), now=at, **told)
