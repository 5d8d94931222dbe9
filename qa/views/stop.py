"""The link in each e-mail that stops the e-mails about one question."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from qa.models import Question
from qa.views.limited import limited_guesses
from qa.views.private import by_secret_link


@by_secret_link  # a mail program posts here by itself (RFC 8058)
@require_http_methods(["GET", "HEAD", "POST"])
@limited_guesses("key")
def my_question_stop(request, key):
    question = get_object_or_404(Question.objects.asked_here(), secret_key=key)
    if request.method == "POST":
        question.stop_news()
    return render(request, "qa/my_question_stop.html", {"question": question, "robots": "noindex"})
