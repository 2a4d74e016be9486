/**
 * Models: what there is to compose with, what each learned from, how good it is, and whose it is.
 *
 * Built-in ones stay; own ones can be taken in, given away as one file, and deleted. A damaged model
 * is listed with what is wrong with it.
 */

import { address, del, get, upload } from "../api.js";
import { clear, h, icon } from "../dom.js";
import { bytes, date, has, number, percent, t } from "../i18n.js";
import { keyName } from "../keyname.js";
import { Samples } from "../modelsamples.js";
import { dialog } from "../popup.js";
import { notice, problem } from "../problem.js";
import { go } from "../router.js";
import { phrase, words } from "../said.js";

const KEYS_SHOWN = 12;
const EPOCHS_SHOWN = 60;

/** Show all models, or the one that the address names. */
export async function show(root, params) {
  const page = h("div", { class: "page models" });
  root.append(page);
  if (!params.name) {
    await showAll(page);
    return {};
  }
  const samples = await showOne(page, params.name);
  return { leave: () => samples?.close() };
}

async function showAll(page) {
  const troubles = h("div");
  const head = h("div", { class: "spread" }, h("h1", t("models.title")), importer(troubles));
  const waiting = Array.from({ length: 4 }, () => h("li", { class: "card model-card skeleton" }));
  clear(page, head, troubles, h("ul", { class: "grid-auto", aria: { busy: "true", label: t("common.loading") } }, waiting));
  const models = await get("/models");
  const own = models.filter((model) => !model.built_in);
  const list = (items) => h("ul", { class: "grid-auto" }, items.map(card));
  clear(
    page,
    h("div", { class: "stack loose" },
      head,
      troubles,
      h("section", { class: "stack" }, h("h2", t("models.own")), own.length ? list(own) : nothing()),
      h("section", { class: "stack" }, h("h2", t("models.builtIn")), list(models.filter((model) => model.built_in))),
    ),
  );
}

function nothing() {
  return h("div", { class: "empty" }, icon("folder"), h("p", t("models.none")), h("a", { class: "button", href: "/train" }, t("models.train")));
}

/** A button that takes in a model file. */
function importer(troubles) {
  const input = h("input", { type: "file", class: "visually-hidden", accept: ".safetensors", tabindex: -1, aria: { hidden: "true" } });
  const bar = h("progress", { class: "progress models-progress", max: 1, value: 0, hidden: true, aria: { label: t("models.importing") } });
  const button = h("button", { class: "button", type: "button", on: { click: () => input.click() } }, icon("upload"), t("models.import"));
  input.addEventListener("change", async () => {
    if (!input.files.length) return;
    clear(troubles);
    bar.hidden = false;
    try {
      const model = await upload("/models", [...input.files], { onprogress: (share) => { bar.value = share; } });
      notice(t("models.imported", { name: model.name }));
      await go(`/models/${encodeURIComponent(model.name)}`);
    } catch (error) {
      clear(troubles, problem(error, { label: t("models.importOther"), run: () => input.click() }));
    }
    bar.hidden = true;
    input.value = "";
  });
  return h("div", { class: "models-import" }, button, input, bar);
}

function card(model) {
  const corpus = words(model.card, "corpus");
  const licence = words(model.card, "licence");
  return h(
    "li",
    { class: "card model-card", data: { damaged: model.damage ? "yes" : null } },
    h("div", { class: "spread tight" },
      h("h3", h("a", { class: "model-name", href: `/models/${encodeURIComponent(model.name)}` }, model.title || model.name)),
      model.default ? h("span", { class: "tag lamp" }, t("models.default")) : null,
    ),
    model.damage
      ? h("p", { class: "bad" }, phrase(model, "damage"))
      : h("p", { class: "muted small" }, h("span", kind(model)), " · ", h("span", { class: "num" }, bytes(model.bytes))),
    corpus ? h("p", { class: "small" }, t("models.learnedFrom", { corpus })) : null,
    licence ? h("p", { class: "small muted" }, licence) : null,
  );
}

/** What a model writes, in a few words. */
function kind(model) {
  return has(`models.kinds.${model.encoding}`) ? t(`models.kinds.${model.encoding}`) : t("models.kinds.other");
}

async function showOne(page, name) {
  const model = await get(`/models/${encodeURIComponent(name)}`).catch((error) => error);
  if (model instanceof Error) {
    clear(page, problem(model, { label: t("models.all"), run: () => go("/models") }));
    return null;
  }
  const troubles = h("div");
  const samples = composes(model) ? new Samples(model) : null;
  document.title = `${model.title || model.name} · Nokturn`;
  clear(
    page,
    h("div", { class: "stack loose" },
      h("div", { class: "stack tight" },
        h("a", { class: "back", href: "/models" }, icon("previous"), t("models.all")),
        h("div", { class: "spread" }, h("h1", model.title || model.name), actions(model, troubles)),
        h("p", { class: "muted" }, [kind(model), t("models.weights", { n: model.parameters }), bytes(model.bytes)].join(" · ")),
      ),
      troubles,
      model.damage ? problem({ code: "model", what: words(model, "damage"), fix: t("models.damagedFix") }) : null,
      samples?.element,
      h("div", { class: "models-facts" }, h("div", { class: "stack" }, figures(model), knows(model)), about(model)),
      epochs(model),
    ),
  );
  return samples;
}

function actions(model, troubles) {
  const name = encodeURIComponent(model.name);
  return h(
    "div",
    { class: "cluster tight" },
    composes(model) ? h("a", { class: "button primary", href: `/?model=${name}` }, t("models.compose")) : null,
    model.damage ? null : h("a", { class: "button", href: address(`/models/${name}/file`), download: "" }, icon("download"), t("models.export")),
    model.built_in ? null : h("button", { class: "button danger", type: "button", on: { click: () => asked(model, troubles) } }, icon("bin"), t("common.delete")),
  );
}

const composes = (model) => !model.damage && !has(`models.parts.${model.encoding}`);

/** Ask before a model is deleted: it cannot be brought back. */
function asked(model, troubles) {
  const remove = async (close) => {
    close();
    try {
      await del(`/models/${encodeURIComponent(model.name)}`);
      notice(t("models.deleted", { name: model.name }));
      await go("/models");
    } catch (error) {
      clear(troubles, problem(error));
    }
  };
  dialog(t("models.deleteTitle", { name: model.name }), (close) => [
    h("p", t("models.deleteWhy")),
    h("div", { class: "cluster dialog-actions" },
      h("button", { class: "button danger", type: "button", on: { click: () => remove(close) } }, t("models.deleteYes")),
      h("button", { class: "button", type: "button", autofocus: true, on: { click: close } }, t("common.cancel")),
    ),
  ], { closeLabel: t("common.close") });
}

function facts(title, rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (!shown.length) return null;
  return h("section", { class: "card" }, h("h2", title), h("dl", { class: "facts" }, shown.map(([name, value]) => h("div", h("dt", name), h("dd", value)))));
}

function about(model) {
  const { citation, base, may_be_shipped: free } = model.card;
  return facts(t("models.about"), [
    [t("models.corpus"), words(model.card, "corpus")],
    [t("models.licence"), words(model.card, "licence")],
    [t("models.citation"), citation],
    [t("models.base"), typeof base === "object" ? base?.name : base],
    [t("models.free"), free === undefined ? "" : t(free ? "models.freeYes" : "models.freeNo")],
    [t("models.network"), model.model],
    [t("models.encoding"), model.encoding],
    [t("models.modified"), date(model.modified)],
    [t("models.sha"), model.sha256 ? h("code", { class: "sha" }, model.sha256) : ""],
  ]);
}

/** How good the model is in figures, each with what it means. */
function figures(model) {
  const { bits_per_character: bits, accuracy, held_out: count, epoch, valid_bars: right, copied } = model.held_out ?? {};
  return facts(t("models.figures"), [
    [t("models.bits"), bits ? told(number(bits, { minimumFractionDigits: 2 }), t("models.bitsWhy")) : ""],
    [t("models.accuracy"), accuracy ? told(percent(accuracy, 1), t("models.accuracyWhy")) : ""],
    [t("models.validBars"), right === undefined ? "" : told(percent(right, 1), t("models.validBarsWhy"))],
    [t("models.copied"), copied === undefined ? "" : told(percent(copied, 1), t("models.copiedWhy"))],
    [t("models.pieces"), count ? number(count) : ""],
    [t("models.epoch"), epoch ? number(epoch) : ""],
  ]);
}

const told = (value, why) => [h("span", { class: "num" }, value), h("span", { class: "muted small facts-why" }, why)];

function knows(model) {
  const { keys = [], meters = [] } = model;
  const chips = (names) => h("ul", { class: "cluster tight" }, names.map((name) => h("li", { class: "tag" }, name)));
  const few = keys.slice(0, KEYS_SHOWN).map(keyName);
  const rest = keys.length - few.length;
  return facts(t("models.canBeAsked"), [
    [t("common.key"), keys.length ? chips(rest > 0 ? [...few, t("models.more", { n: rest })] : few) : t("models.notKey")],
    [t("common.meter"), meters.length ? chips(meters) : t("models.notMeter")],
  ]);
}

/** The epochs of its training, each a model of its own. */
function epochs(model) {
  if (!model.epochs?.length) return null;
  const row = ({ epoch, valid, best }) =>
    h(
      "tr",
      h("td", { class: "num" }, number(epoch), best ? h("span", { class: "tag lamp" }, icon("starred"), t("models.best")) : null),
      h("td", { class: "num" }, valid ? number(valid, { minimumFractionDigits: 3, maximumFractionDigits: 3 }) : ""),
      h("td", h("a", { class: "button small quiet", href: `/?model=${encodeURIComponent(`${model.name}@${epoch}`)}` }, t("models.compose"))),
    );
  return h(
    "section",
    { class: "stack" },
    h("div", { class: "spread" }, h("h2", t("models.epochs")), h("a", { href: `/train/${encodeURIComponent(model.name)}` }, t("models.training"))),
    h("div", { class: "table-wrap models-epochs", tabindex: 0, role: "region", aria: { label: t("models.epochs") } },
      h("table", h("thead", h("tr", h("th", { scope: "col" }, t("models.epoch")), h("th", { scope: "col" }, t("models.loss")), h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, t("models.compose"))))), h("tbody", model.epochs.slice(-EPOCHS_SHOWN).map(row))),
    ),
  );
}
