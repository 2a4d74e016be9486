/**
 * Files that are dropped on a screen that does not take files itself come into the library, and the
 * piece is shown; a file of ours brings its recipe along.
 */

import { upload } from "./api.js";
import { clear, h } from "./dom.js";
import { dropzone } from "./dropzone.js";
import { t } from "./i18n.js";
import { addressOf } from "./libraryrow.js";
import { light } from "./light.js";
import { notice, problem } from "./problem.js";
import { go, onshow } from "./router.js";

const TAKE_THEMSELVES = new Set(["library", "train"]);

/** Begin to take files. */
export function begin() {
  let off = null;
  onshow((screen) => {
    off?.();
    off = TAKE_THEMSELVES.has(screen) ? null : dropzone({ label: t("common.drop"), take: bring });
  });
}

/** Bring files into the library, and show what came of them. */
async function bring(files) {
  try {
    const { pieces, problems } = await upload("/pieces", await Promise.all(files.map(light)));
    if (problems.length) notice(problems.map(({ file, what }) => `${file}: ${what}`).join(" "));
    if (pieces.length) await go(pieces.length === 1 ? addressOf(pieces[0]) : "/library");
  } catch (error) {
    const place = document.getElementById("banner");
    const close = { label: t("common.close"), run: () => clear(place) };
    clear(place, h("div", { class: "screen" }, problem(error, close)));
  }
}
