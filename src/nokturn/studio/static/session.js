/**
 * What is on the table in Compose: the takes A, B, C ..., and the job that writes them.
 *
 *   const session = new Session(); await session.begin();
 *   session.addEventListener("takes", draw); await session.compose({model: "folk", n: 4});
 *
 * The music lies in the server's library and the job lives there, too; what is remembered here are
 * their ids, so that a refresh, a second visit or a night of sleep finds everything as it was. Undo
 * brings back the takes before the last composing; nothing is ever thrown away by it.
 *
 * Tells "takes" (which there are, or one of them changed), "writing" (detail: the take that grew),
 * "piece" (detail: a take that is finished), "job" and "error" (detail: the error).
 */

import { events, get, patch, post, text } from "./api.js";
import { remember, remembered } from "./i18n.js";
import { words } from "./said.js";

const STORED = "nokturn.takes";
const STEPS = 30; // of undo
const ACTIVE = new Set(["waiting", "running"]);

/**
 * @typedef {object} Take
 * @property {string} id of the library; "" until it is finished
 * @property {string} state "done", "waiting" or "writing"
 * @property {boolean} starred
 * @property {object|null} piece what the library knows of it
 * @property {object|null} written what is written so far: {bar, of, abc, notes, seconds}
 * @property {string} label a name of its own, such as "epoch 40"; else it is its letter
 */

export class Session extends EventTarget {
  /** @type {Take[]} */
  takes = [];
  job = null;
  #past = [];
  #future = [];
  #begun = Promise.resolve();
  #slots = []; // which take each variation of the job is
  #close = null;

  /** Take up what was there: the takes and the job of the last visit, else a tune to begin with. */
  begin() {
    this.#begun = this.#begin();
    return this.#begun;
  }

  async #begin() {
    const kept = parsed(remembered(STORED));
    this.#past = kept.past ?? [];
    this.takes = await found(kept.takes ?? []);
    const job = kept.job ? await get(`/jobs/${kept.job}`).catch(() => null) : null;
    if (job && ACTIVE.has(job.state)) this.#takeUp(job, kept.slots ?? []);
    else if (!this.takes.length) this.takes = await found(job?.pieces ?? []);
    if (!this.takes.length) this.takes = await first();
    this.#tell("takes");
  }

  /** Stop listening; the job goes on. */
  leave() {
    this.#close?.();
    this.#close = null;
  }

  /** Whether something is being written. */
  get busy() {
    return Boolean(this.job && ACTIVE.has(this.job.state));
  }

  /** Whether there is something to bring back, or to bring forth again. */
  get undoable() {
    return this.#past.length > 0 && !this.busy;
  }

  get redoable() {
    return this.#future.length > 0 && !this.busy;
  }

  /** Write new takes in the place of all. */
  async compose(wishes) {
    const slots = Array.from({ length: wishes.n }, (_, i) => i);
    return this.#write(wishes, slots, []);
  }

  /** Write new takes in the place of those without a star. */
  async replace(wishes) {
    const kept = this.takes;
    const slots = kept.flatMap((take, i) => (take.starred ? [] : [i]));
    return this.#write({ ...wishes, n: slots.length, seed: null }, slots, kept);
  }

  async #write(wishes, slots, kept) {
    await this.#begun; // or what was there before would come in the place of what is written
    const job = await post("/jobs/generate", wishes);
    this.#step();
    this.takes = [...kept];
    for (const slot of slots) this.takes[slot] = blank();
    this.#takeUp(job, slots);
    this.#tell("takes");
    return job;
  }

  /** Bring the job to a good end: whole bars are kept. */
  stop() {
    return this.job && post(`/jobs/${this.job.id}/stop`);
  }

  /** Throw the job away, and have the takes back that were there before. */
  async cancel() {
    const job = this.job;
    if (!job) return;
    await post(`/jobs/${job.id}/cancel`);
    this.#ended({ state: "cancelled" });
  }

  /** Bring back the takes before the last composing. */
  undo() {
    return this.#travel(this.#past, this.#future);
  }

  redo() {
    return this.#travel(this.#future, this.#past);
  }

  async #travel(from, to) {
    if (this.busy || !from.length) return;
    to.push(this.#ids());
    this.takes = await found(from.pop());
    this.#keep();
    this.#tell("takes");
  }

  /** Give a take a star, or take it away. */
  async star(take) {
    take.starred = !take.starred;
    this.#tell("takes");
    try {
      await patch(`/pieces/${take.id}`, { starred: take.starred });
    } catch (error) {
      take.starred = !take.starred;
      this.#tell("takes");
      this.#tell("error", error);
    }
  }

  /** Put a piece on the table beside the others: what an epoch wrote, or one of the library. */
  async add(id, label = "") {
    const [take] = await found([id]);
    if (!take) return null;
    take.label = label;
    this.#step();
    this.takes = [...this.takes.filter((one) => one.id !== id && !(label && one.label === label)), take];
    this.#keep();
    this.#tell("takes");
    return take;
  }

  /** Remember the takes as they are, before they change. */
  #step() {
    const ids = this.#ids();
    if (ids.length) this.#past = [...this.#past, ids].slice(-STEPS);
    this.#future = [];
  }

  #ids() {
    return this.takes.map((take) => take.id).filter(Boolean);
  }

  #takeUp(job, slots) {
    this.leave();
    this.job = job;
    this.#slots = slots;
    for (const slot of slots) this.takes[slot] ??= blank();
    for (let i = 0; i < this.takes.length; i += 1) this.takes[i] ??= blank();
    this.#keep();
    this.#close = events(`/jobs/${job.id}/events`, {
      state: (data) => this.#state(data),
      progress: (data) => this.#progress(data),
      writing: (data) => this.#writing(data),
      piece: (data) => this.#piece(data),
      notice: (data) => this.#tell("notice", words(data, "text")),
      error: (data) => this.#tell("error", data),
      lost: (error) => {
        this.#tell("error", error);
        this.#ended({ state: "failed" });
      },
    });
    this.#tell("job");
  }

  #state(data) {
    Object.assign(this.job, data);
    if (ACTIVE.has(data.state)) this.#tell("job");
    else this.#ended(data);
  }

  #progress({ done, eta_s: eta, text: said }) {
    Object.assign(this.job, { progress: done, eta_s: eta, text: said });
    this.#tell("job");
  }

  #writing(data) {
    const take = this.takes[this.#slots[data.variation]];
    if (!take || take.id) return;
    const begun = take.state === "writing";
    Object.assign(take, { state: "writing", written: data });
    this.#tell(begun ? "writing" : "takes", take);
    if (!begun) this.#tell("writing", take);
  }

  async #piece(data) {
    const take = this.takes[this.#slots[data.variation]];
    if (!take || take.id === data.id) return;
    Object.assign(take, { id: data.id, state: "done", piece: data });
    this.#keep();
    take.piece = await get(`/pieces/${data.id}`).catch(() => data);
    take.starred ||= Boolean(take.piece.starred); // it may have got its star meanwhile
    this.#tell("takes");
    this.#tell("piece", take);
  }

  /** The job is over: what did not get written leaves the table. */
  #ended(data) {
    if (!this.job || this.job.over) return;
    Object.assign(this.job, data, { over: true });
    this.leave();
    const made = this.takes.filter((take) => take.id);
    this.takes = made;
    if (!made.length) this.#back();
    this.#keep();
    this.#tell("job");
    this.#tell("takes");
  }

  /** Nothing was written: what was there before comes back. */
  async #back() {
    const before = this.#past.pop();
    if (!before) return;
    this.takes = await found(before);
    this.#keep();
    this.#tell("takes");
  }

  #keep() {
    const job = this.busy ? this.job.id : "";
    const takes = this.takes.map((take) => take.id);
    remember(STORED, JSON.stringify({ takes, job, slots: job ? this.#slots : [], past: this.#past }));
  }

  #tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

const blank = () => ({ id: "", state: "waiting", starred: false, piece: null, written: null, label: "" });

/** Return the takes of ids; "" is one that is still to be written, what is gone is left out. */
async function found(ids) {
  const pieces = await Promise.all(ids.map((id) => (id ? get(`/pieces/${encodeURIComponent(id)}`).catch(() => null) : blank())));
  return pieces.filter(Boolean).map((piece) => (piece.state ? piece : taken(piece)));
}

const taken = (piece) => ({ ...blank(), id: piece.id, state: "done", starred: Boolean(piece.starred), piece });

/** Return something to hear on the first visit: the newest of the library, else the tune that comes with us. */
async function first() {
  const newest = await get("/pieces?limit=1&sort=-created").catch(() => ({ items: [] }));
  if (newest.items.length) return [taken(newest.items[0])];
  const abc = await text("/static/first.abc").catch(() => "");
  const added = abc ? await post("/pieces", { abc }).catch(() => null) : null; // read-only: an empty table
  return added?.items.length ? found([added.items[0]]) : [];
}

function parsed(kept) {
  try {
    return JSON.parse(kept || "{}");
  } catch {
    return {}; // somebody else's words under our name
  }
}
