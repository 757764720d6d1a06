"""What am I told of, and how?"""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from networks.access import NotAllowed, UserRequest, for_staff
from networks.actions.message import Choices, choose
from networks.message_forms import ChoicesForm
from networks.own_messages import choices
from yhteiso.forms import field_error


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def message_settings(request: UserRequest) -> HttpResponse:
    """Which kinds come to which channels, when it is quiet, and in which language?"""
    form = ChoicesForm(request.POST) if request.method == "POST" else None
    if form is not None and form.is_valid():
        data = form.cleaned_data
        quiet_from, quiet_to = data["hours"]
        chosen = Choices(
            ticked=data["ticked"], quiet_from=quiet_from, quiet_to=quiet_to, language=data["language"],
            work_phone=data["work_phone"],
        )  # fmt: skip
        try:
            choose(by=request.user, choices=chosen, now=timezone.now())
        except NotAllowed as refusal:
            form.add_error("work_phone", field_error(str(refusal)))
        else:
            messages.success(request, _("Your choices have been saved."))
            return redirect("message-settings")
    context = {"choices": choices(request.user, form), "form": form}
    return render(request, "networks/message_settings.html", context, status=422 if form else 200)
