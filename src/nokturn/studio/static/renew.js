/**
 * Parts of the page that are drawn anew as time goes, under the hands of whoever uses them.
 *
 *   renew(this.head, h("h1", name), pauseButton);  // as clear(); focus and a press go on
 *
 * A browser forgets both with the element that they were on: the keyboard would begin again at the
 * top of the page, and a click during which a report comes would be none. They go on at the control
 * in its place: the one with the same `data-focus`, or else of the same kind and name.
 */

import { clear } from "./dom.js";

const CONTROLS = "button, a[href], input, select, textarea, summary, [tabindex]";
const SPACED = "button, summary, [type=checkbox]"; // pressed when the space bar is let go

let down = null; // what was pressed
let now = null; // what is in its place now

document.addEventListener("mousedown", ({ target }) => press(controlAt(target)), true);
document.addEventListener("mouseup", ({ target }) => release(controlAt(target)), true);
document.addEventListener("keydown", ({ key, target }) => key === " " && target.matches?.(SPACED) && press(target), true);
document.addEventListener("keyup", ({ key, target }) => key === " " && release(target), true);

function press(control) {
  if (control !== now) down = now = control; // a key that is held down repeats
}

function release(control) {
  const pressed = now !== down && now === control ? now : null;
  down = now = null;
  pressed?.click(); // the browser has no click to tell of: what was pressed is gone
}

/** Empty an element, and put children in; what has the focus or is pressed keeps it. */
export function renew(el, ...children) {
  const focus = el.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  const pressed = now && el.contains(now) ? nameOf(now) : null;
  clear(el, children);
  if (focus !== null) named(el, focus)?.focus({ preventScroll: true });
  if (pressed !== null) now = named(el, pressed);
  return el;
}

/** The control that a press on an element is meant for. */
function controlAt(target) {
  const found = target.closest?.(`${CONTROLS}, label`) ?? null;
  return found?.matches("label") ? found.control : found;
}

function named(el, name) {
  return [...el.querySelectorAll(CONTROLS)].find((control) => nameOf(control) === name) ?? null;
}

function nameOf(control) {
  return control.dataset.focus ?? `${control.tagName} ${control.name ?? ""} ${control.getAttribute("aria-label") ?? control.textContent}`;
}
