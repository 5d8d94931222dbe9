// Comfort for partials/share.html: copy the link, or the browser's own share sheet where it has one.
for (const share of document.querySelectorAll(".share")) {
  const field = share.querySelector("input");
  const copy = share.querySelector("[data-copy]");
  const sheet = share.querySelector("[data-sheet]");
  const said = share.querySelector("[role=status]");

  copy.hidden = false;
  copy.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // without https there is no clipboard
    }
    said.textContent = copy.dataset.done;
  });

  if (navigator.share) {
    sheet.hidden = false;
    sheet.addEventListener("click", () =>
      navigator.share({ title: document.title, url: field.value }).catch(() => {}),
    );
  }
}
