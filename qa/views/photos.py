"""Photos, for whoever may see them."""

from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from qa.models import Photo
from qa.views.private import photo_response, private


@private
@require_safe
def photo(request, pk):
    return photo_response(get_object_or_404(Photo.objects.visible_to(request.user), pk=pk))
