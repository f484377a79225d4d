; Theorem: no claim is made after its challenge's counter ended, so that a used challenge is never acceptable again.
;
; The counter lives `lifetime` + BEYOND from the first guess on, by the store's time. The last claim is bounded by the clocks of
; hosts. Between the two there is room for `slack`, the sum of
;   - how far the clocks of the issuing and the accepting host are apart while the challenge lives,
;   - how long a claim is on its way: from the engine's last look at a clock until the store makes it,
;   - how much earlier than its life a store ends a counter; up to 1 s if it counts in whole seconds.
; The theorem holds while slack is at most ROOM, and ROOM is pinned: with more there is a trail. So clocks may be apart by SKEW and a
; claim may be on its way for twice as long as a state waits for its answer; or clocks are apart by twice SKEW, each off by SKEW, and a
; claim may be on its way for as long as a state waits.
;
; Assumes: a challenge is guessed after it was issued; the store's time runs steadily. Clocks of hosts may be set, also
; between guess and claim, within these bounds. Sums of times do not saturate (before 2106).
;
; Mirrors: common/clock.rs SKEW, BEYOND, HASTE, within.
; Mirrors: signed/token.rs left.
; Mirrors: operations/recall.rs ttl, recall.
; Mirrors: operations/state.rs LIFETIME, from_state.
;
; Control: BEYOND = 0. The counter ends with the challenge.
; Control: BEYOND = (- BEYOND 1). Nothing is to spare.
; Control: HASTE = (+ HASTE 1). A claim may come later after its guess.
; Control: STATE = (+ STATE 1). The same, where states wait.
; Control: SKEW = (+ SKEW 1). The room grows and the life does not.
; Control: life-of-token = false. The counter lives by settings that may differ from the token.

(declare-const SKEW Int) ; read SKEW common/clock.rs
(declare-const BEYOND Int) ; read BEYOND common/clock.rs
(declare-const HASTE Int) ; read HASTE common/clock.rs
(declare-const STATE Int) ; read LIFETIME operations/state.rs
(declare-const LEAST Int) ; read lifetime_seconds.0 settings.rs
(declare-const MOST Int) ; read lifetime_seconds.1 settings.rs

(define-fun life-of-token () Bool true) ; premise
(define-fun ROOM () Int (+ (* 2 SKEW) STATE))

; Times are the store's, in seconds; a host reads its own clock as that time and an error, without the fraction.
(define-fun read ((at Real) (error Real)) Int (to_int (+ at error)))
(define-fun least ((a Int) (b Int)) Int (ite (<= a b) a b))

; Issued: by a token's head.
(declare-const issued Real) (declare-const issuer Real)
(declare-const lifetime Int)
(define-fun issued-at () Int (read issued issuer))
(assert (<= LEAST lifetime MOST))

; Charged first, by a host whose settings allow at most `own`: the counter's life begins.
(declare-const charged Real) (declare-const own Int) (declare-const early Real)
(assert (and (<= issued charged) (<= LEAST own MOST) (<= 0.0 early 1.0)))
(define-fun life () Int (+ BEYOND (ite life-of-token lifetime (least lifetime own))))
(define-fun ended () Real (- (+ charged (to_real life)) early))

; Accepted first: the mark is in the counter.
(declare-const claimed Real)
(assert (and (<= charged claimed) (< claimed ended)))

; Guessed again, in time by another clock and other settings.
(declare-const guessed Real) (declare-const guesser Real) (declare-const other Int)
(assert (and (<= issued guessed) (<= LEAST other MOST)))
(assert (<= issued-at (+ (read guessed guesser) SKEW)))
(assert (< (read guessed guesser) (+ issued-at (least lifetime other))))

; The engine's last look at a clock before the second claim: at most HASTE after the guess, or STATE with `steps`.
(declare-const looked Real) (declare-const looker Real) (declare-const bound Int)
(assert (and (<= guessed looked) (or (= bound HASTE) (= bound STATE))))
(assert (<= (- (read looked looker) (read guessed guesser)) bound))

; Claimed again.
(declare-const again Real)
(assert (<= looked again))

; The clocks are apart by at most `apart`.
(declare-const apart Real)
(define-fun near ((a Real) (b Real)) Bool (<= (- apart) (- a b) apart))
(assert (and (near issuer guesser) (near issuer looker) (near guesser looker)))

(define-fun slack () Real (+ apart (- again looked) early))
(define-fun twice () Bool (>= again ended))

(push)
(assert (and (<= slack (to_real ROOM)) twice))
(echo "never: a claim after the end of the mark")
(check-sat)
(pop)

(push)
(assert (and (> slack (to_real ROOM)) (< slack (to_real (+ ROOM 1))) twice))
(echo "reached: a claim after the end of the mark, with less than a second more than ROOM")
(check-sat)
(pop)

(push)
(assert (and (= apart (to_real SKEW)) (= (- again looked) (to_real (* 2 STATE))) (= early 0.0) (< (- ended again) 0.001)))
(echo "reached: a claim that waited for twice as long as a state lives, right before the end")
(check-sat)
(pop)
