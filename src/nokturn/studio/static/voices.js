/**
 * What sounds: the stems of a take together, each on its way through a fader to the master.
 *
 *     const voices = new Voices(context, buffers, 1, (stem) => strips.get(stem).gain);
 *     voices.begin({ from: context.currentTime + 0.025, fade: 0.01, loop: false, offset: 0, rate: 1 });
 *     voices.end(context.currentTime + 2, 0.01);
 *
 * They begin and end at moments of the audio clock, so that one set can follow another in a
 * cross-fade. A loop is a copy of its part whose end turns into what comes before its beginning.
 */

const SEAM = 0.012; // seconds before a loop's end that turn into what comes before its beginning

/** @typedef {import("./player.js").Take} Take */

/** One stem's way to the master: fader, place, and what was asked of it. */
export class Strip {
  volume = 1;
  muted = false;
  soloed = false;
  /** @type {AnalyserNode | null} */
  analyser = null;

  /** @param {AudioContext} context @param {AudioNode} output */
  constructor(context, output) {
    this.gain = context.createGain();
    this.panner = context.createStereoPanner();
    this.gain.connect(this.panner).connect(output);
  }
}

/** The stems of a take while they sound together. */
export class Voices {
  /** @type {(() => void) | null} */
  ended = null;
  from = 0;
  /** @type {AudioBufferSourceNode[]} */
  #sources = [];

  /**
   * @param {AudioContext} context
   * @param {Map<string, AudioBuffer>} buffers
   * @param {number} level
   * @param {(name: string) => AudioNode} input where a stem goes
   */
  constructor(context, buffers, level, input) {
    this.fader = [];
    this.level = level;
    for (const [name, buffer] of buffers) {
      const source = new AudioBufferSourceNode(context, { buffer });
      const fader = new GainNode(context, { gain: 0 });
      source.connect(fader).connect(input(name));
      this.#sources.push(source);
      this.fader.push(fader);
    }
  }

  /**
   * @param {{from: number, fade: number, loop: boolean, offset: number, rate: number}} how
   */
  begin({ from, fade, loop, offset, rate }) {
    this.from = from;
    let sounding = this.#sources.length;
    this.#sources.forEach((source, i) => {
      source.playbackRate.value = rate;
      source.loop = loop;
      this.fader[i].gain.setValueAtTime(0, from);
      this.fader[i].gain.linearRampToValueAtTime(this.level, from + fade);
      source.onended = () => --sounding === 0 && this.ended?.();
      source.start(from, offset);
    });
  }

  /** Fade out from a moment on. @param {number} when @param {number} fade */
  end(when, fade) {
    this.ended = null;
    this.#sources.forEach((source, i) => {
      const { gain } = this.fader[i];
      const begun = when > this.from + fade;
      gain.cancelScheduledValues(when);
      gain.setValueAtTime(begun ? this.level : gain.value, when);
      gain.linearRampToValueAtTime(0, when + fade);
      source.stop(Math.max(when + fade, this.from));
      source.onended = () => this.fader[i].disconnect();
    });
  }
}

/** The part of each stem that is looped, made once for a loop. */
export function looped(/** @type {Take} */ take, /** @type {[number, number]} */ loop) {
  const name = `${loop} ${take.tempo}`;
  if (take.looped?.loop !== name) {
    const [a, b] = loop.map((s) => s / take.tempo);
    const buffers = new Map([...take.buffers].map(([stem, buffer]) => [stem, seamless(buffer, a, b)]));
    take.looped = { loop: name, buffers };
  }
  return take.looped.buffers;
}

/**
 * A part of a sound that can follow itself: as long as asked for, to the sample, and its last moments
 * turn into those before its beginning, so that nothing clicks.
 * @param {AudioBuffer} buffer
 * @param {number} from seconds
 * @param {number} to
 */
export function seamless(buffer, from, to) {
  const { sampleRate, numberOfChannels } = buffer;
  const [first, last] = [Math.round(from * sampleRate), Math.round(to * sampleRate)];
  const length = Math.max(1, last - first);
  const part = new AudioBuffer({ length, sampleRate, numberOfChannels });
  const seam = Math.min(Math.round(SEAM * sampleRate), length >> 1);
  for (let channel = 0; channel < numberOfChannels; channel += 1) {
    const [all, out] = [buffer.getChannelData(channel), part.getChannelData(channel)];
    out.set(all.subarray(first, Math.min(last, all.length)));
    for (let k = 0; k < seam; k += 1) {
      const [at, share] = [length - seam + k, (k + 1) / seam];
      out[at] = out[at] * (1 - share) + (all[first - seam + k] ?? 0) * share;
    }
  }
  return part;
}

/** @param {Take} take */
export function sizeOf(take) {
  let bytes = 0;
  for (const buffer of [...take.buffers.values(), ...(take.looped?.buffers.values() ?? [])]) bytes += buffer.length * buffer.numberOfChannels * 4;
  return bytes;
}
