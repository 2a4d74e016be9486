/**
 * A row of the library: how a piece begins, its name and what is known of it, star, play, more.
 *
 *   const row = new Row(item, {open, star, rename, play, pick, menu});
 *   row.el, row.update(item), row.playing(true), row.picked = true
 */

import { add, clear, h, icon } from "./dom.js";
import { ago, clock, date, number, t } from "./i18n.js";
import { keyName, meterName } from "./keyname.js";
import { incipit } from "./incipit.js";
import { popup } from "./popup.js";
import { renew } from "./renew.js";

export class Row {
  #acts;
  #title;
  #star;
  #play;
  #box;

  /**
   * @param {object} item as the server lists it
   * @param {object} acts what the buttons do, each given the row
   */
  constructor(item, acts) {
    this.item = item;
    this.#acts = acts;
    this.#title = h("div", { class: "piece-name" });
    this.#star = this.#button("star", "", () => acts.star(this));
    this.#play = this.#button("play", t("common.play"), () => acts.play(this));
    this.#box = h("input", { type: "checkbox", on: { click: (event) => acts.pick(this, event.shiftKey) } });
    const label = h("label", { class: "piece-pick" }, this.#box, h("span", { class: "visually-hidden" }));
    this.el = h("div", { class: "piece", role: "listitem", data: { id: item.id } });
    add(this.el, label, h("div", { class: "piece-picture" }, incipit(item.incipit), this.#play), this.#text(), this.#star, this.#more());
    this.update(item);
  }

  /** Where the piece is seen whole. */
  get address() {
    return addressOf(this.item);
  }

  get picked() {
    return this.#box.checked;
  }

  set picked(on) {
    this.#box.checked = on;
    this.el.classList.toggle("picked", on);
  }

  /** Put the focus on the piece's name. */
  focus() {
    this.#title.querySelector("a, input")?.focus();
  }

  /** Show what is known of the piece now. */
  update(item) {
    this.item = item;
    const written = this.#title.querySelector("input"); // anew, at this moment
    if (!written) renew(this.#title, h("a", { href: this.address, data: { focus: "name" } }, item.title));
    clear(this.facts, facts(item));
    this.#box.nextSibling.textContent = t("library.pick", { title: item.title });
    this.#star.setAttribute("aria-pressed", String(item.starred));
    this.#named(this.#star, item.starred ? t("common.unstar") : t("common.star"));
    clear(this.#star, icon(item.starred ? "starred" : "star"));
  }

  /** Show whether it is heard now: false, "loading" or true. */
  playing(now) {
    this.el.classList.toggle("playing", Boolean(now));
    this.#play.toggleAttribute("aria-busy", now === "loading");
    this.#named(this.#play, now ? t("common.stop") : t("common.play"));
    clear(this.#play, icon(now ? "stop" : "play"));
  }

  /** Let the piece's name be written anew; Enter keeps it, Escape does not. */
  rename() {
    const field = h("input", { type: "text", maxlength: 120, value: this.item.title, autocomplete: "off", aria: { label: t("common.title") } });
    let over = false;
    const end = (keep) => {
      if (over) return;
      over = true;
      const title = field.value.trim();
      field.remove();
      this.update(this.item);
      this.focus();
      if (keep && title && title !== this.item.title) this.#acts.rename(this, title);
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") end(false);
      event.stopPropagation();
    });
    field.addEventListener("blur", () => end(true));
    clear(this.#title, field);
    field.focus();
    field.select();
  }

  #text() {
    this.facts = h("p", { class: "piece-facts small muted" });
    return h("div", { class: "piece-text" }, this.#title, this.facts);
  }

  #more() {
    const button = this.#button("more", t("common.more"), null);
    const item = (name, label, run, close) =>
      h("button", { class: "menu-item", type: "button", on: { click: () => (close(), run()) } }, icon(name), label);
    return popup(
      button,
      (close) =>
        h("div", { class: "menu" }, this.#acts.menu(this).map(([name, label, run]) => item(name, label, run, close))),
      { label: t("common.more"), end: true },
    );
  }

  #button(name, label, run) {
    const button = h("button", { class: "icon-button", type: "button", on: { click: run } }, icon(name));
    if (label) this.#named(button, label);
    return button;
  }

  #named(button, label) {
    button.setAttribute("aria-label", `${label}: ${this.item.title}`);
    button.title = label;
  }
}

/** Where a piece is seen whole: a track at its mixer. */
export const addressOf = ({ id, kind }) => (kind === "lofi" ? `/lofi/${id}` : `/p/${id}`);

/** Return, for what is said of pieces that go: which other tunes go, since they are in their files. */
export function along(items) {
  const n = items.reduce((sum, item) => sum + item.more, 0);
  return n ? ` ${t("library.along", { n })}` : "";
}

/** Return what a piece's file is where it holds more tunes. */
export const book = ({ more }) => (more ? t("library.bookOf", { n: more + 1 }) : "");

/** Return what is known of a piece, in a line. */
function facts(item) {
  const music = [book(item), keyName(item.key), meterName(item.meter), t("common.barsN", { n: item.bars }), clock(item.seconds)];
  const from = item.model ? (item.seed === null ? item.model : t("library.from", { model: item.model, seed: plain(item.seed) })) : t(`library.kinds.${item.kind}`);
  const when = h("time", { datetime: item.created, title: date(item.created, { dateStyle: "long", timeStyle: "short" }) }, ago(item.created));
  return [h("span", { class: "piece-music" }, music.filter(Boolean).join(" · ")), h("span", { class: "piece-from" }, from), h("span", { class: "piece-when" }, when)];
}

const plain = (seed) => number(seed, { useGrouping: false });
