/**
 * Bars as they are played: which one a second is in, and how it is counted.
 *
 *     beatsOf("6/8")                    // 2
 *     bars[barAt(bars, 12.5)].number    // 7
 *
 * Bars are in order and without gaps; a pickup has the number 0. All places are seconds.
 */

/** @typedef {{number: number, start_s: number, end_s: number, meter?: string}} Bar */

/**
 * The bar that holds a second, as an index; the last one beyond the end.
 * @param {Bar[]} bars
 * @param {number} seconds
 */
export function barAt(bars, seconds) {
  let low = 0;
  let high = bars.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (bars[middle].start_s <= seconds + 1e-6) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/**
 * The second of another take that stands at the same place of the same bar.
 * @param {{bars: Bar[], seconds: number}} from
 * @param {{bars: Bar[], seconds: number}} to
 * @param {number} seconds
 */
export function sameBar(from, to, seconds) {
  const here = from.bars[barAt(from.bars, seconds)];
  if (!here || !to.bars.length) return Math.min(seconds, to.seconds);
  const there = to.bars.find((bar) => bar.number === here.number);
  if (!there) return to.bars[0].start_s; // it is shorter: from its beginning
  const part = (seconds - here.start_s) / Math.max(1e-9, here.end_s - here.start_s);
  return there.start_s + Math.min(1, Math.max(0, part)) * (there.end_s - there.start_s);
}

/**
 * What is counted before a place: the beats and seconds of a whole bar, and how far into its bar the
 * place is; a pickup stands at the end of its own.
 * @param {Bar[]} bars
 * @param {number} at
 * @param {number} position
 */
export function counting(bars, at, position) {
  const bar = bars[at];
  if (!bar) return { beats: 4, whole: 2, into: 0 };
  const length = bar.end_s - bar.start_s;
  const next = bars[at + 1];
  const whole = bar.number === 0 && next ? next.end_s - next.start_s : length;
  return { beats: beatsOf(bar.meter ?? "4/4"), whole, into: whole - length + position - bar.start_s };
}

/** Beats that are felt in a bar: 2 in 6/8, 4 in 4/4. @param {string} meter */
export function beatsOf(meter) {
  const [count, unit] = counted(meter);
  return unit >= 8 && count % 3 === 0 && count > 3 ? count / 3 : count;
}

/** The two numbers of a meter; C and C| are 4/4 and 2/2, free meter is counted in quarters. */
export function counted(/** @type {string} */ meter) {
  const signs = /** @type {Record<string, [number, number]>} */ ({ C: [4, 4], "C|": [2, 2] });
  const [count, unit] = signs[meter] ?? meter.split("/").map(Number);
  return count > 0 && unit > 0 ? [count, unit] : [4, 4];
}

/** Quarters of a felt beat: 1.5 in 6/8, 0.5 in 3/8 counted in eighths. @param {string} meter */
export function beatQuarters(meter) {
  const [count, unit] = counted(meter);
  return (count * 4) / unit / beatsOf(meter);
}
