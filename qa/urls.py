"""The table of contents of the public site, in reading order."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.views.decorators.http import require_safe

from qa.feeds import LatestReplies, LatestRepliesInSpecialty
from qa.sitemaps import sitemap_index, sitemap_section
from qa.views import ask, browse, helpful, machines, mine, photos, report, search, stop
from qa.views.public import public

STANDING_PAGES = "about|how-it-works|privacy|terms|emergency"


class StandingPageConverter(StringConverter):
    regex = STANDING_PAGES


class UnicodeSlugConverter(StringConverter):
    """A slug that may hold letters of any script, as topics have them."""

    regex = r"[\w-]+"


register_converter(StandingPageConverter, "standing_page")
register_converter(UnicodeSlugConverter, "unicode_slug")

urlpatterns = [
    path("", browse.home, name="home"),
    path("questions/", browse.question_list, name="question_list"),
    path("questions/<int:pk>/", browse.question_detail, name="question_short"),
    path("questions/<int:pk>-<slug:slug>/", browse.question_detail, name="question_detail"),
    path("questions/<int:pk>/report/", report.question_report, name="question_report"),
    path("questions/<int:pk>/helpful/", helpful.question_helpful, name="question_helpful"),
    path("specialties/", browse.specialty_list, name="specialty_list"),
    path("specialties/<slug:slug>/", browse.specialty_detail, name="specialty_detail"),
    path("specialties/<slug:specialty>/<unicode_slug:topic>/", browse.specialty_topic, name="specialty_topic"),
    path("topics/", browse.topic_list, name="topic_list"),
    path("topics/<unicode_slug:slug>/", browse.topic_detail, name="topic_detail"),
    path("doctors/", browse.doctor_list, name="doctor_list"),
    path("doctors/<slug:slug>/", browse.doctor_detail, name="doctor_detail"),
    path("articles/", browse.article_list, name="article_list"),
    path("articles/<slug:slug>/", browse.article_detail, name="article_detail"),
    path("articles/<slug:slug>/report/", report.article_report, name="article_report"),
    path("search/", search.search, name="search"),
    path("search/suggestions/", search.search_suggestions, name="search_suggestions"),
    path("ask/", ask.ask_about, name="ask_about"),
    path("ask/first/", ask.ask_urgent, name="ask_urgent"),
    path("ask/similar/", ask.ask_similar, name="ask_similar"),
    path("ask/answered/", ask.ask_answered, name="ask_answered"),
    path("ask/parts/", ask.ask_parts, name="ask_parts"),
    path("ask/about-you/", ask.ask_you, name="ask_you"),
    path("ask/send/", ask.ask_send, name="ask_send"),
    path("ask/sent/", ask.ask_sent, name="ask_sent"),
    path("ask/discard/", ask.ask_discard, name="ask_discard"),
    path("ask/autosave/", ask.ask_autosave, name="ask_autosave"),
    path("ask/photos/<int:pk>/", ask.ask_photo, name="ask_photo"),
    path("my/", mine.my_questions, name="my_questions"),
    path("my/erased/", mine.my_question_erased, name="my_question_erased"),
    path("my/<slug:key>/", mine.my_question, name="my_question"),
    path("my/<slug:key>/withdraw/", mine.my_question_withdraw, name="my_question_withdraw"),
    path("my/<slug:key>/erase/", mine.my_question_erase, name="my_question_erase"),
    path("my/<slug:key>/download/", mine.my_question_download, name="my_question_download"),
    path("my/<slug:key>/photos/<int:pk>/", mine.my_photo, name="my_photo"),
    path("photos/<int:pk>/", photos.photo, name="photo"),
    path("my/<slug:key>/stop/", stop.my_question_stop, name="my_question_stop"),
    path("<standing_page:slug>/", browse.page, name="page"),
    path("feeds/latest.atom", public(require_safe(LatestReplies())), name="feed_latest"),
    path("feeds/specialties/<slug:slug>.atom", public(require_safe(LatestRepliesInSpecialty())), name="feed_specialty"),
    path("sitemap.xml", public(sitemap_index), name="sitemap_index"),
    path("sitemap-<section>.xml", public(sitemap_section), name="sitemap_section"),
    path("robots.txt", machines.robots, name="robots"),
    path("favicon.ico", machines.favicon, name="favicon"),
]
