/**
 * The deck: a lo-fi track as it sounds, as mixed by the server or live from its stems.
 *
 *     const deck = new Deck();
 *     await deck.open(track, stage);          // the mix at once, its stems after it
 *     deck.moved(mix);                        // a fader moves: the stems are heard as it does
 *
 * The mix is what is exported, byte for byte. When a fader or a knob of the master moves, the deck
 * goes over to the stems at the same place, with the same gains and panning as the server's, and
 * with the low-pass and the saturation of the master; the compressor, the waves of the tape and the
 * limiter are missing then. A second after the last move the server has mixed again, and the deck
 * goes back to that. Solo is for listening alone: as long as one is on, the stems are heard.
 *
 * Weak: stems take 21 MB a minute each; those of tracks beyond `LONGEST_S` are not fetched, and
 * moves are heard when the mix has been made again.
 */

import { post } from "./api.js";
import { debounced } from "./dom.js";
import { Player } from "./player.js";

const REST_MS = 900; // after the last move, until it is mixed again
const LONGEST_S = 260; // of a track whose stems are fetched
const TURN_S = 0.01; // from mix to stems
const TAIL_S = 6; // that an opening rings on
const LEVELS_HZ = 20;
const SOFTEST_DB = -80;
const DOWN_DB = -60; // where a fader is down
const MIX = "Mix"; // the one stem of a mix

/** What the master does to sound of a loudness, for the ear that moves a knob. */
class Preview {
  /** @param {AudioContext} context @param {AudioNode} input */
  constructor(context, input) {
    this.context = context;
    this.straight = new GainNode(context, { gain: 1 });
    this.lifted = new GainNode(context, { gain: 0 });
    this.bend = new WaveShaperNode(context, { oversample: "2x" });
    this.tone = new BiquadFilterNode(context, { type: "lowpass", frequency: 20000, Q: 0.7 });
    this.level = new GainNode(context, { gain: 1 });
    input.disconnect();
    input.connect(this.straight).connect(context.destination);
    input.connect(this.lifted).connect(this.bend).connect(this.tone).connect(this.level).connect(context.destination);
  }

  /** @param {boolean} on */
  live(on) {
    const now = this.context.currentTime;
    this.straight.gain.setTargetAtTime(on ? 0 : 1, now, TURN_S / 3);
    this.lifted.gain.setTargetAtTime(on ? 1 : 0, now, TURN_S / 3);
  }

  /** @param {{tone_hz: number, saturation: number, gain_db: number}} master */
  set({ tone_hz, saturation, gain_db }) {
    this.tone.frequency.setTargetAtTime(Math.min(20000, tone_hz), this.context.currentTime, 0.02);
    this.level.gain.setTargetAtTime(10 ** (gain_db / 20), this.context.currentTime, 0.02);
    const drive = 2 * saturation;
    this.bend.curve = drive > 0 ? Float32Array.from({ length: 1025 }, (_, i) => Math.tanh(drive * (i / 512 - 1)) / drive) : null;
  }
}

export class Deck {
  /** @type {any} */
  track = null;
  /** What is heard: "", "opening", "mix" or "live". */
  heard = "";
  /** Key of the mix that is exported. */
  key = "";
  /** Whether a mix is being made. */
  mixing = false;
  #ranOut = 0; // seconds at which an opening was over before the whole was made
  #bars = [];
  #mix = {};
  #preview = null;
  #solos = new Set();
  #asked = 0;
  #listeners = new Set();

  constructor() {
    this.player = new Player();
    this.#rested = debounced(REST_MS, () => this.#again());
    this.player.on("ended", () => {
      this.#ranOut = this.heard === "opening" ? this.player.seconds - TAIL_S : 0;
    });
    for (const event of ["state", "loaded", "switch", "ended", "loop"]) this.player.on(event, () => this.#tell());
  }

  #rested;

  /** Be told whenever something changes. @param {() => void} fn */
  onchange(fn) {
    this.#listeners.add(fn);
  }

  /** Fail: be told what went wrong with a mix. @param {(error: unknown) => void} fn */
  onproblem(fn) {
    this.problem = fn;
  }

  /** Whether faders can be heard as they move. */
  get quick() {
    return this.player.has(this.#name("live"));
  }

  get seconds() {
    return this.player.seconds;
  }

  /**
   * Play the beginning of a track while the rest is made.
   * @param {string} id
   * @param {{seconds: number, bars: any[]}} sound
   * @param {boolean} play
   */
  async opening(id, { seconds, bars }, play) {
    const name = `opening:${id}`;
    await this.player.load(name, { stems: [{ name: MIX, url: `/api/lofi/tracks/${id}/opening` }], seconds, bars });
    if (this.track?.id === id) return; // the whole was quicker
    this.track = null;
    this.#ranOut = 0;
    this.heard = "opening";
    this.#live(false);
    this.player.pause();
    await this.player.switchTo(name);
    this.player.seek(0);
    if (play) this.player.play();
    this.#tell();
  }

  /**
   * Take a track, and go on with it where the opening is.
   * @param {any} track as `/api/lofi/tracks/ID` tells it
   * @param {{bars: any[]}} stage
   * @param {any} mix settings of the mixer
   * @param {{play?: boolean, from?: number | null}} [how] `from`: where to begin; null = go on
   */
  async open(track, stage, mix, { play = false, from = null } = {}) {
    this.#bars = stage.bars;
    this.#mix = mix;
    const old = this.track && { id: this.track.id, key: this.key };
    const told = await this.#mixOf(track, mix);
    await this.#fetch(track, told);
    this.track = track;
    await this.#show(told);
    if (old && old.id !== track.id) this.#forget(old);
    this.player.unload(`opening:${track.id}`);
    const late = this.#ranOut;
    this.#ranOut = 0;
    if (from !== null || late) this.player.seek(from ?? late);
    if (play || late) this.player.play();
    this.#faders();
    this.#tell();
    if (track.samples / track.rate <= LONGEST_S) void this.#stems(track).catch((error) => this.problem?.(error));
  }

  /** A fader or a knob of the master has moved. @param {any} mix */
  moved(mix) {
    this.#mix = mix;
    if (!this.track) return;
    this.#faders();
    this.#toLive();
    this.#rested();
  }

  /** @param {string} name of a stem @param {boolean} on */
  solo(name, on) {
    if (on) this.#solos.add(name);
    else this.#solos.delete(name);
    this.player.solo(name, on);
    if (this.#solos.size) this.#toLive();
    else if (this.track) this.#rested();
    this.#tell();
  }

  /** @param {string} name */
  soloed(name) {
    return this.#solos.has(name);
  }

  /** Level of a stem where it plays, after its fader, dB. @param {string} name */
  level(name) {
    const row = this.track?.stems.find((stem) => stem.name === name);
    if (!row || !this.player.playing) return SOFTEST_DB;
    const { gain_db = 0, mute = false } = this.#mix.strips?.[name.toLowerCase()] ?? {};
    const silent = mute || (this.#solos.size && !this.#solos.has(name));
    if (silent || gain_db <= DOWN_DB) return SOFTEST_DB;
    return (row.levels[Math.floor(this.player.position * LEVELS_HZ)] ?? SOFTEST_DB) + gain_db;
  }

  async close() {
    this.#listeners.clear();
    await this.player.close();
  }

  /** @param {string} kind */
  #name(kind) {
    return this.track ? `${kind}:${this.track.id}` : "";
  }

  /** Return the mix of these settings; the first one, where nothing has been moved. */
  async #mixOf(track, mix) {
    if (!Object.keys(mix).length) return track.mix;
    return post(`/lofi/tracks/${track.id}/mixes`, mix);
  }

  #fetch(track, told) {
    const seconds = track.samples / track.rate;
    return this.player.load(`mix:${track.id}:${told.key}`, { stems: [{ name: MIX, url: told.url }], seconds, bars: this.#bars });
  }

  async #show(told) {
    this.key = told.key;
    this.gain_db = told.gain_db;
    await this.player.switchTo(`mix:${this.track.id}:${told.key}`);
    this.heard = "mix";
    this.#live(false);
  }

  async #stems(track) {
    const stems = track.stems.map(({ name, url }) => ({ name, url }));
    await this.player.load(`live:${track.id}`, { stems, seconds: track.samples / track.rate, bars: this.#bars });
    if (this.track !== track) return this.player.unload(`live:${track.id}`);
    this.#faders();
    if (this.#solos.size) this.#toLive(); // asked for before there were stems
    this.#tell();
  }

  #toLive() {
    if (this.heard === "live" || !this.quick) return;
    void this.player.switchTo(this.#name("live"));
    this.heard = "live";
    this.#live(true);
    this.#tell();
  }

  /** Have the server mix again, and go over to that. */
  async #again() {
    const { track } = this;
    if (!track || this.#solos.size) return;
    const asked = ++this.#asked;
    this.mixing = true;
    this.#tell();
    try {
      const told = await this.#mixOf(track, this.#mix);
      if (asked !== this.#asked || track !== this.track) return;
      await this.#fetch(track, told);
      if (asked !== this.#asked || track !== this.track || this.#solos.size) return;
      const before = this.key;
      await this.#show(told);
      if (before !== told.key) this.player.unload(`mix:${track.id}:${before}`);
      this.#faders();
    } catch (error) {
      this.problem?.(error);
    } finally {
      if (asked === this.#asked) this.mixing = false;
      this.#tell();
    }
  }

  /** Set the stems' faders, and what stands for the master. */
  #faders() {
    const { track } = this;
    for (const { name } of track.stems) {
      const { gain_db = 0, pan = 0, mute = false } = this.#mix.strips?.[name.toLowerCase()] ?? {};
      this.player.setVolume(name, gain_db);
      this.player.pan(name, pan);
      this.player.mute(name, mute);
    }
    const usual = track.settings;
    const saturation = this.#mix.saturation ?? usual.saturation ?? usual.tape;
    this.#chain().set({ tone_hz: this.#mix.tone_hz ?? usual.tone_hz, saturation, gain_db: this.gain_db ?? 7 });
  }

  #chain() {
    this.#preview ??= new Preview(this.player.context, this.player.output);
    return this.#preview;
  }

  /** @param {boolean} on */
  #live(on) {
    this.#chain().live(on);
  }

  #forget({ id, key }) {
    for (const name of [`live:${id}`, `mix:${id}:${key}`]) this.player.unload(name);
  }

  #tell() {
    for (const fn of this.#listeners) fn();
  }
}
