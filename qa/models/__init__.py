"""The nouns, one file per aggregate. Other code imports them from here: `from qa.models import Question`."""

from qa.models.article import TEXT_FIELDS, Article, ArticleOrigin, ArticleRevision, ArticleStatus, Stance
from qa.models.children import as_models, together, unfolded
from qa.models.dates import UNDATED
from qa.models.draft import Draft, random_key
from qa.models.draft_reply import MAX_VERSIONS, ReplyTemplate, ReplyVersion
from qa.models.embedding import Embedding
from qa.models.event import LOADED, RELOADED, EventKind, QuestionEvent
from qa.models.flag import URGENT_FIRST, Flag, FlagDecision, FlagReason
from qa.models.helpful import VISITOR_KEPT, Helpful
from qa.models.part import MAX_PARTS, Coverage, FollowUp, QuestionPart, SeenChoice, SeenQuestion, coverage_label
from qa.models.photo import Photo, PhotoAudience, photo_storage
from qa.models.public import PublicChange, version_of_question
from qa.models.question import MAX_FOLLOW_UPS, Question
from qa.models.question_words import (
    AGE_BANDS,
    FOLLOW_UP_WAITS,
    MAX_PHOTOS,
    OLDEST,
    PORTAL,
    OnBehalfOf,
    QuestionStatus,
    RejectReason,
    age_band_label,
)
from qa.models.record import ImportRecord, LoadedRecord, Revision
from qa.models.related import RelatedChange, RelatedOrigin, RelatedQuestion, RelatedReason, RelatedTopic
from qa.models.reply import (
    CannotAssess,
    NextStep,
    PartCoverage,
    Reply,
    ReplyStatus,
    Verdict,
)
from qa.models.review import ReplyReview
from qa.models.search import EntryKind, SearchChange, SearchEntry, SearchSpelling, SearchWord
from qa.models.tally import Tally
from qa.models.taxonomy import ArticleTopic, QuestionTopic, Topic, TopicKind, TopicRedirect, TopicSynonym
from qa.models.written_once import prepared, prepared_for_lists, written_once_for_texts

__all__ = [
    "AGE_BANDS",
    "FOLLOW_UP_WAITS",
    "LOADED",
    "MAX_FOLLOW_UPS",
    "MAX_PARTS",
    "MAX_PHOTOS",
    "MAX_VERSIONS",
    "OLDEST",
    "PORTAL",
    "RELOADED",
    "TEXT_FIELDS",
    "UNDATED",
    "URGENT_FIRST",
    "VISITOR_KEPT",
    "Article",
    "ArticleOrigin",
    "ArticleRevision",
    "ArticleStatus",
    "ArticleTopic",
    "CannotAssess",
    "Coverage",
    "Draft",
    "Embedding",
    "EntryKind",
    "EventKind",
    "Flag",
    "FlagDecision",
    "FlagReason",
    "FollowUp",
    "Helpful",
    "ImportRecord",
    "LoadedRecord",
    "NextStep",
    "OnBehalfOf",
    "PartCoverage",
    "Photo",
    "PhotoAudience",
    "PublicChange",
    "Question",
    "QuestionEvent",
    "QuestionPart",
    "QuestionStatus",
    "QuestionTopic",
    "RejectReason",
    "RelatedChange",
    "RelatedOrigin",
    "RelatedQuestion",
    "RelatedReason",
    "RelatedTopic",
    "Reply",
    "ReplyReview",
    "ReplyStatus",
    "ReplyTemplate",
    "ReplyVersion",
    "Revision",
    "SearchChange",
    "SearchEntry",
    "SearchSpelling",
    "SearchWord",
    "SeenChoice",
    "SeenQuestion",
    "Stance",
    "Tally",
    "Topic",
    "TopicKind",
    "TopicRedirect",
    "TopicSynonym",
    "Verdict",
    "age_band_label",
    "as_models",
    "coverage_label",
    "photo_storage",
    "prepared",
    "prepared_for_lists",
    "random_key",
    "together",
    "unfolded",
    "version_of_question",
    "written_once_for_texts",
]
