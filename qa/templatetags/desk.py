"""What desks show: how long something waits, and on the admin's first page what waits on each."""

import datetime

from django import template
from django.contrib import admin
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from qa.models import UNDATED

A_MINUTE = datetime.timedelta(minutes=1)

register = template.Library()


@register.filter
def dated(moment):
    """The moment; None where it stands for "not known"."""
    return None if moment == UNDATED else moment


@register.filter
def waited(moment):
    """The time since `moment`, in words and in one unit."""
    return timesince(moment, depth=1) if timezone.now() - moment > A_MINUTE else _("a moment")


@register.simple_tag(takes_context=True)
def desk_boxes(context):
    """What each ModelAdmin with a method `desk_box(request)` says waits for this user; urgent first."""
    desks = (desk for desk in admin.site._registry.values() if hasattr(desk, "desk_box"))
    boxes = [box for desk in desks if (box := desk.desk_box(context["request"])) is not None]
    return sorted(boxes, key=lambda box: not (box.urgent or box.alarm))
