// Comfort for the doctors' desk: the draft saves itself, texts go in at the cursor, Control and Enter publish.
const PAUSE = 2500; // milliseconds without a key

const keys = document.querySelector("#keys");
const asksForKeys = document.querySelector("[data-question-mark]");
if (keys) {
  asksForKeys.checked = localStorage.getItem("question-mark") !== "off";
  asksForKeys.addEventListener("change", () => {
    localStorage.setItem("question-mark", asksForKeys.checked ? "on" : "off");
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "?" || !asksForKeys.checked || event.target.closest("input, textarea, select")) return;
    keys.open = !keys.open;
    if (keys.open) keys.querySelector("summary").focus();
  });
}

// Browsers want different keys held for access keys: here it is Alt in all of them.
addEventListener("keydown", (event) => {
  const key = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1].toLowerCase();
  if (!key || !event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return; // a photo stands above the page
  const target = document.querySelector(`[accesskey="${key}"]:not([hidden])`);
  if (!target) return;
  event.preventDefault();
  target.focus();
  if (!target.matches("textarea, select")) target.click();
});

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}

const form = document.querySelector("form[data-autosave]");
if (form) {
  // What the browser remembers of a page that one goes back to may be older than what is kept, or thrown away since.
  if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") {
    form.autocomplete = "off";
    form.reset();
  }

  const beside = form.querySelector(".beside");
  const areas = [...form.querySelectorAll("textarea")];
  let area = areas[0];
  let waiting, sending;
  const served = form.cloneNode(true);
  served.reset(); // what was typed before this script came is not saved yet
  let latest = typed(served);

  // What was typed, without what only the page itself put there.
  function typed(of = form) {
    const data = new URLSearchParams(new FormData(of));
    data.delete("seen");
    data.delete("sent");
    return data.toString();
  }

  async function save(keepalive = false) {
    clearTimeout(waiting);
    const now = typed();
    if (now === latest) return;
    latest = now;
    sending?.abort();
    const mine = (sending = new AbortController());
    form.elements.sent.value = Date.now();
    try {
      const body = new URLSearchParams(new FormData(form));
      const options = keepalive ? { keepalive } : { signal: mine.signal };
      const response = await fetch(form.dataset.autosave, { method: "POST", body, ...options });
      if (!response.ok || response.redirected) throw new Error(response.status);
      const html = await response.text();
      const isTypingReason = beside.contains(document.activeElement);
      if (now === typed() && !isTypingReason) beside.innerHTML = html;
    } catch (error) {
      if (error.name === "AbortError") return;
      latest = ""; // the connection is away: the next key tries again
      const said = beside.querySelector(".said");
      if (said) said.textContent = error.message === "403" ? form.dataset.signedOut : form.dataset.notSaved;
    }
  }

  const saveSoon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(save, PAUSE);
  };
  form.addEventListener("input", saveSoon);
  if (typed() !== latest) saveSoon();
  addEventListener("pagehide", () => {
    if (!form.dataset.sent) save(true);
  });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault(); // a second click on what is under way
      return;
    }
    form.dataset.sent = "yes";
    form.elements.sent.value = Date.now();
    clearTimeout(waiting);
    sending?.abort(); // what is submitted is newer
  });
  addEventListener("pageshow", () => delete form.dataset.sent); // back from the page after

  // Other forms of the page lead away: what was typed goes first.
  for (const other of document.querySelectorAll("form[data-leave]")) {
    other.addEventListener("submit", async (event) => {
      if (typed() === latest) return;
      event.preventDefault();
      await save();
      other.submit();
    });
  }

  form.addEventListener("focusin", (event) => {
    if (event.target.matches("textarea")) area = event.target;
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.querySelector("[name=publish]").click();
    }
  });

  // A template or a citation goes in at the cursor; its first [gap] is selected, to be typed over.
  for (const button of document.querySelectorAll("[data-insert]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const start = area.selectionStart;
      const before = area.value.slice(0, start);
      const text = (before && !/\s$/.test(before) ? "\n" : "") + button.dataset.insert;
      area.setRangeText(text, start, area.selectionEnd, "end");
      const gap = /\[[^[\]\n]{1,80}\]/.exec(text);
      area.focus();
      if (gap) area.setSelectionRange(start + gap.index, start + gap.index + gap[0].length);
      form.dispatchEvent(new Event("input"));
    });
  }

  const all = form.querySelector("[data-all-answered]");
  if (all) {
    all.hidden = false;
    all.addEventListener("click", () => {
      for (const choice of form.querySelectorAll(".coverages input[value=answered]")) choice.checked = true;
      form.dispatchEvent(new Event("input"));
    });
  }
}
