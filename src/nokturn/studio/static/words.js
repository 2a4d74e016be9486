/**
 * Notes in words, as musicians say them.
 *
 *     noteWords(stage, 7)           // "G4 · bar 5 beat 2½ · ½ beat"
 *     mixed(2.5, number)            // "2½"
 */

import { barAt, beatQuarters } from "./bars.js";
import { number, t } from "./i18n.js";

/** @typedef {import("./rollscale.js").Stage} Stage */

/** Words for a note: "G4 · bar 5 beat 2½ · ½ beat". @param {Stage} stage @param {number} i */
export function noteWords(stage, i) {
  const { name, bar, beat, length } = placeOf(stage, i);
  const values = { name, bar: String(bar), beat: mixed(beat, number), length: mixed(length, number), n: length };
  if (stage.tracks[stage.notes.track[i]]?.drums) return t("piece.hit", values);
  return t("piece.note", values);
}

/**
 * Where a note stands and how long it is, in felt beats.
 * @param {Stage} stage
 * @param {number} i
 */
export function placeOf(stage, i) {
  const { notes, bars } = stage;
  const bar = bars[barAt(bars, notes.start_s[i])];
  const quarters = beatQuarters(bar?.meter ?? stage.meter ?? "4/4");
  const { [i]: name } = notes.name;
  return { name, bar: notes.bar[i], beat: notes.beat[i], length: notes.duration_q[i] / quarters };
}

const NEAR = 20; // thousandths that playing freely adds
const FRACTIONS = new Map([
  [0, ""], [125, "⅛"], [167, "⅙"], [250, "¼"], [333, "⅓"], [375, "⅜"],
  [500, "½"], [625, "⅝"], [667, "⅔"], [750, "¾"], [833, "⅚"], [875, "⅞"],
]);

/** A number as a musician writes it: 2½. @param {number} value @param {(n: number) => string} other */
export function mixed(value, other) {
  const rounded = Math.round(value * 1000) / 1000;
  const whole = Math.floor(rounded + NEAR / 1000);
  const rest = Math.max(0, Math.round((rounded - whole) * 1000));
  for (const [thousandths, sign] of FRACTIONS) {
    if (Math.abs(rest - thousandths) < NEAR) return (whole || !sign ? String(whole) : "") + sign;
  }
  return other(Math.round(value * 100) / 100);
}
