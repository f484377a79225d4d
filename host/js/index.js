export { Operator, TwoFactor } from "./src/client.js";
export { checkReceipt, explain, inspect, keygen, preview, receiptKey, requestKey, signRequest } from "./src/configuration.js";
export { Misuse, Refuse, TwoFactorError, Upstream } from "./src/errors.js";
export { GuardError, GuardFull, GuardUnfit, GuardUnreachable, applied, runs } from "./src/guard.js";
export { MemoryGuard } from "./src/memory.js";
export { Settings } from "./src/settings.js";
export { Lost, NotSent, Unknown } from "./src/transport.js";
