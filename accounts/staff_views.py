"""How staff sign in: password, then the second factor; setting factors up; following an invitation."""

from io import BytesIO

import qrcode
from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.internal import auth as passkeys
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from qrcode.image.svg import SvgPathFillImage

from accounts import invitations, second_factor
from accounts.forms import AddPasskeyForm, AppCodeForm, FactorCodeForm, NewPasswordForm, StaffLoginForm, UsePasskeyForm
from accounts.limits import RateLimited, count, too_many_requests
from accounts.views import FORM_METHODS, posted, safe_next


@never_cache
@require_http_methods(FORM_METHODS)
def staff_login(request):
    next_url = safe_next(request) or reverse("admin:index")
    if request.user.is_staff:
        return redirect(next_url)
    try:
        if request.method == "POST":
            count(request, "staff_password", request.POST.get("username", "")[:254])
    except RateLimited:
        return too_many_requests(request)
    form = StaffLoginForm(request, posted(request))
    if form.is_valid():
        return after_password(request, form.get_user(), next_url)
    return render(request, "accounts/staff_login.html", {"form": form, "next": next_url})


def after_password(request, user, next_url):
    if second_factor.begin(request, user, next_url):
        return redirect(next_url)
    return redirect("staff_code" if second_factor.has_factor(user) else "staff_factors")


def waits_for_factor(view):
    """For who has given the password and has a factor to use; the view gets the user."""

    @never_cache
    def guarded(request):
        user = second_factor.waiting_user(request)
        if user is None or not second_factor.has_factor(user):
            if request.method == "POST":
                messages.warning(request, _("That took too long or was wrong too often. Please sign in again."))
            return redirect("admin:login")
        try:
            if request.method == "POST":
                count(request, "staff_code", str(user.pk))
        except RateLimited:
            return too_many_requests(request)
        return view(request, user)

    return guarded


@require_http_methods(FORM_METHODS)
@waits_for_factor
def staff_code(request, user):
    form = FactorCodeForm(posted(request))
    if form.is_valid():
        factor = second_factor.factor_of_code(request, user, form.cleaned_data["code"])
        if factor:
            return let_in(request, user, factor)
        if second_factor.waiting_user(request) is None:
            messages.warning(request, _("That was wrong too often. Please sign in again."))
            return redirect("admin:login")
        form.add_error("code", _("This code is wrong or was used before. Wait for the next one in your app."))
    kinds = {factor.type for factor in second_factor.factors(user)}
    context = {"form": form, "has_passkey": second_factor.Kind.WEBAUTHN in kinds}
    return render(request, "accounts/staff_code.html", context | {"has_app": second_factor.Kind.TOTP in kinds})


@require_http_methods(FORM_METHODS)
@waits_for_factor
def staff_passkey(request, user):
    if request.method != "POST":
        return JsonResponse({"request_options": passkeys.begin_authentication(user)})
    form = UsePasskeyForm(request.POST, user=user)
    if form.is_valid():
        return let_in(request, user, form.cleaned_data["credential"])
    second_factor.count_try(request)
    messages.error(request, _("This passkey did not work. You can use a recovery code instead."))
    return redirect("staff_code")


def let_in(request, user, factor):
    next_url = second_factor.next_url(request)
    second_factor.sign_in(request, user, factor)
    left = len(second_factor.recovery_codes(user))
    if factor.type == second_factor.Kind.RECOVERY_CODES and left <= 3:
        messages.warning(request, _("You have only %(left)d recovery codes left. Make new ones.") % {"left": left})
        return redirect("staff_factors")
    return redirect(next_url or "admin:index")


def sets_up(view):
    """For staff who are signed in, and for those who have given the password and have no factor yet."""

    @never_cache
    def guarded(request, *args, **kwargs):
        user = request.user if request.user.is_staff else second_factor.waiting_user(request)
        if user is None or (not request.user.is_staff and second_factor.has_factor(user)):
            return redirect(f"{reverse('admin:login')}?next={request.path}")
        return view(request, user, *args, **kwargs)

    return guarded


@require_safe
@sets_up
def staff_factors(request, user):
    factors = second_factor.factors(user)
    context = {
        "factors": factors,
        "has_app": second_factor.Kind.TOTP in {factor.type for factor in factors},
        "codes_left": len(second_factor.recovery_codes(user)),
        "is_signed_in": request.user.is_staff,
    }
    return render(request, "accounts/staff_factors.html", context)


@require_http_methods(FORM_METHODS)
@sets_up
def staff_app(request, user):
    if "begin" in request.POST:
        second_factor.begin_app(request)
        return redirect("staff_app")
    secret = second_factor.app_secret(request)
    if not secret:
        return redirect("staff_factors")
    form = AppCodeForm(posted(request))
    if form.is_valid():
        factor = second_factor.add_app(request, user, form.cleaned_data["code"])
        if factor:
            return after_adding(request, user, factor)
        form.add_error(
            "code", _("This is not the code the app shows now. Wait for the next one, and look at the clock.")
        )
    parts = [secret[start : start + 4] for start in range(0, len(secret), 4)]
    address = get_adapter().build_totp_url(user, secret)
    return render(request, "accounts/staff_app.html", {"form": form, "parts": parts, "address": address})


@require_safe
@sets_up
def staff_app_picture(request, user):
    secret = second_factor.app_secret(request)
    if not secret:
        raise Http404
    picture = BytesIO()
    qrcode.make(get_adapter().build_totp_url(user, secret), image_factory=SvgPathFillImage).save(picture)
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")


@require_http_methods(FORM_METHODS)
@sets_up
def staff_passkey_add(request, user):
    form = AddPasskeyForm(posted(request), user=user)
    if form.is_valid():
        factor = second_factor.add_passkey(user, form.cleaned_data["name"], form.cleaned_data["credential"])
        return after_adding(request, user, factor)
    options = {"creation_options": passkeys.begin_registration(user, passwordless=True)}
    return render(request, "accounts/staff_passkey_add.html", {"form": form, "js_data": options})


def after_adding(request, user, factor):
    """Whoever has shown a new factor has used it. With the first one come recovery codes."""
    next_url = second_factor.next_url(request)
    is_first = not second_factor.recovery_codes(user)
    if request.user.is_staff:
        second_factor.mark(request, factor)
    else:
        second_factor.sign_in(request, user, factor)
    if is_first:
        second_factor.new_recovery_codes(user)
        request.session["fresh_codes"] = next_url or reverse("admin:index")
        return redirect("staff_recovery_codes")
    messages.success(request, _("Added."))
    return redirect("staff_factors")


@require_http_methods(FORM_METHODS)
@sets_up
def staff_recovery_codes(request, user):
    """Shown once, right after they were made."""
    if not second_factor.has_factor(user):
        return redirect("staff_factors")
    if "make" in request.POST:
        second_factor.new_recovery_codes(user)
        second_factor.tell(user, _("New recovery codes were made. The old ones no longer work."))
        request.session["fresh_codes"] = reverse("staff_factors")
        return redirect("staff_recovery_codes")
    if request.method == "POST":
        return redirect(request.session.pop("fresh_codes", reverse("staff_factors")))
    if "fresh_codes" not in request.session:
        return redirect("staff_factors")
    codes = [f"{code[:4]} {code[4:]}" for code in second_factor.recovery_codes(user)]
    return render(request, "accounts/staff_recovery_codes.html", {"codes": codes})


@require_http_methods(FORM_METHODS)
@sets_up
def staff_factor_remove(request, user, pk):
    factor = get_object_or_404(user.authenticator_set.exclude(type=second_factor.Kind.RECOVERY_CODES), pk=pk)
    is_last = len(second_factor.factors(user)) == 1
    if settings.SECOND_FACTOR_REQUIRED and is_last:
        messages.error(request, _("This is your only second factor. Add another one first."))
        return redirect("staff_factors")
    if request.method == "POST":
        second_factor.remove(user, factor)
        messages.success(request, _("Removed."))
        return redirect("staff_factors")
    return render(request, "accounts/staff_factor_remove.html", {"factor": factor, "is_last": is_last})


@never_cache
@require_http_methods(FORM_METHODS)
def invitation(request, key):
    try:
        user = invitations.invited_by(key)
        form = NewPasswordForm(user, posted(request))
        if form.is_valid():
            with transaction.atomic():
                form.user = invitations.invited_by(key, lock=True)  # of two clicks at once the second finds it used
                form.save()
                return unlisted(after_password(request, form.user, reverse("admin:index")))
        response = render(request, "accounts/invitation.html", {"form": form, "invited": user})
    except invitations.DeadInvitation as error:
        context = {"is_known": error.is_known, "days": invitations.DAYS}
        response = render(request, "accounts/invitation_dead.html", context, status=410 if error.is_known else 404)
    return unlisted(response)


def unlisted(response):
    """The address is a key: no search engine lists it, and as a referrer only the site's name goes anywhere."""
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "strict-origin"
    return response
