/**
 * What the server says, in the language of the page.
 *
 *   h("p", phrase(error, "what"))          what is known in our words, what is not as a quotation
 *   announce(words(error, "what"))         the same as text
 *
 * Beside a text in English the server sends `said`: the codes of its sentences and what is filled
 * in (see sentences.py). Their words stand under "said" in each language. A text without `said` was
 * made by the page itself.
 */

import { h } from "./dom.js";
import { current, t } from "./i18n.js";
import { keyName } from "./keyname.js";

/** The parts of a text, to be put into an element. @returns {(string|Node)[]} */
export function phrase(told, name) {
  const shown = parts(told, name).map((part) => (part.code || !told.said || current() === "en" ? say(part) : h("q", { lang: "en" }, part.text)));
  return shown.flatMap((part, i) => (i ? [" ", part] : [part]));
}

/** A text. @returns {string} */
export const words = (told, name) => parts(told, name).map(say).join(" ");

const parts = (told, name) => told.said?.[name] ?? (told[name] ? [{ text: told[name] }] : []);

function say({ code, params, text }) {
  if (!code) return text;
  const { inner, key } = params;
  const values = { ...params };
  if (inner) values.inner = within(say(inner));
  if (key) values.key = keyName(key);
  return t(`said.${code}`, values);
}

/** A sentence within another: without its capital and its full stop. */
const within = (text) => text.replace(/^\p{Lu}(?=\p{Ll}|\s)/u, (letter) => letter.toLowerCase()).replace(/\.$/, "");
