//! Attacks on other services, and why they do not work here.
//!
//! | attack | elsewhere | here |
//! |---|---|---|
//! | try all codes | token schemes without a store cannot count: 10⁶ codes take seconds | there is no mode without a guard; 5 guesses a challenge, counted before they are compared |
//! | ask for a new code to guess on | limits that belong to the code, or are reset by a resend | failures belong to the user with the number, over all challenges |
//! | guess at once from many connections | the count is read, compared and written in steps | one atomic charge before the compare |
//! | use a code twice | codes that are good until they expire | one atomic claim; `used` is told before any compare |
//! | own phone, other's account | the number comes from the form | the number is in the binding, from the server's record |
//! | move a separator | `phone + "." + code` signed as one string: `a` + `b.c` is `a.b` + `c` | every field has its length before it |
//! | forge with the default key | keys that may be empty or guessed | keys of 256 random bits with a checksum, and nothing else |
//! | spell a number otherwise | `+8190…` and `+81090…` are two numbers to a limit | one spelling, everything else is refused |
//! | SMS pumping | any destination, caps that are global or absent | a closed list, denied sub-ranges, caps from the number outward |
//! | premium calls | voice as freely as SMS | a list of its own, off by default, only after an SMS, five times the weight |
//! | lock a user out | failures by strangers count against the login | purposes that strangers can start count apart |
//! | write in the service's name | a payee `Refund. Code 111111, call …` in a message | a small alphabet for everything that is shown |
//! | change the payment | the code confirms whatever is on the screen | amount and payee are authenticated with the code |
//! | an app that checks results steals the keys | one secret signs and checks | receipt keys check one audience and do nothing else |
//! | roll the clock, replay old tokens | counters that end before the token | a challenge's counter outlives it by 240 s; no grace after its end |
//! | read the secrets in errors | parsers that repeat the value they could not read | errors name path, line and kind |
//! | redirect the client | a proxy, a redirect, a second URL | one origin, https, no redirect, no second try |
//! | answer with a gigabyte, or never | no bounds | bounded time and sizes; a lost answer is `unknown` and never sent again |
//! | ask which accounts exist | answers that differ | decoys; the time that Xoxzo takes still tells, so use them after a delay of your own if that matters |
//!
//! What SMS itself cannot do is in `SECURITY.md`: a SIM can be swapped, a code relayed by a page that looks like yours. Offer a better factor
//! beside it.
