// Comfort for both desks: a photo opens above the page, and once more larger than the screen. Without this it is a link.
const dialog = document.createElement("dialog");
dialog.className = "zoom";
const button = document.createElement("button");
button.type = "button";
const image = document.createElement("img");
button.className = "enlarge";
button.append(image);
const close = document.createElement("button");
close.type = "button";
close.className = "button";
close.addEventListener("click", () => dialog.close());
dialog.append(close, button);
document.body.append(dialog);

for (const link of document.querySelectorAll("a[data-zoom]")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab of its own is wanted
    event.preventDefault();
    image.src = link.href;
    image.alt = link.querySelector("img").alt;
    dialog.setAttribute("aria-label", link.dataset.zoom);
    close.textContent = link.dataset.close;
    button.setAttribute("aria-pressed", "false");
    dialog.showModal();
    button.focus();
  });
}

// The point that was pressed stays under the pointer; with a key, the middle.
button.addEventListener("click", (event) => {
  const large = button.getAttribute("aria-pressed") !== "true";
  const box = image.getBoundingClientRect();
  const x = event.detail ? (event.clientX - box.left) / box.width : 0.5;
  const y = event.detail ? (event.clientY - box.top) / box.height : 0.5;
  button.setAttribute("aria-pressed", large);
  dialog.scrollTo(x * dialog.scrollWidth - dialog.clientWidth / 2, y * dialog.scrollHeight - dialog.clientHeight / 2);
});

dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
