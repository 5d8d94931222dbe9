"""Texts as patients and doctors might write them: sentences of real questions, or of the archive, with rare words."""

import itertools
import json
import random
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2]
POOL = 40_000  # sentences; as many are made of the words where there are fewer
RARE_WORDS = 60_000
ENOUGH = 2_000  # questions for which all of these are needed
SYLLABLES = "al be cor da en fi gly hy io ka lo my ne or pa qui ro sta ti ul ve xan yl zo".split()  # noqa: SIM905
ENDINGS = "itis osis emia pathy oma plasty ectomy gram cillin pril sartan azole mab idine statin algia".split()  # noqa: SIM905
FIELDS = ("title", "body", "answer", "text", "question", "summary")


def read_sentences(folder=None):
    """Sentences of the JSON lines in `folder`; of the archive's documents where there is none."""
    if folder:
        texts = [text for path in sorted(Path(folder).rglob("*.jsonl")) for text in _texts_of(path)]
    else:
        texts = [path.read_text(encoding="utf-8") for path in sorted((FOLDER / "fixtures" / "documents").glob("*.txt"))]
    found = (" ".join(piece.split()) for text in texts for piece in re.split(r"(?<=[.?!])\s|\n", text))
    return sorted({sentence for sentence in found if 20 <= len(sentence) <= 300})


def _texts_of(path):
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line) if line.strip() else {}
            yield from (record[name] for name in FIELDS if isinstance(record.get(name), str))


class Writer:
    """Writes texts of any length; the same ones for the same seed."""

    def __init__(self, number, folder=None, seed=1):
        share = min(1, number / ENOUGH)
        self.random = random.Random(seed)
        self.sentences = read_sentences(folder)
        words = re.findall(r"[a-z]{2,}", " ".join(self.sentences).casefold())
        while len(self.sentences) < POOL * share:  # each new one shares its words with the others as real ones do
            drawn = self.random.choices(words, k=1200)
            for start in range(0, len(drawn), 12):
                self.sentences.append(" ".join(drawn[start : start + 12]).capitalize() + ".")
        self.random.shuffle(self.sentences)
        self.rare = sorted(
            {
                "".join(self.random.choices(SYLLABLES, k=self.random.randint(2, 4))) + self.random.choice(ENDINGS)
                for _number in range(int(RARE_WORDS * share))
            }
        )
        self.rare_weights = zipf(len(self.rare))

    def rare_words(self, number):
        """So many lists of two words, of which most are rare and some are met again and again."""
        drawn = self.random.choices(self.rare, cum_weights=self.rare_weights, k=2 * number)
        return list(zip(drawn[::2], drawn[1::2], strict=True))

    def texts(self, number, least, most):
        """So many texts of `least` to `most` sentences."""
        lengths = self.random.choices(range(least, most + 1), k=number)
        drawn = iter(self.random.choices(self.sentences, k=sum(lengths)))
        return [" ".join(itertools.islice(drawn, length)) for length in lengths]


def zipf(number, exponent=1.0):
    """Cumulative weights by which the n-th of so many things is drawn 1/n as often as the first."""
    return list(itertools.accumulate(1 / (n**exponent) for n in range(1, number + 1)))
