/**
 * How a piece begins: with nothing, with what is typed or played, with a file, with a piece of the
 * library. What is typed is engraved below as it is read, so that a slip is seen at once.
 *
 *   const start = new StartFrom(query, changed); start.wishes()  ->  {primer: "GABc d2g2|"}
 */

import { get, postText, upload } from "./api.js";
import { choice, dropzone, field, stepper } from "./controls.js";
import { clear, debounced, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { keyName, meterName } from "./keyname.js";
import { light } from "./light.js";
import { PianoKeys } from "./pianokeys.js";
import { problem } from "./problem.js";
import { phrase } from "./said.js";
import { ScoreView } from "./score.js";

const WAYS = ["nothing", "write", "file", "library"];
const ACCEPTED = ".abc,.mid,.midi,.musicxml,.mxl,.xml";
const TYPED_MS = 500;
const SHOWN = 6;
const WIDTH = 400;

export class StartFrom {
  /**
   * @param {URLSearchParams} query `from`: id of a piece, `from_bars`: how many of its bars
   * @param {() => void} onchange
   */
  constructor(query, onchange) {
    const from = query.get("from");
    const before = from ? { way: "library", piece: from, bars: Number(query.get("from_bars")) } : kept();
    this.way = WAYS.includes(before.way) ? before.way : "nothing";
    this.abc = before.abc ?? "";
    this.piece = null;
    this.bars = before.bars || null;
    this.onchange = () => {
      keep({ way: this.way, abc: this.abc, piece: this.piece?.id, bars: this.bars });
      onchange();
    };
    this.body = h("div", { class: "stack tight" });
    const options = WAYS.map((way) => [way, t(`compose.start.${way}`)]);
    this.choice = choice(t("compose.start.how"), options, this.way, (way) => this.#go(way));
    this.element = h("div", { class: "stack tight start" }, this.choice, this.body);
    this.#draw();
    if (before.piece) this.#named(before.piece);
  }

  /** Whether a piece will begin with something. */
  get active() {
    const { primer, primer_piece: piece } = this.wishes();
    return Boolean(primer || piece);
  }

  /** What to ask the server for. */
  wishes() {
    if (this.way === "write" && this.abc.trim()) return { primer: this.abc };
    if ((this.way === "file" || this.way === "library") && this.piece) {
      return { primer_piece: this.piece.id, primer_bars: this.bars ?? 0 };
    }
    return {};
  }

  #go(way) {
    this.way = way;
    this.#draw();
    this.onchange();
  }

  #take(piece) {
    this.piece = piece;
    this.#draw();
    this.onchange();
  }

  async #named(id) {
    const piece = await get(`/pieces/${encodeURIComponent(id)}`).catch(() => null);
    if (piece) this.#take(piece);
  }

  #draw() {
    const draw = { nothing: () => [], write: () => this.#write(), file: () => this.#file(), library: () => this.#library() };
    clear(this.body, draw[this.way]());
  }

  #write() {
    const shown = h("div", { class: "start-shown", aria: { live: "polite" } });
    const engrave = debounced(TYPED_MS, () => this.#engrave(shown));
    const area = h("textarea", { rows: 4, spellcheck: "false", autocapitalize: "off", placeholder: "G2 AB c2 d2 | e2 dc B4 |", value: this.abc });
    const changed = () => {
      this.abc = area.value;
      this.onchange();
      engrave();
    };
    area.addEventListener("input", changed);
    const keys = new PianoKeys((text) => {
      if (text === null) area.value = area.value.replace(/\S+\s*$/, "");
      else area.value = `${area.value}${area.value && !/\s$/.test(area.value) ? " " : ""}${text}`;
      changed();
    });
    if (this.abc) engrave();
    return [field(t("compose.start.abc"), area, { hint: t("compose.start.abcWhy") }), keys.element, shown];
  }

  async #engrave(shown) {
    const abc = this.abc.trim();
    if (!abc) {
      clear(shown);
      return;
    }
    const whole = /^[A-Z]:/m.test(abc) && /^K:/m.test(abc) ? abc : `X:1\nL:1/8\nM:none\nK:C\n${abc}\n`;
    try {
      const svg = await postText("/engrave", { abc: whole, width: shown.clientWidth || WIDTH });
      if (abc !== this.abc.trim()) return;
      clear(shown);
      new ScoreView(shown).setSvg(svg);
    } catch (error) {
      if (abc === this.abc.trim()) clear(shown, h("p", { class: "hint bad" }, phrase(error, error.what ? "what" : "message")));
    }
  }

  #file() {
    const problems = h("div");
    const take = async ([file]) => {
      clear(problems, h("p", { class: "muted small" }, t("compose.start.reading", { name: file.name })));
      try {
        const { items, problems: wrong } = await upload("/pieces", [await light(file)]);
        if (!items.length) throw wrong[0] ?? { code: "input", what: t("compose.start.noMusic") };
        await this.#named(items[0]);
        clear(problems);
      } catch (error) {
        clear(problems, problem(error));
      }
    };
    return [dropzone(t("compose.start.drop"), take, { accept: ACCEPTED }), problems, this.#chosen()];
  }

  #library() {
    const found = h("ul", { class: "start-found" });
    const search = h("input", { type: "search", placeholder: t("compose.start.search"), aria: { label: t("compose.start.search") } });
    const look = debounced(200, async () => {
      const asked = search.value;
      const answer = await get(`/pieces?limit=${SHOWN}&q=${encodeURIComponent(asked)}`).catch(() => ({ items: [] }));
      if (asked !== search.value) return; // a late answer
      const one = (piece) => h("li", h("button", { class: "menu-item", type: "button", on: { click: () => this.#take(piece) } }, h("span", { class: "grow" }, piece.title), h("span", { class: "muted small num" }, [keyName(piece.key), meterName(piece.meter)].filter(Boolean).join(" · "))));
      clear(found, answer.items.length ? answer.items.map(one) : h("li", { class: "muted small" }, t("compose.start.notFound")));
    });
    search.addEventListener("input", look);
    look();
    return [this.#chosen(), search, found];
  }

  /** The piece that is chosen, and how much of it is kept. */
  #chosen() {
    if (!this.piece) return null;
    const most = Math.max(1, this.piece.bars || 256);
    const bars = stepper({ value: this.bars, min: 1, max: most, step: 1, label: t("compose.start.bars"), empty: t("compose.start.all"), onchange: (n) => { this.bars = n; this.onchange(); } });
    const drop = h("button", { class: "icon-button", type: "button", aria: { label: t("compose.start.leave") }, on: { click: () => this.#take(null) } }, icon("close"));
    return h(
      "div",
      { class: "start-chosen" },
      h("div", { class: "row tight" }, icon("note"), h("strong", { class: "grow" }, this.piece.title), drop),
      field(t("compose.start.bars"), bars, { input: bars.input }),
    );
  }
}

const KEPT = "nokturn.beginning";

/** Keep a beginning for as long as the page is open: a refresh or another language loses nothing. */
function keep(beginning) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(beginning));
  } catch {
    return; // storage is switched off
  }
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  } catch {
    return {}; // switched off, or somebody else's words
  }
}
