//! Attacks on other services, and why they do not work here.
//!
//! | attack | elsewhere | here |
//! |---|---|---|
//! | try all codes | token schemes without a store cannot count: 10⁶ codes take seconds | there is no mode without a guard; 5 guesses a challenge, counted before they are compared |
//! | ask for a new code to guess on | limits belong to the code, or a resend resets them | failures belong to the user with the number, over all challenges |
//! | guess at once from many connections | the count is read, compared and written in separate steps | one atomic charge before the compare |
//! | use a code twice | codes stay valid until they expire | one atomic claim; a used code is refused with `used` before any compare |
//! | log in to another's account with one's own phone | the number comes from the form | the number is in the binding, from the server's record |
//! | move a separator | `phone + "." + code` is signed as one string: `a` + `b.c` is `a.b` + `c` | every field has its length before it |
//! | forge with the default key | keys may be empty or guessable | keys have 256 random bits and a checksum; nothing else is accepted |
//! | spell a number differently | `+8190…` and `+81090…` are two numbers to a limit | one spelling; everything else is refused |
//! | SMS pumping | any destination is open, and caps are global or absent | a closed list, denied sub-ranges, caps from the number outward |
//! | premium calls | voice is as open as SMS | calls have their own list, are off by default, come only after an SMS, and weigh five times as much |
//! | lock a user out | failures by strangers count against the login | purposes that strangers can start have their own counters |
//! | write in the service's name | a message shows a payee `Refund. Code 111111, call …` | a small alphabet for all displayed text |
//! | change the payment | the code confirms whatever is on the screen | amount and payee are authenticated with the code |
//! | steal the keys from an app that checks results | one secret signs and checks everything | a receipt key is good for receipts of one audience only |
//! | roll the clock, replay old tokens | counters end before the token | a challenge's counter outlives it by 240 s; no grace after its end |
//! | read secrets in errors | parsers repeat the value they could not read | errors name path, line and kind |
//! | redirect the client | a proxy, a redirect, a second URL | one origin, https, no redirect, no retry |
//! | answer with a gigabyte, or never | no bounds | bounded time and sizes; a request without an answer is `unknown` and never retried |
//! | ask which accounts exist | answers differ | decoys; response time can still reveal them, so add a delay of your own if that matters |
//!
//! `SECURITY.md` lists the weaknesses of SMS itself: a SIM can be swapped, and a page that looks like yours can relay a code. Offer a better factor
//! beside it.
