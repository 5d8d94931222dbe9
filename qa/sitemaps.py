"""The sitemap: an index with one section for each kind of page. Excerpts are not for search engines."""

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import index, sitemap
from django.core.paginator import Paginator
from django.db.models import Max
from django.urls import reverse
from django.utils.functional import cached_property

from accounts.models import Doctor, Specialty
from qa.models import UNDATED, Article, Question, Topic


class StaticSitemap(Sitemap):
    """Pages that no row stands behind."""

    def items(self):
        lists = ["home", "question_list", "specialty_list", "topic_list", "doctor_list", "article_list"]
        pages = ["about", "how-it-works", "privacy", "terms", "emergency"]
        return [reverse(name) for name in lists] + [reverse("page", args=[slug]) for slug in pages]

    def location(self, address):
        return address


class KeyPaginator(Paginator):
    """Pages of so many keys, whether each has a row or not: nothing is counted, nothing skipped one by one."""

    @cached_property
    def count(self):
        return self.object_list.aggregate(last=Max("pk"))["last"] or 0

    def page(self, number):
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        return self._get_page(self.object_list.filter(pk__gt=first, pk__lte=first + self.per_page), number, self)


class QuestionSitemap(Sitemap):
    limit = 1_000

    @property
    def paginator(self):
        return KeyPaginator(self.items(), self.limit)

    def items(self):
        return Question.objects.comparable().only("headline", "title", "changed_at").order_by("pk")

    def lastmod(self, question):
        return None if question.changed_at == UNDATED else question.changed_at

    def get_latest_lastmod(self):
        """The index says none: it would be that of all questions, looked through one by one."""
        return


class SpecialtySitemap(Sitemap):
    def items(self):
        return Specialty.objects.order_by("pk")


class TopicSitemap(Sitemap):
    def items(self):
        return Topic.objects.order_by("pk")


class SpecialtyTopicSitemap(Sitemap):
    """The pairs of topic and specialty."""

    def items(self):
        pairs = Topic.specialties.through.objects.order_by("pk")
        return pairs.values_list("specialty__slug", "topic__slug")

    def location(self, pair):
        return reverse("specialty_topic", args=pair)


class DoctorSitemap(Sitemap):
    def items(self):
        return Doctor.objects.public().order_by("pk")


class ArticleSitemap(Sitemap):
    """Articles of their own: "More info" is read on its question's page."""

    def items(self):
        return Article.objects.public().of_their_own().order_by("pk")


SITEMAPS = {
    "pages": StaticSitemap,
    "questions": QuestionSitemap,
    "specialties": SpecialtySitemap,
    "topics": TopicSitemap,
    "specialty-topics": SpecialtyTopicSitemap,
    "doctors": DoctorSitemap,
    "articles": ArticleSitemap,
}


def sitemap_index(request):
    response = index(request, SITEMAPS, sitemap_url_name="sitemap_section")
    for section in response.context_data["sitemaps"]:
        section.location = _at_site_url(request, section.location)
    return response


def sitemap_section(request, section):
    response = sitemap(request, SITEMAPS, section)
    for page in response.context_data["urlset"]:
        page["location"] = _at_site_url(request, page["location"])
    return response


def _at_site_url(request, address):
    """The address as pages call themselves; Django begins it with whatever host the request names."""
    return settings.SITE_URL + address.removeprefix(f"{request.scheme}://{request.get_host()}")
