/**
 * The cards of the takes: A, B, C ... each with its notes in small, its star and how far it is.
 *
 *   const cards = new Takes({onpick, onstar}); cards.draw(session.takes, picked); cards.grow(take)
 */

import { clear, h, icon, svg } from "./dom.js";
import { t } from "./i18n.js";
import { keyName, meterName } from "./keyname.js";
import { renew } from "./renew.js";

const LETTERS = "ABCDEFGHIJKLMNOP";
const ROW = 4; // that fit beside each other
const WIDTH = 200;
const HEIGHT = 44;
const NOTES = 600; // of a picture this small

export class Takes {
  #picked = -1;

  /** @param {{onpick: (i: number) => void, onstar: (i: number) => void}} options */
  constructor({ onpick, onstar }) {
    Object.assign(this, { onpick, onstar });
    this.element = h("ul", { class: "takes", aria: { label: t("compose.takes") } });
    this.cards = [];
  }

  /**
   * Show the takes.
   * @param {import("./session.js").Take[]} takes
   * @param {number} picked which one is shown below
   */
  draw(takes, picked) {
    const at = this.element.scrollLeft;
    this.cards = takes.map((take, i) => this.#card(take, i, i === picked));
    renew(this.element, this.cards.map((card) => card.element));
    this.element.classList.toggle("many", takes.length > ROW);
    this.element.scrollLeft = at;
    if (picked !== this.#picked) this.#reveal(picked);
    this.#picked = picked;
  }

  /** Bring a card into view, where they are more than fit beside each other. */
  #reveal(i) {
    const card = this.cards[i]?.element;
    if (!card) return;
    const [inner, outer] = [card.getBoundingClientRect(), this.element.getBoundingClientRect()];
    if (inner.left < outer.left || inner.right > outer.right) this.element.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
  }

  /** Show that a take has grown. */
  grow(take) {
    const card = this.cards.find((one) => one.take === take);
    if (!card) return;
    const { bar, of } = take.written;
    card.said.textContent = of ? t("compose.barOf", { bar, of }) : t("compose.bar", { bar });
    if (card.bar) card.bar.value = of ? bar / of : 0;
    clear(card.picture, small(take.written.notes, { seconds: take.written.seconds * (of && bar ? of / bar : 1) }));
  }

  #card(take, i, picked) {
    const letter = letterOf(take, i);
    const said = h("span", { class: "take-said small muted num" }, told(take));
    const picture = h("span", { class: "take-picture", aria: { hidden: "true" } });
    if (take.stage) clear(picture, small(take.stage.notes, take.stage));
    const body = h(
      "button",
      { class: "take-body", type: "button", aria: { pressed: String(picked) }, data: { focus: `take-${i}` }, on: { click: () => this.onpick(i) } },
      h("span", { class: "take-letter" }, letter),
      picture,
      said,
    );
    const star = take.id
      ? h("button", { class: "icon-button take-star", type: "button", aria: { pressed: String(take.starred), label: `${t("common.star")}: ${letter}` }, data: { focus: `star-${i}` }, on: { click: () => this.onstar(i) } }, icon(take.starred ? "starred" : "star"))
      : null;
    const bar = take.id ? null : h("progress", { class: "progress take-progress", max: 1, value: 0, aria: { label: letter } });
    const element = h("li", { class: "take", data: { state: take.state } }, body, star, bar);
    const card = { element, take, said, picture, bar };
    if (take.written && !take.id) queueMicrotask(() => this.grow(take));
    return card;
  }
}

/** The name of a take on its card. */
export const letterOf = (take, i) => take.label || LETTERS[i] || String(i + 1);

function told(take) {
  if (take.state !== "done") return t(`compose.states.${take.state}`);
  const piece = take.piece ?? {};
  const bars = piece.bars ? t("common.barsN", { n: piece.bars }) : "";
  return [piece.key && keyName(piece.key), piece.meter && meterName(piece.meter), bars].filter(Boolean).join(" · ") || piece.title || "";
}

/** Draw notes in small: a line for each, high ones high. */
function small(notes, { seconds = 0 }) {
  const count = Math.min(NOTES, notes?.pitch?.length ?? 0);
  const box = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" });
  if (!count) return box;
  const pitches = notes.pitch;
  const low = Math.min(...pitches);
  const range = Math.max(12, Math.max(...pitches) - low);
  const long = Math.max(seconds, notes.end_s[notes.end_s.length - 1], 1);
  let d = "";
  for (let i = 0; i < count; i += 1) {
    const y = HEIGHT - 4 - ((pitches[i] - low) / range) * (HEIGHT - 8);
    const x = (notes.start_s[i] / long) * WIDTH;
    const w = Math.max(0.8, ((notes.end_s[i] - notes.start_s[i]) / long) * WIDTH - 0.6);
    d += `M${x.toFixed(1)} ${y.toFixed(1)}h${w.toFixed(1)}`;
  }
  box.append(svg("path", { d, fill: "none", stroke: "currentColor", "stroke-width": 2.4 }));
  return box;
}
