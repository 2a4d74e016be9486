/**
 * The mixer: a strip for each stem with level, fader, place, mute and solo, and the master.
 *
 *     const mixer = new Mixer(deck);
 *     mixer.show(track, mix);                  // strips of a track's stems
 *     mixer.onchange((mix) => ...);            // {strips: {rain: {gain_db: -6}}, tone_hz: 7000}
 *     mixer.meter();                           // once a frame
 *
 * `mix` holds only what differs from the track as it was made. A double click puts a fader back.
 */

import { clear, h, icon } from "./dom.js";
import { has, number, t } from "./i18n.js";

const ORDER = ["Melody", "Sample", "Chords", "Bass", "Drums", "Vinyl", "Rain", "Hiss"];
const DOWN_DB = -60; // silent
const LOW_DB = -36; // the lowest step of a fader but silence
const HIGH_DB = 6;
const METER_DB = [-70, -14]; // of stems, at which a meter is empty and full
const MASTER = {
  tone_hz: { low: 800, high: 20000, log: true, told: (hz) => `${number(hz / 1000, { maximumFractionDigits: 1 })} kHz` },
  wow: { low: 0, high: 1, told: (x) => number(x, { style: "percent", maximumFractionDigits: 0 }) },
  saturation: { low: 0, high: 1, told: (x) => number(x, { style: "percent", maximumFractionDigits: 0 }) },
  width: { low: 0, high: 1.5, told: (x) => number(x, { style: "percent", maximumFractionDigits: 0 }) },
};
const STRIP = { gain_db: 0, pan: 0, mute: false };

/** Make a slider with its name and its value in words. */
export function slider({ label, value, low, high, step, told, usual, oninput, vertical = false, name = "" }) {
  const input = /** @type {HTMLInputElement} */ (h("input", { type: "range", min: low, max: high, step, value, class: vertical ? "upright" : "", aria: { label }, data: { name: name || null } }));
  const said = h("span", { class: "num slider-value muted small", aria: { hidden: "true" } });
  const show = () => {
    const words = told(Number(input.value));
    said.textContent = words;
    input.setAttribute("aria-valuetext", words);
  };
  input.addEventListener("input", () => {
    show();
    oninput(Number(input.value));
  });
  input.addEventListener("dblclick", () => {
    input.value = String(usual);
    input.dispatchEvent(new Event("input"));
  });
  show();
  return { input, said, set: (now) => { input.value = String(now); show(); } };
}

export class Mixer {
  #listeners = new Set();
  #meters = [];
  #redraws = [];
  #mix = {};

  /** @param {import("./lofideck.js").Deck} deck */
  constructor(deck) {
    this.deck = deck;
    this.strips = h("ul", { class: "strips" });
    this.master = h("div", { class: "strip strip-master" });
    this.state = h("p", { class: "mixer-state small muted", role: "status" });
    this.reset = h("button", { class: "button quiet small", type: "button", on: { click: () => this.#back() } }, icon("undo"), t("lofi.mixer.reset"));
    this.element = h("div", { class: "mixer" }, h("div", { class: "mixer-desk" }, this.strips, this.master), h("div", { class: "spread" }, this.state, this.reset));
    deck.onchange(() => this.#redraw());
  }

  /** @param {(mix: any) => void} fn */
  onchange(fn) {
    this.#listeners.add(fn);
  }

  /** What differs from the track as it was made. */
  get mix() {
    return this.#mix;
  }

  /** @param {any} track @param {any} mix */
  show(track, mix) {
    this.track = track;
    this.#mix = structuredClone(mix);
    this.#meters = [];
    this.#redraws = [];
    const place = ({ name }) => (ORDER.indexOf(name) + 99) % 99;
    const stems = [...track.stems].sort((a, b) => place(a) - place(b));
    clear(this.strips, stems.map(({ name }) => this.#strip(name)));
    clear(this.master, h("h3", { class: "strip-name" }, t("lofi.mixer.master")), Object.keys(MASTER).map((name) => this.#knob(name)));
    this.#redraw();
  }

  /** Show how loud each stem is now. */
  meter() {
    const [low, high] = METER_DB;
    for (const { name, bar } of this.#meters) {
      const share = Math.min(1, Math.max(0, (this.deck.level(name) - low) / (high - low)));
      bar.style.setProperty("--level", share.toFixed(3));
    }
  }

  /** How a strip stands. @param {string} name */
  #of(name) {
    const key = name.toLowerCase();
    return { ...STRIP, ...this.track.settings.strips?.[key], ...this.#mix.strips?.[key] };
  }

  #change(name, change) {
    const key = name.toLowerCase();
    // what is sent stands in the place of all strips that the track was made with
    const strips = { ...this.track.settings.strips, ...this.#mix.strips };
    strips[key] = { ...this.#of(name), ...change };
    this.#told({ ...this.#mix, strips });
  }

  #told(mix) {
    this.#mix = mix;
    for (const fn of this.#listeners) fn(mix);
    this.#redraw();
  }

  #back() {
    this.#told({});
    this.show(this.track, {});
  }

  #strip(name) {
    const key = `lofi.strips.${name.toLowerCase()}`;
    const title = has(key) ? t(key) : name;
    const now = this.#of(name);
    const fader = slider({
      label: t("lofi.mixer.volumeOf", { name: title }), value: now.gain_db <= LOW_DB ? LOW_DB : now.gain_db, low: LOW_DB, high: HIGH_DB, step: 0.5, usual: 0, vertical: true, name: `${name}-gain`,
      told: (db) => (db <= LOW_DB ? t("lofi.mixer.silent") : `${db > 0 ? "+" : ""}${number(db, { maximumFractionDigits: 1 })} dB`),
      oninput: (db) => this.#change(name, { gain_db: db <= LOW_DB ? DOWN_DB : db }),
    });
    const pan = slider({
      label: t("lofi.mixer.panOf", { name: title }), value: now.pan, low: -1, high: 1, step: 0.05, usual: 0, name: `${name}-pan`,
      told: (x) => (Math.abs(x) < 0.03 ? t("lofi.mixer.centre") : t(x < 0 ? "lofi.mixer.left" : "lofi.mixer.right", { n: Math.round(Math.abs(x) * 100) })),
      oninput: (x) => this.#change(name, { pan: Math.abs(x) < 0.03 ? 0 : x }),
    });
    const toggle = (sign, label, run) => h("button", { class: "icon-button strip-toggle", type: "button", aria: { label }, title: label, on: { click: run } }, sign);
    const mute = toggle(t("lofi.mixer.muteSign"), t("lofi.mixer.muteOf", { name: title }), () => this.#change(name, { mute: !this.#of(name).mute }));
    const solo = toggle(t("lofi.mixer.soloSign"), t("lofi.mixer.soloOf", { name: title }), () => this.deck.solo(name, !this.deck.soloed(name)));
    const bar = h("span", { class: "strip-meter", aria: { hidden: "true" } });
    this.#meters.push({ name, bar });
    const row = h("li", { class: "strip", data: { stem: name } },
      h("h3", { class: "strip-name" }, title),
      h("div", { class: "strip-fader" }, bar, fader.input), fader.said,
      h("div", { class: "strip-pan" }, pan.input, pan.said),
      h("div", { class: "strip-toggles" }, mute, solo));
    this.#redraws.push(() => {
      const muted = this.#of(name).mute;
      mute.ariaPressed = String(muted);
      solo.ariaPressed = String(this.deck.soloed(name));
      row.classList.toggle("unheard", muted);
    });
    return row;
  }

  #knob(name) {
    const { low, high, log, told } = MASTER[name];
    const { settings } = this.track;
    const usual = settings[name] ?? settings.tape;
    const now = this.#mix[name] ?? usual;
    const to = log ? Math.log : (x) => x;
    const from = log ? Math.exp : (x) => x;
    const made = slider({
      label: t(`lofi.master.${name}`), value: to(now), low: to(low), high: to(high), step: log ? 0.01 : 0.01, usual: to(usual), name,
      told: (x) => told(from(x)),
      oninput: (x) => this.#told({ ...this.#mix, [name]: Number(Math.min(high, Math.max(low, from(x))).toPrecision(4)) }),
    });
    return h("div", { class: "knob" }, h("div", { class: "spread tight" }, h("span", { class: "small" }, t(`lofi.master.${name}`)), made.said), made.input);
  }

  #redraw() {
    this.#redraws.forEach((run) => run());
    const { deck } = this;
    const key = deck.mixing ? "mixing" : deck.heard === "live" ? (deck.track?.stems.some(({ name }) => deck.soloed(name)) ? "solo" : "live") : deck.heard === "mix" ? "mix" : "none";
    const words = t(`lofi.mixer.states.${key}`);
    if (this.state.textContent !== words) this.state.textContent = words;
    this.state.dataset.state = key;
    this.reset.hidden = !Object.keys(this.#mix).length;
  }
}
