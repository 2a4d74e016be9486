/**
 * Errors as they are shown, and short notices. Neither goes away by itself while it matters.
 *
 *   clear(place, problem(error, {label: t("common.again"), run: load}));
 *   notice(t("library.binned", {n: 2}), {label: t("common.undo"), run: restore});
 */

import { announce, clear, h, icon } from "./dom.js";
import { has, t } from "./i18n.js";
import { phrase, words } from "./said.js";

/**
 * Make the box of an error: what happened, why, what to do now, and a button that does it.
 * @param {{code?: string, what?: string, why?: string, fix?: string, said?: object, message?: string}} error
 * @param {...{label: string, run: () => void}} actions
 * @returns {HTMLElement}
 */
export function problem(error, ...actions) {
  const code = error.code ?? "internal";
  const title = has(`errors.${code}.title`) ? t(`errors.${code}.title`) : t("errors.internal.title");
  const told = { ...error, what: error.what ?? error.message ?? t("errors.internal.what") };
  if (!error.code) console.error(error);
  announce(`${title}. ${words(told, "what")}`);
  return h(
    "section",
    { class: "problem", aria: { label: title }, data: { code } },
    h("div", { class: "problem-icon" }, icon("warning")),
    h(
      "div",
      { class: "problem-text" },
      h("h2", { class: "problem-title" }, title),
      h("p", { class: "problem-what" }, phrase(told, "what")),
      error.why ? h("p", { class: "problem-why muted" }, phrase(told, "why")) : null,
      error.fix ? h("p", { class: "problem-fix" }, phrase(told, "fix")) : null,
      actions.length
        ? h("div", { class: "cluster" }, actions.map(({ label, run }) => h("button", { class: "button", type: "button", on: { click: run } }, label)))
        : null,
    ),
  );
}

const NOTICE_MS = 12000;

/**
 * Say something that needs no answer at the foot of the page. One with an action stays until it
 * is closed or another comes.
 * @param {string} text
 * @param {{label: string, run: () => void}} [action]
 */
export function notice(text, action) {
  const place = document.getElementById("notices");
  if (!place) return;
  const one = h(
    "div",
    { class: "notice" },
    h("span", text),
    action
      ? h("button", { class: "button quiet", type: "button", on: { click: () => (one.remove(), action.run()) } }, action.label)
      : null,
    h("button", { class: "icon-button", type: "button", aria: { label: t("common.close") }, on: { click: () => one.remove() } }, icon("close")),
  );
  clear(place, one);
  announce(text);
  if (!action) setTimeout(() => one.remove(), NOTICE_MS);
}
