/**
 * Panels that open below a button: lists of jobs, of languages, of exports.
 *
 *   popup(button, () => h("ul", ...));  // built anew each time it opens
 *
 * Escape, a click elsewhere and the button close it; the focus returns to the button.
 */

import { h, uid } from "./dom.js";

let closeOpen = null;

/**
 * Let a button open a panel.
 * @param {HTMLButtonElement} button is put into a box with the panel: place what is returned
 * @param {(close: () => void) => Node} build makes what the panel holds
 * @param {{label?: string, end?: boolean}} [options] `end`: the panel's right edge is the button's
 * @returns {HTMLElement}
 */
export function popup(button, build, { label = "", end = false } = {}) {
  const id = uid("panel");
  const panel = h("div", { class: `panel${end ? " panel-end" : ""}`, id, hidden: true, role: "group", aria: { label: label || null } });
  const box = h("div", { class: "popup" }, button, panel);
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", id);

  const outside = (event) => !box.contains(event.target) && close(false);
  const escape = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close(true);
  };
  const close = (back = true) => {
    if (panel.hidden) return;
    panel.hidden = true;
    panel.replaceChildren();
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    box.removeEventListener("keydown", escape);
    closeOpen = null;
    if (back) button.focus();
  };
  const open = () => {
    closeOpen?.(false);
    closeOpen = close;
    panel.replaceChildren(build(close));
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside, true);
    box.addEventListener("keydown", escape);
    panel.querySelector("button, a, input, select")?.focus();
  };
  button.addEventListener("click", () => (panel.hidden ? open() : close()));
  return box;
}

/**
 * Show a dialog over the page; it closes by Escape, its cross and what `close` is given to.
 * @param {string} title
 * @param {(close: () => void) => Node|Array} build
 * @returns {HTMLDialogElement}
 */
export function dialog(title, build, { closeLabel = "", wide = false } = {}) {
  const id = uid("dialog");
  const close = () => box.close();
  const cross = h("button", { class: "icon-button", type: "button", aria: { label: closeLabel }, on: { click: close } }, "×");
  const box = h(
    "dialog",
    { class: wide ? "dialog wide" : "dialog", aria: { labelledby: id }, on: { close: () => box.remove() } },
    h("div", { class: "dialog-head" }, h("h2", { id }, title), cross),
    h("div", { class: "dialog-body" }, build(close)),
  );
  box.addEventListener("click", (event) => event.target === box && close());
  document.body.append(box);
  box.showModal();
  return box;
}
