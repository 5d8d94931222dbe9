// Comfort for partials/search_box.html: suggestions while somebody types. Without it the box searches all the same.
for (const form of document.querySelectorAll("form.search-box[data-suggestions]")) {
  const PAUSE = 150; // milliseconds without a key before anything is asked
  const input = form.querySelector("input[name=q]");
  const list = document.createElement("ul");
  const said = document.createElement("span");
  const id = `suggestions-${[...document.querySelectorAll("form.search-box")].indexOf(form)}`;
  let waiting, asking, chosen;

  Object.assign(list, { id, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.dataset.label);
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  form.append(list, said);
  for (const [name, value] of Object.entries({
    role: "combobox",
    autocomplete: "off",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": id,
  })) {
    input.setAttribute(name, value);
  }

  const close = () => {
    clearTimeout(waiting);
    asking?.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    choose(undefined);
  };

  const choose = (option) => {
    chosen?.setAttribute("aria-selected", "false");
    chosen = option;
    chosen?.setAttribute("aria-selected", "true");
    if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
    else input.removeAttribute("aria-activedescendant");
  };

  const show = (suggestions) => {
    choose(undefined);
    list.replaceChildren(
      ...suggestions.map(({ kind, text, url, is_urgent: isUrgent }, number) => {
        const option = document.createElement("li");
        const name = document.createElement("span");
        const small = document.createElement("small");
        option.id = `${id}-${number}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.url = url;
        option.classList.toggle("urgent", Boolean(isUrgent)); // whom to call, which is also said aloud
        name.textContent = text;
        small.textContent = kind;
        option.append(name, " ", small);
        return option;
      }),
    );
    list.hidden = !suggestions.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    const { none, one, many } = form.dataset;
    const number = [none, one][suggestions.length] ?? many.replace("{}", suggestions.length);
    said.textContent = [...suggestions.filter((each) => each.is_urgent).map(({ text }) => text), number].join(". ");
  };

  const ask = async () => {
    close();
    asking = new AbortController();
    try {
      const address = `${form.dataset.suggestions}?${new URLSearchParams({ q: input.value })}`;
      const answer = await fetch(address, { signal: asking.signal, credentials: "omit" });
      if (answer.ok) show((await answer.json()).suggestions);
    } catch {
      // Another letter was typed, or the portal cannot be reached: no suggestions.
    }
  };

  const isEnough = () => input.value.trim().length > 1;

  // With the list closed the arrows open it again, and choose unless Alt is held, as ARIA's pattern of a combobox has it.
  const reopen = async ({ key, altKey }) => {
    await ask();
    if (!list.hidden && !altKey) choose(key === "ArrowDown" ? list.firstChild : list.lastChild);
  };

  const askSoon = () => {
    close();
    if (isEnough()) waiting = setTimeout(ask, PAUSE);
  };
  input.addEventListener("input", askSoon);
  const isTyped = input.value !== input.defaultValue && input === document.activeElement;
  if (isTyped) askSoon(); // before this script came

  input.addEventListener("keydown", (event) => {
    const options = [...list.children];
    const place = options.indexOf(chosen);
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault(); // the first Escape closes the list, the next one empties the box
      close();
    } else if (event.key === "Enter" && chosen) {
      event.preventDefault();
      location.assign(chosen.dataset.url);
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && list.hidden) {
      event.preventDefault();
      if (isEnough()) reopen(event);
    } else if (event.key === "ArrowUp" && event.altKey) {
      event.preventDefault();
      close();
    } else if (["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      const next = place + (event.key === "ArrowDown" ? 1 : -1);
      choose(next === -2 ? options.at(-1) : options[next]); // before the first and after the last stands the box itself
    }
  });

  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.url);
  });
  input.addEventListener("blur", close);
}
