/**
 * The picture of the piano roll: rows tinted by the key, bar lines, notes, drum lanes.
 *
 *     const painter = new Painter();
 *     painter.paint(context, scale, state);
 *
 * What does not move is drawn once, in tiles of `TILE` pixels, and only shifted after that; thousands
 * of notes cost a frame nothing. Tracks differ by colour and by pattern, velocity is opacity. All
 * colours come from the page's custom properties.
 */

import { beatsOf } from "./bars.js";
import { OVERVIEW, RULER } from "./rollscale.js";

const TILE = 512;
const MOST_TILES = 12;
const TRAIL = 22; // steps of light behind the playhead
const YOUNG = 900; // milliseconds that a note just written glows
const BLACK = new Set([1, 3, 6, 8, 10]);
const KEYS = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
const COLOURS = {
  ink: "--ink", muted: "--muted", ground: "--roll-bg", black: "--roll-black",
  tonic: "--roll-tonic", line: "--roll-line", bar: "--roll-bar", ruler: "--roll-ruler",
  playhead: "--playhead", selection: "--selection", lamp: "--lamp", focus: "--focus",
};

/**
 * What changes from frame to frame.
 * @typedef {{position: number, sounding: number[], selection: [number, number] | null,
 *   loop: [number, number] | null, focus: number, hover: number, silent: Set<number>,
 *   born: Map<number, number>, still: boolean, dragging: boolean}} Shown
 */

export class Painter {
  /** @type {Map<number, HTMLCanvasElement>} */
  #tiles = new Map();
  /** @type {HTMLCanvasElement | null} */
  #overview = null;
  /** @type {Map<string, CanvasPattern | null>} */
  #patterns = new Map();
  #drawn = ""; // what the tiles were drawn for
  /** @type {Record<string, string>} */
  #colours = {};
  /** @type {string[]} */
  #tracks = [];
  #font = "sans-serif";
  #dark = false;

  /** Read the colours of the page anew. @param {Element} element */
  restyle(element) {
    const style = getComputedStyle(element);
    for (const [name, property] of Object.entries(COLOURS)) {
      this.#colours[name] = style.getPropertyValue(property).trim() || "gray";
    }
    this.#tracks = [...Array(8).keys()].map(
      (k) => style.getPropertyValue(`--track-${k + 1}`).trim() || "gray",
    );
    this.#font = style.fontFamily;
    this.#dark = style.colorScheme.includes("dark");
    this.#patterns.clear();
    this.forget();
  }

  /** Draw the tiles anew when they are next seen. */
  forget() {
    this.#drawn = "";
  }

  /**
   * Draw a frame.
   * @param {CanvasRenderingContext2D} g in CSS pixels
   * @param {import("./rollscale.js").Scale} scale
   * @param {Shown} shown
   */
  paint(g, scale, shown) {
    const { width, height, gutter } = scale;
    this.#check(g, scale, shown);
    g.fillStyle = this.#colours.ground;
    g.fillRect(0, 0, width, height);
    g.save();
    g.beginPath();
    g.rect(gutter, 0, width - gutter, height);
    g.clip();
    this.#ground(g, scale, shown);
    this.#band(g, scale, shown);
    this.#young(g, scale, shown);
    this.#bright(g, scale, shown);
    this.#head(g, scale, shown);
    g.restore();
    this.#gutter(g, scale, shown);
    if (scale.wide) this.#whole(g, scale, shown);
  }

  /** Throw tiles away when what they show has changed. */
  #check(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {Shown} */ shown) {
    const now = [
      scale.zoom, scale.width, scale.height, scale.low, scale.high, g.getTransform().a,
      [...shown.silent].join(), scale.stage.notes.pitch.length, scale.seconds,
    ].join(" ");
    if (now === this.#drawn) return;
    this.#drawn = now;
    this.#tiles.clear();
    this.#overview = null;
  }

  #ground(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {Shown} */ shown) {
    const ratio = g.getTransform().a;
    const from = scale.scroll * scale.zoom;
    const last = Math.floor((from + scale.width - scale.gutter) / TILE);
    for (let number = Math.floor(from / TILE); number <= last; number += 1) {
      const tile = this.#tile(number, scale, shown, ratio);
      // on whole device pixels, so that nothing blurs while it glides
      const x = Math.round((scale.gutter + number * TILE - from) * ratio) / ratio;
      g.drawImage(tile, x, 0, TILE, scale.height);
    }
  }

  /** @returns {HTMLCanvasElement} */
  #tile(/** @type {number} */ number, /** @type {any} */ scale, /** @type {Shown} */ shown, /** @type {number} */ ratio) {
    const known = this.#tiles.get(number);
    if (known) return known;
    if (this.#tiles.size >= MOST_TILES) this.#tiles.delete([...this.#tiles.keys()][0]);
    const [tile, g] = sheet(TILE, scale.height, ratio);
    g.translate(-number * TILE, 0);
    this.#rows(g, scale, number * TILE);
    this.#lines(g, scale, number * TILE);
    const { notes } = scale.stage;
    const [from, to] = [(number * TILE) / scale.zoom, ((number + 1) * TILE) / scale.zoom];
    for (let i = 0; i < notes.pitch.length && notes.start_s[i] < to; i += 1) {
      const past = notes.end_s[i] < from && (notes.start_s[i] + 0.3 < from || scale.zoom > 40);
      if (!past && !shown.born.has(i)) this.#note(g, scale, i, shown.silent.has(notes.track[i]));
    }
    this.#tiles.set(number, tile);
    return tile;
  }

  #rows(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {number} */ left) {
    const { tonic, scale: within } = scale.stage;
    g.fillStyle = this.#colours.ground;
    g.fillRect(left, 0, TILE, scale.height);
    for (let pitch = scale.low; scale.tuned && pitch <= scale.high; pitch += 1) {
      const tone = pitch % 12;
      const outside = tonic !== null && within ? !within[tone] : BLACK.has(tone);
      const fill = tone === tonic ? this.#colours.tonic : outside ? this.#colours.black : "";
      const y = scale.y(pitch);
      if (fill) {
        g.fillStyle = fill;
        g.fillRect(left, y, TILE, scale.rowHeight);
      }
      if (tone === (tonic ?? 0) || scale.rowHeight > 9) {
        g.fillStyle = this.#colours.line;
        g.fillRect(left, y + scale.rowHeight - 0.5, TILE, tone === (tonic ?? 0) ? 1 : 0.5);
      }
    }
    scale.lanes.forEach((_, /** @type {number} */ k) => {
      const y = scale.lanesTop + k * scale.laneHeight;
      g.fillStyle = k % 2 ? this.#colours.ground : this.#colours.black;
      g.fillRect(left, y, TILE, scale.laneHeight);
    });
    g.fillStyle = this.#colours.ruler;
    g.fillRect(left, 0, TILE, RULER);
  }

  #lines(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {number} */ left) {
    const { bars } = scale.stage;
    const step = numbered(bars, scale.zoom);
    g.font = `600 11px ${this.#font}`;
    g.textBaseline = "middle";
    bars.forEach((/** @type {any} */ bar, /** @type {number} */ k) => {
      const x = Math.round(bar.start_s * scale.zoom);
      const width = (bar.end_s - bar.start_s) * scale.zoom;
      if (x + width < left - 60 || x > left + TILE + 60) return;
      this.#beats(g, scale, bar, width);
      const counted = (bar.number - 1) % step === 0 || k === 0;
      if (width > 5 || counted) {
        g.fillStyle = this.#colours.bar;
        g.fillRect(x, counted ? RULER - 8 : RULER, 1, scale.bottom - RULER + (counted ? 8 : 0));
      }
      if (!counted || (bar.number === 0 && width < 22)) return;
      g.fillStyle = this.#colours.muted;
      g.fillText(String(bar.number), x + 5, RULER / 2 + 1);
    });
    g.fillStyle = this.#colours.bar;
    g.fillRect(Math.round(scale.seconds * scale.zoom), RULER, 2, scale.bottom - RULER);
    g.fillRect(left, RULER - 1, TILE, 1);
  }

  #beats(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {any} */ bar, /** @type {number} */ width) {
    const beats = beatsOf(bar.meter ?? scale.stage.meter ?? "4/4");
    if (width / beats < 12) return;
    g.fillStyle = this.#colours.line;
    for (let beat = 1; beat < beats; beat += 1) {
      const x = bar.start_s * scale.zoom + (width * beat) / beats;
      g.fillRect(Math.round(x), RULER, 1, scale.bottom - RULER);
    }
  }

  /** Draw one note: colour, opacity by velocity, its track's pattern. */
  #note(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {number} */ i, silent = false) {
    const { notes, tracks } = scale.stage;
    const track = notes.track[i];
    const [x, y, width, height] = scale.box(i);
    const colour = this.#tracks[track % 8];
    g.beginPath();
    if (tracks[track]?.drums) diamond(g, x, y, width, height);
    else g.roundRect(x, y, width, height, Math.min(3.5, height / 2.5, width / 2.5));
    const loud = 0.42 + (0.5 * notes.velocity[i]) / 127;
    g.globalAlpha = silent ? 0.12 : loud;
    g.fillStyle = colour;
    g.fill();
    const pattern = this.#pattern(g, track);
    if (pattern && width > 4 && !silent) {
      g.globalAlpha = 1;
      g.fillStyle = pattern;
      g.fill();
    }
    g.globalAlpha = silent ? 0.35 : Math.min(1, loud + 0.2);
    g.strokeStyle = colour;
    g.lineWidth = 1;
    g.stroke();
    g.globalAlpha = 1;
  }

  /** The pattern of a track: what is cut out of its colour; the first track is plain. */
  #pattern(/** @type {CanvasRenderingContext2D} */ g, /** @type {number} */ track) {
    const kind = track % 8;
    if (kind === 0) return null;
    const ratio = g.getTransform().a;
    const name = `${kind} ${ratio}`;
    if (!this.#patterns.has(name)) {
      this.#patterns.set(name, hatched(g, kind, this.#colours.ground, ratio));
    }
    return this.#patterns.get(name) ?? null;
  }

  /** Selection and loop. */
  #band(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {Shown} */ { selection, loop, dragging }) {
    if (selection) {
      const [x, width] = span(scale, selection);
      g.fillStyle = this.#colours.selection;
      g.fillRect(x, RULER, width, scale.bottom - RULER);
      g.fillStyle = this.#colours.focus;
      g.globalAlpha = dragging ? 1 : 0.85;
      g.fillRect(x, RULER - 4, width, 3);
      g.fillRect(x, RULER, 1.5, scale.bottom - RULER);
      g.fillRect(x + width - 1.5, RULER, 1.5, scale.bottom - RULER);
      g.globalAlpha = 1;
    }
    if (loop) {
      const [x, width] = span(scale, loop);
      g.fillStyle = this.#colours.lamp;
      g.globalAlpha = 0.3;
      g.fillRect(x, 0, width, RULER - 1);
      g.globalAlpha = 1;
      g.fillRect(x, 0, width, 3);
      g.fillRect(x, 0, 3, RULER - 1);
      g.fillRect(x + width - 3, 0, 3, RULER - 1);
    }
  }

  /** Notes just written come up out of a glow. */
  #young(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {Shown} */ { born, still, silent }) {
    const now = performance.now();
    for (const [i, at] of born) {
      if (i >= scale.stage.notes.pitch.length) continue;
      const age = still ? 1 : Math.min(1, (now - at) / YOUNG);
      g.save();
      g.translate(scale.x(0), 0);
      if (age < 1) {
        g.shadowColor = this.#tracks[scale.stage.notes.track[i] % 8];
        g.shadowBlur = 22 * (1 - age) * g.getTransform().a;
      }
      this.#note(g, scale, i, silent.has(scale.stage.notes.track[i]));
      g.restore();
    }
  }

  /** Notes that sound, the one in focus, the one below the pointer. */
  #bright(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {Shown} */ { sounding, focus, hover, still, silent }) {
    const { notes, tracks } = scale.stage;
    g.save();
    g.translate(scale.x(0), 0);
    for (const i of sounding) {
      if (silent.has(notes.track[i])) continue;
      const [x, y, width, height] = scale.box(i);
      g.beginPath();
      if (tracks[notes.track[i]]?.drums) diamond(g, x - 1, y - 1, width + 2, height + 2);
      else g.roundRect(x - 0.5, y - 0.5, width + 1, height + 1, Math.min(4, height / 2));
      if (!still) {
        g.shadowColor = this.#tracks[notes.track[i] % 8];
        g.shadowBlur = 14 * g.getTransform().a;
      }
      g.fillStyle = this.#tracks[notes.track[i] % 8];
      g.fill();
      g.shadowBlur = 0;
      g.strokeStyle = this.#colours.ink;
      g.lineWidth = scale.rowHeight < 7 ? 1 : 1.5;
      g.stroke();
    }
    for (const i of new Set([focus, hover])) {
      if (i < 0 || i >= notes.pitch.length) continue;
      const [x, y, width, height] = scale.box(i);
      g.beginPath();
      g.roundRect(x - 2.5, y - 2.5, width + 5, height + 5, 5);
      g.strokeStyle = i === focus ? this.#colours.focus : this.#colours.muted;
      g.lineWidth = i === focus ? 2.5 : 1.5;
      g.stroke();
    }
    g.restore();
  }

  /** The playhead, with a short trail of light. */
  #head(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {Shown} */ { position, sounding, still }) {
    const x = scale.x(position);
    if (x < scale.gutter - 8 || x > scale.width + 8) return;
    g.fillStyle = this.#colours.playhead;
    for (let k = 0; !still && sounding.length && k < TRAIL; k += 1) {
      g.globalAlpha = 0.13 * (1 - k / TRAIL) ** 2;
      g.fillRect(x - 3 * (k + 1), RULER, 3, scale.bottom - RULER);
    }
    g.globalAlpha = 1;
    g.fillRect(x - 1, RULER - 6, 2, scale.bottom - RULER + 6);
    g.beginPath();
    g.moveTo(x - 6, RULER - 13);
    g.lineTo(x + 6, RULER - 13);
    g.lineTo(x, RULER - 4);
    g.fill();
  }

  /** The keyboard at the left, its keys lit as they sound, and the names of the drums. */
  #gutter(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {Shown} */ { sounding, silent }) {
    const { gutter, rowHeight } = scale;
    const { notes, tracks, tonic } = scale.stage;
    const lit = new Map();
    for (const i of sounding) {
      const track = notes.track[i];
      if (!silent.has(track)) lit.set(tracks[track]?.drums ? notes.name[i] : notes.pitch[i], track);
    }
    g.fillStyle = this.#colours.ruler;
    g.fillRect(0, 0, gutter, scale.height);
    g.textBaseline = "middle";
    for (let pitch = scale.low; scale.tuned && pitch <= scale.high; pitch += 1) {
      this.#key(g, scale, pitch, lit.get(pitch));
    }
    g.textAlign = "end";
    for (let pitch = scale.low; scale.tuned && pitch <= scale.high; pitch += 1) {
      const tone = pitch % 12;
      if (tone !== (tonic ?? 0) && !(rowHeight > 8 && tone === ((tonic ?? 0) + 7) % 12)) continue;
      g.font = `${tone === (tonic ?? 0) ? 700 : 500} ${Math.min(11, Math.max(9, rowHeight))}px ${this.#font}`;
      g.fillStyle = this.#colours.ink;
      const spelled = spelling(notes, pitch) ?? `${KEYS[tone]}${Math.floor(pitch / 12) - 1}`;
      g.fillText(spelled, gutter - 5, scale.y(pitch) + rowHeight / 2);
    }
    g.font = `500 ${Math.min(11, scale.laneHeight - 1)}px ${this.#font}`;
    for (const name of scale.lanes) {
      const y = scale.laneY(name);
      g.fillStyle = lit.has(name) ? this.#tracks[lit.get(name) % 8] : this.#colours.ink;
      g.fillText(name, gutter - 6, y + scale.laneHeight / 2, gutter - 8);
    }
    g.textAlign = "start";
    g.fillStyle = this.#colours.bar;
    g.fillRect(gutter - 1, 0, 1, scale.bottom);
  }

  #key(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {number} */ pitch, /** @type {number | undefined} */ track) {
    const y = scale.y(pitch);
    const black = BLACK.has(pitch % 12);
    const left = scale.gutter * (scale.lanes.length ? 0.3 : 0);
    const width = scale.gutter - left - 1;
    g.fillStyle = this.#dark && !black ? this.#colours.bar : this.#colours.ground;
    g.fillRect(left, y, width, scale.rowHeight);
    if (track !== undefined) {
      g.fillStyle = this.#tracks[track % 8];
      g.globalAlpha = 0.85;
      g.fillRect(left, y, width, scale.rowHeight);
      g.globalAlpha = 1;
    } else if (black) {
      g.fillStyle = this.#dark ? this.#colours.bar : this.#colours.ground;
      g.fillRect(left, y, width, scale.rowHeight);
      g.fillStyle = this.#dark ? this.#colours.black : this.#colours.muted;
      g.fillRect(left, y + 0.5, width * 0.45, scale.rowHeight - 1);
    }
    g.fillStyle = this.#colours.line;
    if (!black) g.fillRect(left, y + scale.rowHeight - 0.5, width, 1);
  }

  /** The small picture of the whole, and the part of it that is seen. */
  #whole(/** @type {CanvasRenderingContext2D} */ g, /** @type {any} */ scale, /** @type {Shown} */ { position, selection }) {
    const ratio = g.getTransform().a;
    const top = scale.height - OVERVIEW;
    this.#overview ??= this.#small(scale, ratio);
    g.drawImage(this.#overview, 0, top, scale.width, OVERVIEW);
    const at = (/** @type {number} */ s) => scale.gutter + s * scale.fitting;
    if (selection) {
      g.fillStyle = this.#colours.selection;
      g.fillRect(at(selection[0]), top + 2, at(selection[1]) - at(selection[0]), OVERVIEW - 4);
    }
    g.strokeStyle = this.#colours.lamp;
    g.lineWidth = 1.5;
    const shown = Math.min(scale.shown, Math.max(scale.seconds, scale.expected) - scale.scroll);
    g.beginPath();
    g.roundRect(at(scale.scroll) + 1, top + 3, shown * scale.fitting - 2, OVERVIEW - 5, 4);
    g.stroke();
    g.fillStyle = this.#colours.playhead;
    if (position >= 0) g.fillRect(at(position), top + 3, 1.5, OVERVIEW - 5);
  }

  #small(/** @type {any} */ scale, /** @type {number} */ ratio) {
    const [picture, g] = sheet(scale.width, OVERVIEW, ratio);
    const { notes, tracks } = scale.stage;
    g.fillStyle = this.#colours.ruler;
    g.fillRect(0, 0, scale.width, OVERVIEW);
    const rows = Math.max(1, scale.highest - scale.lowest);
    notes.pitch.forEach((/** @type {number} */ pitch, /** @type {number} */ i) => {
      const drums = tracks[notes.track[i]]?.drums;
      const part = drums ? 1 : (scale.highest - pitch) / rows;
      g.fillStyle = this.#tracks[notes.track[i] % 8];
      g.globalAlpha = drums ? 0.35 : 0.75;
      const width = Math.max(1, (notes.end_s[i] - notes.start_s[i]) * scale.fitting);
      g.fillRect(scale.gutter + notes.start_s[i] * scale.fitting, 5 + part * (OVERVIEW - 12), width, 2);
    });
    return picture;
  }
}

/** A canvas for drawing ahead. @returns {[HTMLCanvasElement, CanvasRenderingContext2D]} */
function sheet(/** @type {number} */ width, /** @type {number} */ height, /** @type {number} */ ratio) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const g = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  g.scale(ratio, ratio);
  return [canvas, g];
}

/** How many bars go by from number to number. */
function numbered(/** @type {any[]} */ bars, /** @type {number} */ zoom) {
  const bar = bars.length ? ((bars[bars.length - 1].end_s - bars[0].start_s) / bars.length) * zoom : 99;
  return [1, 2, 4, 8, 16, 32, 64, 128, 256].find((step) => step * bar > 30) ?? 512;
}

/** @returns {[number, number]} left edge and width of two seconds */
function span(/** @type {any} */ scale, /** @type {[number, number]} */ [from, to]) {
  return [scale.x(from), (to - from) * scale.zoom];
}

/** A drum's hit: a diamond whose left corner is the moment. */
function diamond(/** @type {CanvasRenderingContext2D} */ g, /** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ width, /** @type {number} */ height) {
  g.moveTo(x, y + height / 2);
  g.lineTo(x + width / 2, y);
  g.lineTo(x + width, y + height / 2);
  g.lineTo(x + width / 2, y + height);
  g.closePath();
}

/** How the piece itself spells a pitch, where it holds it. */
function spelling(/** @type {any} */ notes, /** @type {number} */ pitch) {
  const at = notes.pitch.indexOf(pitch);
  return at < 0 || !/^[A-H]/.test(notes.name[at]) ? null : notes.name[at];
}

/** Lines and dots to cut out of a track's colour, seven kinds. */
function hatched(/** @type {CanvasRenderingContext2D} */ g, /** @type {number} */ kind, /** @type {string} */ colour, /** @type {number} */ ratio) {
  const size = 6;
  const [canvas, p] = sheet(size, size, ratio);
  p.strokeStyle = colour;
  p.fillStyle = colour;
  p.globalAlpha = 0.75;
  p.lineWidth = 1.4;
  p.beginPath();
  if (kind === 2) p.arc(size / 2, size / 2, 1.3, 0, 7);
  if ([1, 6].includes(kind)) slanted(p, size, false);
  if ([3, 6].includes(kind)) slanted(p, size, true);
  if ([4, 7].includes(kind)) p.rect(2, 0, 1.3, size);
  if ([5, 7].includes(kind)) p.rect(0, 2, size, 1.3);
  if ([1, 3, 6].includes(kind)) p.stroke();
  else p.fill();
  const pattern = g.createPattern(canvas, "repeat");
  pattern?.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

/** Slanted lines that go on from one square to the next. */
function slanted(/** @type {CanvasRenderingContext2D} */ p, /** @type {number} */ size, /** @type {boolean} */ falling) {
  for (const shift of [-size, 0, size]) {
    p.moveTo(shift, falling ? 0 : size);
    p.lineTo(shift + size, falling ? size : 0);
  }
}
