/**
 * The player: one clock for all that sounds, and for all that moves with it.
 *
 *     const player = new Player();
 *     await player.load("7f3a", { stems: [{ name: "Melody", url: "…" }], seconds: 64, bars });
 *     player.play();
 *     player.position        // seconds of music that are heard at this very moment
 *
 * Takes (the variations A to D, or one piece) lie decoded in memory, so that a switch is a cross-fade
 * of ten milliseconds at the same bar. Positions are seconds of the music at its own tempo, whatever
 * tempo is played. What is heard at which moment is kept as a list of segments on the time line of
 * the audio context; every cursor is drawn from that list and from nothing else.
 *
 * Weakness: a take is held as uncompressed sound, 21 MB a stem and minute; beyond `MAX_BYTES` the
 * takes that were not played for longest are dropped and fetched again when they are asked for.
 */

import { data } from "./api.js";
import { barAt, counting, sameBar } from "./bars.js";
import { Strip, Voices, looped, sizeOf } from "./voices.js";

const RATE = 44100;
const FADE = 0.01; // seconds of a cross-fade
const ATTACK = 0.002; // out of silence: short, so that a drum's beginning is heard
const LEAD = 0.025; // seconds ahead that changes are scheduled
const REST = 30; // seconds of silence after which the sound device is let go
const SETTLE = 250; // milliseconds a tempo rests before its sound is asked for
const MAX_BYTES = 700e6;
export const CLICK = "click"; // the stem of the metronome
export const TEMPI = [0.5, 2];

/**
 * @typedef {import("./bars.js").Bar} Bar
 * @typedef {{name: string, url: string}} StemSource
 * @typedef {{stems: StemSource[], seconds: number, gain_db?: number, tempo?: number}} Sound
 * @typedef {Sound & {bars: Bar[], at?: (tempo: number) => Promise<Sound>}} TakeSource
 * @typedef {{key: string, bars: Bar[], seconds: number, gain: number, tempo: number,
 *   at: ((tempo: number) => Promise<Sound>) | undefined, buffers: Map<string, AudioBuffer>,
 *   used: number, looped?: {loop: string, buffers: Map<string, AudioBuffer>}}} Take
 * @typedef {{from: number, position: number, rate: number, loop: [number, number] | null,
 *   seconds: number, key: string}} Segment
 */

export class Player {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {GainNode | null} */
  #master = null;
  #volume = 1;
  /** @type {Map<string, Strip>} */
  #strips = new Map();
  /** @type {Map<string, Take>} */
  #takes = new Map();
  /** @type {Map<string, Promise<void>>} */
  #loading = new Map();
  /** @type {Map<string, TakeSource>} */
  #sources = new Map();
  /** @type {Segment[]} */
  #segments = [];
  /** @type {Voices | null} */
  #voices = null;
  /** @type {AudioNode[]} */
  #counted = [];
  /** @type {[number, number, number, number] | null} */
  #count = null; // when the count-in begins, seconds of a tick, ticks, and how many a bar has
  /** @type {Map<string, Set<Function>>} */
  #listeners = new Map();
  #key = "";
  #playing = false;
  #tempo = 1;
  /** @type {[number, number] | null} */
  #loop = null;
  #countIn = false;
  #asked = 0; // numbers the wishes for a tempo, so that a late answer to an old one is dropped
  #restTimer = 0;
  #left = new AbortController(); // of what is fetched for a player that is closed meanwhile

  /** The audio context; made when it is first needed. @returns {AudioContext} */
  get context() {
    if (!this.#context) this.#open();
    return /** @type {AudioContext} */ (this.#context);
  }

  /** The node that everything goes through, for meters and for tests. @returns {GainNode} */
  get output() {
    return this.context && /** @type {GainNode} */ (this.#master);
  }

  /** Key of the take that is played or would be. */
  get key() {
    return this.#key;
  }

  get playing() {
    return this.#playing;
  }

  get tempo() {
    return this.#tempo;
  }

  get loop() {
    return this.#loop;
  }

  /** Whether a bar is counted before playing. */
  get countsIn() {
    return this.#countIn;
  }

  /** Loudness of everything in dB, -60 where it is silent. */
  get master() {
    return this.#volume ? 20 * Math.log10(this.#volume) : -60;
  }

  /** Whether the sound at hand was made at the chosen tempo; if not, its pitch is bent for now. */
  get exact() {
    const take = this.#takes.get(this.#key);
    return !take || take.tempo === this.#tempo;
  }

  /** Seconds of music of the take. */
  get seconds() {
    return this.#takes.get(this.#key)?.seconds ?? 0;
  }

  /** Seconds of music that reach the ear now. */
  get position() {
    return this.positionAt(this.#heard());
  }

  /** The beat of a count-in that is heard now, from 1; 0 when none is. */
  get counting() {
    if (!this.#count) return 0;
    const [from, step, ticks, beats] = this.#count;
    const tick = Math.floor((this.#heard() - from) / step);
    return tick >= 0 && tick < ticks ? (tick % beats) + 1 : 0;
  }

  /** Names of the stems of the take, without the metronome. */
  get stems() {
    return [...(this.#takes.get(this.#key)?.buffers.keys() ?? [])].filter((n) => n !== CLICK);
  }

  /** Whether a take can be played at once. @param {string} key */
  has(key) {
    return this.#takes.has(key);
  }

  /**
   * Listen to `state`, `loaded`, `seek`, `tempo`, `switch`, `loop`, `strip`, `ended` or `blocked`.
   * @param {string} event
   * @param {Function} fn
   * @returns {() => void} stops listening
   */
  on(event, fn) {
    const fns = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, fns.add(fn));
    return () => fns.delete(fn);
  }

  /**
   * Fetch and decode a take; asked twice, it is fetched once.
   * @param {string} key
   * @param {TakeSource} source stems by name and address, seconds, bars as they are played, and
   *   `at`, which asks for the sound at another tempo
   */
  load(key, source) {
    if (this.#takes.has(key)) return Promise.resolve();
    const running = this.#loading.get(key);
    if (running) return running;
    this.#sources.set(key, source);
    const done = this.#decoded(source)
      .then((buffers) => this.#keep(key, source, buffers))
      .catch((error) => (this.#left.signal.aborted ? new Promise(() => {}) : Promise.reject(error))) // nobody waits any more
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, done);
    return done;
  }

  /** Forget a take. @param {string} key */
  unload(key) {
    if (key === this.#key) {
      this.stop();
      this.#key = "";
    }
    this.#takes.delete(key);
    this.#sources.delete(key);
  }

  /** Play on from where it stands. Where the browser wants a click first, `blocked` is told. */
  play() {
    const take = this.#takes.get(this.#key);
    if (!take || this.#playing) return;
    this.#wake();
    let position = this.positionAt(this.context.currentTime);
    const end = this.#loop ? this.#loop[1] : take.seconds;
    if (position >= end - 0.02) position = this.#loop ? this.#loop[0] : 0;
    if (this.#loop && position < this.#loop[0]) position = this.#loop[0];
    const now = this.context.currentTime + LEAD;
    this.#segments = [this.#segment(now, position, 0)];
    const from = this.#countIn ? this.#counted_in(take, position, now) : now;
    this.#start(take, position, from, ATTACK);
    this.#playing = true;
    this.#tell("state");
  }

  /** Stop where it is. */
  pause() {
    this.#halt(this.positionAt(this.context.currentTime));
  }

  /** Stop, and go back to the beginning (of the loop, where there is one). */
  stop() {
    this.#halt(this.#loop ? this.#loop[0] : 0);
    this.#tell("seek");
  }

  toggle() {
    if (this.#playing) this.pause();
    else this.play();
  }

  /** Go to a second of the music; outside of the loop, that ends. @param {number} seconds */
  seek(seconds) {
    const take = this.#takes.get(this.#key);
    const to = Math.max(0, take ? Math.min(seconds, take.seconds - 0.01) : seconds);
    if (this.#loop && (to < this.#loop[0] - 1e-6 || to >= this.#loop[1])) {
      this.#loop = null;
      this.#tell("loop");
    }
    if (take && this.#playing) this.#move(take, to);
    else this.#stand(to);
    this.#tell("seek");
  }

  /**
   * Play a part over and over, to the sample; null plays on.
   * @param {number | null} from seconds
   * @param {number} [to] seconds
   */
  setLoop(from, to = 0) {
    const take = this.#takes.get(this.#key);
    const position = this.positionAt(this.context.currentTime + LEAD);
    const wanted = from !== null && to - from > 0.05;
    this.#loop = wanted ? (take ? this.#framed(take, from, to) : [from, to]) : null;
    const inside = !this.#loop || (position >= this.#loop[0] && position < this.#loop[1]);
    const [start] = this.#loop ?? [0];
    if (take && this.#playing) this.#move(take, inside ? position : start);
    else if (!inside) this.#stand(start);
    this.#tell("loop");
  }

  /**
   * Go over to another take at the same bar, without a gap.
   * @param {string} key of a take that is loaded, or was and is fetched again
   */
  async switchTo(key) {
    if (key === this.#key) return;
    if (!this.#takes.has(key)) await this.#again(key);
    const before = this.#takes.get(this.#key);
    const take = /** @type {Take} */ (this.#takes.get(key));
    const moved = (/** @type {number} */ s) => (before ? sameBar(before, take, s) : 0);
    const at = this.context.currentTime + LEAD; // read once: the clock goes on beside the page
    const from = this.#playing ? this.positionAt(at) : this.position;
    const position = moved(from);
    if (this.#loop) {
      const [a, b] = this.#loop.map(moved);
      this.#loop = b - a > 0.05 ? this.#framed(take, a, b) : null;
    }
    this.#key = key;
    take.used = performance.now();
    if (this.#playing) this.#move(take, position, at);
    else this.#stand(position);
    this.#tell("switch", at);
    this.#wish(take);
  }

  /**
   * Play faster or slower. The pitch bends until the server has made the sound at that tempo.
   * @param {number} factor 0.5 to 2
   */
  setTempo(factor) {
    this.#tempo = Math.min(TEMPI[1], Math.max(TEMPI[0], factor));
    const take = this.#takes.get(this.#key);
    if (take && this.#playing) this.#move(take, this.positionAt(this.context.currentTime + LEAD));
    this.#tell("tempo");
    if (take) this.#wish(take); // else when it comes
  }

  /** Loudness of a stem. @param {string} stem @param {number} db -60 (silent) to 6 */
  setVolume(stem, db) {
    this.#strip(stem).volume = db <= -60 ? 0 : 10 ** (Math.min(6, db) / 20);
    this.#levels();
  }

  /** @param {string} stem @param {boolean} on */
  mute(stem, on) {
    this.#strip(stem).muted = on;
    this.#levels();
  }

  /** @param {string} stem @param {boolean} on */
  solo(stem, on) {
    this.#strip(stem).soloed = on;
    this.#levels();
  }

  /** Where a stem stands. @param {string} stem @param {number} place -1 left to 1 right */
  pan(stem, place) {
    this.#strip(stem).panner.pan.setTargetAtTime(place, this.context.currentTime, FADE);
  }

  /** Loudness of everything. @param {number} db -60 (silent) to 0 */
  setMaster(db) {
    this.#volume = db <= -60 ? 0 : 10 ** (Math.min(0, db) / 20);
    this.output.gain.setTargetAtTime(this.#volume, this.context.currentTime, FADE);
  }

  /** Click on every beat. @param {boolean} on */
  metronome(on) {
    this.#strip(CLICK).muted = !on;
    this.#levels();
  }

  /** Count a bar before playing. @param {boolean} on */
  countIn(on) {
    this.#countIn = on;
    this.#tell("strip");
  }

  /** How a stem is set. @param {string} stem */
  strip(stem) {
    const { muted, soloed, volume } = this.#strip(stem);
    return { muted, soloed, volume, audible: this.#audible(stem) };
  }

  /** An analyser of a stem, after its fader. @param {string} stem @returns {AnalyserNode} */
  meters(stem) {
    const strip = this.#strip(stem);
    if (!strip.analyser) {
      strip.analyser = this.context.createAnalyser();
      strip.analyser.fftSize = 1024;
      strip.panner.connect(strip.analyser);
    }
    return strip.analyser;
  }

  /** Wake the sound after a click, where the browser had blocked it. */
  unblock() {
    return this.context.resume();
  }

  /** Let go of everything. */
  async close() {
    this.#left.abort();
    this.#halt(0);
    clearTimeout(this.#restTimer);
    this.#takes.clear();
    await this.#context?.close();
    this.#context = null;
    this.#strips.clear();
  }

  /**
   * The second of music at a moment of the context's clock.
   * @param {number} time seconds of `context.currentTime`
   */
  positionAt(time) {
    let now = this.#segments[0];
    for (const segment of this.#segments) if (segment.from <= time) now = segment;
    if (!now) return 0;
    const position = now.position + (now.rate && Math.max(0, time - now.from) * now.rate);
    if (!now.loop || position < now.loop[1]) return Math.min(position, now.seconds);
    const [a, b] = now.loop;
    return a + ((position - a) % (b - a));
  }

  #heard() {
    if (!this.#context) return 0;
    return this.#context.currentTime - (this.#context.outputLatency || 0);
  }

  #open() {
    const context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    this.#context = context;
    this.#master = context.createGain();
    this.#master.connect(context.destination);
    context.addEventListener("statechange", () => this.#tell("state"));
    const session = /** @type {any} */ (navigator).audioSession;
    if (session) session.type = "playback"; // or an iPhone's ring switch silences music
  }

  #wake() {
    clearTimeout(this.#restTimer);
    if (this.context.state === "running") return;
    void this.context.resume().catch(() => this.#tell("blocked"));
    setTimeout(() => {
      if (this.#playing && this.#context?.state !== "running") this.#tell("blocked");
    }, 400);
  }

  #rest() {
    clearTimeout(this.#restTimer);
    this.#restTimer = window.setTimeout(() => {
      if (!this.#playing) void this.#context?.suspend();
    }, REST * 1000);
  }

  /** @param {Sound} sound @returns {Promise<Map<string, AudioBuffer>>} */
  async #decoded(sound) {
    const parts = sound.stems.map(async ({ name, url }) => {
      const buffer = await this.context.decodeAudioData(await data(url, this.#left));
      return /** @type {[string, AudioBuffer]} */ ([name, buffer]);
    });
    return new Map(await Promise.all(parts));
  }

  /** @param {string} key @param {TakeSource} source @param {Map<string, AudioBuffer>} buffers */
  #keep(key, source, buffers) {
    const { bars, seconds, at, gain_db = 0, tempo = 1 } = source;
    const used = performance.now();
    this.#takes.set(key, { key, bars, seconds, at, gain: 10 ** (gain_db / 20), tempo, buffers, used });
    for (const name of buffers.keys()) this.#strip(name);
    if (!this.#key) {
      const take = /** @type {Take} */ (this.#takes.get(key));
      const { position } = this; // place, loop and tempo may have been chosen before there was sound
      this.#key = key;
      if (this.#loop) this.#loop = this.#framed(take, ...this.#loop);
      this.#stand(Math.min(position, seconds));
      this.#wish(take);
    }
    this.#levels();
    this.#forget();
    this.#tell("loaded", key);
  }

  #forget() {
    const old = [...this.#takes.values()].sort((a, b) => a.used - b.used);
    let bytes = old.reduce((sum, take) => sum + sizeOf(take), 0);
    for (const take of old) {
      if (bytes <= MAX_BYTES || take.key === this.#key) continue;
      bytes -= sizeOf(take);
      this.#takes.delete(take.key);
    }
  }

  /** @param {string} key */
  #again(key) {
    const source = this.#sources.get(key);
    if (!source) throw new Error(`no take ${key} was loaded`);
    return this.load(key, source);
  }

  /** Ask for the sound of a take at the tempo that is played. @param {Take} take */
  async #wish(take) {
    if (!take.at || take.tempo === this.#tempo) return;
    const number = ++this.#asked;
    const tempo = this.#tempo;
    await new Promise((resolve) => setTimeout(resolve, SETTLE));
    if (number !== this.#asked) return;
    try {
      const sound = await take.at(tempo);
      const buffers = await this.#decoded(sound);
      if (number !== this.#asked || !this.#takes.has(take.key)) return;
      this.#exchange(take, buffers, tempo, sound.gain_db);
    } catch (error) {
      this.#tell("problem", error); // it plays on, with its pitch bent
    }
  }

  /**
   * @param {Take} take
   * @param {Map<string, AudioBuffer>} buffers
   * @param {number} tempo
   * @param {number | undefined} gain_db
   */
  #exchange(take, buffers, tempo, gain_db) {
    take.buffers = buffers;
    take.tempo = tempo;
    take.looped = undefined;
    if (gain_db !== undefined) take.gain = 10 ** (gain_db / 20);
    if (take.key === this.#key) {
      if (this.#loop) this.#loop = this.#framed(take, ...this.#loop);
      if (this.#playing) this.#move(take, this.positionAt(this.context.currentTime + LEAD));
    }
    this.#tell("tempo");
  }

  /** A loop whose ends lie on whole samples of the sound. @returns {[number, number]} */
  #framed(/** @type {Take} */ take, /** @type {number} */ from, /** @type {number} */ to) {
    const frame = (/** @type {number} */ s) =>
      (Math.round((s / take.tempo) * RATE) / RATE) * take.tempo;
    return [frame(Math.max(0, from)), frame(Math.min(to, take.seconds))];
  }

  /** Change what is heard, in a cross-fade. @param {Take} take @param {number} position @param {number} now */
  #move(take, position, now = this.context.currentTime + LEAD) {
    const held = this.#voices && this.#voices.from > now ? this.#voices.from : now; // count-in
    this.#voices?.end(now, FADE);
    this.#start(take, position, held, FADE);
  }

  /** @param {Take} take @param {number} position @param {number} from @param {number} fade */
  #start(take, position, from, fade) {
    this.#segments = this.#segments.filter((s) => s.from < from).slice(-8);
    this.#segments.push(this.#segment(from, position, this.#tempo));
    const buffers = this.#loop ? looped(take, this.#loop) : take.buffers;
    const offset = (position - (this.#loop?.[0] ?? 0)) / take.tempo;
    const rate = this.#tempo / take.tempo;
    const voices = new Voices(this.context, buffers, take.gain, (name) => this.#strip(name).gain);
    voices.begin({ from, fade, loop: this.#loop !== null, offset: Math.max(0, offset), rate });
    voices.ended = () => this.#voices === voices && this.#end();
    this.#voices = voices;
  }

  #end() {
    this.#halt(0);
    this.#tell("ended");
  }

  /** @param {number} position */
  #halt(position) {
    const was = this.#playing;
    this.#voices?.end(this.context.currentTime, FADE);
    this.#voices = null;
    this.#counted.forEach((node) => node.disconnect());
    this.#counted = [];
    this.#count = null;
    this.#playing = false;
    this.#stand(position);
    this.#rest();
    if (was) this.#tell("state");
  }

  /** @param {number} position */
  #stand(position) {
    this.#segments = [this.#segment(-Infinity, position, 0)];
  }

  /** @param {number} from @param {number} position @param {number} rate @returns {Segment} */
  #segment(from, position, rate) {
    const time = rate ? from : -Infinity;
    const seconds = this.seconds || Infinity; // nothing is loaded yet
    return { from: time, position, rate, loop: this.#loop, seconds, key: this.#key };
  }

  /** Lay down the clicks of a bar, and on to where it begins; returns when they end. */
  #counted_in(/** @type {Take} */ take, /** @type {number} */ position, /** @type {number} */ now) {
    const at = barAt(take.bars, position);
    const { beats, whole, into } = counting(take.bars, at, position);
    const step = whole / beats / this.#tempo;
    const ticks = Math.max(1, Math.ceil((whole + into) / (whole / beats) - 0.01));
    this.#count = [now, step, ticks, beats];
    for (let beat = 0; beat < ticks; beat += 1) this.#tick(now + beat * step, beat % beats === 0);
    return now + (whole + into) / this.#tempo;
  }

  /** @param {number} when @param {boolean} strong */
  #tick(when, strong) {
    const tone = this.context.createOscillator();
    const level = this.context.createGain();
    tone.frequency.value = strong ? 1760 : 1320;
    level.gain.setValueAtTime(0, when);
    level.gain.linearRampToValueAtTime(strong ? 0.5 : 0.3, when + 0.001);
    level.gain.exponentialRampToValueAtTime(0.001, when + 0.06);
    tone.connect(level).connect(this.output);
    tone.start(when);
    tone.stop(when + 0.07);
    this.#counted.push(level);
  }

  /** @param {string} name @returns {Strip} */
  #strip(name) {
    let strip = this.#strips.get(name);
    if (!strip) {
      strip = new Strip(this.context, this.output);
      strip.muted = name === CLICK; // the metronome is asked for
      this.#strips.set(name, strip);
    }
    return strip;
  }

  /** @param {string} name */
  #audible(name) {
    const strip = this.#strip(name);
    if (strip.muted) return false;
    const solos = this.stems.some((stem) => this.#strip(stem).soloed);
    return name === CLICK || !solos || strip.soloed;
  }

  #levels() {
    for (const [name, strip] of this.#strips) {
      const level = this.#audible(name) ? strip.volume : 0;
      strip.gain.gain.setTargetAtTime(level, this.context.currentTime, FADE / 2);
    }
    this.#tell("strip");
  }

  /** @param {string} event @param {unknown} [detail] */
  #tell(event, detail) {
    for (const fn of this.#listeners.get(event) ?? []) fn(detail);
  }
}
