"""The nouns, one file per aggregate. Other code imports them from here: `from qa.models import Question`."""

from qa.models.article import Article, ArticleOrigin, ArticleStatus, Stance
from qa.models.event import EventKind, QuestionEvent
from qa.models.flag import Flag, FlagDecision, FlagReason
from qa.models.part import MAX_PARTS, Coverage, FollowUp, QuestionPart, SeenChoice, SeenQuestion
from qa.models.photo import Photo, PhotoAudience
from qa.models.question import UNDATED, OnBehalfOf, Question, RejectReason
from qa.models.question_words import PORTAL, QuestionStatus
from qa.models.record import ImportRecord, Revision
from qa.models.related import RelatedOrigin, RelatedQuestion, RelatedTopic
from qa.models.reply import (
    CannotAssess,
    NextStep,
    PartCoverage,
    Reply,
    ReplyReview,
    ReplyStatus,
    Verdict,
)
from qa.models.taxonomy import ArticleTopic, QuestionTopic, Topic, TopicKind, TopicSynonym

__all__ = [
    "MAX_PARTS",
    "PORTAL",
    "UNDATED",
    "Article",
    "ArticleOrigin",
    "ArticleStatus",
    "ArticleTopic",
    "CannotAssess",
    "Coverage",
    "EventKind",
    "Flag",
    "FlagDecision",
    "FlagReason",
    "FollowUp",
    "ImportRecord",
    "NextStep",
    "OnBehalfOf",
    "PartCoverage",
    "Photo",
    "PhotoAudience",
    "Question",
    "QuestionEvent",
    "QuestionPart",
    "QuestionStatus",
    "QuestionTopic",
    "RejectReason",
    "RelatedOrigin",
    "RelatedQuestion",
    "RelatedTopic",
    "Reply",
    "ReplyReview",
    "ReplyStatus",
    "Revision",
    "SeenChoice",
    "SeenQuestion",
    "Stance",
    "Topic",
    "TopicKind",
    "TopicSynonym",
    "Verdict",
]
