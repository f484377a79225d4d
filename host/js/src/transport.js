/** One HTTP exchange, whichever way it goes. `transport.d.ts` says what a transport must do. */

export class Lost extends Error {}
Lost.prototype.name = "Lost";
Lost.prototype.kind = "unknown";

export class NotSent extends Lost {}
NotSent.prototype.name = "NotSent";
NotSent.prototype.kind = "not-sent";

export class Unknown extends Lost {}
Unknown.prototype.name = "Unknown";

/** The most bytes of a body that are read, after decompression. */
export const MOST = 64 * 1024;

/** Added to every request. Compression would only hide how much comes. */
export const HEADERS = { "accept-encoding": "identity", connection: "close", "user-agent": "xoxzo-2fa/0.1.0" };

/** Returns a body as text, without removing a byte order mark. */
export function decoded(bytes) {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Returns a field's first value, of those that are joined where a server sends several. */
export function first(value) {
  return value?.split(",")[0];
}

// Nothing but these says that no byte of a request left: the name was not found, no connection was made, the server did not prove its name.
const CAUSES = [
  [/^(ENOTFOUND|EAI_\w+)$/, "dns: the host name was not found"],
  [/^(ECONNREFUSED|UND_ERR_CONNECT_TIMEOUT)$/, "connect: no connection"],
  [/^CERT_HAS_EXPIRED$/, "tls: the certificate has expired"],
  [/^CERT_NOT_YET_VALID$/, "tls: the certificate is not valid yet"],
  [/^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, "tls: the certificate is for another name"],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE)$/,
    "tls: nobody trusted has issued the certificate",
  ],
  [/^CERT_\w+$/, "tls: the certificate is not valid"],
  [/^ERR_SSL_(WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|TLSV1_ALERT_PROTOCOL_VERSION)$/, "tls: the server speaks another TLS"],
];

/** Returns the loss for an error with this code. */
export function lost(code) {
  const known = CAUSES.find(([codes]) => codes.test(code));
  return known ? new NotSent(known[1]) : new Unknown("connection: it broke");
}
