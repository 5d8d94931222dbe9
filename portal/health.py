"""Whether the portal lives and works, for whatever watches it."""

from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from qa.heartbeat import silence

WORKER_MAY_BE_SILENT = 120  # seconds


@never_cache
@require_safe
def healthz(request):
    """Liveness: this process answers. Touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request):
    """Readiness: database and cache answer, no migration is missing, the worker works. 503 says what is wrong."""
    trouble = find_trouble()
    return HttpResponse(f"{trouble or 'ok'}\n", content_type="text/plain", status=503 if trouble else 200)


def find_trouble():
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "Migrations are missing: run manage.py migrate."
        silent = silence()
        cache.get("readiness")
    except Error:
        return "The database does not answer."
    except ConnectionError:
        return "The cache does not answer."
    if silent is None or silent > WORKER_MAY_BE_SILENT:
        return "The worker is silent: is manage.py worker running?"
    return ""


PROBES = {"/healthz": healthz, "/readyz": readyz}


def answer_probes(get_response):
    """Answers what watches the portal before anything else looks at the request: by any host name, without https."""

    def middleware(request):
        probe = PROBES.get(request.path_info)
        return probe(request) if probe else get_response(request)

    return middleware
