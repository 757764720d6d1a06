"""Coming in: the front door of each role, the invitation, the demonstration's one-click sign-in."""

from ipaddress import ip_address

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from networks import actions, organisation
from networks.context import demo_accounts
from networks.forms import NewPasswordForm
from networks.models import User
from networks.signin import BACKEND, SECOND_FACTOR, signed_in


@require_POST
def role(request: HttpRequest) -> HttpResponse:
    """Work in another of one's own roles from now on."""
    chosen = request.POST.get("role", "")
    if not any(str(row.pk) == chosen for row in signed_in(request).current_roles):
        raise Http404
    request.session["role"] = int(chosen)
    return redirect("home")


@login_not_required
@require_POST
def demo_signin(request: HttpRequest) -> HttpResponse:
    """The demonstration's one click. It exists only there, only on this machine, only for its invented people."""
    if not settings.DEMO or not ip_address(request.META["REMOTE_ADDR"]).is_loopback:
        raise Http404
    if request.POST.get("account", "") not in {row["value"] for row in demo_accounts()}:
        raise Http404
    user = get_object_or_404(User.objects, pk=request.POST["account"])
    login(request, user, backend=BACKEND)
    record_authentication(request, user, method="demonstration")
    request.session[SECOND_FACTOR] = True
    return redirect("home")


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Make an account from an invitation. An expired, used or invented link gives the same page."""
    if request.user.is_authenticated:
        return redirect("home")
    now = timezone.now()
    try:
        row = actions.find_invitation(token=token, now=now)
        form = NewPasswordForm(request.POST or None, person=User(email=row.email, name=row.name))
        if request.method == "POST" and form.is_valid():
            user = actions.accept_invitation(token=token, password=form.cleaned_data["password"], now=now)
            login(request, user, backend=BACKEND)
            # Typed a moment ago: the enrolment that follows does not ask for it again.
            record_authentication(request, user, method="password", reauthenticated=True)
            messages.success(request, _("Your account is ready. Add a second step to your sign-in next."))
            return redirect("mfa_activate_totp")
    except actions.InvitationGone as gone:
        return render(request, "networks/invitation.html", {"gone": gone}, status=404)
    status = 422 if form.is_bound else 200
    context = {"form": form, "invitation": row, "token": token, "organisations": organisation.of_invitation(row)}
    return render(request, "networks/invitation.html", context, status=status)
