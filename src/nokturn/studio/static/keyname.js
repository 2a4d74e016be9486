/**
 * Keys and meters as people say them, in the page's language.
 *
 *   keyName("Ador")  ->  "A dorian"; in Polish "a dorycka", and "Bm" is "h-moll"
 *   meterName("C|")  ->  "2/2"
 */

import { has, t } from "./i18n.js";

const MODES = { "": "major", m: "minor", min: "minor", dor: "dorian", mix: "mixolydian", phr: "phrygian", lyd: "lydian", loc: "locrian", aeo: "aeolian", ion: "ionian" };
const MINOR = new Set(["minor", "dorian", "phrygian", "aeolian", "locrian"]); // written small in some languages
const SIGNS = { C: "4/4", "C|": "2/2" }; // that not everybody reads

/** Return a key as it is said; what is no key is left as it is. */
export function keyName(key) {
  if (key === "no key" || key === "none") return t("common.noKey");
  const [, tonic, short] = /^([A-G][b#]?)\s*(.*)$/.exec(key) ?? [null, "", ""];
  const mode = MODES[short] ?? short;
  if (!tonic || !has(`compose.modes.${mode}`)) return key;
  const said = MINOR.has(mode) ? t(`compose.tonicsOfMinor.${tonic}`) : t(`compose.tonics.${tonic}`);
  return t(`compose.modes.${mode}`, { tonic: said });
}

/** Return a meter in numbers. */
export const meterName = (meter) => (meter === "free meter" || meter === "none" ? t("common.freeMeter") : (SIGNS[meter] ?? meter));
