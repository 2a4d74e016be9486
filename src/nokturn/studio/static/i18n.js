/**
 * The words of the page, and numbers, dates and plurals as the language writes them.
 *
 *   await load("pl"); t("library.pieces", {n: 3})   ->  "3 utwory"
 *
 * A text may hold {names}; a text with plural forms is an object of the forms that the language
 * has ("one", "few", "many", "other"), chosen by {n}. What a language lacks is said in English.
 */

/** Languages to choose from, in their own names; ro.json and sr.json wait to be filled. */
export const LANGUAGES = { en: "English", pl: "Polski" };

const STORED = "nokturn.language";
const files = new Map();
let language = "en";
let words = {};
let english = {};
let plurals = new Intl.PluralRules("en");
let englishPlurals = plurals;

/** Return the language to begin with: the one chosen before, else the browser's, else English. */
export function preferred() {
  const chosen = remembered(STORED);
  if (chosen in LANGUAGES) return chosen;
  const spoken = (navigator.languages ?? []).map((code) => code.slice(0, 2));
  return spoken.find((code) => code in LANGUAGES) ?? "en";
}

/** Load a language and make it the page's. */
export async function load(code) {
  const name = code in LANGUAGES ? code : "en";
  [english, words] = await Promise.all([file("en"), file(name)]);
  language = name;
  plurals = new Intl.PluralRules(name);
  document.documentElement.lang = name;
}

/** Load a language and remember it for the next visit. */
export async function choose(code) {
  remember(STORED, code);
  await load(code);
}

/** The language of the page. */
export const current = () => language;

async function file(code) {
  if (!files.has(code)) {
    const answer = await fetch(`/static/locales/${code}.json`);
    files.set(code, answer.ok ? await answer.json() : {});
  }
  return files.get(code);
}

/**
 * Return a text.
 * @param {string} key such as "compose.go"
 * @param {object} [values] for its {names}; numbers are written as the language does
 * @returns {string} the key itself where no language has it, which a test finds
 */
export function t(key, values = {}) {
  const own = form(found(words, key), values, plurals);
  const text = own || form(found(english, key), values, englishPlurals);
  return text ? filled(text, values) : key;
}

/** Whether there is such a text. */
export const has = (key) => Boolean(found(words, key) || found(english, key));

function found(tree, key) {
  return key.split(".").reduce((node, part) => node?.[part], tree);
}

function form(text, values, rules) {
  if (text === null || typeof text !== "object") return text;
  return text[rules.select(Number(values.n ?? 0))] || text.other;
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined || value === null) return whole;
    return typeof value === "number" ? number(value) : String(value);
  });
}

/** Write a number: `number(0.953, {style: "percent"})`. */
export function number(value, options = {}) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 2, ...options }).format(value);
}

/** Write a share as a percentage. */
export const percent = (value, digits = 0) =>
  number(value, { style: "percent", maximumFractionDigits: digits });

/** Read a number as people type it, with comma or point; NaN if it is none. */
export function parseNumber(text) {
  const bare = String(text).trim().replace(/[\s\u00a0\u202f]/g, "").replace(",", ".").replace("\u2212", "-");
  return bare === "" ? NaN : Number(bare);
}

/** Write a size: "3.1 MB". */
export function bytes(value) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(3, value < 1 ? 0 : Math.floor(Math.log10(value) / 3));
  const unit = step === 0 ? { unitDisplay: "long" } : { unitDisplay: "short" };
  return number(value / 1000 ** step, {
    style: "unit", unit: units[step], maximumFractionDigits: step > 1 ? 1 : 0, ...unit,
  });
}

/** Write a place in music or a length: "0:43". */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Write how long something will take: "about 3 s", "about 12 min". */
export function duration(seconds) {
  if (seconds < 90) return unit(Math.max(1, Math.round(seconds)), "second");
  if (seconds < 5400) return unit(Math.round(seconds / 60), "minute");
  return unit(Math.round(seconds / 360) / 10, "hour");
}

const unit = (value, name) => number(value, { style: "unit", unit: name, unitDisplay: "short" });

/** Write when something was: "2 hours ago", or a date where it is long ago. */
export function ago(iso) {
  const then = new Date(iso);
  const seconds = (then.getTime() - Date.now()) / 1000;
  if (!Number.isFinite(seconds)) return "";
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const [name, size, limit] of [["second", 1, 60], ["minute", 60, 3600], ["hour", 3600, 86400], ["day", 86400, 604800]]) {
    if (Math.abs(seconds) < limit) return relative.format(Math.round(seconds / size), name);
  }
  return date(iso);
}

/** Write a date. */
export const date = (iso, options = { dateStyle: "medium" }) =>
  new Intl.DateTimeFormat(language, options).format(new Date(iso));

/** Write a list: "a, b and c". */
export const list = (items) => new Intl.ListFormat(language).format(items.map(String));

/** Read what the browser keeps for us; "" where it keeps nothing. */
export function remembered(name) {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return ""; // storage is switched off
  }
}

/** Have the browser keep something for the next visit, where it does. */
export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    return; // private window or full: the choice holds for this visit
  }
}
