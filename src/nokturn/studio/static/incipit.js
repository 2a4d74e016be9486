/**
 * How a piece begins, as a small picture: its first notes, low to high, in the text's colour.
 *
 *   incipit(item.incipit)    three bytes for each note: onset, length (1/255 of the width), pitch
 *
 * One path for all notes, so that thousands of rows stay cheap; for the eye only.
 */

import { svg } from "./dom.js";

const WIDTH = 255;
const HEIGHT = 64;
const ROWS = 20; // at least so many semitones are shown, so that a held note is no mountain

/** Make the picture; an empty one where nothing is known. */
export function incipit(hex) {
  const notes = read(hex);
  const drawn = notes.length ? path(notes) : "";
  return svg(
    "svg",
    { class: "incipit", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", focusable: "false", aria: { hidden: "true" } },
    svg("path", { d: drawn, fill: "currentColor" }),
  );
}

function read(hex) {
  const bytes = (hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
  const notes = [];
  for (let at = 0; at + 2 < bytes.length; at += 3) {
    notes.push({ x: bytes[at], width: bytes[at + 1], pitch: bytes[at + 2] });
  }
  return notes;
}

function path(notes) {
  const pitches = notes.map((note) => note.pitch);
  const low = Math.min(...pitches);
  const high = Math.max(...pitches);
  const rows = Math.max(ROWS, high - low + 1);
  const row = HEIGHT / rows;
  const top = high + (rows - (high - low + 1)) / 2;
  const thick = Math.max(row, 3.5);
  return notes
    .map(({ x, width, pitch }) => {
      const y = (top - pitch + 0.5) * row - thick / 2;
      const long = Math.max(1, width - 1); // notes of one pitch stay apart
      return `M${x} ${y.toFixed(1)}h${long}v${thick.toFixed(1)}h-${long}z`;
    })
    .join("");
}
