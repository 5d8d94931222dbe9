"""Licences that end soon: the doctor is told once, a month before, while there is time to renew."""

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.db.models import F, Q

from accounts.mail import Handing, hand_over
from accounts.models import Doctor

DAYS_BEFORE = 30


def tell_expiring(is_ending: Callable[[], bool] = lambda: False) -> int:
    """Tell each doctor whose licence ends within a month, once for each expiry date. Safe to run twice at once.

    Args:
        is_ending: asked before each e-mail; once it says True, the rest is left for later.

    Returns: the number of e-mails sent.
    """
    sent = 0
    not_told = Q(expiry_told_for__isnull=True) | ~Q(expiry_told_for=F("licence_expires_on"))
    for doctor in Doctor.objects.expiring(DAYS_BEFORE).filter(not_told, user__is_active=True).select_related("user"):
        if is_ending():
            break
        told_for, day = doctor.expiry_told_for, doctor.licence_expires_on
        claim = Doctor.objects.filter(not_told, pk=doctor.pk, licence_expires_on=day)
        if not claim.update(expiry_told_for=day):
            continue  # another worker has it
        message = get_adapter().render_mail("account/email/licence_expires", doctor.user.email, {"day": day})
        outcome = hand_over(message, f"word to doctor {doctor.pk} of the licence's end")
        if outcome != Handing.SENT:  # a later round tries again
            Doctor.objects.filter(pk=doctor.pk).update(expiry_told_for=told_for)
        if outcome == Handing.AWAY:
            break
        sent += outcome == Handing.SENT
    return sent
