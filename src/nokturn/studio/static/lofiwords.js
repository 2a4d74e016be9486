/** Values of lo-fi settings in words of the page's language; names of ours where it has none. */

import { keyName } from "./keyname.js";
import { has, t } from "./i18n.js";

/**
 * @param {string} setting @param {string} value
 * @param {string} [plain] what to say where there is no word
 */
export function spoken(setting, value, plain = value) {
  if (value === "") return t(has(`lofi.empty.${setting}`) ? `lofi.empty.${setting}` : "lofi.empty.other");
  if (setting === "key") return keyName(value);
  const word = value.replaceAll(/[ /]/g, "_");
  for (const key of [`lofi.values.${setting}.${word}`, `lofi.values.any.${word}`]) if (has(key)) return t(key);
  return plain;
}
