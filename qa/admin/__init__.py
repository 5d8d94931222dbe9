"""The desks of questions and replies, one file for each subject. Rules stay in the models, which the desks call."""

from django.conf import settings
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from taggit.models import Tag

from qa.admin import articles, flags, questions, records, replies, taxonomy

__all__ = ["articles", "flags", "questions", "records", "replies", "taxonomy"]

admin.site.site_header = admin.site.site_title = settings.SITE_NAME
admin.site.unregister(Tag)  # our vocabulary is Topic
admin.site.index_title = _("Your desk")
admin.site.enable_nav_sidebar = False  # the first page leads everywhere
