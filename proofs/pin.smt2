; Theorem: for 4 to 10 digits, exactly as many 64-bit draws lead to each PIN as to any other, and under one in 2^30 is drawn again.
;
; `last` is the highest draw that is taken and each PIN has `last + 1 over bound` draws: the draws taken for PIN p are p, p + bound,
; p + 2 bound and so on, up to as many for each p. The threshold is computed as the engine does, in 64 bits that wrap, and equals the
; one of wit/SPEC.md.
;
; Assumes: the draws are uniform (HMAC-SHA-256 is a PRF). Leaves out that after 2^32 refused draws the PIN is 0.
;
; Mirrors: signed/pin.rs sample, derive.
;
; Control: more = 1. One draw too many is taken.
; Control: more = (- 1). One too few.
; Control: draws-are-refused = false. Every draw is taken.

(define-fun more () Int 0) ; premise
(define-fun draws-are-refused () Bool true) ; premise

(define-fun TOP () Int 18446744073709551615)
(define-fun wrap ((n Int)) Int (mod n (+ TOP 1)))

(define-fun rest ((bound Int)) Int (mod (wrap (+ (mod TOP bound) 1)) bound))
(define-fun last ((bound Int)) Int (ite draws-are-refused (+ (wrap (- TOP (rest bound))) more) TOP))
(define-fun specified ((bound Int)) Int (- (+ TOP 1) 1 (mod (+ TOP 1) bound)))
(define-fun each ((bound Int)) Int (div (+ (last bound) 1) bound))

; A draw, by the PIN that it gives and how often the bound goes into it.
(declare-const pin Int)
(declare-const times Int)
(define-fun draw ((bound Int)) Int (+ pin (* bound times)))

(define-fun biased ((bound Int)) Bool
  (and (<= 0 pin) (< pin bound) (<= 0 times) (<= (draw bound) TOP)
       (or (not (= (mod (draw bound) bound) pin))
           (not (= (<= (draw bound) (last bound)) (< times (each bound)))))))
(define-fun otherwise ((bound Int)) Bool (not (= (last bound) (specified bound))))
(define-fun often ((bound Int)) Bool (>= (* (rest bound) 1073741824) (+ TOP 1)))

(push)
(assert (or (biased 10000) (biased 100000) (biased 1000000) (biased 10000000) (biased 100000000) (biased 1000000000)
            (biased 10000000000)))
(echo "never: a PIN with more or fewer draws than another")
(check-sat)
(pop)

(push)
(assert (or (otherwise 10000) (otherwise 100000) (otherwise 1000000) (otherwise 10000000) (otherwise 100000000)
            (otherwise 1000000000) (otherwise 10000000000)))
(echo "proved: the engine's threshold is the one of the specification")
(check-sat)
(pop)

(push)
(assert (or (often 10000) (often 100000) (often 1000000) (often 10000000) (often 100000000) (often 1000000000)
            (often 10000000000)))
(echo "proved: under one draw in 2^30 is refused")
(check-sat)
(pop)

(push)
(assert (and (= pin 9999999999) (<= 0 times) (<= (draw 10000000000) (last 10000000000)) (= (+ times 1) (each 10000000000))))
(echo "reached: the last draw of the last PIN of 10 digits")
(check-sat)
(pop)
