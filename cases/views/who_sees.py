"""Who sees what: the reviewed table of sections and viewers as a page for everybody."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cases.sections import MATRIX, VIEWERS, Rule, Sight

Mark = tuple[str, str, str]


@login_not_required
@require_safe
def who_sees_what(request: HttpRequest) -> HttpResponse:
    """Who sees which part of a situation, and on which condition?"""
    rows = [(str(word).split(), [(section.label, *_mark(rules[viewer])) for section, rules in MATRIX.items()])
            for viewer, word in VIEWERS.items()]  # fmt: skip
    return render(request, "cases/who_sees_what.html", {"rows": rows, "heads": [section.label for section in MATRIX]})


def _mark(rule: Rule) -> Mark:
    """A cell as a kind of mark, a word and the condition. Nothing depends on colour alone."""
    kinds = {Sight.FULL: ("yes", _("all")), Sight.PART: ("part", _("partly")), Sight.NONE: ("locked", _("nothing"))}
    return *kinds[rule.sight], str(rule.note)
