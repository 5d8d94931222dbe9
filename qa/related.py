"""Related: the public questions that a text resembles most, and the specialties they are filed under.

A simple finder: it weighs the words that both texts have by how rare they are among the candidates.
"""

import math
import re
from collections import Counter

from django.db.models import Q

from accounts.models import Specialty
from qa.models import Question

CANDIDATES = 200
MAX_WORDS = 16
MIN_SHARED = 2  # words; one alone says little
SHORTEST = 4  # letters of a word that says something
# Words of every question; single words of them are dropped as well.
COMMON = frozenset(
    re.findall(
        r"\S+",
        """about after again also because been before being could does doing done dont doctor dear ever every from have
        having hello help here idea into just know like many more most much need only other over please quite really
        should since some such than thank that their them then there these they thing think this those tried very want
        week day month year were what when where which while will with would your experience experienced experiencing
        question condition cause caused""",
    )
)


def find_similar(text: str, limit: int = 4) -> list[Question]:
    """Public questions that resemble `text`, the closest first, ready for cards.

    Args:
        text: what a patient has written, title and body together.
        limit: how many at most.
    """
    words = _words(text)
    wanted = [word for word, _number in Counter(words).most_common(MAX_WORDS)]
    if len(wanted) < MIN_SHARED:
        return []
    fields = ("headline", "title", "body")
    condition = Q(*((f"{field}__icontains", word) for word in wanted for field in fields), _connector=Q.OR)
    candidates = Question.objects.public().filter(condition, erased_at__isnull=True).for_cards()
    candidates = list(candidates.order_by("-answered_at", "-pk")[:CANDIDATES])
    return _closest(candidates, set(wanted))[:limit]


def suggest_specialties(text: str, limit: int = 3) -> list[Specialty]:
    """The specialties of the questions that resemble `text`, the likeliest first."""
    weights = Counter()
    for rank, question in enumerate(find_similar(text, limit=10), 1):
        weights[question.specialty] += 1 / rank
    return [specialty for specialty, _weight in weights.most_common(limit)]


def _closest(candidates, wanted):
    shared = {}
    for question in candidates:
        words = set(_words(f"{question.headline} {question.title} {question.body}"))
        shared[question] = {word for word in wanted if any(other.startswith(word) for other in words)}
    having = Counter(word for words in shared.values() for word in words)
    rarity = {word: math.log(1 + len(candidates) / number) for word, number in having.items()}
    close = [question for question in candidates if len(shared[question]) >= MIN_SHARED]
    return sorted(close, key=lambda question: -sum(rarity[word] for word in shared[question]))


def _words(text):
    """The words that say something, without an English plural's end; Chinese in pairs of characters."""
    found = re.findall(r"[^\W\d_]+", text.casefold())
    latin = [
        word.removesuffix("s") for word in found if word.isascii() and len(word) >= SHORTEST and word not in COMMON
    ]
    chinese = [word[i : i + 2] for word in found if re.match(r"[㐀-鿿]", word) for i in range(len(word) - 1)]
    return [word for word in latin if word not in COMMON] + chinese
