"""The pages of an account: signing in by code, profile, own data, leaving. Passkeys and the address are allauth's."""

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import own_data, sign_in
from accounts.forms import CodeForm, EmailForm, LeaveForm, ProfileForm
from accounts.limits import RateLimited, too_many_requests
from accounts.models import Patient

FORM_METHODS = ["GET", "HEAD", "POST"]


@never_cache
@require_http_methods(FORM_METHODS)
def account_login(request):
    next_url = safe_next(request)
    if request.user.is_authenticated:
        return redirect(next_url or settings.LOGIN_REDIRECT_URL)
    form = EmailForm(posted(request))
    if form.is_valid():
        try:
            sign_in.send_code(request, form.cleaned_data["email"], next_url)
        except RateLimited:
            return too_many_requests(request)
        except sign_in.MailNotSent:
            form.add_error(None, _("We could not send the e-mail just now. Please try again in a few minutes."))
        else:
            return redirect("account_confirm_login_code")
    return render(request, "account/login.html", {"form": form, "next": next_url})


@never_cache
@require_http_methods(FORM_METHODS)
def account_confirm_login_code(request):
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    waiting = sign_in.pending(request)
    if waiting is None:
        return ask_again(request)
    form = CodeForm(posted(request))
    if form.is_valid():
        try:
            user = sign_in.enter_code(request, form.cleaned_data["code"])
        except RateLimited:
            return too_many_requests(request)
        if user:
            return perform_login(request, user, redirect_url=waiting["next"] or None, email=user.email)
        if sign_in.pending(request) is None:
            return ask_again(request)
        form.add_error("code", _("This is not the code we sent. Look at the newest e-mail from us."))
    context = {"form": form, "email": waiting["email"], "next": waiting["next"], "minutes": sign_in.LIFETIME // 60}
    return render(request, "account/confirm_login_code.html", context)


def posted(request):
    return request.POST if request.method == "POST" else None


def ask_again(request):
    if request.method == "POST":
        messages.warning(request, _("This code no longer works. Please ask for a new one."))
    return redirect("account_login")


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
def profile(request):
    patient = Patient.objects.filter(user=request.user).first() or Patient(user=request.user)
    form = ProfileForm(posted(request), instance=patient)
    if form.is_valid():  # of two clicks at once one begins it, and form.save() would fail in the other
        Patient.objects.update_or_create(user=request.user, defaults=form.cleaned_data)
        messages.success(request, _("Your profile is saved."))
        return redirect("profile")
    context = {
        "form": form,
        "passkeys": request.user.authenticator_set.exclude(type="recovery_codes").count(),
        "is_patient": not request.user.works_here,
    }
    return render(request, "accounts/profile.html", context)


@login_required
@never_cache
@require_safe
def own_data_json(request):
    response = JsonResponse(own_data.collect(request.user), json_dumps_params={"ensure_ascii": False, "indent": 2})
    return as_download(response, "json")


@login_required
@never_cache
@require_safe
def own_data_html(request):
    context = {"parts": own_data.as_outline(own_data.collect(request.user)), "now": timezone.now()}
    return as_download(render(request, "accounts/own_data_html.html", context), "html")


def as_download(response, ending):
    response["Content-Disposition"] = f'attachment; filename="my-data-{timezone.localdate():%Y-%m-%d}.{ending}"'
    return response


@login_required
@never_cache
@require_http_methods(FORM_METHODS)
def account_delete(request):
    if request.user.works_here:
        raise PermissionDenied
    form = LeaveForm(posted(request))
    if form.is_valid():
        own_data.erase_account(request.user, keep_texts=form.cleaned_data["questions"] == LeaveForm.KEEP)
        logout(request)
        messages.success(request, _("Your account is deleted."))
        return redirect("home")
    return render(request, "accounts/account_delete.html", {"form": form})


def patients_only(view):
    """For allauth's pages that change how somebody signs in."""

    @login_required
    @never_cache
    def guarded(request, *args, **kwargs):
        if request.user.works_here:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def safe_next(request):
    """Where to go after signing in, if it is a page of ours; otherwise ""."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if is_ours else ""
