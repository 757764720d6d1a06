"""Notices stand among the messages; their own address leads there."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """Where have the notices gone?"""
    return redirect("messages")
