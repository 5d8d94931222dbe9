"""Reading pages as a visitor does: their text, their links, and all that is reached from the front page."""

import re
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

from qa.sitemaps import QuestionSitemap

INLINE = {"a", "abbr", "b", "bdi", "cite", "em", "i", "mark", "q", "small", "span", "strong", "time"}
UNSEEN = {"script", "style", "template", "title"}

# Less than 24 pixels wide or high, and not within a sentence
SMALL_TARGETS = """() => {
  const isSmall = (target) => {
    const { width, height } = target.getBoundingClientRect();
    return width > 1 && Math.min(width, height) < 24 && getComputedStyle(target).display !== "inline";
  };
  const targets = "a, button, input:not([type=radio], [type=checkbox]), select, textarea, summary";
  return [...document.querySelectorAll(targets)]
    .filter((target) => target.checkVisibility() && isSmall(target))
    .map((target) => target.outerHTML);
}"""


class PageReader(HTMLParser):
    """Collects the text a reader sees, the addresses linked, and the ids that can be linked to."""

    def __init__(self, html):
        super().__init__()
        self.pieces, self.links, self.ids, self.unseen = [], [], [], 0
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.unseen += tag in UNSEEN
        if tag not in INLINE:
            self.pieces.append("\n")
        if tag in ("a", "link") and attributes.get("href"):
            self.links.append(attributes["href"])
        if attributes.get("id"):
            self.ids.append(attributes["id"])

    def handle_endtag(self, tag):
        self.unseen -= tag in UNSEEN
        if tag not in INLINE:
            self.pieces.append("\n")

    def handle_data(self, data):
        if not self.unseen:
            self.pieces.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.pieces))


def crawl(client, start="/"):
    """Every page reached by links from `start`: address to response. Links to other sites are kept as they are."""
    found, waiting, elsewhere = {}, [start], set()
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        response = found[address] = client.get(address)
        if not response.get("Content-Type", "").startswith("text/html"):
            continue
        for link in PageReader(response.text).links:
            target = urldefrag(urljoin(address, link.replace("http://testserver", ""))).url
            if target.startswith("/"):
                waiting.append(target)
            else:
                elsewhere.add(target)
    return found, elsewhere


def address_in_sitemap(question):
    """Of the part that has the question: each has a thousand keys."""
    return f"/sitemap-questions.xml?p={(question.pk - 1) // QuestionSitemap.limit + 1}"
