"""The documents of the archive, for the tests that read and import them."""

from django.conf import settings

from qa.importing.documents import parse_document

FOLDER = settings.BASE_DIR / "fixtures" / "documents"
NAMES = ["000_287df63ca416a11f", "001_121d227827def5eb", "002_614d02a2dc9fc088", "003_9da9379b0cc11456"]
FILES = [str(FOLDER / f"{name}.txt") for name in NAMES]
EDITORIAL = str(FOLDER / "editorial.toml")
TEXTS = {name[:3]: (FOLDER / f"{name}.txt").read_text(encoding="utf-8") for name in NAMES}
PAGES = ["000", "001", "002"]
MORE_THAN_FOUR = "\nOne more\n\nIs it?\n\nDr. Wu Yuxin reply Dermatology\nYes.\n\n[Read More] One more\n\nRelated FAQ"


def parse(text):
    return parse_document(text.encode())
