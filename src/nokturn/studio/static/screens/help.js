/**
 * Help: the first steps, the keys, the words, and what this studio is.
 */

import { get } from "../api.js";
import { h } from "../dom.js";
import { list, number, t } from "../i18n.js";
import { choice } from "../controls.js";
import { keyCaps, letters, setLetters } from "../keys.js";
import { problem } from "../problem.js";

const STEPS = ["compose", "listen", "keep", "train", "lofi"];
const STEP_PATHS = { compose: "/", listen: "/library", keep: "/library", train: "/train", lofi: "/lofi" };
const KEYS = [
  ["Mod+Enter", "compose"], ["Space", "play"], ["Enter", "start"], ["ArrowLeft ArrowRight", "beat"], ["Shift+ArrowLeft Shift+ArrowRight", "select"],
  ["A D", "bar"], ["L", "loop"], ["1 2 3 4", "takes"], ["S", "star"], ["M N", "mute"], ["[ ]", "track"], ["T", "transpose"], ["C", "continue"],
  ["+ -", "zoom"], ["V", "view"], ["E", "export"], ["/", "search"], ["Mod+Z", "undo"], ["Escape", "stop"], ["?", "list"],
];
const WORDS = ["abc", "bar", "corpus", "epoch", "euclid", "heldOut", "key", "lofi", "loss", "meter", "midi", "model", "musicxml", "primer", "recipe", "seed", "stem", "swing", "temperature", "topP", "variation"];

/** Show the screen. */
export async function show(root) {
  const about = h("section", { class: "card stack", id: "about" }, h("h2", t("help.about.title")));
  root.append(
    h("div", { class: "page help" },
      h("h1", t("help.title")),
      h("div", { class: "help-columns" },
        h("div", { class: "stack loose" }, steps(), words()),
        h("div", { class: "stack loose" }, keys(), about),
      ),
    ),
  );
  try {
    fillAbout(about, await get("/about"));
  } catch (error) {
    about.append(problem(error));
  }
  return {};
}

function steps() {
  const step = (name) => h("li", h("a", { href: STEP_PATHS[name] }, t(`help.steps.${name}.title`)), h("p", t(`help.steps.${name}.text`)));
  return h("section", { class: "stack" }, h("h2", t("help.steps.title")), h("ol", { class: "help-steps" }, STEPS.map(step)));
}

function keys() {
  const row = ([names, what]) => h("div", { class: "keys-row" }, h("dt", names.split(" ").map(keyCaps)), h("dd", t(`help.keys.${what}`)));
  const onOff = choice(t("keys.letters"), [["on", t("common.on")], ["off", t("common.off")]], letters() ? "on" : "off", (value) => setLetters(value === "on"));
  return h("section", { class: "card stack", id: "keys" }, h("h2", t("keys.title")), h("dl", KEYS.map(row)), onOff, h("p", { class: "muted small" }, t("keys.lettersWhy")));
}

function words() {
  const one = (name) => ({ word: t(`help.words.${name}.word`), text: t(`help.words.${name}.text`) });
  const sorted = WORDS.map(one).sort((a, b) => a.word.localeCompare(b.word));
  return h("section", { class: "stack", id: "words" }, h("h2", t("help.words.title")), h("dl", { class: "help-words" }, sorted.map(({ word, text }) => h("div", h("dt", word), h("dd", text)))));
}

function fillAbout(place, about) {
  const rows = [
    [t("help.about.version"), about.version],
    [t("help.about.library"), h("code", about.library)],
    [t("help.about.machine"), t("help.about.cores", { n: about.cores })],
    [t("help.about.limits"), list([t("help.about.file", { n: number(about.limits.file_bytes / 2 ** 20) }), t("common.barsN", { n: about.limits.bars }), t("help.about.takes", { n: about.limits.variations })])],
  ];
  place.append(
    h("p", t("help.about.private")),
    h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", h("dt", name), h("dd", value)))),
    h("p", { class: "small muted" }, t("help.about.yours")),
    h("p", { class: "small" }, h("a", { href: "/api/openapi.json", target: "_blank", rel: "noopener" }, t("help.about.api"))),
  );
}
