/**
 * A tune while it is being written, as a stage: what is not known yet is guessed, so that nothing
 * jumps when it comes.
 *
 *     const stage = growing({ notes, seconds, meter: "6/8" });
 *     stage.bars              // where they begin, judged by the notes on their first beats
 */

/**
 * @typedef {import("./rollscale.js").Stage} Stage
 * @typedef {import("./rollscale.js").Scale} Scale
 */

/** What is written so far as a stage. @param {Partial<Stage>} so_far @returns {Stage} */
export function growing(so_far) {
  const blank = empty();
  const stage = { ...blank, ...so_far, notes: { ...blank.notes, ...so_far.notes } };
  return so_far.bars?.length ? stage : { ...stage, bars: guessed(stage) };
}

/** A stage with nothing on it. @returns {Stage} */
export function empty() {
  const notes = {
    track: [], start_s: [], end_s: [], onset_q: [], duration_q: [], pitch: [], name: [],
    velocity: [], bar: [], beat: [], svg: [],
  };
  return { seconds: 1, tracks: [{ name: "" }], notes, bars: [], tonic: null, scale: null };
}

/** How many of the first notes are the same in both. */
export function common(/** @type {number[]} */ before, /** @type {any} */ old, /** @type {any} */ now) {
  let i = 0;
  while (i < before.length && i < now.pitch.length && old.pitch[i] === now.pitch[i] && old.start_s[i] === now.start_s[i]) i += 1;
  return i;
}

/** Rows only ever grow while a tune is written, so that nothing jumps. */
export function widened(/** @type {Scale} */ scale, /** @type {Scale} */ before) {
  if (!scale.tuned || !before.tuned) return;
  scale.lowest = Math.min(scale.lowest, before.lowest);
  scale.highest = Math.max(scale.highest, before.highest);
}

/** Bars of notes that come without: each begins at its first beat, or evenly between others. */
function guessed(/** @type {Stage} */ { notes, seconds, meter }) {
  /** @type {Map<number, number>} */
  const starts = new Map();
  notes.bar.forEach((number, i) => {
    if (notes.beat[i] === 1 && !starts.has(number)) starts.set(number, i);
  });
  const known = [...starts].sort((a, b) => a[0] - b[0]);
  const bars = [];
  for (const [k, [first, i]] of known.entries()) {
    const [next, j] = known[k + 1] ?? [first + 1, -1];
    const until = j < 0 ? seconds : notes.start_s[j];
    const step = (until - notes.start_s[i]) / Math.max(1, next - first);
    for (let n = first; n < next; n += 1) {
      const start_s = notes.start_s[i] + (n - first) * step;
      bars.push({ number: n, start_s, end_s: start_s + step, start_q: notes.onset_q[i], meter });
    }
  }
  return bars;
}

/** Seconds that a tune of so many bars will take, judged by its longest bar; 0 where it is unknown. */
export function expected(/** @type {Stage} */ { bars, seconds }, /** @type {number} */ of) {
  const whole = bars.slice(0, -1).reduce((most, bar) => Math.max(most, bar.end_s - bar.start_s), 0);
  const pickup = bars[0]?.number === 0 ? bars[0].end_s : 0;
  return whole && of ? Math.max(seconds, pickup + of * whole) : 0;
}
