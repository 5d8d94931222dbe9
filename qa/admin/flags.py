"""The desk of flags: what visitors report, who looks into it, and what was decided."""

from django.contrib import admin
from django.db.models import Count, Min, Q
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from qa.admin.base import DeskBox, HiddenFieldsMixin, giving_back, key_of
from qa.admin.transitions import CONFLICT, TransitionsMixin
from qa.forms.flags import FlagForm, HandForm
from qa.models import URGENT_FIRST, Flag, Reply
from qa.templatetags.desk import waited
from qa.templatetags.text import excerpt

PERMISSION = "qa.change_flag"


class DecidedFilter(admin.SimpleListFilter):
    """What waits, unless something else is asked for."""

    title = _("decided")
    parameter_name = "decided"

    def lookups(self, request, model_admin):
        return [("mine", _("Waiting, mine")), ("yes", _("Decided")), ("all", _("All"))]

    def choices(self, changelist):
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": _("Waiting"),
        }
        yield from list(super().choices(changelist))[1:]

    def queryset(self, request, queryset):
        waiting = Flag.objects.undecided().order_by()
        wanted = {
            None: waiting,
            "mine": waiting.filter(assignee=request.user),
            "yes": Flag.objects.filter(decided_at__isnull=False),
        }
        return queryset & wanted[self.value()] if self.value() in wanted else queryset


@admin.register(Flag)
class FlagAdmin(TransitionsMixin, HiddenFieldsMixin, admin.ModelAdmin):
    hidden = {"contact_email", "reporter"}
    list_display = ["about", "why", "text", "waiting", "assignee", "decision"]
    list_filter = [DecidedFilter, "reason"]
    list_select_related = ["question", "reply__question", "reply__doctor", "article", "assignee"]
    ordering = URGENT_FIRST
    actions = None
    show_full_result_count = False

    def get_urls(self):
        return giving_back(super().get_urls())

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description=_("about"))
    def about(self, flag):
        return _("Report %(pk)s: %(what)s") % {"pk": flag.pk, "what": what(flag)}

    @admin.display(description=_("reason"), ordering="reason")
    def why(self, flag):
        reason = flag.get_reason_display()
        if not flag.comes_first or flag.is_decided:
            return reason
        return format_html('<span class="badge now">{}</span> {}', _("Urgent"), reason)

    @admin.display(description=_("text"))
    def text(self, flag):
        return excerpt(text_of(flag), 120)

    @admin.display(description=_("waiting"), ordering="created_at")
    def waiting(self, flag):
        return "" if flag.is_decided else waited(flag.created_at)

    def desk_box(self, request):
        if not request.user.has_perm(PERMISSION):
            return None
        waiting = Flag.objects.undecided().order_by()
        mine = Count("pk", filter=Q(assignee=request.user))
        numbers = waiting.aggregate(waiting=Count("pk"), oldest=Min("created_at"), mine=mine)
        numbers["urgent"] = waiting.urgent().count()
        return DeskBox(_("Reports"), reverse("admin:qa_flag_changelist"), **numbers)

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"title": _("Reports"), **(extra_context or {})})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The report, what it is about, and two forms: who looks into it, and what is decided."""
        self.require(request, PERMISSION)
        flags = Flag.objects.select_related(*self.list_select_related, "article", "decided_by")
        flag = get_object_or_404(flags, pk=key_of(object_id))
        people = User.objects.filter(groups__name="Moderators", is_active=True)
        form = FlagForm(request.POST if "decide" in request.POST else None, flag=flag)
        hand = HandForm(request.POST if "hand" in request.POST else None, people=people)
        status = 200
        if request.method == "POST":
            if "take" in request.POST or (hand.is_bound and hand.is_valid()):
                user = request.user if "take" in request.POST else hand.cleaned_data["assignee"]
                self.attempt(request, lambda: flag.hand_to(user), done=_("The report is handed over."))
                return redirect("admin:qa_flag_change", flag.pk)
            if form.is_valid():
                if self.attempt(request, lambda: flag.decide(request.user, **form.cleaned_data), form):
                    return self._go_on(request, flag)
                status = CONFLICT
                flag.refresh_from_db()
        return self._show(request, flag, form, hand, status)

    def _go_on(self, request, flag):
        """The next report opens by itself: of those that nobody else looks into, where there is one."""
        self.message_user(request, _("Report %(pk)s is decided.") % {"pk": flag.pk})
        waiting = Flag.objects.undecided()
        following = waiting.not_of_others(request.user).first() or waiting.first()
        return redirect("admin:qa_flag_change", following.pk) if following else redirect("admin:qa_flag_changelist")

    def _show(self, request, flag, form, hand, status):
        same = Flag.objects.undecided().filter(question=flag.question, reply=flag.reply, article=flag.article)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Report %(pk)s") % {"pk": flag.pk},
            "trail": [(_("Reports"), reverse("admin:qa_flag_changelist"))],
            "flag": flag,
            "question": flag.reply.question if flag.reply else flag.question,
            "what": what(flag),
            "text": text_of(flag),
            "is_public": is_public(flag),
            "address": address_of(flag),
            "same": same.exclude(pk=flag.pk).count(),
            "form": form,
            "hand": hand,
        }
        return TemplateResponse(request, "admin/moderate/flag.html", context, status=status)


def what(flag):
    """What kind of text was reported, and which."""
    if flag.question:
        return _("question “%(name)s”") % {"name": flag.question}
    if flag.reply:
        return _("reply of %(doctor)s") % {"doctor": flag.reply.doctor}
    return _("article “%(name)s”") % {"name": flag.article}


def text_of(flag):
    return flag.target.body


def is_public(flag):
    """Whether visitors can read what was reported."""
    if flag.reply:
        return Reply.objects.public().filter(pk=flag.reply.pk).exists()
    return flag.target.is_public


def address_of(flag):
    """The page on which the text stands."""
    return (flag.reply.question if flag.reply else flag.target).get_absolute_url()
