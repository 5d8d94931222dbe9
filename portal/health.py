"""Whether the portal lives, for whatever watches it."""

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def healthz(request):
    """Liveness: this process answers. Touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")
