"""The table of contents of the public site, in reading order."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.views.decorators.http import require_safe

from qa.feeds import LatestReplies, LatestRepliesInSpecialty
from qa.sitemaps import sitemap_index, sitemap_section
from qa.views import browse, machines, mine, search

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
    path("specialties/", browse.specialty_list, name="specialty_list"),
    path("specialties/<slug:slug>/", browse.specialty_detail, name="specialty_detail"),
    path("specialties/<slug:specialty>/<unicode_slug:topic>/", browse.specialty_topic, name="specialty_topic"),
    path("topics/", browse.topic_list, name="topic_list"),
    path("topics/<unicode_slug:slug>/", browse.topic_detail, name="topic_detail"),
    path("doctors/", browse.doctor_list, name="doctor_list"),
    path("doctors/<slug:slug>/", browse.doctor_detail, name="doctor_detail"),
    path("articles/", browse.article_list, name="article_list"),
    path("articles/<slug:slug>/", browse.article_detail, name="article_detail"),
    path("search/", search.search, name="search"),
    path("my/<slug:key>/", mine.my_question, name="my_question"),
    path("<standing_page:slug>/", browse.page, name="page"),
    path("feeds/latest.atom", require_safe(LatestReplies()), name="feed_latest"),
    path("feeds/specialties/<slug:slug>.atom", require_safe(LatestRepliesInSpecialty()), name="feed_specialty"),
    path("sitemap.xml", sitemap_index, name="sitemap_index"),
    path("sitemap-<section>.xml", sitemap_section, name="sitemap_section"),
    path("robots.txt", machines.robots, name="robots"),
    path("favicon.ico", machines.favicon, name="favicon"),
]
