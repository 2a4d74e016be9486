/**
 * Where things are on the piano roll: seconds to the right, pitches upwards, drums in lanes.
 *
 *     const scale = new Scale(stage);
 *     scale.resize(900, 320);
 *     scale.x(12.5)          // pixels from the left edge of the canvas, as it is scrolled now
 *
 * Pure numbers, no drawing: the same figures serve the picture, the pointer and the tests.
 */

import { barAt } from "./bars.js";

export const RULER = 26; // height of the ruler
export const OVERVIEW = 30; // height of the small picture of the whole, where there is more to see
const ROW = [2.4, 17]; // wanted least and largest height of a semitone
const LOWEST = 1; // where there is hardly any room
const LANE = [9, 17]; // of a drum's lane
const LEAST_ROWS = 15; // so that three notes do not fill the screen
const BAR = 60; // pixels of a bar below which the whole no longer fits
const CLOSEST = 900; // pixels a second
const PADDING = 10; // right of the end

/**
 * @typedef {{track: number[], start_s: number[], end_s: number[], onset_q: number[],
 *   duration_q: number[], pitch: number[], name: string[], velocity: number[], bar: number[],
 *   beat: number[], svg: string[][], events?: string[][]}} Notes
 * @typedef {{name: string, label?: string, program?: number, instrument?: string,
 *   drums?: boolean, low?: number, high?: number}} Track
 * @typedef {{number: number, start_s: number, end_s: number, start_q: number, meter?: string,
 *   svg?: string | string[]}} Bar
 * @typedef {{id?: string, title?: string, key?: string, meter?: string, seconds: number, bars_count?: number,
 *   summary?: string, tracks: Track[], notes: Notes, bars: Bar[], tonic: number | null,
 *   scale?: boolean[] | null, tempo_qpm?: number,
 *   text?: {abc: string | null, places?: Record<string, [number, number]>}}} Stage
 */

export class Scale {
  width = 0;
  height = 0;
  gutter = 44;
  rowHeight = 10;
  laneHeight = 14;
  /** Seconds at the left edge. */
  scroll = 0;
  /** Pixels of a second. */
  zoom = 50;
  /** Kept in view even while nothing of it is there: what a tune being written will take. */
  expected = 0;

  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.seconds = stage.seconds;
    this.lanes = lanesOf(stage);
    [this.lowest, this.highest] = rangeOf(stage);
    this.low = this.lowest;
    this.high = this.highest;
  }

  /** Height of what lies between ruler and overview. */
  get body() {
    return this.height - RULER - (this.wide ? OVERVIEW : 0);
  }

  /** Whether there is more than the width shows. */
  get wide() {
    return this.zoom > this.fitting * 1.01;
  }

  /** Pixels of a second at which the whole is seen. */
  get fitting() {
    const all = Math.max(this.seconds, this.expected, 0.5);
    return Math.max(1, this.width - this.gutter - PADDING) / all;
  }

  get tuned() {
    return this.highest >= this.lowest;
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    const narrow = width < 480;
    this.gutter = this.lanes.length ? (narrow ? 64 : 84) : narrow ? 34 : 46;
    this.width = width;
    this.height = height;
    this.#rows();
  }

  /** Choose the zoom that shows the whole, or as much of it as stays readable. */
  fit() {
    const bars = Math.max(1, this.stage.bars.length);
    const bar = Math.max(this.seconds, this.expected) / bars;
    this.zoomTo(BAR / Math.max(0.2, bar));
    this.scroll = 0;
  }

  /** Choose the pixels of a second, as near as can be: at 0 the whole is seen. @param {number} zoom */
  zoomTo(zoom) {
    this.zoom = Math.max(this.fitting, Math.min(zoom, CLOSEST));
    this.#rows();
  }

  /** Zoom by a factor around a pixel. @param {number} factor @param {number} [x] */
  zoomBy(factor, x = (this.width + this.gutter) / 2) {
    const held = this.secondsAt(x);
    this.zoomTo(this.zoom * factor);
    this.scrollTo(held - (x - this.gutter) / this.zoom);
  }

  /** @param {number} seconds */
  scrollTo(seconds) {
    this.scroll = Math.max(0, Math.min(seconds, this.farthest));
  }

  /** The scroll at which the end stands at the right edge. */
  get farthest() {
    const all = Math.max(this.seconds, this.expected);
    return Math.max(0, all - (this.width - this.gutter - PADDING) / this.zoom);
  }

  /** Seconds that the width shows. */
  get shown() {
    return (this.width - this.gutter) / this.zoom;
  }

  /** @param {number} seconds */
  x(seconds) {
    return this.gutter + (seconds - this.scroll) * this.zoom;
  }

  /** @param {number} x */
  secondsAt(x) {
    return this.scroll + (x - this.gutter) / this.zoom;
  }

  /** The upper edge of a pitch's row. @param {number} pitch */
  y(pitch) {
    return RULER + (this.high - pitch) * this.rowHeight;
  }

  /** The upper edge of the lanes. */
  get lanesTop() {
    return RULER + (this.tuned ? (this.high - this.low + 1) * this.rowHeight + 6 : 0);
  }

  /** The lower edge of rows and lanes. */
  get bottom() {
    return this.lanesTop + this.lanes.length * this.laneHeight;
  }

  /** @param {string} name */
  laneY(name) {
    return this.lanesTop + this.lanes.indexOf(name) * this.laneHeight;
  }

  /**
   * A note as a box: x in pixels from second 0, y, width, height.
   * @param {number} i
   * @returns {[number, number, number, number]}
   */
  box(i) {
    const { notes, tracks } = this.stage;
    const x = notes.start_s[i] * this.zoom;
    if (tracks[notes.track[i]]?.drums) {
      const size = Math.min(12, this.laneHeight - 3);
      const y = this.laneY(notes.name[i]) + (this.laneHeight - size) / 2;
      return [x, y, size * 0.8, size];
    }
    const gap = this.rowHeight > 7 ? 1 : 0.5;
    const width = Math.max(3, (notes.end_s[i] - notes.start_s[i]) * this.zoom - 1);
    return [x, this.y(notes.pitch[i]) + gap, width, this.rowHeight - 2 * gap];
  }

  /** The note below a point of the canvas, the topmost; -1 for none. */
  noteAt(/** @type {number} */ x, /** @type {number} */ y, slack = 2) {
    const { start_s, end_s } = this.stage.notes;
    const seconds = this.secondsAt(x);
    const px = x - this.gutter + this.scroll * this.zoom;
    for (let i = start_s.length - 1; i >= 0; i -= 1) {
      if (start_s[i] > seconds + 1 || end_s[i] < seconds - 1) continue;
      const [left, top, width, height] = this.box(i);
      const across = px >= left - slack && px <= left + width + slack;
      if (across && y >= top - slack && y <= top + height + slack) return i;
    }
    return -1;
  }

  /** Index of the bar at a second. @param {number} seconds */
  barAt(seconds) {
    return barAt(this.stage.bars, seconds);
  }

  #rows() {
    const lanes = this.lanes.length;
    const room = this.body - (lanes ? 12 : 6);
    const needed = this.tuned ? this.highest - this.lowest + 1 : 0;
    const share = this.tuned ? Math.min(room * 0.38, room - needed * ROW[0]) : room; // no more than rows leave
    const most = (room - needed * LOWEST) / lanes;
    this.laneHeight = lanes ? Math.min(clamp(share / lanes, LANE), most) : 0;
    if (!this.tuned) return;
    const left = room - lanes * this.laneHeight;
    this.rowHeight = clamp(left / Math.max(needed, LEAST_ROWS), [LOWEST, ROW[1]]); // all are seen
    const spare = Math.max(0, Math.floor(left / this.rowHeight) - needed);
    this.low = Math.max(0, this.lowest - Math.floor(spare / 2));
    this.high = this.low + needed + spare - 1;
  }
}

/** @param {number} value @param {number[]} limits */
function clamp(value, [least, most]) {
  return Math.min(most, Math.max(least, value));
}

/** Names of the drums that are played, cymbals first, the kick last. @param {Stage} stage */
function lanesOf({ notes, tracks }) {
  /** @type {Map<string, number>} */
  const found = new Map();
  notes.track.forEach((track, i) => {
    const name = notes.name[i];
    if (tracks[track]?.drums) found.set(name, Math.max(found.get(name) ?? 0, notes.pitch[i]));
  });
  return [...found].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

/** Lowest and highest row; the first above the second where there are only drums. */
function rangeOf(/** @type {Stage} */ { notes, tracks }) {
  let [low, high] = [Infinity, -Infinity];
  notes.pitch.forEach((pitch, i) => {
    if (tracks[notes.track[i]]?.drums) return;
    low = Math.min(low, pitch);
    high = Math.max(high, pitch);
  });
  if (low > high) return notes.pitch.length ? [1, 0] : [60, 76];
  return [Math.max(0, low - 2), Math.min(127, high + 2)];
}
