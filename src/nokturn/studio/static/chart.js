/**
 * A chart of what is reported epoch by epoch: lines that grow, values where the pointer is.
 *
 *   const chart = new Chart({label: t("train.loss"), series: [{key: "valid", name: ..., track: 1}]});
 *   root.append(chart.element); chart.set(rows);      rows: [{epoch, valid, train, ...}]
 *
 * `log`, `smoothing` (0 to 0.95) and `mark` (an epoch) may change at any time. Lines differ in dashes
 * as well as in colour. It is a picture to a screen reader: the same values stand in `table`.
 */

import { clear, h, svg } from "./dom.js";
import { number, t } from "./i18n.js";

const HEIGHT = 240;
const EDGE = { top: 12, right: 14, bottom: 30, left: 46 };
const TICKS = 5;

export class Chart {
  #rows = [];
  #width = 0;

  /**
   * @param {{label: string, series: Array<{key: string, name: string, track: number, dashed?: boolean}>,
   *   shares?: boolean, write?: (value: number) => string}} options `shares`: from 0 to 1, as they are
   */
  constructor({ label, series, shares = false, write = (value) => number(value, { minimumFractionDigits: 3, maximumFractionDigits: 3 }) }) {
    Object.assign(this, { label, series, shares, write, log: false, smoothing: 0, mark: null, chosen: null });
    this.picture = svg("svg", { class: "chart-picture", role: "img", height: HEIGHT });
    this.said = h("p", { class: "chart-said small num muted" });
    const legend = h("ul", { class: "chart-legend cluster small" }, series.map((one) => h("li", swatch(one), one.name)));
    this.element = h("div", { class: "chart" }, legend, this.picture, this.said);
    this.picture.addEventListener("pointermove", (event) => this.#point(event));
    this.picture.addEventListener("pointerleave", () => this.#show(null));
    this.watch = new ResizeObserver(([entry]) => {
      const width = Math.round(entry.contentRect.width);
      if (width === this.#width || !width) return;
      this.#width = width;
      this.draw();
    });
    this.watch.observe(this.element);
  }

  /** Let go of what it watches. */
  close() {
    this.watch.disconnect();
  }

  /** Show reports, in order of their epochs. */
  set(rows) {
    this.#rows = rows;
    this.draw();
  }

  /** Draw it anew. */
  draw() {
    if (!this.#width) return;
    const width = this.#width;
    this.picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.picture.setAttribute("width", String(width));
    this.picture.setAttribute("aria-label", `${this.label}. ${this.#words(this.#rows.at(-1))}`);
    this.x = spread([this.#rows[0]?.epoch ?? 0, Math.max(1, this.#rows.at(-1)?.epoch ?? 1)], [EDGE.left, width - EDGE.right]);
    this.y = this.#heights();
    clear(this.picture, this.#grid(width), this.#marked(), this.series.map((one) => this.#line(one)), (this.pointer = svg("g", { class: "chart-pointer" })));
    this.#show(null);
  }

  #heights() {
    const bottom = HEIGHT - EDGE.bottom;
    if (this.shares) return spread([0, 1], [bottom, EDGE.top]);
    const values = this.series.flatMap(({ key }) => this.#rows.map((row) => row[key])).filter((value) => Number.isFinite(value) && (!this.log || value > 0));
    const low = values.length ? Math.min(...values) : this.log ? 0.1 : 0;
    const high = values.length ? Math.max(...values) : 1;
    const room = Math.max((high - low) * 0.06, high * 0.01, 1e-6);
    return this.log
      ? spread([Math.max(low * 0.94, 1e-9), high * 1.06], [bottom, EDGE.top], Math.log)
      : spread([Math.max(0, low - room), high + room], [bottom, EDGE.top]);
  }

  #grid(width) {
    const bottom = HEIGHT - EDGE.bottom;
    const rows = ticks(this.y.from, this.log && !this.shares).map((value) => [
      svg("line", { class: "chart-grid", x1: EDGE.left, x2: width - EDGE.right, y1: this.y(value), y2: this.y(value) }),
      svg("text", { class: "chart-tick", x: EDGE.left - 8, y: this.y(value) + 4, "text-anchor": "end" }, this.shares ? number(value, { style: "percent" }) : number(value)),
    ]);
    const columns = whole(ticks(this.x.from)).map((value) =>
      svg("text", { class: "chart-tick", x: this.x(value), y: bottom + 20, "text-anchor": "middle" }, number(value)),
    );
    return [rows, svg("line", { class: "chart-axis", x1: EDGE.left, x2: width - EDGE.right, y1: bottom, y2: bottom }), columns];
  }

  /** The epoch that is the best, as an upright line. */
  #marked() {
    if (this.mark === null || !this.#rows.some((row) => row.epoch === this.mark)) return null;
    const x = this.x(this.mark);
    return svg("line", { class: "chart-mark", x1: x, x2: x, y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
  }

  #line({ key, track, dashed }) {
    const told = this.#rows.filter((row) => Number.isFinite(row[key]) && (!this.log || this.shares || row[key] > 0));
    const path = (values) => values.map((value, i) => `${i ? "L" : "M"}${this.x(told[i].epoch).toFixed(1)} ${this.y(value).toFixed(1)}`).join("");
    const raw = told.map((row) => row[key]);
    const style = { "--ink-of-line": `var(--track-${track})` };
    if (raw.length === 1) return svg("circle", { class: "chart-dot", style, cx: this.x(told[0].epoch), cy: this.y(raw[0]), r: 3.5 });
    const kind = dashed ? "chart-line dashed" : "chart-line";
    const faint = this.smoothing ? svg("path", { class: "chart-line faint", style, d: path(raw) }) : null;
    return [faint, svg("path", { class: kind, style, d: path(smoothed(raw, this.smoothing)) })];
  }

  #point(event) {
    const box = this.picture.getBoundingClientRect();
    const at = event.clientX - box.left;
    const near = (best, row) => (Math.abs(this.x(row.epoch) - at) < Math.abs(this.x(best.epoch) - at) ? row : best);
    if (this.#rows.length) this.#show(this.#rows.reduce(near));
  }

  #show(row) {
    if (!this.pointer) return;
    clear(this.pointer);
    this.said.textContent = this.#words(row ?? this.#rows.at(-1));
    if (!row) return;
    const x = this.x(row.epoch);
    this.pointer.append(svg("line", { x1: x, x2: x, y1: EDGE.top, y2: HEIGHT - EDGE.bottom }));
    for (const { key, track } of this.series) {
      if (Number.isFinite(row[key])) this.pointer.append(svg("circle", { class: "chart-dot", style: { "--ink-of-line": `var(--track-${track})` }, cx: x, cy: this.y(row[key]), r: 3.5 }));
    }
  }

  #words(row) {
    if (!row) return t("train.chart.none");
    const values = this.series.filter(({ key }) => Number.isFinite(row[key])).map(({ key, name }) => `${name} ${this.write(row[key])}`);
    return [t("train.epoch", { n: row.epoch }), ...values].join(" · ");
  }
}

function swatch({ track, dashed }) {
  const line = svg("line", { class: dashed ? "chart-line dashed" : "chart-line", style: { "--ink-of-line": `var(--track-${track})` }, x1: 1, x2: 27, y1: 6, y2: 6 });
  return svg("svg", { class: "chart-swatch", width: 28, height: 12, aria: { hidden: "true" } }, line);
}

/** A scale: values of one range to places in another. */
function spread(from, to, bend = (value) => value) {
  const [low, high] = from.map(bend);
  const scale = (value) => to[0] + ((bend(value) - low) / (high - low || 1)) * (to[1] - to[0]);
  scale.from = from;
  return scale;
}

/** Round values within a range. */
function ticks([low, high], log = false) {
  if (log) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
      for (const digit of [1, 1.5, 2, 3, 5, 7]) found.push(Number((digit * 10 ** power).toPrecision(3)));
    }
    const inside = found.filter((value) => value >= low && value <= high);
    if (inside.length > 2) return inside; // a narrow range is nearly linear
  }
  const rough = (high - low) / TICKS || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => one >= rough) ?? rough;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-6; value += step) found.push(Number(value.toPrecision(6)));
  return found;
}

const whole = (values) => [...new Set(values.map(Math.round))];

/** Values each of which remembers those before it. */
export function smoothed(values, memory) {
  let last = values[0];
  return values.map((value) => (last = memory * last + (1 - memory) * value));
}
