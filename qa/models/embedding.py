"""What a question means, as numbers (see `qa.embedding`), kept beside it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from qa.models.question import Question


class Embedding(models.Model):
    """The vector of a public question's text. Triggers delete it with the text that it was made of."""

    question = models.OneToOneField(Question, primary_key=True, on_delete=models.CASCADE, related_name="embedding")
    model = models.CharField(_("model"), max_length=40)
    vector = models.BinaryField(_("vector"))

    class Meta:
        verbose_name = _("embedding")
        verbose_name_plural = _("embeddings")

    def __str__(self):
        return f"{self.question_id} ({self.model})"
