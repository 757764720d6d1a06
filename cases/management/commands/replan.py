"""Compute anew when steps that are still ahead are told: after the calendar of holidays or a ladder has changed."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from cases.actions.deadline import replan
from cases.models import Deadline
from yhteiso.hats.wear import wearing

AT_ONCE = 500


class Command(BaseCommand):
    help = "Moves steps that have not been told yet to where the calendar and the ladders put them now."

    def handle(self, *args: Any, **options: Any) -> None:
        moved, now = 0, timezone.now()
        with wearing("jobs"):
            ahead = Deadline.objects.open().order_by("case_id").values_list("case_id", "kind", "about").distinct()
            keys = list(ahead)
        for start in range(0, len(keys), AT_ONCE):
            cases = {case for case, _kind, _about in keys[start : start + AT_ONCE]}
            abouts = {about for case, _kind, about in keys[start : start + AT_ONCE] if case is None}
            with wearing("jobs"):
                rows = Deadline.objects.all()  # told steps too: nothing may be planned before them
                mine = rows.filter(case_id__in=cases) | rows.filter(case=None, about__in=abouts)
                moved += replan(mine.select_for_update(of=("self",), no_key=True), now=now)
        self.stdout.write(f"{moved} steps moved")
