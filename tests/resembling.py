"""Questions that resemble each other, one that resembles none, and the links of a question."""

ECZEMA = [
    ("Eczema on both hands", "My hands itch and the skin cracks since I began to wash dishes. Is it eczema?"),
    ("Hand eczema in winter", "Each winter the skin of my hands cracks and itches. Which cream helps eczema?"),
    ("Itching cracks on fingers", "The skin of my fingers itches and cracks, a doctor said hand eczema."),
    ("Cream for cracked skin", "Which cream helps against cracked, itching skin on the hands?"),
    ("Eczema after washing", "After washing dishes the skin of my hands is red and itches, is it eczema?"),
    ("Itching hands at work", "At work I wear gloves; my hands itch and the skin cracks, perhaps eczema."),
]
FRACTURE = ("Broken wrist", "I fell on the ice and broke the wrist. How long does the plaster stay?")


def links_of(question):
    return list(question.related_questions.order_by("position").values_list("related", "origin"))
