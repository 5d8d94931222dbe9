"""What machines ask for at fixed addresses."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from qa.views.public import public


@public
@require_safe
def robots(request):
    sitemap = settings.SITE_URL + reverse("sitemap_index")
    lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /my/", "Disallow: /search/", f"Sitemap: {sitemap}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request):
    """Browsers ask for this address whatever the page says."""
    return redirect(static("img/favicon.ico"), permanent=False)
