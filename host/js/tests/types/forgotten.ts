/** What the rules must find: a directive that suppresses nothing is an error. It is neither run nor an example. */

import { MemoryGuard, Settings, TwoFactor } from "xoxzo-2fa";

const twoFactor = new TwoFactor(Settings.fromEnvironment(), new MemoryGuard());
const user = { recipient: "+819012345678", subject: "user-1", purpose: "login" };
// eslint-disable-next-line @typescript-eslint/no-floating-promises
twoFactor.verify("", user, "123456");
// eslint-disable-next-line @typescript-eslint/no-misused-promises, @typescript-eslint/no-unnecessary-condition
if (twoFactor.verify("", user, "123456")) console.log("in");
