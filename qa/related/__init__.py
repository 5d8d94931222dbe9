"""Related: the public questions that a text resembles most, the specialties they are filed under, and the links under
each question. Two stages: search gives candidates by their words, `qa.embedding` orders them by what they mean."""

from qa.related.finding import find_matches, find_similar, suggest_specialties
from qa.related.links import catch_up, rebuild, rebuild_some, start_rebuild
from qa.related.meaning import embed_missing

__all__ = [
    "catch_up",
    "embed_missing",
    "find_matches",
    "find_similar",
    "rebuild",
    "rebuild_some",
    "start_rebuild",
    "suggest_specialties",
]
