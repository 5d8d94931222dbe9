"""Search: from what somebody typed to public rows, and from a text to public questions like it.

What is searched are entries (`entries`), made of what the public may read by one text pipeline (`pipeline`), kept in
step by triggers of the database (`triggers`). Two engines (`sqlite`, `postgresql`) find them; one scorer orders them.
"""

from qa.search.alike import Candidate, candidates
from qa.search.entries import catch_up
from qa.search.many import Finder
from qa.search.pipeline import terms
from qa.search.query import clean
from qa.search.rebuilding import number_of_things, rebuild
from qa.search.remarks import remarks
from qa.search.results import TABS, Results, search
from qa.search.suggestions import Suggestion, suggest
from qa.search.words import recount_regularly, topics_version

__all__ = [
    "TABS",
    "Candidate",
    "Finder",
    "Results",
    "Suggestion",
    "candidates",
    "catch_up",
    "clean",
    "number_of_things",
    "rebuild",
    "recount_regularly",
    "remarks",
    "search",
    "suggest",
    "terms",
    "topics_version",
]
