/** A settings document from environment variables and working defaults. */

import { Misuse } from "./errors.js";

/** Returns the document. `file` reads a file. Throws `Misuse`, naming the variable that is missing or malformed. */
export function document(environment, file) {
  const optional = (name, otherwise) => (typeof environment[name] === "string" && environment[name]) || otherwise;
  const required = (name) => optional(name) ?? wrong(name, "is not set", " ");
  const list = (value) => value.split(",").map((part) => part.trim());
  const made = {
    version: 1,
    audience: optional("XOXZO_2FA_AUDIENCE", "xoxzo-2fa"),
    service: optional("XOXZO_2FA_SERVICE", "Xoxzo 2FA"),
    keys: list(required("XOXZO_2FA_KEY")),
    guard: { key: required("XOXZO_2FA_GUARD_KEY") },
    xoxzo: {
      sid: required("XOXZO_API_SID"),
      auth_token: required("XOXZO_API_AUTH_TOKEN"),
      sender: optional("XOXZO_SENDER", "Xoxzo"),
      base_url: optional("XOXZO_BASE_URL")?.replace(/\/+$/, ""),
    },
    destinations: list(optional("XOXZO_2FA_DESTINATIONS", "JP-mobile")),
  };
  const digits = optional("XOXZO_2FA_PIN_DIGITS");
  if (digits) made.pin = { digits: /^\s*[0-9]{1,9}\s*$/.test(digits) ? Number(digits) : wrong("XOXZO_2FA_PIN_DIGITS", "must be a number") };
  const path = optional("XOXZO_2FA_TEXTS");
  if (path) made.message = { texts: texts(file(path, "settings: XOXZO_2FA_TEXTS")) };
  const cap = optional("XOXZO_2FA_CLIENT_CAP");
  if (cap) {
    const found =
      /^\s*([0-9]{1,9})\s*\/\s*([0-9]{1,9})\s*$/.exec(cap) ?? wrong("XOXZO_2FA_CLIENT_CAP", "must be COUNT/SECONDS, as 20/3600");
    made.sends = made.failures = { per_client: { count: Number(found[1]), seconds: Number(found[2]) } };
  }
  return made;
}

function texts(json) {
  try {
    return JSON.parse(json);
  } catch {
    return wrong("XOXZO_2FA_TEXTS", "the file is not JSON");
  }
}

function wrong(name, what, between = ": ") {
  throw new Misuse("settings", `settings: ${name}${between}${what}`);
}
