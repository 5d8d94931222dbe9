"""What search engines read of a page: schema.org in JSON-LD.

A question page is a MedicalWebPage about a Question with Answers by Physicians. QAPage is not for us: search engines
reserve it for pages where any visitor can answer.
"""

from qa.models import Question, Reply


def question_page(question: Question, replies: list[Reply], address: str) -> dict:
    """The structured data of a question page.

    Args:
        replies: its published replies, with doctor and specialty.
        address: the absolute, canonical address of the page.
    """
    asked = {
        "@type": "Question",
        "name": question.title,
        "text": question.body,
        "answerCount": len(replies),
        "acceptedAnswer": [_answer(reply, address) for reply in replies],
    }
    if question.pseudonym:
        asked["author"] = {"@type": "Person", "name": question.pseudonym}
    page = {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage",
        "name": question.heading,
        "url": address,
        "inLanguage": question.language,
        "about": {"@type": "MedicalSpecialty", "name": question.specialty.name},
        "mainEntity": asked,
    }
    if question.asked_on:
        page["datePublished"] = asked["dateCreated"] = question.asked_on.isoformat()
    return page


def _answer(reply, address):
    answer = {
        "@type": "Answer",
        "text": reply.body,
        "url": f"{address}#{reply.anchor}",
        "author": {
            "@type": "Physician",
            "name": str(reply.doctor),
            "medicalSpecialty": reply.specialty.name,
        },
    }
    if reply.replied_on:
        answer["dateCreated"] = reply.replied_on.isoformat()
    return answer
