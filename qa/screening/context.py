"""Whether what a rule has found is so now: not denied, not of the past, not asked about in general.

Where in doubt it is so: a notice too many is a lesser harm than one too few.
"""

import re

from django.utils import timezone

REACH = 150  # characters before and after a hit that are read for this

SENTENCE_END = re.compile(r"[.!?](?!\d)|[。！？\n]")
CLAUSE_END = re.compile(
    r"[.!?](?!\d)|[;:。！？；，\n]|,\s*(?:and\s+)?(?:i|my|he|she|his|her|it|we|they|yet)\b"
    r"|\b(?:but|however|though|although|except|now)\b",
    re.IGNORECASE,
)

# "no", "denies" reach over a list: "no fever, cough or chest pain". "not" must stand with "have" or at the hit itself:
# "I do not have chest pain" denies it, "I do not know why I have chest pain" does not.
DENIAL = re.compile(
    r"\b(?:(?P<noun>no|none|without|nor|neither|den(?:y|ies|ied|ying)|negative\sfor|free\s(?:of|from)"
    r"|absence\sof|rul(?:ed|es|ing)\sout|hasn['’´]?t\sgot|haven['’´]?t\sgot)"
    r"|not|never|(?:do|does|did|is|are|was|were|has|have|had)n['’´]?t|ain['’´]?t)\b",
    re.IGNORECASE,
)
STRENGTHENED = re.compile(
    r"\s*(?:only|just|sure|certain|even\ssure|able|one|idea|clue|matter|doubt|wonder|warning|reason|stopping|thanks)\b",
    re.IGNORECASE,
)
HELPERS = re.compile(
    r"(?:\s*\b(?:really|actually|currently|even|ever|yet|been|being|be|have|has|had|having|feel|felt|feeling|get|got"
    r"|getting|experienc(?:e[ds]?|ing)|suffer(?:ed|ing)?|suffering\sfrom|notic(?:ed?|ing)|see|seen|seeing|show(?:s|ing)?"
    r"|want(?:ed|ing)?|wish|plan(?:ning)?|going|trying|tried|thought|think|thinking|about|consider(?:ed|ing)?|to|any"
    r"|an?|the|in|from|of|at\sall|such\sas|signs?|symptoms?|problems?|episodes?|feelings?|thoughts?|sudden|severe)\b)+",
    re.IGNORECASE,
)
OUT_OF_REACH = re.compile(
    r"\b(?:i|i['’]m|im|my|he|she|his|her|it|its|they|we|our|you|your|because|since|so|why|when|while|after|due|with|and"
    r"|this|such|than|that|just|only|well|good|right|ok|okay|better|great|normal|myself|time|money|insurance|doctor"
    r"|anyone|anything|energy|access|idea|clue|relief|help|luck|sleep|appetite|answers?|results?|medicines?|medications?"
    r"|change|improvement|explanation|diagnosis|cause|cure)\b",
    re.IGNORECASE,
)
LIKE_NEVER_BEFORE = re.compile(r"[^.!?\n]{0,20}\b(?:like\s(?:this|that|it)|this\sbad|so\sbad|as\sbad)\b", re.IGNORECASE)
DENIED_AFTER = re.compile(
    r"\s*(?:[:=?–-]\s*(?:no|none|nil|negative|absent|denied)\b"
    r"|(?:was|were|is|are|has\sbeen|have\sbeen)\s(?:ruled\sout|excluded|absent|denied|negative)\b|[:：]?\s?(?:無|沒有)[，。]?$)",
    re.IGNORECASE,
)
DENIAL_INSIDE = re.compile(
    r"\b(?:no|without|denies|nor|neither|(?:do|does|did|is|are|have|has)n['’´]?t\shave)\b|沒有|没有"
    r"|\b(?:not|(?:is|are|was|were|do|does|did|has|have)n['’´]?t)\s(?:\w+\s)?(?:pain\w*|hurt\w*|tight\w*|swoll?en"
    r"|swelling|blue|gr[ea]y|purple|red|hot|numb|weak|droop\w*|stiff\w*|confused|black|bleeding|vomit\w*|dizzy"
    r"|hard|rigid|unbearable|severe)\b",
    re.IGNORECASE,
)
CHINESE_DENIAL = re.compile(
    r"(?:(?:沒有|没有|沒|没)(?!辦法|办法|人|錢|力|胃口|食慾)|並無|並未|否認|(?<!是)不是|不會|不想)[^，。！？；\n]{0,6}$"
)

# What makes the words after it tell of now, though the sentence began in the past.
NOW = re.compile(
    r"\b(?:but|however|now|today|tonight|currently|again|lately|recently|yesterday|this\s(?:morning|afternoon|evening|week)"
    r"|(?:i|he|she|it|they|we|who)(?:\s(?:have|has|am|is|are|feel|feels|get|gets|keep|keeps|want|wants|think|thinks)"
    r"|['’]?m|['’]ve)\b)(?!\s(?:had|been\sdiagnosed)\b)|現在|今天|剛才|剛剛|但",
    re.IGNORECASE,
)
PAST = re.compile(
    r"\b(?:in|on|since|of|from|by|during|around|until|back\sin|(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)"
    r"[a-z]*)\s(?:early\s|late\s|the\s(?:year|summer|winter|spring|fall)\s(?:of\s)?)?(?P<year>19[3-9]\d|20[0-9]\d)\b"
    r"|\b(?:years?|yrs?|decades?|months?)\s(?:ago|back|earlier)\b|\blong\s(?:time\s)?ago\b"
    r"|\blast\s(?:year|month|summer|winter|spring|fall|autumn)\b|\bsometime\s(?:in|during)\b|\bbut\ssurvived\b"
    r"|\bused\sto\s(?:have|get|suffer|faint|feel|be|cut|want|think|hurt)\b"
    r"|\bin\sthe\spast\b(?!\s(?:few|couple|hour|day|week|\d))"
    r"|\bwhen\s(?:i|he|she|they|we|my\s\w+)\s(?:was|were)\s(?:(?:an?|just|only|about|around|still|very)\s){0,2}"
    r"(?:child|kid|baby|infant|toddler|teen\w*|young\w*|little|small|boy|girl|student|born|\d|\w+teen\b|ten|twelve"
    r"|twenty|thirty|in\s(?:school|high|college|my|his|her))"
    r"|\bas\san?\s(?:child|kid|baby|teen|teenager|young)\b|\bat\s(?:the\s)?age\s(?:of\s)?\d"
    r"|\b(?:during|in)\s(?:my\s|his\s|her\s)?(?:childhood|teens|youth|(?:early\s|late\s|mid\s)?"
    r"(?:[2-8]0['’]?s|twenties|thirties))\b"
    r"|(?<!almost\s)(?<!nearly\s)\b(?:died|passed\saway|deceased|death)\b"
    r"|[\d幾多兩三四五十]年前|小時候|去年|曾經|以前|得過|過世",
    re.IGNORECASE,
)
PAST_AT_HIT = re.compile(
    r"\b(?:(?:history|hx|survivor)\sof|h/o|recovered\sfrom|previous(?:ly)?|prior)\s(?:\w+\s){0,2}$", re.IGNORECASE
)
# "3 years ago, I had" is past at the hit, "surgery 3 years ago, pain in my" is not.
PART_END = re.compile(r",|，|\band\b", re.IGNORECASE)
PAST_TENSE = re.compile(
    r"\b(?:had|was|were|did|got|went|felt|lost|took|tried|suffered|experienced|wanted|used|attempted|fainted)\b",
    re.IGNORECASE,
)
JUST_NOW = re.compile(
    r"[^,;:.!?\n]{0,30}?\b(?:today|tonight|yesterday|right\snow|last\snight|this\s(?:morning|afternoon|evening|week)"
    r"|(?:hours?|minutes?|days?)\sago)\b",
    re.IGNORECASE,
)
STILL = re.compile(r"\b(?:start(?:ed|ing)?|began|begun|ever\ssince|still|on\sand\soff)\b|還是|仍", re.IGNORECASE)

GENERAL = re.compile(
    r"\b(?:signs?|symptoms?|causes?|treatments?|complications?|risks?|definitions?|meaning|types?|prevention|diagnosis"
    r"|information|info|articles?|research|trials?|studies|statistics|rates?|side\seffects?|therapy|first\said|cure"
    r"|stor(?:y|ies)|cases?|reports?)\s(?:of|for|about|on|in|include|are|like)\b"
    r"|\bwhat\s(?:is|are|does|causes?|do(?!\s(?:i|we|you)))\b|\bhow\s(?:common|is|are)\b|\bdifferences?\sbetween\b"
    r"|\b(?:causes?|leads?\sto|results?\sin|includes?|including|prevents?|treats?|alleviates?|relieves?)\b"
    r"|\b(?:people|patients|persons|those|adults|men|women|children|babies)\s(?:with|who|having)\b",
    re.IGNORECASE,
)
CHINESE_GENERAL = re.compile("什麼是|有哪些|哪些症狀|的原因|怎麼預防|如何預防|副作用|會造成|會引起")
PERSONAL = re.compile(
    r"\b(?:i|i['’]?m|i['’]?ve|i['’]?d|me|my|mine|he|she|his|her|him|we|our|us|mother|mom|mum|father|dad|wife|husband"
    r"|partner|son|daughter|child|kid|baby|newborn|toddler|year\sold|brother|sister|friend|grand\w+|uncle|aunt)\b"
    r"|我|他|她|媽|爸|孩子|寶寶|小孩|家人|先生|太太|阿公|阿嬤|爺|奶奶",
    re.IGNORECASE,
)


def is_so_now(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] is said to be so, and to be so now.

    Args:
        text: the whole text; the clause before `start` may deny, the sentence around may tell of the past.
        start, end: the place of the hit.
    """
    before, after = text[max(0, start - REACH) : start], text[end : end + REACH]
    sentence_before = before[_last_end(SENTENCE_END, before) :]
    sentence_after = SENTENCE_END.split(after, maxsplit=1)[0]
    hit = text[start:end]
    return not (
        _is_denied(before[_last_end(CLAUSE_END, before) :], hit, sentence_after)
        or _is_past(sentence_before, hit, sentence_after)
        or _is_general(sentence_before, hit, sentence_after)
    )


def _last_end(pattern, text):
    return max((found.end() for found in pattern.finditer(text)), default=0)


def _is_denied(clause, hit, after):
    if DENIED_AFTER.match(after) or DENIAL_INSIDE.search(hit, 4) or CHINESE_DENIAL.search(clause):
        return True
    denials = list(DENIAL.finditer(clause))
    if not denials:
        return False
    between = clause[denials[-1].end() :]
    if STRENGTHENED.match(between) or LIKE_NEVER_BEFORE.match(after):
        return False
    if denials[-1]["noun"] is None and between.strip():
        helpers = HELPERS.match(between)
        if not helpers:
            return False
        between = between[helpers.end() :]
    if denials[-1].group().lower().startswith("den"):
        between = re.sub(r"\band\b", "or", between)
    if OUT_OF_REACH.search(between) or len(between.split()) > 8:
        return False
    return "," not in between or re.search(r"\bn?or\b", between + after[:40], re.IGNORECASE) is not None


def _is_past(before, hit, after):
    if PAST_AT_HIT.search(before):
        return True
    if STILL.search(before + hit + after) or JUST_NOW.match(after) or NOW.search(hit):
        return False
    told = before[_last_end(NOW, before) :]
    part = told[_last_end(PART_END, told) :]
    if not PAST_TENSE.search(part + hit):
        told = part
    told += hit + NOW.split(after, maxsplit=1)[0]
    this_year = timezone.localdate().year
    return any(not found["year"] or int(found["year"]) < this_year for found in PAST.finditer(told))


def _is_general(before, hit, after):
    is_asked = GENERAL.search(before) or CHINESE_GENERAL.search(before + hit + after)
    return is_asked is not None and not PERSONAL.search(before + hit + after)
