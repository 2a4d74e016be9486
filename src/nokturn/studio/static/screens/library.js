/**
 * The library: every piece, found by words, heard at a touch, renamed where it stands.
 *
 * What is shown stands in the address, so that back, refresh and a bookmark bring the same list.
 * Rows come sixty at a time as the page is scrolled; those that are not on the screen cost nothing.
 */

import { del, get, patch, post, upload } from "../api.js";
import { announce, clear, debounced, h, icon, sheet, uid } from "../dom.js";
import { dropzone } from "../dropzone.js";
import { download } from "../download.js";
import { number, t } from "../i18n.js";
import { keyName } from "../keyname.js";
import { register } from "../keys.js";
import { light } from "../light.js";
import { Row, addressOf, along } from "../libraryrow.js";
import { showBin } from "../librarybin.js";
import { Player } from "../player.js";
import { popup } from "../popup.js";
import { notice, problem } from "../problem.js";
import { renew } from "../renew.js";
import { go, mark } from "../router.js";
import { phrase } from "../said.js";

const PAGE = 60;
const FILTERS = ["q", "key", "meter", "model", "kind", "starred", "sort"];
const SORTS = ["-created", "created", "title", "key", "meter", "-bars", "bars", "-seconds", "tempo"];
const FILES = ".abc,.mid,.midi,.musicxml,.xml,.mxl,.wav,.flac,.ogg,.mp3,.svg,.png,.json,.zip";
const BOOKS = 5; // that are told of at once
const EXPORTS = ["abc", "mid", "musicxml", "mxl", "wav", "flac", "ogg", "mp3", "svg", "png"];

/** Show the screen. */
export async function show(root, params) {
  await sheet("library");
  if (params.query.has("bin")) return showBin(root);
  const screen = new Library(root, params.query);
  await screen.load();
  return { leave: () => screen.leave() };
}

class Library {
  #rows = new Map();
  #last = null; // the row that was picked last, for a range
  #total = 0;
  #asked = null;
  #player = null;
  #heard = null;

  constructor(root, query) {
    this.wanted = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
    this.wanted.sort ||= "-created";
    this.count = h("p", { class: "muted num", role: "status" });
    this.tools = h("div", { class: "library-tools" });
    this.said = h("div", { class: "library-said stack" });
    this.list = h("div", { class: "pieces", role: "list", aria: { label: t("screens.library") } });
    this.foot = h("div", { class: "library-foot" });
    this.chosen = h("div", { class: "library-chosen", role: "region", aria: { label: t("library.chosen") }, hidden: true });
    clear(root, h("div", { class: "page stack" }, this.#head(), this.tools, this.said, this.list, this.foot), this.chosen);
    this.#drawTools({});
    this.off = [register("library", this.#keys()), dropzone({ label: t("library.drop"), take: (files) => this.bring(files) })];
    this.watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.load({ more: true }), { rootMargin: "800px" });
    this.back = () => !document.hidden && this.#quietly();
    document.addEventListener("visibilitychange", this.back);
  }

  leave() {
    this.off.forEach((run) => run());
    this.watch.disconnect();
    this.#asked?.abort();
    clearTimeout(this.again);
    document.removeEventListener("visibilitychange", this.back);
    this.#player?.stop();
  }

  // ---- what is on the page

  #head() {
    const input = h("input", { type: "file", multiple: true, accept: FILES, hidden: true, on: { change: () => this.bring([...input.files]) } });
    const choose = h("button", { class: "button", type: "button", on: { click: () => input.click() } }, icon("upload"), t("library.bring"));
    const bin = h("a", { class: "button quiet", href: "/library?bin=1" }, icon("bin"), t("library.bin"));
    return h("div", { class: "spread" }, h("div", h("h1", t("screens.library")), this.count), h("div", { class: "cluster tight" }, input, choose, bin));
  }

  #drawTools(facets) {
    const search = h("input", {
      type: "search", id: uid("search"), value: this.wanted.q, placeholder: t("library.searchHint"), autocomplete: "off",
      spellcheck: "false", enterkeyhint: "search", aria: { label: t("library.search"), keyshortcuts: "/" },
      on: { input: debounced(120, () => this.want({ q: search.value.trim() })), keydown: (event) => this.#fromSearch(event) },
    });
    this.search = search;
    this.filters = h("div", { class: "library-filters" });
    clear(this.tools, h("div", { class: "library-search" }, icon("search"), search), this.filters);
    this.#drawFilters(facets);
  }

  #drawFilters(facets) {
    const starred = h(
      "button",
      { class: "chip", type: "button", aria: { pressed: String(this.wanted.starred === "true") }, on: { click: () => this.want({ starred: this.wanted.starred ? "" : "true" }) } },
      icon("starred"), t("common.starred"),
    );
    const kinds = (facets.kind ?? []).map((kind) => [kind, t(`library.kinds.${kind}`)]);
    const same = (name) => (facets[name] ?? []).map((value) => [value, value]);
    renew(
      this.filters,
      starred,
      this.#choice("key", t("common.key"), (facets.key ?? []).map((key) => [key, keyName(key)])),
      this.#choice("meter", t("common.meter"), same("meter")),
      this.#choice("model", t("common.model"), same("model")),
      this.#choice("kind", t("library.kind"), kinds),
      this.#order(),
    );
  }

  /** Make a list of values to choose one from, left out where there is no choice. */
  #choice(name, label, values) {
    const now = this.wanted[name];
    if (now && !values.some(([value]) => value === now)) values = [...values, [now, now]];
    if (values.length < 2 && !now) return null;
    const options = [h("option", { value: "" }, label), ...values.map(([value, shown]) => h("option", { value }, shown))];
    return h("select", { name, class: now ? "chosen" : "", value: now, aria: { label }, on: { change: (event) => this.want({ [name]: event.target.value }) } }, options);
  }

  #order() {
    const options = SORTS.map((value) => h("option", { value }, t(`library.sorts.${value}`)));
    return h("select", { name: "sort", class: "library-sort", value: this.wanted.sort, aria: { label: t("library.sort") }, on: { change: (event) => this.want({ sort: event.target.value }) } }, options);
  }

  #drawCount() {
    const narrowed = FILTERS.some((name) => name !== "sort" && this.wanted[name]);
    this.count.textContent = narrowed ? t("library.found", { n: this.#total }) : t("common.piecesN", { n: this.#total });
  }

  // ---- what is wanted, and what the server has of it

  /** Show what fits a changed wish. */
  want(change) {
    Object.assign(this.wanted, change);
    const query = new URLSearchParams(Object.entries(this.wanted).filter(([name, value]) => value && (name !== "sort" || value !== "-created")));
    mark(`/library${query.size ? `?${query}` : ""}`);
    return this.load();
  }

  async load({ more = false } = {}) {
    if (more && (this.loading || this.#rows.size >= this.#total)) return;
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    this.loading = true;
    try {
      const query = new URLSearchParams(Object.entries(this.wanted).filter(([, value]) => value));
      query.set("limit", PAGE);
      query.set("offset", more ? this.#rows.size : 0);
      const found = await get(`/pieces?${query}`, { signal: asked.signal });
      if (!more) this.#empty();
      this.#take(found);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!more) this.#empty();
      clear(this.foot, problem(error, { label: t("common.again"), run: () => this.load({ more }) }));
    }
    if (this.#asked === asked) this.loading = false;
  }

  #empty() {
    this.#rows.clear();
    clear(this.list);
    this.#last = null;
  }

  #take(found) {
    this.#total = found.total;
    this.list.append(h("div", { class: "pieces-page", role: "none" }, found.items.map((item) => this.#made(item))));
    this.#drawFilters(found.facets);
    this.#drawCount();
    this.#drawFoot();
    this.#drawChosen();
    this.#drawFolder(found);
  }

  /** Make a piece's row, unless it is there already: others came before it in the meantime. */
  #made(item) {
    if (this.#rows.has(item.id)) return null;
    const row = new Row(item, this.#acts());
    row.playing(this.#heard === item.id);
    this.#rows.set(item.id, row);
    return row.el;
  }

  #drawFoot() {
    this.watch.disconnect();
    if (!this.#total) return clear(this.foot, this.#nothing());
    if (this.#rows.size >= this.#total) return clear(this.foot);
    renew(this.foot, h("button", { class: "button", type: "button", on: { click: () => this.load({ more: true }) } }, t("library.showMore", { n: this.#total - this.#rows.size })));
    this.watch.observe(this.foot);
  }

  #nothing() {
    const narrowed = FILTERS.some((name) => name !== "sort" && this.wanted[name]);
    if (narrowed) {
      const all = () => {
        this.search.value = "";
        this.want({ q: "", key: "", meter: "", model: "", kind: "", starred: "" });
      };
      return h("div", { class: "empty" }, icon("search"), h("p", t("library.noneFound")), h("button", { class: "button", type: "button", on: { click: all } }, t("library.showAll")));
    }
    return h(
      "div", { class: "empty" }, icon("note"),
      h("h2", t("library.emptyTitle")), h("p", { class: "muted" }, t("library.emptyText")),
      h("a", { class: "button primary", href: "/" }, t("library.compose")),
    );
  }

  /** Tell what people put into the folder: what is still being read, and what cannot be. */
  #drawFolder({ reading, problems, books }) {
    clearTimeout(this.again);
    if (reading) this.again = setTimeout(() => this.#quietly(), 1500);
    renew(
      this.said,
      this.brought,
      reading ? h("p", { class: "muted", role: "status" }, t("library.reading", { n: reading })) : null,
      problems.length ? wrong(t("library.unread", { n: problems.length }), problems) : null,
      books.slice(0, BOOKS).map((book) => this.#book(book)),
    );
  }

  /** A file that holds more tunes than the one that is shown. */
  #book({ id, file, title, more }) {
    const open = async (/** @type {any} */ event) => {
      event.target.disabled = true;
      try {
        const { items, problems } = await post(`/pieces/${id}/tunes`);
        this.brought = problems.length ? wrong(t("library.refused", { n: problems.length }), problems) : null;
        notice(t("library.broughtIn", { n: items.length }));
        await this.load();
      } catch (error) {
        this.#tell(error);
      }
    };
    const button = h("button", { class: "button", type: "button", on: { click: open } }, t("library.bookOpen", { n: more }));
    return h("div", { class: "card spread library-book", data: { book: id } }, h("p", { class: "grow" }, t("library.book", { file, n: more + 1, title })), button);
  }

  /** Look again for what has changed elsewhere, without losing the place. */
  async #quietly() {
    const busy = () => this.loading || this.#picked().length || this.list.querySelector("input[type=text]");
    if (busy()) return;
    const asked = this.#asked;
    const query = new URLSearchParams(Object.entries(this.wanted).filter(([, value]) => value));
    query.set("limit", Math.min(500, Math.max(PAGE, this.#rows.size)));
    const found = await get(`/pieces?${query}`).catch(() => null);
    if (!found || busy() || asked !== this.#asked) return; // something else was wished for meanwhile
    const ids = found.items.map((item) => item.id).join();
    if (ids === [...this.#rows.keys()].join()) {
      this.#total = found.total;
      found.items.forEach((item) => this.#rows.get(item.id).update(item));
      this.#drawFolder(found);
      return;
    }
    this.#empty();
    this.#take(found);
  }

  // ---- what is done to pieces

  #acts() {
    return {
      star: (row) => this.star(row),
      rename: (row, title) => this.#change(row, { title }),
      play: (row) => this.play(row),
      pick: (row, range) => this.#pick(row, range),
      menu: (row) => [
        ["note", t("common.open"), () => go(row.address)],
        ["edit", t("common.rename"), () => row.rename()],
        ["plus", t("library.asBeginning"), () => go(`/?from=${row.item.id}`)],
        ["download", t("library.download", { kind: row.item.ending.slice(1).toUpperCase() }), () => download(`/pieces/${row.item.id}/exports/${row.item.ending.slice(1)}`)],
        ["bin", t("library.toBin"), () => this.bin([row.item])],
      ],
    };
  }

  star(row) {
    return this.#change(row, { starred: !row.item.starred });
  }

  async #change(row, change) {
    const before = row.item;
    row.update({ ...before, ...change });
    try {
      row.update(await patch(`/pieces/${before.id}`, change));
    } catch (error) {
      row.update(before);
      this.#tell(error);
    }
  }

  async play(row) {
    const { id } = row.item;
    this.#player ??= this.#instrument();
    const before = this.#heard;
    this.#silence();
    if (before === id) return;
    this.#heard = id;
    row.playing("loading");
    try {
      await this.#player.load(id, await sound(row.item));
      if (this.#heard !== id) return;
      this.#player.switchTo(id);
      this.#player.seek(0);
      this.#player.play();
      row.playing(true);
    } catch (error) {
      if (this.#heard === id) this.#silence();
      this.#tell(error);
    }
  }

  #instrument() {
    const player = new Player();
    player.on("ended", () => this.#silence());
    return player;
  }

  #silence() {
    this.#player?.stop();
    this.#rows.get(this.#heard)?.playing(false);
    this.#heard = null;
  }

  /** Put pieces into the bin; they can be taken back at once. */
  async bin(items) {
    try {
      const one = items.length === 1;
      const done = one ? { deleted: [(await del(`/pieces/${items[0].id}`)).id], kept: [] } : await post("/bin", { ids: items.map((item) => item.id) });
      const gone = new Set(done.deleted);
      if (gone.has(this.#heard)) this.#silence();
      const next = this.#neighbour(gone);
      for (const id of gone) this.#removed(id);
      next?.focus();
      this.#drawCount();
      this.#drawFoot();
      this.#drawChosen();
      const kept = done.kept.length ? ` ${t("library.kept", { n: done.kept.length })}` : "";
      notice(t("library.binned", { n: gone.size }) + along(items.filter(({ id }) => gone.has(id))) + kept, { label: t("common.undo"), run: () => this.restore([...gone]) });
    } catch (error) {
      this.#tell(error);
    }
  }

  #removed(id) {
    this.#rows.get(id)?.el.remove();
    this.said.querySelector(`[data-book="${id}"]`)?.remove();
    if (this.#rows.delete(id)) this.#total -= 1;
  }

  async restore(ids) {
    try {
      for (const id of ids) await post(`/bin/${id}/restore`);
      announce(t("library.restored", { n: ids.length }));
    } catch (error) {
      this.#tell(error);
    }
    await this.load();
  }

  /** Take in files, and say what became of them. */
  async bring(files) {
    const bar = h("progress", { class: "progress", max: 1, value: 0, aria: { label: t("library.bringing", { n: files.length }) } });
    this.brought = h("div", { class: "card stack tight" }, h("p", t("library.bringing", { n: files.length })), bar);
    this.said.prepend(this.brought);
    try {
      const done = await upload("/pieces", await Promise.all(files.map(light)), { onprogress: (share) => (bar.value = share * 0.9) });
      this.brought = done.problems.length ? wrong(t("library.refused", { n: done.problems.length }), done.problems) : null;
      if (done.items.length === 1 && !done.problems.length) return await go(addressOf(done.pieces[0]));
      const known = done.known ? ` ${t("library.known", { n: done.known })}` : "";
      if (done.items.length) notice(t("library.broughtIn", { n: done.items.length - done.known }) + known);
      await this.want({ q: "", key: "", meter: "", model: "", kind: "", starred: "", sort: "-created" });
    } catch (error) {
      this.brought?.remove();
      this.brought = null;
      this.#tell(error);
    }
  }

  #tell(error) {
    if (error.name === "AbortError") return;
    const close = () => box.remove();
    const box = problem(error, { label: t("common.close"), run: close });
    this.said.prepend(box);
  }

  // ---- many at once

  #picked() {
    return [...this.#rows.values()].filter((row) => row.picked);
  }

  #pick(row, range) {
    const rows = [...this.#rows.values()];
    const from = range && this.#last ? rows.indexOf(this.#last) : -1;
    if (from >= 0) {
      const to = rows.indexOf(row);
      for (const one of rows.slice(Math.min(from, to), Math.max(from, to) + 1)) one.picked = row.picked;
    }
    row.picked = row.picked;
    this.#last = row;
    this.#drawChosen();
  }

  #pickAll(on) {
    for (const row of this.#rows.values()) row.picked = on;
    this.#drawChosen();
  }

  #drawChosen() {
    const rows = this.#picked();
    this.chosen.hidden = rows.length === 0;
    if (!rows.length) return clear(this.chosen);
    const button = (name, label, run) => h("button", { class: "button", type: "button", title: label, on: { click: run } }, icon(name), h("span", label));
    const all = rows.every((row) => row.item.starred);
    const exporting = popup(button("download", t("library.export"), null), (close) => this.#kinds(close), { label: t("library.export") });
    exporting.classList.add("upward");
    renew(
      this.chosen,
      h("p", { class: "num", role: "status" }, t("library.chosenN", { n: rows.length })),
      h(
        "div", { class: "cluster tight" },
        exporting,
        button(all ? "star" : "starred", all ? t("common.unstar") : t("common.star"), () => Promise.all(rows.map((row) => this.#change(row, { starred: !all })))),
        button("bin", t("library.toBin"), () => this.bin(rows.map((row) => row.item))),
        rows.length < this.#rows.size ? button("check", t("library.all", { n: this.#rows.size }), () => this.#pickAll(true)) : null,
        button("close", t("library.none"), () => this.#pickAll(false)),
      ),
    );
  }

  #kinds(close) {
    const item = (kind) =>
      h("button", { class: "menu-item", type: "button", on: { click: () => (close(), this.export(kind)) } }, t(`library.exports.${kind}`));
    return h("div", { class: "menu" }, EXPORTS.map(item));
  }

  /** Send the chosen pieces as one packed file. */
  async export(kind) {
    const ids = this.#picked().map((row) => row.item.id);
    notice(t("library.exporting", { n: ids.length }));
    try {
      await download("/export", { ids, kind });
      notice(t("library.exported", { n: ids.length }));
    } catch (error) {
      this.#tell(error);
    }
  }

  // ---- keys

  #keys() {
    const here = () => this.#rows.get(document.activeElement?.closest?.(".piece")?.dataset.id);
    const on = (run) => () => {
      const row = here();
      if (row) run(row);
    };
    return [
      { keys: "/", label: t("library.search"), run: () => (this.search.focus(), this.search.select()) },
      { keys: "ArrowDown", label: t("library.next"), run: () => this.#step(1) },
      { keys: "ArrowUp", label: t("library.previous"), run: () => this.#step(-1) },
      { keys: "P", label: t("common.play"), run: on((row) => this.play(row)) },
      { keys: "S", label: t("common.star"), run: on((row) => this.star(row)) },
      { keys: "X", label: t("library.choose"), run: on((row) => this.#toggle(row)) },
      { keys: "F2", label: t("common.rename"), run: on((row) => row.rename()) },
      { keys: "Delete", label: t("library.toBin"), run: () => this.#delete(here()) },
      { keys: "Mod+A", label: t("library.allShown"), run: () => this.#pickAll(true) },
      { keys: "Escape", label: t("library.none"), run: () => (this.#silence(), this.#pickAll(false)) },
    ];
  }

  #toggle(row) {
    row.picked = !row.picked;
    this.#pick(row, false);
  }

  #delete(row) {
    const rows = this.#picked();
    if (rows.length) this.bin(rows.map((one) => one.item));
    else if (row) this.bin([row.item]);
  }

  #step(by) {
    const rows = [...this.#rows.values()];
    const at = rows.findIndex((row) => row.el.contains(document.activeElement));
    rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))]?.focus();
  }

  /** Return the row that gets the focus when others go. */
  #neighbour(gone) {
    const rows = [...this.#rows.values()];
    const at = rows.findIndex((row) => gone.has(row.item.id));
    const stays = (row) => !gone.has(row.item.id);
    return rows.slice(at).find(stays) ?? rows.slice(0, Math.max(at, 0)).reverse().find(stays);
  }

  #fromSearch(event) {
    if (event.key === "ArrowDown") this.#step(0);
    else if (event.key === "Escape" && this.search.value) {
      this.search.value = "";
      this.want({ q: "" });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Return what a piece sounds like; a lo-fi track as it was mixed, where that is there. */
async function sound(item) {
  const bars = [{ number: 1, start_s: 0, end_s: item.seconds }]; // all of it: nobody looks at bars here
  if (item.kind === "lofi") {
    const track = await get(`/lofi/tracks/${item.id}`);
    if (track.ready) return { stems: [{ name: "mix", url: track.mix.url }], seconds: item.seconds, bars };
  }
  const { stems, seconds } = await get(`/pieces/${item.id}/stems`);
  return { stems: stems.filter((stem) => stem.part), seconds, bars };
}

/** Make the list of what is wrong with which file. */
function wrong(title, problems) {
  const row = (one) => h("li", one.file ? h("strong", `${one.file}: `) : null, phrase(one, "what"), one.fix ? h("span", { class: "muted" }, " ", phrase(one, "fix")) : null);
  return h(
    "details", { class: "card library-wrong" },
    h("summary", icon("chevron"), h("span", { class: "bad" }, title)),
    h("ul", { class: "stack tight" }, problems.slice(0, 200).map(row)),
    problems.length > 200 ? h("p", { class: "muted" }, t("library.andMore", { n: number(problems.length - 200) })) : null,
  );
}
