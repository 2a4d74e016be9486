/**
 * The wheel: a Euclidean rhythm as a circle that is turned, with the pattern E(k, n).
 *
 *     const wheel = new Wheel({ pulses: 5, steps: 16, rotate: 0, name: "shaker" });
 *     wheel.onchange((now) => ...);
 *     wheel.mark(3);                                   // the step that sounds
 *
 * Dragged it turns; the arrow keys turn it and add pulses, Page Up and Down change the steps. The
 * numbers beside it do the same. `pattern` is that of the server (`nokturn.rhythms.euclid`): a test
 * compares them all.
 */

import { h, svg, uid } from "./dom.js";
import { stepper } from "./controls.js";
import { t } from "./i18n.js";

export const MOST_STEPS = 32;
const SIZE = 200;
const RADIUS = 76;

/**
 * Return Bjorklund's pattern, turned to the left by so many steps.
 * @param {number} pulses @param {number} steps @param {number} [rotate]
 * @returns {boolean[]}
 */
export function pattern(pulses, steps, rotate = 0) {
  let heads = Array.from({ length: pulses }, () => [true]);
  let tails = Array.from({ length: steps - pulses }, () => [false]);
  while (heads.length && tails.length > 1) {
    const shared = Math.min(heads.length, tails.length);
    const rest = heads.length > shared ? heads.slice(shared) : tails.slice(shared);
    heads = heads.slice(0, shared).map((head, i) => [...head, ...tails[i]]);
    tails = rest;
  }
  const row = [...heads, ...tails].flat();
  const turn = ((rotate % steps) + steps) % steps;
  return [...row.slice(turn), ...row.slice(0, turn)];
}

export class Wheel {
  #listeners = new Set();
  #dots = [];
  #marked = -1;
  #drag = null;

  /** @param {{pulses: number, steps: number, rotate: number, name: string}} now */
  constructor({ pulses, steps, rotate, name }) {
    Object.assign(this, { pulses, steps, rotate, name });
    this.#build();
    this.#draw();
  }

  /** @param {(now: {pulses: number, steps: number, rotate: number}) => void} fn */
  onchange(fn) {
    this.#listeners.add(fn);
  }

  get pattern() {
    return pattern(this.pulses, this.steps, this.rotate);
  }

  /** Light the step that sounds; -1 for none. @param {number} step */
  mark(step) {
    if (step === this.#marked) return;
    this.#dots[this.#marked]?.classList.remove("now");
    this.#dots[step]?.classList.add("now");
    this.#marked = step;
  }

  #build() {
    const number = (key, min, max) =>
      stepper({ value: this[key], min, max, step: 1, label: t(`lofi.wheel.${key}`), onchange: (value) => Number.isInteger(value) && this.#set({ [key]: value }) });
    this.numbers = { pulses: number("pulses", 1, MOST_STEPS), steps: number("steps", 1, MOST_STEPS), rotate: number("rotate", 0, MOST_STEPS - 1) };
    this.ring = svg("g", {});
    this.text = svg("text", { class: "wheel-name", x: SIZE / 2, y: SIZE / 2 + 6, "text-anchor": "middle" });
    this.face = svg(
      "svg",
      { class: "wheel-face", viewBox: `0 0 ${SIZE} ${SIZE}`, role: "slider", tabindex: 0, aria: { label: t("lofi.wheel.label", { name: this.name }), valuemin: 1 } },
      svg("circle", { class: "wheel-rim", cx: SIZE / 2, cy: SIZE / 2, r: RADIUS }),
      this.ring, this.text,
    );
    this.face.addEventListener("keydown", (event) => this.#key(event));
    this.face.addEventListener("pointerdown", (event) => this.#grip(event));
    this.face.addEventListener("pointermove", (event) => this.#turn(event));
    for (const end of ["pointerup", "pointercancel"]) this.face.addEventListener(end, () => { this.#drag = null; });
    const row = (key) => {
      const { input } = this.numbers[key];
      input.id ||= uid("wheel");
      return h("div", { class: "field" }, h("label", { for: input.id }, t(`lofi.wheel.${key}`)), this.numbers[key]);
    };
    this.element = h("div", { class: "wheel" }, this.face, h("div", { class: "wheel-numbers" }, row("pulses"), row("steps"), row("rotate")));
  }

  #set(change) {
    const { pulses = this.pulses, steps = this.steps, rotate = this.rotate } = change;
    const n = Math.min(MOST_STEPS, Math.max(1, steps));
    const now = { steps: n, pulses: Math.min(n, Math.max(1, pulses)), rotate: ((rotate % n) + n) % n };
    if (now.steps === this.steps && now.pulses === this.pulses && now.rotate === this.rotate) return;
    Object.assign(this, now);
    this.#draw();
    for (const fn of this.#listeners) fn(now);
  }

  #draw() {
    const hits = this.pattern;
    this.#dots = hits.map((hit, i) => this.#dot(hit, i, hits.length));
    this.ring.replaceChildren(this.#polygon(hits), ...this.#dots);
    this.text.textContent = `E(${this.pulses}, ${this.steps})`;
    this.face.setAttribute("aria-valuenow", String(this.pulses));
    this.face.setAttribute("aria-valuemax", String(this.steps));
    this.face.setAttribute("aria-valuetext", t("lofi.wheel.told", { pulses: this.pulses, steps: this.steps, rotate: this.rotate }));
    for (const [key, box] of Object.entries(this.numbers)) if (document.activeElement !== box.input) box.value = this[key];
    this.#marked = -1;
  }

  #place(i, n, radius = RADIUS) {
    const angle = (2 * Math.PI * i) / n - Math.PI / 2;
    return [SIZE / 2 + radius * Math.cos(angle), SIZE / 2 + radius * Math.sin(angle)];
  }

  #dot(hit, i, n) {
    const [cx, cy] = this.#place(i, n);
    const small = n > 20 ? 5 : 7;
    return svg("circle", { class: `wheel-dot${hit ? " hit" : ""}${i === 0 ? " first" : ""}`, cx, cy, r: hit ? small + 2.5 : small - 2 });
  }

  #polygon(hits) {
    const points = hits.flatMap((hit, i) => (hit ? [this.#place(i, hits.length).map((x) => x.toFixed(1)).join(",")] : []));
    return svg("polygon", { class: "wheel-shape", points: points.join(" ") });
  }

  #key(event) {
    const moves = {
      ArrowLeft: { rotate: this.rotate + 1 }, ArrowRight: { rotate: this.rotate - 1 + this.steps },
      ArrowUp: { pulses: this.pulses + 1 }, ArrowDown: { pulses: this.pulses - 1 },
      PageUp: { steps: this.steps + 1 }, PageDown: { steps: this.steps - 1 }, Home: { rotate: 0 },
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    this.#set(moves[event.key]);
  }

  #grip(event) {
    this.#drag = { angle: this.#angle(event), rotate: this.rotate };
    this.face.setPointerCapture(event.pointerId);
  }

  #turn(event) {
    if (!this.#drag) return;
    const turned = ((this.#angle(event) - this.#drag.angle) / (2 * Math.PI)) * this.steps;
    this.#set({ rotate: this.#drag.rotate - Math.round(turned) + 4 * this.steps });
  }

  #angle({ clientX, clientY }) {
    const box = this.face.getBoundingClientRect();
    return Math.atan2(clientY - box.top - box.height / 2, clientX - box.left - box.width / 2);
  }
}

/**
 * Sixteenths at which a layer is heard from one second of music to another.
 * @param {boolean[]} hits of a cycle of sixteenths
 * @param {{bpm: number, swing: number, meter: string}} beat quarters a minute; percent of a pair
 *   of sixteenths; four bars of the meter and it begins anew, as in a track
 * @param {number} from seconds @param {number} to seconds
 * @returns {Array<{seconds: number, step: number}>}
 */
export function strokes(hits, { bpm, swing, meter }, from, to) {
  const sixteenth = 15 / bpm;
  const [beats, unit] = meter.split("/").map(Number);
  const round = (4 * 16 * beats) / unit;
  const late = sixteenth * (swing / 50 - 1);
  const found = [];
  for (let n = Math.max(0, Math.floor(from / sixteenth) - 1); n * sixteenth < to; n += 1) {
    const seconds = n * sixteenth + (n % 2 ? late : 0);
    const step = (n % round) % hits.length;
    if (seconds >= from && seconds < to && hits[step]) found.push({ seconds, step });
  }
  return found;
}
