// What HTML does not do by itself. Every page works without it.
"use strict";

// Menus are <details>: one at a time, closed by Esc (focus goes back), by a press elsewhere and when focus goes on.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (!menu) return;
  const summary = menu.querySelector("summary");
  const items = [...menu.querySelectorAll(".sheet a, .sheet button")];
  const at = items.indexOf(event.target);
  if (event.key === "Escape") { menu.open = false; summary.focus(); }
  else if (event.key === "ArrowDown" && items.length) { event.preventDefault(); items[(at + 1) % items.length].focus(); }
  else if (event.key === "ArrowUp" && at > -1) { event.preventDefault(); (items[at - 1] ?? summary).focus(); }
});

// A strip that is longer than the screen shows what is chosen in it.
function showChosen() {
  for (const chosen of document.querySelectorAll(".side [aria-current], .tabs [aria-current]")) {
    const strip = chosen.closest("ul"), [a, b] = [chosen, strip].map((each) => each.getBoundingClientRect());
    strip.scrollLeft += a.left - b.left - (b.width - a.width) / 2;
  }
}
showChosen();
addEventListener("resize", showChosen);

// Buttons that do nothing without this script are hidden until it is here.
for (const button of document.querySelectorAll("button[data-show], button[data-copy], button[data-print]")) button.hidden = false;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;

  // <button type="button" data-copy="#id-of-the-text">
  if (button.dataset.copy) {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
    button.textContent = "Copied";
  }
  // <button type="button" data-show="#id-of-a-password" aria-pressed="false">
  if (button.dataset.show) {
    const field = document.querySelector(button.dataset.show);
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  }
  // <button type="button" data-print>
  if ("print" in button.dataset) window.print();
});

// <input type="checkbox" data-all="name-of-the-others">; [data-chosen] says how many.
document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.type !== "checkbox") return;
  const form = box.form;
  if (box.dataset.all && form) {
    for (const other of form.querySelectorAll(`input[name="${box.dataset.all}"]`)) other.checked = box.checked;
  }
  // <input type="checkbox" data-instead="name-of-the-others">: everybody, so that nobody need be named.
  if (box.dataset.instead && form) {
    for (const other of form.querySelectorAll(`input[name="${box.dataset.instead}"], input[data-all="${box.dataset.instead}"]`)) {
      other.disabled = box.checked;
      other.checked = box.checked;
    }
  }
  const said = form?.querySelector("[data-chosen]");
  if (said) said.textContent = form.querySelectorAll(`input[name="${said.dataset.chosen}"]:checked`).length;
});

// <input data-doubt="space">, then [data-doubted] beside it: words that show while what is typed looks wrong. Nothing is refused.
const DOUBTS = { space: (words) => /\s/.test(words), number: (words) => !/^\s*\d*\s*$/.test(words) };
document.addEventListener("input", (event) => {
  const doubt = DOUBTS[event.target.dataset?.doubt];
  const words = event.target.parentElement?.querySelector("[data-doubted]");
  if (doubt && words) words.hidden = !doubt(event.target.value);
});

// <select data-submits> sends its form when it changes: only for filters, where a change is the wish.
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submits]")) event.target.form.requestSubmit();
});

// The words of a button while its form is on its way: <button data-busy="Signing in…">
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.dataset.busy) { button.style.width = `${button.offsetWidth}px`; button.textContent = button.dataset.busy; }
});

// A part of a page that loads apart, [data-part], and could not: say so, and offer it again.
for (const failed of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failed, (event) => {
    const part = event.target.closest("[data-part]");
    if (!part) return;
    for (const bar of part.querySelectorAll(".skeleton, [data-open]")) bar.hidden = true;
    for (const words of part.querySelectorAll("[data-failed], [data-again]")) words.hidden = false;
  });
}
