// Comfort for the moderators' desk: single keys, a preview while typing, one press to take a number over.
const keysDialog = document.getElementById("keys");
const keysButton = document.getElementById("keys-button");
const keysOn = document.getElementById("keys-on");

// Who speaks to the computer, or hits keys by mistake, turns single keys off; the button still opens the list.
keysOn.checked = localStorage.getItem("desk-keys") !== "off";
keysOn.addEventListener("change", () => localStorage.setItem("desk-keys", keysOn.checked ? "on" : "off"));

const isTyping = (element) =>
  element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=submit], [type=button])");

// Opens a decision and goes to the first field that is still to be filled in, or to its button.
function openDecision(decision) {
  decision.open = true;
  decision.scrollIntoView({ block: "nearest" });
  const fields = [...decision.querySelectorAll("form > .field, form > fieldset")].flatMap((field) => [
    ...field.querySelectorAll("select, textarea, input:not([type=hidden])"),
  ]);
  const chosen = new Set(fields.filter((field) => field.checked).map((field) => field.name));
  const empty = fields.find((field) =>
    field.type === "radio" ? !chosen.has(field.name) : field.type !== "checkbox" && field.required && !field.value,
  );
  (empty || decision.querySelector("form > .actions > button.button:not([hidden], [type=button])")).focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  if (!keysOn.checked || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") {
    keysDialog.showModal();
  } else {
    const target = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === event.key);
    if (!target) return;
    if (target.matches("details")) openDecision(target);
    else target.click();
  }
  event.preventDefault();
});

keysButton.hidden = false;
keysButton.addEventListener("click", () => keysDialog.showModal());

for (const button of document.querySelectorAll("[data-fill]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.fill);
    field.value = button.dataset.value;
    field.focus();
  });
}

for (const shown of document.querySelectorAll("[data-shows]")) {
  const form = shown.closest("form");
  form.addEventListener("input", () => {
    const field = form.elements[shown.dataset.shows];
    const label = field instanceof RadioNodeList && form.querySelector(`[name="${shown.dataset.shows}"]:checked`)?.labels[0];
    shown.textContent = field instanceof RadioNodeList ? label?.textContent.trim() || "…" : field.value;
  });
}

for (const button of document.querySelectorAll("[data-without-script]")) button.hidden = true;
