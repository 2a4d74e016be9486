/**
 * Sound files and archives of stems made light: their recipe is wanted, not their sound, and that may
 * be a hundred times too large to be sent.
 *
 *   await upload("/pieces", await Promise.all(files.map(light)))
 *
 * Of a WAV the sound is left out, as its recipe stands after it; of FLAC, OGG and MP3 the beginning
 * is enough; of an archive the recipe alone. Every other file stays as it is, and what is small, too.
 */

const LARGE = 4 << 20;
const BEGINNING = 1 << 20;
const RECIPE = "recipe.json"; // in an archive, where it lies as it is
const ENTRIES = 1 << 16; // bytes at its end, in which they are listed
const SOUND = /\.(flac|ogg|mp3)$/i;

/** Return a file, or what of it tells how it was made. */
export async function light(file) {
  if (/\.zip$/i.test(file.name)) return (await recipeOf(file)) ?? file;
  if (file.size <= LARGE) return file;
  if (/\.wav$/i.test(file.name)) return (await withoutSound(file)) ?? file;
  return SOUND.test(file.name) ? new File([file.slice(0, BEGINNING)], file.name) : file;
}

/** Return a WAV whose sound is four samples of silence; null where it is built otherwise. */
async function withoutSound(file) {
  const found = await dataChunk(file);
  if (!found) return null;
  const silence = new Uint8Array(24);
  new DataView(silence.buffer).setUint32(4, 16, true);
  silence.set(letters("data"));
  const parts = [file.slice(12, found.start), silence, file.slice(found.end)];
  const size = parts.reduce((sum, part) => sum + (part.size ?? part.length), 4);
  const head = new Uint8Array(12);
  head.set(letters("RIFF"));
  new DataView(head.buffer).setUint32(4, size, true);
  head.set(letters("WAVE"), 8);
  return new File([head, ...parts], file.name);
}

/** Find the chunk of a WAV that holds the sound. */
async function dataChunk(file) {
  const head = new DataView(await file.slice(0, 4096).arrayBuffer());
  const name = (at) => String.fromCharCode(...new Uint8Array(head.buffer, at, 4));
  if (name(0) !== "RIFF" || name(8) !== "WAVE") return null;
  for (let at = 12; at + 8 <= head.byteLength; ) {
    const size = head.getUint32(at + 4, true);
    if (name(at) === "data") return { start: at, end: at + 8 + size + (size % 2) };
    at += 8 + size + (size % 2);
  }
  return null;
}

/** Return the recipe in an archive of stems; null where there is none. */
async function recipeOf(file) {
  const from = Math.max(0, file.size - ENTRIES);
  const end = new DataView(await file.slice(from).arrayBuffer());
  const text = new TextDecoder("latin1");
  for (let at = 0; at + 46 <= end.byteLength; at += 1) {
    if (end.getUint32(at) !== 0x504b0102) continue; // an entry: "PK", 1, 2
    const name = new Uint8Array(end.buffer, at + 46, Math.min(RECIPE.length, end.byteLength - at - 46));
    if (text.decode(name) !== RECIPE || end.getUint16(at + 28, true) !== RECIPE.length) continue;
    const [size, begin] = [end.getUint32(at + 20, true), end.getUint32(at + 42, true)];
    const head = new DataView(await file.slice(begin, begin + 30).arrayBuffer());
    const first = begin + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    return new File([file.slice(first, first + size)], file.name.replace(/\.zip$/i, ".json"));
  }
  return null;
}

const letters = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
