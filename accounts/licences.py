"""Licences that end soon: the doctor is told once, a month before, while there is time to renew."""

import logging

from allauth.account.adapter import get_adapter
from django.db.models import F, Q

from accounts.models import Doctor

logger = logging.getLogger(__name__)

DAYS_BEFORE = 30


def tell_expiring() -> int:
    """Tell each doctor whose licence ends within a month, once for each expiry date. Safe to run twice at once.

    Returns: the number of e-mails sent.
    """
    sent = 0
    not_told = Q(expiry_told_for__isnull=True) | ~Q(expiry_told_for=F("licence_expires_on"))
    for doctor in Doctor.objects.expiring(DAYS_BEFORE).filter(not_told, user__is_active=True).select_related("user"):
        told_for, day = doctor.expiry_told_for, doctor.licence_expires_on
        claim = Doctor.objects.filter(not_told, pk=doctor.pk, licence_expires_on=day)
        if not claim.update(expiry_told_for=day):
            continue  # another worker has it
        try:
            get_adapter().render_mail("account/email/licence_expires", doctor.user.email, {"day": day}).send()
        except (OSError, ValueError) as error:  # the next round tries again
            Doctor.objects.filter(pk=doctor.pk).update(expiry_told_for=told_for)
            logger.warning("Could not tell doctor %s of the licence's end: %s", doctor.pk, type(error).__name__)
        else:
            sent += 1
    return sent
