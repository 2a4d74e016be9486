/**
 * Controls that several screens have: a field with its label and hint, a number with - and +, a row
 * of which one is chosen.
 *
 *   field(t("common.key"), select, {hint: t("compose.keyWhy")})
 *   const bars = stepper({value: 32, min: 1, max: 256, step: 4, label: t("common.bars")}); bars.value
 */

import { add, h, icon, uid } from "./dom.js";
import { number, parseNumber, t } from "./i18n.js";

/**
 * Make a labelled field; a hint is read with it.
 * @param {string} label
 * @param {HTMLElement} control
 * @param {{hint?: string, input?: HTMLElement}} [options] `input`: what of the control is labelled
 * @returns {HTMLElement & {hint: (text: string, bad?: boolean) => void}}
 */
export function field(label, control, { hint = "", input = control } = {}) {
  input.id ||= uid("field");
  const said = h("span", { class: "hint", id: uid("hint") });
  const box = h("div", { class: "field" }, h("label", { for: input.id }, label), control, said);
  const tell = (text) => {
    said.textContent = text;
    said.hidden = !text;
    if (text) input.setAttribute("aria-describedby", said.id);
    else input.removeAttribute("aria-describedby");
  };
  box.hint = (text, bad = false) => {
    tell(text);
    said.classList.toggle("bad", bad);
    if (bad) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  tell(hint);
  return box;
}

/**
 * Make a select.
 * @param {Array<[string, string]|{label: string, options: Array<[string, string]>}>} options value
 *   and text, or groups of them
 * @param {string} value
 * @param {(value: string) => void} [onchange]
 * @returns {HTMLSelectElement}
 */
export function select(options, value, onchange) {
  const one = ([name, text]) => h("option", { value: name }, text);
  const made = h("select", { on: { change: () => onchange?.(made.value) } });
  add(made, options.map((o) => (Array.isArray(o) ? one(o) : h("optgroup", { label: o.label }, o.options.map(one)))));
  made.value = value;
  if (made.selectedIndex < 0) made.selectedIndex = 0;
  return made;
}

/**
 * Make a number with buttons at its sides; commas are read as points.
 * @param {{value: number|null, min: number, max: number, step: number, label: string,
 *   empty?: string, whole?: boolean, onchange?: (value: number|null) => void}} options `empty`:
 *   what an empty field means; without it a number is needed
 * @returns {HTMLElement & {value: number|null, input: HTMLInputElement, valid: boolean,
 *   disabled: boolean}}
 */
export function stepper({ value, min, max, step, label, empty, whole = false, onchange }) {
  const input = h("input", { type: "text", inputmode: "decimal", autocomplete: "off", class: "num", id: uid("number"), placeholder: empty });
  const read = () => (input.value.trim() === "" && empty !== undefined ? null : parseNumber(input.value));
  const allowed = (read_) => read_ === null || (read_ >= min && read_ <= max && (!whole || Number.isInteger(read_)));
  const write = (now) => {
    input.value = now === null ? "" : number(now, { useGrouping: false });
    input.removeAttribute("aria-invalid");
  };
  const changed = () => {
    if (allowed(read())) input.removeAttribute("aria-invalid");
    else input.setAttribute("aria-invalid", "true");
    onchange?.(read());
  };
  const by = (sign) => () => {
    const now = read();
    const from = Number.isFinite(now) && now !== null ? now : sign > 0 ? min - step : max + step;
    const next = sign > 0 ? Math.floor(from / step + 1e-9) * step + step : Math.ceil(from / step - 1e-9) * step - step;
    write(Math.min(max, Math.max(min, Number(next.toFixed(6)))));
    changed();
  };
  input.addEventListener("input", changed);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    by(event.key === "ArrowUp" ? 1 : -1)();
  });
  const button = (sign, name, told) =>
    h("button", { class: "icon-button", type: "button", tabindex: -1, aria: { label: `${label}: ${told}` }, on: { click: by(sign) } }, icon(name));
  const box = h("div", { class: "stepper" }, button(-1, "minus", t("common.less")), input, button(1, "plus", t("common.more")));
  write(value);
  Object.defineProperties(box, {
    input: { value: input },
    value: { get: read, set: write },
    valid: { get: () => allowed(read()) },
    disabled: {
      set: (off) => box.querySelectorAll("input, button").forEach((el) => { el.disabled = off; }),
    },
  });
  return box;
}

/**
 * Make a row of which one is chosen.
 * @param {string} label
 * @param {Array<[string, string]>} options value and text
 * @param {string} value
 * @param {(value: string) => void} onchange
 * @returns {HTMLFieldSetElement & {value: string}}
 */
export function choice(label, options, value, onchange) {
  const name = uid("choice");
  const radio = ([one, text]) => h("input", { type: "radio", name, value: one, checked: one === value, aria: { label: text } });
  const row = h("div", { class: "segmented" }, options.map((one) => h("label", radio(one), h("span", one[1]))));
  row.addEventListener("change", (event) => onchange(event.target.value));
  const box = h("fieldset", { class: "field" }, h("legend", label), row);
  Object.defineProperty(box, "value", {
    get: () => row.querySelector(":checked")?.value ?? "",
    set: (now) => row.querySelectorAll("input").forEach((el) => { el.checked = el.value === now; }),
  });
  return box;
}

/** Make a place where files are dropped or chosen. */
export function dropzone(text, onfiles, { accept = "", multiple = false } = {}) {
  const input = h("input", { type: "file", class: "visually-hidden", accept, multiple, aria: { label: text } });
  const zone = h("label", { class: "dropzone" }, input, icon("upload"), h("span", text));
  const over = (on) => (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.toggle("over", on);
    if (event.type === "drop") onfiles([...event.dataTransfer.files]);
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", over(false));
  input.addEventListener("change", () => {
    if (input.files.length) onfiles([...input.files]);
    input.value = "";
  });
  return zone;
}
