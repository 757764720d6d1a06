"""Notices: what has been told to the signed-in person."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from networks.access import UserRequest
from networks.actions.notice import mark_seen
from networks.models import Notice
from networks.notices import address, sentence

SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: UserRequest) -> HttpResponse:
    """What has happened that I should know? POST marks all as seen."""
    if request.method == "POST":
        mark_seen(by=request.user, now=timezone.now())
        return redirect("notices")
    rows = Notice.objects.filter(to_id=request.user.pk)[:SHOWN]
    shown = [{"text": sentence(row), "url": address(row), "at": row.at, "new": row.seen_at is None} for row in rows]
    return render(request, "networks/notices.html", {"notices": shown, "new": sum(row["new"] for row in shown)})
