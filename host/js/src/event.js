/** Events of operations, for a callback. */

import { nameOf } from "./errors.js";

/** Returns an event. A field that is undefined is left out. */
export function event(fields, { trail: { subject, recipient, callingCode } = {}, ...audit }) {
  const named = {
    ...fields,
    subject,
    recipient,
    calling_code: callingCode,
    challenge_id: audit.challengeId,
    message_id: audit.messageId,
    decoy: audit.decoy,
    cause: audit.cause,
    alarm: audit.alarm,
  };
  const made = {};
  for (const name in named) if (named[name] !== undefined) made[name] = named[name];
  const odd = made.alarm !== undefined || !["ok", "refuse"].includes(made.outcome);
  return Object.defineProperty(made, "odd", { value: odd });
}

/** Passes an event to the callback. An error of the callback is only reported, so that it costs nobody a login. */
export function tell(audit, made) {
  const report = (error) => console.error(`xoxzo-2fa: the audit callback failed: ${nameOf(error)}`);
  try {
    const told = audit(made);
    if (typeof told?.then === "function") told.then(undefined, report);
  } catch (error) {
    report(error);
  }
}

/** Writes an event that operators should look at. */
export function warn(made) {
  if (made.odd) console.warn("xoxzo-2fa:", ...Object.entries(made).map(([name, value]) => `${name}=${value}`));
}
