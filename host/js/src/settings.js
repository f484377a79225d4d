/** Settings, as one JSON document that is the same for every host. */

import { readText } from "#platform";
import { text } from "./engine.js";
import { document as fromEnvironment } from "./environment.js";
import { Misuse, nameOf } from "./errors.js";
import { replaced, spans } from "./spans.js";

// Where the schema says `x-secret`: a reference may stand there.
const SECRET = /^(keys\.\d+|guard\.key|xoxzo\.(sid|auth_token|callback_url))$/;

/** Returns the document for the engine, with the scope of the guard in use. */
export let documentOf;

export class Settings {
  #text;

  constructor(document, environment = globalThis.process?.env ?? {}) {
    const written = typeof document === "string" ? document : text(document, "settings", "settings: a value that JSON has no form for", 1);
    if (typeof written !== "string") throw wrong("settings: must be JSON text or an object");
    this.#text = resolved(written, environment);
  }

  static fromEnvironment(environment = globalThis.process?.env ?? {}) {
    return new Settings(fromEnvironment(environment, file), environment);
  }

  static fromFile(path) {
    return new Settings(file(path, "settings"));
  }

  static {
    documentOf = (settings, scope) => {
      if (!(Object(settings) === settings && #text in settings)) throw wrong("settings: must be `new Settings(...)`");
      return scoped(settings.#text, scope);
    };
  }
}

// The text is kept as it was given but for what is replaced: the engine names lines, and refuses faults that a parser here would repair.

function resolved(document, environment) {
  const secrets = [...spans(document)].filter(([path, [begin]]) => SECRET.test(path) && document[begin] === "{");
  return replaced(
    document,
    secrets.map(([path, span]) => [span, JSON.stringify(secret(JSON.parse(document.slice(...span)), path, environment))]),
  );
}

function secret(reference, path, environment) {
  const [[kind, name], ...more] = [...Object.entries(reference), []];
  if (more.length === 1 && typeof name === "string") {
    if (kind === "env" && typeof environment[name] === "string") return environment[name];
    // Whatever is not like a name may be the secret itself.
    const shown = /^(?=.*_)[A-Z0-9_]{1,64}$/.test(name) ? ` ${name}` : "";
    if (kind === "env") throw wrong(`settings, ${path}: the environment variable${shown} is not set, or not text`);
    if (kind === "file") return file(name, `settings, ${path}`).replace(/\r?\n$/, "");
  }
  throw wrong(`settings, ${path}: must be a string, {"env": NAME} or {"file": PATH}`);
}

function scoped(document, scope) {
  const span = spans(document).get("guard");
  if (!span || document[span[0]] !== "{") return document;
  const guard = JSON.parse(document.slice(...span));
  if (!Object.hasOwn(guard, "scope")) {
    const begin = span[0] + 1;
    return replaced(document, [[[begin, begin], `"scope": "${scope}"${Object.keys(guard).length ? ", " : ""}`]]);
  }
  if (guard.scope !== scope) throw wrong(`settings, guard.scope: the store in use is of scope ${scope}`);
  return document;
}

function file(path, where) {
  try {
    return readText(path);
  } catch (error) {
    throw wrong(`${where}: the file cannot be read: ${nameOf(error)}`);
  }
}

function wrong(detail) {
  return new Misuse("settings", detail);
}
