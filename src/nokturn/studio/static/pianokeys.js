/**
 * A small keyboard to write notes with: by mouse and finger, by the computer's keys, by a MIDI
 * keyboard where the browser lets us. Each key writes a note of the chosen length, in ABC.
 *
 *   new PianoKeys((abc) => area.value += abc)     // "c2", "^f", "z4", "|"; null takes the last back
 *
 * It writes and does not record: how long a key is held does not matter, so nobody has to play in
 * time to say how a tune begins.
 */

import { choice } from "./controls.js";
import { announce, h, icon } from "./dom.js";
import { t } from "./i18n.js";

const LOWEST = 60; // C4
const KEYS = 17; // to E5
const BLACK = new Set([1, 3, 6, 8, 10]);
const NAMES = ["C", "^C", "D", "^D", "E", "F", "^F", "G", "^G", "A", "^A", "B"];
const COMPUTER = "awsedftgyhujkolp;"; // as in every program with a keyboard
const LENGTHS = ["1", "2", "3", "4"]; // eighths

export class PianoKeys {
  /** @param {(abc: string|null) => void} onwrite */
  constructor(onwrite) {
    this.onwrite = onwrite;
    this.length = "2";
    this.keys = Array.from({ length: KEYS }, (_, i) => this.#key(LOWEST + i, i));
    const board = h("div", { class: "piano", role: "group", tabindex: 0, aria: { label: t("compose.piano.label") }, on: { keydown: (event) => this.#typed(event) } }, this.keys);
    const lengths = choice(t("compose.piano.length"), LENGTHS.map((value) => [value, t(`compose.piano.lengths.${value}`)]), this.length, (value) => {
      this.length = value;
    });
    const button = (text, abc, name) => h("button", { class: "button small", type: "button", on: { click: () => this.onwrite(abc) } }, name ? icon(name) : null, text);
    this.element = h(
      "div",
      { class: "stack tight" },
      lengths,
      board,
      h("div", { class: "cluster tight" }, this.#rest(), button(t("compose.piano.bar"), "|"), button(t("compose.piano.takeBack"), null, "undo"), this.#midi()),
      h("p", { class: "hint muted small" }, t("compose.piano.why")),
    );
  }

  #key(pitch, i) {
    const black = BLACK.has(pitch % 12);
    const before = this.#whites(i);
    const props = {
      class: black ? "piano-key black" : "piano-key",
      type: "button",
      tabindex: -1,
      aria: { label: noteName(pitch) },
      data: { pitch },
      style: black ? { "--at": before } : {},
      on: { click: () => this.#play(pitch) },
    };
    return h("button", props, h("span", { class: "piano-hint", aria: { hidden: "true" } }, COMPUTER[i]));
  }

  /** How many white keys lie to the left of a key. */
  #whites(i) {
    return Array.from({ length: i }, (_, k) => LOWEST + k).filter((p) => !BLACK.has(p % 12)).length;
  }

  #rest() {
    return h("button", { class: "button small", type: "button", on: { click: () => this.onwrite(`z${suffix(this.length)}`) } }, t("compose.piano.rest"));
  }

  #typed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const i = COMPUTER.indexOf(event.key.toLowerCase());
    if (i >= 0) this.#play(LOWEST + i);
    else if (event.key === " ") this.onwrite(`z${suffix(this.length)}`);
    else if (event.key === "|") this.onwrite("|");
    else if (event.key === "Backspace") this.onwrite(null);
    else if (/^[1-4]$/.test(event.key)) {
      this.length = event.key;
      const radio = this.element.querySelector(`input[value="${event.key}"]`);
      radio.checked = true;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #play(pitch) {
    this.onwrite(abcOf(pitch) + suffix(this.length));
    announce(noteName(pitch));
    this.#sound(pitch);
    const key = this.keys[pitch - LOWEST];
    key?.classList.add("down");
    setTimeout(() => key?.classList.remove("down"), 180);
  }

  /** A short, soft tone, so that one hears what one writes. */
  #sound(pitch) {
    this.context ??= new AudioContext();
    this.context.resume();
    const now = this.context.currentTime;
    const gain = this.context.createGain();
    const tone = this.context.createOscillator();
    tone.type = "triangle";
    tone.frequency.value = 440 * 2 ** ((pitch - 69) / 12);
    gain.gain.setValueAtTime(0, now);
    gain.gain.linearRampToValueAtTime(0.2, now + 0.01);
    gain.gain.exponentialRampToValueAtTime(0.001, now + 0.6);
    tone.connect(gain).connect(this.context.destination);
    tone.start(now);
    tone.stop(now + 0.65);
  }

  /** A button that asks for the MIDI keyboard; none where the browser knows none. */
  #midi() {
    if (!navigator.requestMIDIAccess) return null;
    const button = h("button", { class: "button small", type: "button" }, icon("keyboard"), t("compose.piano.midi"));
    button.addEventListener("click", async () => {
      try {
        const access = await navigator.requestMIDIAccess();
        const inputs = [...access.inputs.values()];
        for (const input of inputs) input.onmidimessage = (event) => this.#midiHeard(event.data);
        announce(button.lastChild.textContent = inputs.length ? t("compose.piano.midiOn", { name: inputs[0].name }) : t("compose.piano.midiNone"));
      } catch {
        button.lastChild.textContent = t("compose.piano.midiNo"); // the user or the browser said no
      }
    });
    return button;
  }

  #midiHeard([status, pitch, velocity]) {
    if ((status & 0xf0) === 0x90 && velocity > 0 && this.element.isConnected) this.#play(pitch);
  }
}

const suffix = (length) => (length === "1" ? "" : length);

/** Return a pitch in ABC: 60 is C, 72 is c, 84 is c'. */
export function abcOf(pitch) {
  const name = NAMES[pitch % 12];
  const octave = Math.floor(pitch / 12) - 5;
  if (octave >= 1) return name.toLowerCase() + "'".repeat(octave - 1);
  return name + ",".repeat(-octave);
}

const noteName = (pitch) => `${NAMES[pitch % 12].replace(/\^(.)/, "$1♯")}${Math.floor(pitch / 12) - 1}`;
