/**
 * Keys. Each screen registers its own and takes them back when it leaves; "?" lists them all.
 *
 *   const off = register("compose", [{keys: "Mod+Enter", label: t("compose.go"), run: compose}]);
 *
 * `keys` is one name or several that do the same: "Space", "Shift+ArrowLeft", "1", "Mod+Z" (Mod is
 * Ctrl, on Apple machines the command key); `run` may return false to leave it to an older scope. Nothing is taken from text fields, nor a key that the
 * focused control needs itself. Keys of a single letter, digit or sign can be switched off.
 */

import { h } from "./dom.js";
import { remember, remembered, t } from "./i18n.js";

const STORED = "nokturn.letters";
const APPLE = /Mac|iPhone|iPad/.test(navigator.platform ?? "");
const scopes = new Map();

/** Whether keys of a single letter work. */
export const letters = () => remembered(STORED) !== "off";

/** Switch keys of a single letter on or off. */
export const setLetters = (on) => remember(STORED, on ? "on" : "off");

/**
 * Register the keys of a scope, in place of those that it had.
 * @param {string} scope a section of the list: "everywhere", "compose", "piece" ...
 * @param {Array<{keys: string|string[], label: string, run: (event: KeyboardEvent) => void}>} list
 * @returns {() => void} takes them back
 */
export function register(scope, list) {
  const entry = list.map((one) => ({ ...one, keys: [one.keys].flat() }));
  scopes.delete(scope); // the newest is asked first
  scopes.set(scope, entry);
  return () => {
    if (scopes.get(scope) === entry) scopes.delete(scope);
  };
}

/** Return all keys that work now: [[scope, [{keys, label}]]], the oldest scope first. */
export const listed = () => [...scopes.entries()];

/** Begin to listen. */
export function begin() {
  addEventListener("keydown", pressed);
}

function pressed(event) {
  if (event.defaultPrevented || event.isComposing) return;
  const name = named(event);
  if (!name || taken(event, name)) return;
  for (const list of [...scopes.values()].reverse()) {
    const found = list.find(({ keys }) => keys.includes(name));
    if (found && found.run(event) !== false) {
      event.preventDefault();
      return;
    }
  }
}

/** Return the name of what is pressed: "Mod+Shift+Z". */
function named(event) {
  const { key } = event;
  if (["Control", "Shift", "Alt", "Meta", "Dead", "Unidentified"].includes(key)) return "";
  const sign = key.length === 1 && !/[a-z0-9 ]/i.test(key);
  const mod = APPLE ? event.metaKey : event.ctrlKey;
  if ((APPLE ? event.ctrlKey : event.metaKey) || (event.altKey && !sign)) return "";
  const bare = key === " " ? "Space" : key.length === 1 ? key.toUpperCase() : key;
  const shift = event.shiftKey && !sign;
  return `${mod ? "Mod+" : ""}${shift ? "Shift+" : ""}${bare}`;
}

const TEXTS = new Set(["text", "search", "number", "email", "url", "password", "tel", "date"]);

/** Whether the focused control needs this key itself, or single keys are switched off. */
function taken(event, name) {
  if (document.querySelector("dialog[open]:modal")) return true;
  const el = event.target;
  if (name.includes("Mod+")) return name !== "Mod+Enter" && typed(el);
  if (typed(el)) return name !== "Escape";
  if (name.length === 1 && !letters()) return true;
  const tag = el.tagName;
  if (tag === "SELECT") return name !== "Escape";
  if (tag === "INPUT") return /^(Shift\+)?(Arrow|Home|End|Page)|^Space$|^Enter$/.test(name);
  if (name === "Space" && el.dataset.space === "plays") return false;
  if (["BUTTON", "A", "SUMMARY"].includes(tag)) return name === "Space" || name === "Enter";
  return false;
}

function typed(el) {
  return el.isContentEditable || el.tagName === "TEXTAREA" || (el.tagName === "INPUT" && TEXTS.has(el.type));
}

const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Mod: APPLE ? "⌘" : "Ctrl", Escape: "Esc", Shift: APPLE ? "⇧" : "Shift" };

/** Return the parts of a key's name as they stand on the keyboard: ["Ctrl", "Enter"]. */
export const parts = (name) =>
  (name.endsWith("++") ? [...name.slice(0, -2).split("+"), "+"] : name === "+" ? ["+"] : name.split("+")).map((part) => SIGNS[part] ?? part);

/** Make the list of all keys that work now; each scope has a heading. */
export function keyList() {
  const row = ({ keys, label }) =>
    h("div", { class: "keys-row" }, h("dt", keys.map(keyCaps)), h("dd", label));
  return h(
    "div",
    { class: "keys" },
    listed()
      .filter(([, items]) => items.length)
      .map(([scope, items]) => h("section", h("h3", t(`keys.scopes.${scope}`)), h("dl", items.map(row)))),
  );
}

/** Make the picture of a key: "Ctrl" "Enter". */
export const keyCaps = (name) =>
  h("span", { class: "keys-one" }, parts(name).map((part) => h("kbd", part)));
