/**
 * A stage in the language of the page: its drums and instruments, and what it is like.
 *
 *     const stage = inWords(await get(`/pieces/${id}/stage`));
 *     stage.summary                      // "32 bars, A dorian, 4/4, range E4 to B5, 43 sec"
 *     stage.tracks[0].label              // "Violin"; its `name` is that of its stem
 */

import { duration, has, t } from "./i18n.js";
import { keyName, meterName } from "./keyname.js";

/** @typedef {import("./rollscale.js").Stage} Stage */

/** @param {Stage} stage @returns {Stage} */
export function inWords(stage) {
  const tracks = stage.tracks.map((track) => ({ ...track, label: instrumentName(track.name), instrument: instrumentName(track.instrument ?? "") }));
  const name = stage.notes.name.map((own, i) => (tracks[stage.notes.track[i]]?.drums ? drumName(own) : own));
  const notes = { ...stage.notes, name };
  return { ...stage, tracks, notes, summary: summary({ ...stage, notes }) };
}

/** The name of an instrument of General MIDI, with a number or without; any other as it is. */
export function instrumentName(/** @type {string} */ name) {
  const [, plain, number] = /^(.*?)( \d+)?$/.exec(name) ?? [name, name];
  const whole = word("instruments", name);
  return whole !== name ? whole : word("instruments", plain) + (number ?? "");
}

/** The name of a drum. */
export const drumName = (/** @type {string} */ name) => word("drums", name);

/** @param {string} group @param {string} name */
function word(group, name) {
  const key = `${group}.${name.toLowerCase().replace(/[^a-z0-9]+/g, "_")}`;
  return name && has(key) ? t(key) : name;
}

/** What a piece is like in a sentence, for those who listen to the screen. @param {Stage} stage */
function summary({ notes, tracks, key, meter, seconds, bars_count: bars }) {
  const heard = notes.pitch.map((_, i) => i).filter((i) => !tracks[notes.track[i]]?.drums);
  const byPitch = heard.sort((a, b) => notes.pitch[a] - notes.pitch[b]);
  const playing = new Set(notes.track).size;
  return [
    t("common.barsN", { n: bars ?? 0 }),
    heard.length && key ? keyName(key) : "",
    meterName(meter ?? ""),
    heard.length ? t("piece.summary.range", { low: notes.name[byPitch[0]], high: notes.name[byPitch.at(-1)] }) : "",
    playing > 1 ? t("piece.summary.instruments", { n: playing }) : "",
    duration(seconds),
  ].filter(Boolean).join(", ");
}
