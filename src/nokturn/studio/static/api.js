/**
 * The server, asked.
 *
 *   const {items} = await get("/pieces?q=reel"); const job = await post("/jobs/generate", {n: 4});
 *   const close = events(`/jobs/${job.id}/events`, {writing: draw, state: note}, {after: 0});
 *
 * Everything that goes wrong is an `ApiError` with what, why and fix, as the server tells it. Where
 * the server is gone, `connection` says so, a GET waits until it is back, and a stream goes on
 * from its last event; anything that changes something is refused at once with code "gone", as it
 * may or may not have been done.
 */

import { t } from "./i18n.js";

const API = "/api";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const ENDS = new Set(["done", "failed", "cancelled", "interrupted"]);

/** An error that can be shown: what happened, why, and what to do now. */
export class ApiError extends Error {
  constructor({ code, what, why = "", fix = "", status = 0, retryAfter = 0 }) {
    super(what);
    Object.assign(this, { name: "ApiError", code, what, why, fix, status, retryAfter });
  }
}

/** Whether the server answers: "gone" and "back" are told to listeners. */
class Connection extends EventTarget {
  ok = true;
  #back = null;

  /** Return when the server answers again. */
  lost() {
    if (this.ok) {
      this.ok = false;
      this.dispatchEvent(new Event("gone"));
      this.#back = this.#wait();
    }
    return this.#back ?? Promise.resolve();
  }

  async #wait() {
    for (let ms = FIRST_WAIT_MS; ; ms = Math.min(LONGEST_WAIT_MS, ms * 1.6)) {
      await pause(ms);
      const answer = await fetch(`${API}/health`, { cache: "no-store" }).catch(() => null);
      if (answer) break; // even one that refuses us, which is then told where something is asked for
    }
    this.ok = true;
    this.#back = null;
    this.dispatchEvent(new Event("back"));
  }
}

export const connection = new Connection();

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Return what an address holds; `signal` gives up. */
export const get = (path, { signal } = {}) => asked("GET", path, undefined, signal);

/** Send something; return the answer. */
export const post = (path, body = {}, { signal } = {}) => asked("POST", path, body, signal);

/** Change something; return the answer. */
export const patch = (path, body = {}, { signal } = {}) => asked("PATCH", path, body, signal);

/** Delete something. */
export const del = (path, { signal } = {}) => asked("DELETE", path, undefined, signal);

/** Return text, such as SVG, from an address of the API. */
export const text = (path, { signal } = {}) => asked("GET", path, undefined, signal, (a) => a.text());

/** Return bytes, such as sound, from an address of the API. */
export const data = (path, { signal } = {}) => asked("GET", path, undefined, signal, (a) => a.arrayBuffer());

/** Return what is to be had of an address with a body, as text: engraving of what is not stored. */
export const postText = (path, body = {}, { signal } = {}) =>
  asked("POST", path, body, signal, (a) => a.text());

/** The address of something for a link, an audio buffer or a download. */
export const address = (path) => (/^\/(api|static)\//.test(path) ? path : `${API}${path}`);

async function asked(method, path, body, signal, read = json) {
  for (;;) {
    const answer = await sent(method, path, body, signal);
    if (answer?.ok) return read(answer);
    if (answer) throw await told(answer);
    const back = connection.lost();
    if (method !== "GET") throw gone();
    await abortable(back, signal);
  }
}

/** Return the answer, or null where no server is there. */
async function sent(method, path, body, signal) {
  const options = { method, signal, cache: "no-store", credentials: "same-origin" };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  try {
    return await fetch(address(path), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return null;
  }
}

function abortable(promise, signal) {
  if (!signal) return promise;
  return new Promise((done, refuse) => {
    signal.addEventListener("abort", () => refuse(signal.reason), { once: true });
    promise.then(done);
  });
}

const json = async (answer) => (answer.status === 204 ? null : answer.json());

const gone = () =>
  new ApiError({ code: "gone", what: t("errors.gone.what"), why: t("errors.gone.why"), fix: t("errors.gone.fix") });

/** Return the error that an answer tells. */
async function told(answer) {
  const given = await answer.json().catch(() => null);
  const error = given?.error ?? { code: "internal", what: t("errors.internal.what"), why: `HTTP ${answer.status}`, fix: t("errors.internal.fix") };
  return new ApiError({ ...error, status: answer.status, retryAfter: Number(answer.headers.get("Retry-After") ?? 0) });
}

/**
 * Send files.
 * @param {string} path
 * @param {Iterable<File|Blob>} files
 * @param {{onprogress?: (share: number) => void, signal?: AbortSignal, fields?: object}} [options]
 * @returns {Promise<any>} the answer
 */
export function upload(path, files, { onprogress, signal, fields = {} } = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const file of files) form.append("file", file, file.webkitRelativePath || file.name || "piece");
  return new Promise((done, refuse) => {
    const request = new XMLHttpRequest(); // fetch cannot tell how far an upload is
    request.open("POST", address(path));
    request.upload.onprogress = (event) => event.lengthComputable && onprogress?.(event.loaded / event.total);
    request.onerror = () => {
      connection.lost();
      refuse(gone());
    };
    request.onabort = () => refuse(new DOMException("given up", "AbortError"));
    request.onload = () => uploaded(request, done, refuse);
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

function uploaded(request, done, refuse) {
  const status = request.status;
  const answer = new Response(status === 204 ? null : request.responseText, { status });
  if (answer.ok) json(answer).then(done, refuse);
  else told(answer).then(refuse, refuse);
}

/**
 * Listen to a stream of events. It goes on by itself after a break, from the event after the last
 * one heard, rests while the page is hidden (a browser has six connections for all its tabs), and
 * ends after a job's last event.
 * @param {string} path
 * @param {Object<string, (data: any, id: number) => void>} heard by type; "*" hears all, with
 *   the type as third argument; "lost" is told an ApiError where the stream cannot be had
 * @param {{after?: number, endless?: boolean}} [options] `endless`: states do not end it
 * @returns {() => void} ends it
 */
export function events(path, heard, { after = 0, endless = false } = {}) {
  const listening = new Listening(path, heard, after, endless);
  listening.run();
  return () => listening.close();
}

class Listening {
  constructor(path, heard, after, endless) {
    Object.assign(this, { path, heard, last: after, endless, ended: false, abort: null });
    this.hidden = () => document.hidden && this.abort?.abort();
    document.addEventListener("visibilitychange", this.hidden);
  }

  close() {
    this.ended = true;
    this.abort?.abort();
    document.removeEventListener("visibilitychange", this.hidden);
  }

  async run() {
    let wait = FIRST_WAIT_MS;
    while (!this.ended) {
      await visible();
      if (this.ended) return;
      const before = this.last;
      await this.#listen();
      if (this.ended) return;
      wait = this.last > before ? FIRST_WAIT_MS : Math.min(LONGEST_WAIT_MS, wait * 1.6);
      await pause(wait);
    }
  }

  async #listen() {
    this.abort = new AbortController();
    const join = this.path.includes("?") ? "&" : "?";
    const path = this.last ? `${this.path}${join}after=${this.last}` : this.path;
    try {
      const answer = await fetch(address(path), { signal: this.abort.signal, cache: "no-store", headers: { Accept: "text/event-stream" } });
      if (!answer.ok) return await this.#refused(answer);
      await this.#read(answer.body.getReader());
    } catch (error) {
      if (error.name !== "AbortError") await connection.lost();
    }
  }

  async #refused(answer) {
    if (answer.status === 503) return;
    const error = await told(answer);
    this.close();
    this.heard.lost?.(error);
  }

  async #read(reader) {
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).replaceAll("\r\n", "\n").split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) this.#tell(block);
      if (this.ended) return;
    }
  }

  #tell(block) {
    const event = { id: 0, event: "message", data: "" };
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, "");
    }
    if (!event.data) return; // a comment that keeps the line open
    this.last = Number(event.id) || this.last;
    const data = JSON.parse(event.data);
    this.heard[event.event]?.(data, this.last);
    this.heard["*"]?.(data, this.last, event.event);
    this.#end(event.event, data);
  }

  #end(type, data) {
    if (!this.endless && type === "state" && ENDS.has(data.state)) this.done = true;
    if (this.done && !this.closing) {
      this.closing = setTimeout(() => this.close(), 1500); // what comes with the last state
    }
  }
}

function visible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) => {
    const seen = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", seen);
      done();
    };
    document.addEventListener("visibilitychange", seen);
  });
}
