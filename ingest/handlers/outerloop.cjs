"use strict";
/**
 * Writes errors of a Node program as lines of JSON, with the local variables of the functions that they came through.
 *
 * For services without an error tracker's SDK. Copy this file, then one of
 *
 *     OUTERLOOP_FILE=/var/log/shop/errors.jsonl node -r ./outerloop.cjs app.js
 *     require("./outerloop.cjs").install({ file: "/var/log/shop/errors.jsonl", release: "1.4.2" });
 *
 * writes what nobody catches, thrown or rejected; `capture(error)` writes what the program caught itself. How the program ends
 * and what it prints stay as they are. `outerloop serve` follows that file. Each line is an event as Sentry's clients send it,
 * but values are JavaScript expressions: a Map is no object, a key stays a number, containers are whole up to 16 KB.
 *
 * Secrets are masked before anything is written, by the names of variables and keys and by well-known shapes, at the same
 * length. No getter, proxy, `toString` or `toJSON` of the program is called. What is written is bounded, in size and in lines
 * a second; nothing here throws into the program. Node 18 or newer, no dependencies.
 */

const crypto = require("node:crypto");
const fs = require("node:fs");
const inspector = require("node:inspector");
const path = require("node:path");
const { types } = require("node:util");
const { fileURLToPath } = require("node:url");

const MAX_VALUE = 16 << 10; // characters of one variable
const MAX_EVENT = 512 << 10; // characters of all variables of an event; further ones are left out
const MAX_DEPTH = 8; // containers in containers
const MAX_ITEMS = 1000; // items of a container
const MAX_FRAMES = 50; // calls of one stack
const MAX_FRAMES_WITH_LOCALS = 20; // calls, innermost first, whose variables are taken
const MAX_LOCALS = 100; // variables of a call
const MAX_CHAIN = 16; // errors of an event
const MAX_PER_SECOND = 20; // events written, and throws looked at; further events are counted in the next line
const CONTEXT_LINES = 5; // source lines before and after
const MAX_LINE = 512; // characters of a source line
const MAX_SCRIPTS = 50_000; // files whose calls are told apart
const MAX_SOURCE = 4 << 20; // bytes of a source file

const SECRET_NAME =
  /passw|pwd|passphrase|secret|token|api_?key|access_?key|private_?key|credential|authori[sz]ation|cookie|session_?id|csrf|cvv|card_?number|ssn\b|(^|_)(auth|pin)($|_)/i;
const SECRET_VALUE =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|sk_live_|rk_live_|pypi-|npm_)[\w-]{16,}|(?<=:\/\/)[^\s/:@]+:[^\s/@]+(?=@)|(?<=[Bb]earer )[\w.~+/=-]{8,}/g;

// The program may replace these later.
const { getOwnPropertyDescriptor, getPrototypeOf, keys: keysOf } = Object;
const getTime = Date.prototype.getTime;
const sourceOf = getOwnPropertyDescriptor(RegExp.prototype, "source").get;
const flagsOf = getOwnPropertyDescriptor(RegExp.prototype, "flags").get;
const mapEntries = Map.prototype.entries;
const setValues = Set.prototype.values;
const toHex = Buffer.prototype.hexSlice;
const functionText = Function.prototype.toString;

/** A text without secrets of well-known shapes, at the same length. */
function masked(text) {
  return text.replace(SECRET_VALUE, (found) => "x".repeat(found.length));
}

/** A property that is a plain value, without running anything; undefined for a getter and for none. */
function own(object, name) {
  if (object === null || (typeof object !== "object" && typeof object !== "function") || types.isProxy(object)) return undefined;
  return getOwnPropertyDescriptor(object, name)?.value;
}

/** The same, of the object or of what it inherits from. */
function inherited(object, name) {
  for (let at = object, n = 0; at !== null && at !== undefined && n < 20 && !types.isProxy(at); at = getPrototypeOf(at), n++) {
    const found = getOwnPropertyDescriptor(at, name);
    if (found) return found.value;
  }
  return undefined;
}

function nameOfClass(object) {
  const name = own(inherited(object, "constructor"), "name");
  return typeof name === "string" ? name.slice(0, 200) : "";
}

class TooLong extends Error {}

/** Writes a value as an expression, as far as there is room. */
class Writer {
  constructor(room) {
    this.parts = [];
    this.room = room;
  }

  put(text) {
    this.room -= text.length;
    if (this.room < 0) throw new TooLong();
    this.parts.push(text);
  }

  value(value, depth, above, isSecret) {
    if (typeof value === "string") return this.text(value, isSecret);
    const isNothing = value === null || value === undefined || typeof value === "boolean";
    const isContainer = typeof value === "object" && value !== null;
    if (isSecret && !isNothing && !isContainer) return this.put('"[Filtered]"');
    if (typeof value === "bigint") return this.put(value < 10n ** 1000n && value > -(10n ** 1000n) ? `${value}n` : "<bigint>");
    if (typeof value === "symbol") return this.put(`Symbol(${JSON.stringify((value.description ?? "").slice(0, 200))})`);
    if (typeof value === "function") {
      const name = types.isProxy(value) ? "" : own(value, "name");
      return this.put(`<function ${typeof name === "string" ? name.slice(0, 200) : ""}>`);
    }
    if (!isContainer) return this.put(Object.is(value, -0) ? "-0" : String(value));
    if (types.isProxy(value)) return this.put("<Proxy>");
    if (above.includes(value) || depth >= MAX_DEPTH) return this.put("<...>");
    this.object(value, depth, [...above, value], isSecret);
  }

  text(value, isSecret) {
    // Quotes and escapes need room as well.
    let text = value.length > this.room - 8 ? value.slice(0, Math.max((this.room >> 1) - 8, 0)) : value;
    text = isSecret ? "x".repeat(text.length) : masked(text);
    this.put(JSON.stringify(text));
  }

  object(value, depth, above, isSecret) {
    const each = (item, hides) => this.value(item, depth + 1, above, hides);
    if (types.isDate(value)) {
      const time = getTime.call(value);
      return this.put(Number.isNaN(time) ? "new Date(NaN)" : `new Date("${new Date(time).toISOString()}")`);
    }
    if (types.isRegExp(value)) return this.put(`/${masked(sourceOf.call(value)).slice(0, 1000)}/${flagsOf.call(value)}`);
    if (types.isNativeError(value)) {
      const message = own(value, "message");
      this.put(`new ${nameOfClass(value) || "Error"}(`);
      this.text(typeof message === "string" ? message : "", isSecret);
      return this.put(")");
    }
    if (types.isUint8Array(value)) {
      if (isSecret) return this.put(`Buffer.alloc(${value.length})`);
      const shown = Math.min(value.length, Math.max((this.room >> 1) - 40, 0));
      return this.put(`Buffer.from("${toHex.call(value, 0, shown)}", "hex")${shown < value.length ? ".more" : ""}`);
    }
    if (types.isTypedArray(value)) {
      return this.items(`${nameOfClass(value) || "Array"}.of(`, ")", value.length, (n) => this.put(String(value[n])));
    }
    if (Array.isArray(value)) {
      return this.items("[", "]", value.length, (n) => {
        const found = getOwnPropertyDescriptor(value, n);
        // An empty place, and one whose value is made when it is asked for.
        if (!found) this.put("<empty>");
        else if (!("value" in found)) this.put("<getter>");
        else each(found.value, isSecret);
      });
    }
    if (types.isMap(value)) {
      const entries = mapEntries.call(value);
      return this.items("new Map([", "])", value.size, () => {
        const [key, item] = entries.next().value;
        this.put("[");
        each(key, false);
        this.put(", ");
        each(item, isSecret || (typeof key === "string" && SECRET_NAME.test(key)));
        this.put("]");
      });
    }
    if (types.isSet(value)) {
      const values = setValues.call(value);
      return this.items("new Set([", "])", value.size, () => each(values.next().value, isSecret));
    }
    const kind = nameOfClass(value);
    const isPlain = kind === "Object" || kind === "";
    const names = keysOf(value);
    this.items(isPlain ? "{" : `${kind} {`, "}", names.length, (n) => {
      const name = names[n];
      const found = getOwnPropertyDescriptor(value, name);
      this.put(/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(masked(name.slice(0, 1000))));
      this.put(": ");
      if (!found || !("value" in found)) this.put("<getter>");
      else each(found.value, isSecret || SECRET_NAME.test(name));
    });
  }

  /** As many items as there is room for; what is left out is shown by dots. */
  items(opening, closing, length, item) {
    this.put(opening);
    for (let n = 0; n < length; n++) {
      const mark = this.parts.length;
      try {
        if (n >= MAX_ITEMS) throw new TooLong();
        if (n > 0) this.put(", ");
        item(n);
      } catch (error) {
        if (!(error instanceof TooLong)) throw error;
        this.parts.length = mark;
        this.parts.push(`${n > 0 ? ", " : ""}<${length - n} more>`);
        break;
      }
    }
    this.parts.push(closing);
  }
}

/** A variable's value as text. */
function expression(name, value, room) {
  const writer = new Writer(room);
  try {
    writer.value(value, 0, [], SECRET_NAME.test(name));
  } catch (error) {
    return error instanceof TooLong ? "<too long to be written>" : "<it could not be read>";
  }
  return writer.parts.join("");
}

function isInApp(file) {
  return path.isAbsolute(file) && !file.includes("/node_modules/") && !file.includes("\\node_modules\\");
}

function fileOf(url) {
  try {
    return url.startsWith("file:") ? fileURLToPath(url) : url;
  } catch {
    return url;
  }
}

const STACK_LINE = /^\s+at (?:(?:async )?(.*?) \()?(?:async )?(.+?):(\d+):(\d+)\)?$/;

/** The calls of a stack as V8 prints it, innermost first. */
function callsOf(stack) {
  const calls = [];
  for (const line of stack.split("\n").slice(0, 2 * MAX_FRAMES)) {
    const found = STACK_LINE.exec(line);
    if (!found || calls.length >= MAX_FRAMES) continue;
    const called = (found[1] ?? "").replace(/^new /, "").replace(/ \[as .*\]$/, "");
    calls.push({ function: called || "<anonymous>", file: fileOf(found[2]), line: Number(found[3]), column: Number(found[4]) });
  }
  return calls;
}

/** The lines of a source file; none if it is not there, or too large. */
function linesOf(file, known) {
  if (!known.has(file)) {
    let lines = [];
    try {
      if (path.isAbsolute(file) && fs.statSync(file).size <= MAX_SOURCE) lines = fs.readFileSync(file, "utf8").split("\n");
    } catch {
      // Bundled, or gone.
    }
    known.set(file, lines);
  }
  return known.get(file);
}

function frameOf(call, locals, known) {
  const lines = linesOf(call.file, known);
  const cut = (from, to) => lines.slice(Math.max(from, 0), to).map((line) => masked(line.trimEnd().slice(0, MAX_LINE)));
  const at = call.line - 1;
  return {
    filename: call.file,
    abs_path: call.file,
    function: call.function,
    lineno: call.line,
    colno: call.column,
    in_app: isInApp(call.file),
    pre_context: cut(at - CONTEXT_LINES, at),
    context_line: cut(at, at + 1)[0] ?? null,
    post_context: cut(at + 1, at + 1 + CONTEXT_LINES),
    ...(locals ? { vars: locals } : {}),
  };
}

/** What was seen of an error when it was thrown: its calls with their variables, innermost first. */
const seen = new WeakMap();

/** The files of scripts, by V8's numbers: calls have these alone. */
const scripts = new Map();

/** The variables of each call, where what was seen is the same call. */
function joined(error, calls) {
  const left = (typeof error === "object" && error !== null && seen.get(error)) || [];
  let from = 0;
  return calls.map((call) => {
    const bare = call.function.split(".").pop();
    const at = left.findIndex((one, n) => n >= from && one.file === call.file && (one.function === bare || one.line === call.line));
    if (at < 0) return undefined;
    from = at + 1;
    return left[at].vars;
  });
}

/** The errors of a chain: each with the index of the one that it hangs on, and how. */
function chainOf(error) {
  const chain = [];
  const waiting = [{ error }];
  const known = new Set();
  while (waiting.length > 0 && chain.length < MAX_CHAIN) {
    const one = waiting.shift();
    if (known.has(one.error)) continue;
    known.add(one.error);
    const at = chain.push(one) - 1;
    const cause = own(one.error, "cause");
    if (cause !== undefined && cause !== null) waiting.push({ error: cause, parent: at, link: "cause" });
    const members = own(one.error, "errors");
    if (Array.isArray(members) && !types.isProxy(members)) {
      for (let n = 0; n < Math.min(members.length, MAX_CHAIN); n++) {
        waiting.push({ error: own(members, n), parent: at, link: `errors[${n}]` });
      }
    }
  }
  return chain;
}

/** The stack as text. V8 makes it when it is asked for, in newer versions by a getter; a getter of the program is not called. */
function stackOf(error) {
  try {
    const found = types.isNativeError(error) ? getOwnPropertyDescriptor(error, "stack") : undefined;
    if (found?.get && !functionText.call(found.get).includes("[native code]")) return "";
    const stack = found?.get ? found.get.call(error) : found?.value;
    return typeof stack === "string" ? stack.slice(0, 64 << 10) : "";
  } catch {
    return "";
  }
}

/** An error as an event; anything may be thrown. */
function eventOf(error, handled) {
  let room = MAX_EVENT;
  const known = new Map();
  const values = chainOf(error).map(({ error: each, parent, link }, at) => {
    const isError = types.isNativeError(each);
    const message = isError ? inherited(each, "message") : undefined;
    const calls = callsOf(stackOf(each));
    const locals = joined(each, calls);
    const frames = calls.map((call, n) => {
      const vars = room > 0 ? locals[n] : undefined;
      if (vars) for (const text of Object.values(vars)) room -= text.length;
      return frameOf(call, vars, known);
    });
    const name = isError ? inherited(each, "name") : undefined;
    const type = nameOfClass(each);
    return {
      type: isError ? (type && type !== "Error" ? type : typeof name === "string" ? name.slice(0, 200) : "Error") : "Error",
      value: typeof message === "string" ? masked(message.slice(0, MAX_VALUE)) : expression("", each, 1000),
      mechanism: {
        type: at === 0 ? "outerloop" : "chained",
        handled,
        exception_id: at,
        ...(parent === undefined ? {} : { parent_id: parent, source: link }),
      },
      // Sentry's order: the outermost call first.
      stacktrace: { frames: frames.reverse() },
    };
  });
  // Likewise: the one that surfaced comes last.
  return { exception: { values: values.reverse() } };
}

const state = { options: null, fd: null, second: 0, written: 0, suppressed: 0, looked: 0, session: null, resting: false };

/** Counts one more of what may happen so often a second. */
function isOverLimit(counter) {
  const second = Math.floor(Date.now() / 1000);
  if (state.second !== second) Object.assign(state, { second, written: 0, looked: 0 });
  state[counter] += 1;
  return state[counter] > MAX_PER_SECOND;
}

function reopen() {
  const { file } = state.options;
  let isSame = false;
  if (state.fd !== null) {
    try {
      const [there, ours] = [fs.statSync(file), fs.fstatSync(state.fd)];
      isSame = there.ino === ours.ino && there.dev === ours.dev;
    } catch {
      // It was moved away.
    }
    if (!isSame) fs.closeSync(state.fd);
  }
  if (!isSame) state.fd = fs.openSync(file, "a", 0o640);
}

function send(error, level, handled) {
  const { release, environment } = state.options;
  const event = {
    event_id: crypto.randomUUID().replaceAll("-", ""),
    timestamp: new Date().toISOString(),
    platform: "node",
    level,
    release,
    environment,
    ...eventOf(error, handled),
  };
  if (state.suppressed > 0) {
    event.extra = { suppressed: state.suppressed };
    state.suppressed = 0;
  }
  reopen();
  // One write, so that processes may share the file.
  fs.writeSync(state.fd, `${JSON.stringify(event)}\n`);
}

/** Writes an error that the program caught. It has variables only with `locals: "all"`. */
function capture(error) {
  try {
    if (!state.options) return;
    if (isOverLimit("written")) state.suppressed += 1;
    else send(error, "error", true);
  } catch {
    // The program goes on whatever becomes of this.
  }
}

/** What is no variable of the program's, or says again what others say. */
const NOT_ITS_OWN = new Set(["arguments", "this", "exports", "require", "module", "__filename", "__dirname"]);

/** The name under which code that is run in a paused call finds what takes its variables. */
const HOOK = Symbol.for("outerloop.take");

/** Takes the variables of the calls that an error was thrown through, while they are there. */
function paused({ params }) {
  try {
    const isThrown = params.reason === "exception" || params.reason === "promiseRejection";
    if (!isThrown || !params.data?.objectId) return;
    if (isOverLimit("looked")) return rest();
    const calls = [];
    for (const frame of params.callFrames.slice(0, MAX_FRAMES)) {
      const file = fileOf(frame.url || scripts.get(frame.location.scriptId) || "");
      const call = { function: frame.functionName, file, line: frame.location.lineNumber + 1 };
      if (calls.length < MAX_FRAMES_WITH_LOCALS && isInApp(file)) call.vars = variablesOf(frame);
      calls.push(call);
    }
    hand((error) => typeof error === "object" && error !== null && seen.set(error, calls), () =>
      state.session.post("Runtime.callFunctionOn", {
        objectId: params.data.objectId,
        functionDeclaration: `function () { globalThis[Symbol.for("outerloop.take")]?.(this); }`,
        silent: true,
      }),
    );
  } catch {
    // The program goes on whatever becomes of this.
  }
}

/** Looks at what nobody catches alone until the second is over: each pause takes time, and a program may throw a lot. */
function rest() {
  if (state.options.locals !== "all" || state.resting) return;
  state.resting = true;
  const pauseOn = (which) => state.session.post("Debugger.setPauseOnExceptions", { state: which });
  pauseOn("uncaught");
  setTimeout(() => {
    state.resting = false;
    pauseOn("all");
  }, 1000).unref();
}

/** Runs something that calls the hook. */
function hand(take, run) {
  Object.defineProperty(globalThis, HOOK, { value: take, configurable: true });
  try {
    run();
  } finally {
    delete globalThis[HOOK];
  }
}

function variablesOf(frame) {
  const names = new Set();
  for (const scope of frame.scopeChain) {
    if (scope.type !== "local" && scope.type !== "block" && scope.type !== "catch") continue;
    state.session.post("Runtime.getProperties", { objectId: scope.object.objectId, ownProperties: true }, (error, found) => {
      for (const { name } of (error ? undefined : found.result) ?? []) if (names.size < MAX_LOCALS) names.add(name);
    });
  }
  const vars = {};
  for (const name of names) {
    if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) || NOT_ITS_OWN.has(name)) continue;
    hand((value) => { vars[name] = expression(name, value, MAX_VALUE); }, () =>
      state.session.post("Debugger.evaluateOnCallFrame", {
        callFrameId: frame.callFrameId,
        expression: `globalThis[Symbol.for("outerloop.take")]?.(${name})`,
        silent: true,
      }),
    );
  }
  return vars;
}

/**
 * Begins to write what nobody catches.
 *
 * `file` is opened for appending, anew if it was moved away. `release` and `environment` are written with each event. `locals`
 * says whose variables are taken: of errors that nobody catches ("uncaught", the default), of all that are thrown ("all": a
 * throw then takes milliseconds, the first twenty of a second), or none ("none").
 */
function install({ file, release, environment, locals = "uncaught" }) {
  const isFirst = state.options === null;
  state.options = { file, release, environment, locals };
  if (!isFirst) return;
  process.on("uncaughtExceptionMonitor", (error) => {
    try {
      // It ends the program, so it is written whatever came before.
      send(error, "fatal", false);
    } catch {
      // The program ends as it would have.
    }
  });
  if (locals === "none") return;
  try {
    state.session = new inspector.Session();
    state.session.connect();
    state.session.on("Debugger.scriptParsed", ({ params: { scriptId, url } }) => {
      if (isInApp(fileOf(url)) && scripts.size < MAX_SCRIPTS) scripts.set(scriptId, url);
    });
    state.session.on("Debugger.paused", paused);
    state.session.post("Debugger.enable");
    state.session.post("Debugger.setPauseOnExceptions", { state: locals === "all" ? "all" : "uncaught" });
  } catch {
    // A Node without the inspector: errors are written without variables.
  }
}

module.exports = { install, capture };

if (process.env.OUTERLOOP_FILE) {
  install({ file: process.env.OUTERLOOP_FILE, release: process.env.OUTERLOOP_RELEASE, locals: process.env.OUTERLOOP_LOCALS });
}
