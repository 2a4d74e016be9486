/**
 * The export menu: everything that a piece, or a part of it, can be taken away as.
 *
 *     box.append(exportMenu(() => ({ id, bars: [5, 8], bpm: 90 })));
 *
 * Each row says its size once it is known; a row that is being made shows how far it is, and a tick
 * when the file has been handed over. What is heard is what is exported: the tempo that is played
 * goes along.
 */

import { get } from "./api.js";
import { announce, clear, h, icon } from "./dom.js";
import { download } from "./download.js";
import { bytes, duration, has, t } from "./i18n.js";
import { popup } from "./popup.js";
import { problem } from "./problem.js";

/** Kinds by what they are for, in the order of the menu. */
const GROUPS = {
  notes: ["abc", "mid", "midi", "musicxml", "mxl"],
  sound: ["wav", "flac", "ogg", "mp3", "stems", "loop"],
  picture: ["svg", "png", "roll.svg", "roll.png", "roll", "recipe", "json"],
};

/**
 * @typedef {{id: string, bars?: [number, number] | null, bpm?: number | null, mix?: string,
 *   path?: string}} Wanted `path`: where its exports are, if not with the piece; `mix`: which mix
 * @typedef {{kind: string, name: string, bytes: number | null, about?: number | null,
 *   seconds_to_make?: number}} Row
 */

/**
 * Make the button and its menu.
 * @param {() => Wanted} wanted what would be exported now
 * @param {{label?: string, quiet?: boolean}} [look]
 */
export function exportMenu(wanted, { label = t("piece.export"), quiet = false } = {}) {
  const button = /** @type {HTMLButtonElement} */ (
    h("button", { class: quiet ? "button small quiet" : "button", title: label, type: "button", data: { does: "export" } }, icon("download"), h("span", label))
  );
  return popup(button, () => panel(wanted()), { label, end: true });
}

function panel(/** @type {Wanted} */ wanted) {
  const place = h("div", { class: "exports" }, h("div", { class: "skeleton" }), h("div", { class: "skeleton" }));
  const fill = async () => {
    try {
      const rows = /** @type {Row[]} */ (await get(`${exportsOf(wanted)}${query(wanted)}`));
      clear(place, head(wanted), ...groups(rows).map(([name, list]) => group(name, list, wanted)));
      /** @type {HTMLElement | null} */ (place.querySelector("button"))?.focus();
    } catch (error) {
      clear(place, problem(/** @type {any} */ (error), { label: t("common.again"), run: fill }));
    }
  };
  void fill();
  return place;
}

function head(/** @type {Wanted} */ { bars }) {
  return bars && h("p", { class: "panel-title" }, t("piece.exportBars", { from: bars[0], to: bars[1] }));
}

/** @returns {Array<[string, Row[]]>} */
function groups(/** @type {Row[]} */ rows) {
  const order = Object.values(GROUPS).flat();
  const place = (/** @type {Row} */ row) => (order.indexOf(row.kind) + 99) % 99;
  const sorted = [...rows].sort((a, b) => place(a) - place(b));
  return Object.entries(GROUPS)
    .map(([name, kinds], k, all) => {
      const rest = k === all.length - 1 ? (/** @type {string} */ kind) => !order.includes(kind) : () => false;
      return /** @type {[string, Row[]]} */ ([name, sorted.filter(({ kind }) => kinds.includes(kind) || rest(kind))]);
    })
    .filter(([, list]) => list.length);
}

function group(/** @type {string} */ name, /** @type {Row[]} */ rows, /** @type {Wanted} */ wanted) {
  return h("section", { class: "export-group" }, h("h3", { class: "small muted" }, t(`piece.exports.groups.${name}`)), h("ul", { class: "menu" }, rows.map((row) => h("li", item(row, wanted)))));
}

function item(/** @type {Row} */ row, /** @type {Wanted} */ wanted) {
  const key = `piece.exports.kinds.${row.kind.replace(".", "_")}`;
  const size = h("span", { class: "export-size num muted small" }, known(row));
  const button = h(
    "button",
    { class: "menu-item export-item", type: "button", title: row.name, data: { kind: row.kind } },
    h("span", { class: "export-name" }, has(key) ? t(key) : row.kind.toUpperCase()),
    size,
  );
  const trouble = h("div");
  button.addEventListener("click", () => made(row, wanted, button, size, trouble));
  return [button, trouble];
}

/** The size of a file, or about how large and how long in the making it will be. */
function known(/** @type {Row} */ { bytes: size, about, seconds_to_make: seconds = 0 }) {
  if (size !== null && size !== undefined) return bytes(size);
  if (about && seconds <= 5) return t("piece.about", { size: bytes(about) });
  return seconds > 1 ? t("piece.toMake", { time: duration(seconds) }) : "";
}

async function made(/** @type {Row} */ row, /** @type {Wanted} */ wanted, /** @type {HTMLElement} */ button, /** @type {HTMLElement} */ size, /** @type {HTMLElement} */ trouble) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  const bar = /** @type {HTMLProgressElement} */ (h("progress", { class: "progress", max: 1, aria: { label: t("piece.making", { name: row.name }) } }));
  clear(size, bar);
  clear(trouble);
  try {
    const path = `${exportsOf(wanted)}/${row.kind}${query(wanted)}`;
    const saved = await download(path, null, { onprogress: (share) => (bar.value = share) });
    clear(size, icon("check"), bytes(saved));
    announce(t("piece.exported", { name: row.name }));
  } catch (error) {
    clear(size, known(row));
    clear(trouble, problem(/** @type {any} */ (error)));
  }
  button.ariaBusy = null;
}

const exportsOf = (/** @type {Wanted} */ { id, path = `/pieces/${id}` }) => `${path}/exports`;

function query(/** @type {Wanted} */ { bars, bpm, mix }) {
  const asked = new URLSearchParams();
  if (bars) asked.set("bars", bars.join("-"));
  if (bpm) asked.set("bpm", String(bpm));
  if (mix) asked.set("mix", mix);
  return asked.size ? `?${asked}` : "";
}
