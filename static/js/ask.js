// Comfort for the ask steps: what is typed is kept as it is typed, and what resembles it shows beside it.
const PAUSE = 1500; // milliseconds without a key
const LONGEST = 24 * 60 * 60 * 1000; // milliseconds, as long as the server keeps a draft

// What is typed and not yet known to be kept by the server stays with this tab, and with the draft it was typed for.
const place = (step) => `ask-${step}`;
const recall = (step) => {
  try {
    return JSON.parse(sessionStorage.getItem(place(step)));
  } catch {
    return null; // a browser that remembers nothing
  }
};
const remember = (step, typed) => {
  try {
    if (typed) sessionStorage.setItem(place(step), JSON.stringify(typed));
    else sessionStorage.removeItem(place(step));
  } catch {
    // As above, or there is no room.
  }
};
const forget = (step) => remember(step, null);

const { draft, ...keptAt } = document.querySelector(".steps")?.dataset ?? {};
for (const [step, at] of Object.entries(keptAt)) {
  const typed = recall(step);
  const isOver = typed?.draft !== draft || typed.at <= Number(at) || Date.now() - typed.at > LONGEST;
  if (isOver) forget(step);
}
addEventListener("submit", (event) => {
  if (event.target.matches("[data-ends-draft]")) ["about", "parts", "you"].forEach(forget);
});

const form = document.querySelector("form[data-step]");
if (form) {
  const { step } = form.dataset;
  const OWN = ["csrfmiddlewaretoken", "photos", "typed_at"]; // of the page, and no text

  // What the browser remembers of a page that one goes back to may be older than what is kept, or thrown away since.
  if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") {
    form.autocomplete = "off";
    form.reset();
  }
  for (const [name, value] of recall(step)?.fields ?? []) {
    const field = form.elements[name];
    if (!field) continue;
    field.value = value;
    const folded = value && field.closest?.("details");
    if (folded) folded.open = true;
  }

  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    const fields = [...new FormData(form)].filter(([name]) => !OWN.includes(name));
    remember(step, { draft: form.elements.draft.value, at: Date.now(), fields });
  });
  addEventListener("submit", () => {
    form.elements.typed_at.value = Date.now();
  });
}

// A message on the private page stays with this tab until the page holds one more.
const message = document.querySelector("form[data-message]");
if (message) {
  const { body } = message.elements;
  const typed = recall("message");
  const isOver = typed?.message !== message.dataset.message || Date.now() - typed.at > LONGEST;
  if (isOver) forget("message");
  else body.value ||= typed.text;
  body.addEventListener("input", () => {
    remember("message", { message: message.dataset.message, at: Date.now(), text: body.value });
  });
} else if (!form) {
  forget("message");
}

for (const area of document.querySelectorAll("[data-counter]")) {
  const limit = Number(area.dataset.counter);
  if (!limit) continue;
  const count = document.createElement("p");
  count.className = "help counter";
  area.after(count);
  const show = () => {
    const length = [...area.value].length;
    count.textContent = `${length} / ${limit}`;
    count.classList.toggle("over", length > limit);
  };
  area.addEventListener("input", show);
  show();
}

if (form?.dataset.autosave) {
  const beside = document.querySelector(".while-typing");
  const texts = [form.elements.title, form.elements.body];
  const written = () => JSON.stringify(texts.map((field) => field.value));
  let waiting, sending, latest = JSON.stringify(texts.map((field) => field.defaultValue));

  const save = async (keepalive = false) => {
    const now = written();
    if (now === latest) return;
    latest = now;
    form.elements.typed_at.value = Date.now();
    const data = new FormData(form);
    data.delete("photos");
    sending?.abort(); // this is newer
    sending = new AbortController();
    try {
      const body = new URLSearchParams(data);
      const response = await fetch(form.dataset.autosave, { method: "POST", body, keepalive, signal: sending.signal });
      if (response.status !== 200 || now !== latest) return;
      const said = await response.text();
      if (said !== beside.dataset.said) beside.innerHTML = beside.dataset.said = said;
      if (now === written() && !beside.querySelector("[data-not-kept]")) forget("about");
    } catch {
      if (now === latest) latest = ""; // the connection is away: the next key tries again
    }
  };

  const saveSoon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(save, PAUSE);
  };
  form.addEventListener("input", saveSoon);
  if (written() !== latest) form.dispatchEvent(new Event("input")); // remembered, or typed before this script came
  addEventListener("pagehide", () => save(true));
  addEventListener("submit", () => {
    latest = written(); // this form holds it, or another one throws it away
    clearTimeout(waiting);
    sending?.abort(); // what is submitted is newer
  });

  const photos = form.querySelector("input[type=file]");
  const shown = document.createElement("ul");
  shown.className = "photos";
  photos.after(shown);
  photos.addEventListener("change", () => {
    shown.replaceChildren(
      ...[...photos.files].slice(0, 4).map((file) => {
        const item = document.createElement("li");
        const image = new Image(120, 120);
        image.alt = file.name;
        image.src = URL.createObjectURL(file);
        item.append(image);
        return item;
      }),
    );
  });
}

// What stands beside is read when it is wanted: a screen reader is told in one line how many there are.
const shown = document.querySelector(".while-typing");
if (shown) {
  const line = document.querySelector("#beside-said");
  new MutationObserver(() => {
    const said = shown.querySelector("[data-said]")?.dataset.said ?? "";
    if (line.textContent !== said) line.textContent = said;
  }).observe(shown, { childList: true });
}
