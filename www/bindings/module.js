// A compiled program and its world: the WASI functions that a program made by the grader may ask for, and no other.
// What they tell comes from the world that the engine hands over, so a run in the page is the run of the grader.

const OK = 0;
const EBADF = 8;
const EFAULT = 21;
const EINVAL = 28;
const ENOSYS = 52;
const WASI = "wasi_snapshot_preview1";
/** Bytes that one instance may print. */
const PRINTED_MAX = 1 << 20;
/** Bytes of memory that one instance may have. */
const MEMORY_MAX = 64 << 20;
/** The largest answer that is read, in bytes. */
const ANSWER_MAX = 32 << 20;

/** A compiled program: makes fresh instances. */
export class Program {
  #module;

  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.#module = module;
  }

  instantiate(world) {
    return new Instance(this.#module, world);
  }
}

/** One instance of a program. */
export class Instance {
  #exports;
  #printed = "";
  #bytesPrinted = 0;
  /** What it threw before it could be called, in an array: its calls throw that. */
  #broken = [];

  constructor(module, world) {
    const functions = this.#functions(world);
    // Files, sockets and the rest: there are none, and the program is told so.
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      if (from === WASI && !(name in functions)) {
        functions[name] = () => ENOSYS;
      }
    }
    try {
      this.#exports = new WebAssembly.Instance(module, { [WASI]: functions }).exports;
      this.#exports._initialize?.();
    } catch (error) {
      this.#broken = [error];
    }
  }

  call(request) {
    for (const error of this.#broken) {
      throw error;
    }
    this.#printed = "";
    const place = this.#exports.alloc(request.length);
    this.#bytes(place, request.length).set(request);
    const answer = BigInt.asUintN(64, this.#exports.call());
    if (this.#exports.memory.buffer.byteLength > MEMORY_MAX) {
      throw "memory";
    }
    const [at, length] = [Number(answer >> 32n), Number(answer & 0xffffffffn)];
    if (length > ANSWER_MAX || at + length > this.#exports.memory.buffer.byteLength) {
      throw "gibberish";
    }
    return this.#bytes(at, length).slice();
  }

  printed() {
    return this.#printed;
  }

  memoryBytes() {
    return this.#exports?.memory.buffer.byteLength ?? 0;
  }

  #bytes(place, length) {
    return new Uint8Array(this.#exports.memory.buffer, place >>> 0, length);
  }

  #view() {
    return new DataView(this.#exports.memory.buffer);
  }

  /** An answer of EFAULT where a program names memory that it does not have. */
  #inside(act) {
    try {
      return act();
    } catch (error) {
      if (error instanceof RangeError) {
        return EFAULT;
      }
      throw error;
    }
  }

  #functions(world) {
    const noStrings = (count, bytes) =>
      this.#inside(() => {
        this.#view().setUint32(count >>> 0, 0, true);
        this.#view().setUint32(bytes >>> 0, 0, true);
        return OK;
      });
    return {
      clock_time_get: (clock, _precision, out) =>
        this.#inside(() => {
          this.#view().setBigUint64(out >>> 0, world.readClock(clock), true);
          return OK;
        }),
      clock_res_get: (_clock, out) =>
        this.#inside(() => {
          this.#view().setBigUint64(out >>> 0, 1n, true);
          return OK;
        }),
      poll_oneoff: (subscriptions, events, count, out) =>
        this.#inside(() => this.#sleep(world, subscriptions >>> 0, events >>> 0, count >>> 0, out >>> 0)),
      random_get: (out, length) =>
        this.#inside(() => {
          const bytes = this.#bytes(out, length >>> 0);
          const eight = new DataView(new ArrayBuffer(8));
          for (let at = 0; at < bytes.length; at += 8) {
            eight.setBigUint64(0, world.random(), true);
            bytes.set(new Uint8Array(eight.buffer, 0, Math.min(8, bytes.length - at)), at);
          }
          return OK;
        }),
      fd_write: (file, pieces, count, out) => {
        if (file !== 1 && file !== 2) {
          return EBADF;
        }
        return this.#inside(() => this.#print(pieces >>> 0, count >>> 0, out >>> 0));
      },
      environ_get: () => OK,
      environ_sizes_get: noStrings,
      args_get: () => OK,
      args_sizes_get: noStrings,
      sched_yield: () => OK,
      // No folder is open: another answer than this ends the program.
      fd_prestat_get: () => EBADF,
      proc_exit: (code) => {
        throw code >>> 0;
      },
    };
  }

  /** A sleep: time moves to the earliest deadline at once. Nothing else can be waited for. */
  #sleep(world, subscriptions, events, count, out) {
    const view = this.#view();
    const waits = [];
    for (let index = 0; index < count; index++) {
      const at = subscriptions + index * 48;
      const kind = view.getUint8(at + 8);
      const timeout = view.getBigUint64(at + 24, true);
      let wait = 0n;
      if (kind === 0 && (view.getUint8(at + 40) & 1) === 1) {
        const now = world.time(view.getUint32(at + 16, true));
        wait = timeout > now ? timeout - now : 0n;
      } else if (kind === 0) {
        wait = timeout;
      }
      waits.push({ wait, user: view.getBigUint64(at, true), kind });
    }
    if (waits.length === 0) {
      return EINVAL;
    }
    const shortest = waits.reduce((least, { wait }) => (wait < least ? wait : least), waits[0].wait);
    world.pass(shortest);
    let happened = 0;
    for (const { user, kind } of waits.filter(({ wait }) => wait === shortest)) {
      const at = events + happened * 32;
      this.#bytes(at, 32).fill(0);
      view.setBigUint64(at, user, true);
      view.setUint8(at + 10, kind);
      happened += 1;
    }
    view.setUint32(out, happened, true);
    return OK;
  }

  #print(pieces, count, out) {
    const view = this.#view();
    let written = 0;
    for (let index = 0; index < count; index++) {
      const at = view.getUint32(pieces + index * 8, true);
      const length = view.getUint32(pieces + index * 8 + 4, true);
      this.#bytesPrinted += length;
      if (this.#bytesPrinted > PRINTED_MAX) {
        throw "output";
      }
      this.#printed += new TextDecoder().decode(this.#bytes(at, length));
      written += length;
    }
    view.setUint32(out, written, true);
    return OK;
  }
}
