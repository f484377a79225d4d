/** Errors of failed operations, one class per blame. */

import { hide } from "./records.js";

export class TwoFactorError extends Error {
  constructor(code, detail, { audit, ...fields } = {}) {
    super(`${code}: ${detail}`);
    Object.assign(this, { code, detail }, fields);
    hide(this, { audit });
    if (audit?.cause) hide(this, { cause: new Cause(audit.cause) });
  }
}
named(TwoFactorError, "TwoFactorError", "upstream");

export class Misuse extends TwoFactorError {}
named(Misuse, "Misuse", "misuse");

export class Refuse extends TwoFactorError {}
named(Refuse, "Refuse", "refuse");

export class Upstream extends TwoFactorError {}
named(Upstream, "Upstream", "upstream");

/** The reason why the guard or Xoxzo gave no readable answer: one line without URLs, credentials and numbers. It is never thrown. */
class Cause extends Error {
  constructor(text) {
    super(text);
    this.stack = `Cause: ${text}`;
  }
}
Cause.prototype.name = "Cause";

function named(kind, name, blame) {
  Object.assign(kind.prototype, { name, blame });
}

/** Returns the error for a failure of the engine. */
export function failed({ blame, code, detail, ...fields }) {
  const kind = { misuse: Misuse, refuse: Refuse, upstream: Upstream }[blame];
  return new kind(code, detail, fields);
}

/** Names an error that is not of this package. Its own text may quote passwords, addresses and arguments. */
export function nameOf(error) {
  const name = error instanceof Error && /^\w{1,40}$/.test(error.name) ? error.name : typeof error;
  return /^[A-Z][A-Z0-9_]{2,40}$/.test(error?.code) ? `${name} ${error.code}` : name;
}
