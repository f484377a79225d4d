/**
 * SMS two-factor authentication through Xoxzo, for C: clients, counter stores, and functions of the program's own in place of a guard, a transport, a
 * clock, or for events.
 *
 *     x2f_challenge challenge = {.size = sizeof challenge};
 *     if (x2f_start(client, &binding, NULL, &challenge, &failure) == X2F_OK) { keep challenge.token in the session }
 *     if (x2f_verify(client, token, &binding, pin, NULL, NULL, &failure).accepted) { let the user in }
 *
 * Rules for every function:
 *
 * - A struct that begins with `size` is passed with that field set to its sizeof, for arguments and results. The rest of a result is zeroed first.
 * - Texts are UTF-8 and end with a zero byte. Bytes that are not UTF-8 become U+FFFD, which no argument may hold, so they are refused.
 *   NULL is an absent text. Refuse a text from a user that may hold a zero byte before you pass it here.
 * - After a failure, results are zero and `failure` says why. Results and `failure` may be NULL.
 * - No pointer that is passed in is kept after the call, but for the functions and contexts of x2f_options. Callers free only what they open.
 * - Any thread may call any function with any client or store, many at once. Nothing may use what is being closed.
 */
#ifndef XOXZO_2FA_H
#define XOXZO_2FA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Version of this interface. x2f_version() is that of the library. */
#define X2F_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

#include "xoxzo_2fa_ffi.h"

#if defined(__GNUC__) && !defined(__cplusplus)
/* An answer that nobody looks at is a mistake. */
#define X2F_USED(function) __typeof__(function) function __attribute__((warn_unused_result))
X2F_USED(x2f_open);
X2F_USED(x2f_start);
X2F_USED(x2f_resend);
X2F_USED(x2f_verify);
X2F_USED(x2f_check_receipt);
X2F_USED(x2f_call);
#undef X2F_USED
#endif

#ifdef __cplusplus
}
#endif

#endif
