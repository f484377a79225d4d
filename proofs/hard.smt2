; Theorem: the consecutive failures are never fewer than the guesses that were charged since the last win's claim.
;
; A guess that is on its way counts as charged, whether it turns out wrong or wins.
;
; Assumes: claim and clearing are one atomic change, since they are neighbours of one group. What a win takes back may be any
; amount: the theorem does not rest on what it saw. The counter's life of ten years does not end. Processes stop anywhere; any answer
; may be lost; a claim that is made again is refused and clears nothing.
;
; Method: an inductive invariant for two processes that are followed and a crowd of any number, with `cap` as a parameter.
;
; Mirrors: plan.rs won, hard.
; Mirrors: operations/verify.rs claim, guessed.
; Mirrors: guard.rs LASTING.
;
; Control: claim-clears-at-once = false. Two wins at once, then a failure, then both clear.
; Control: charge-comes-first = false. A failure whose process stops is not counted.

(declare-const cap Int)

(define-fun claim-clears-at-once () Bool true) ; premise
(define-fun charge-comes-first () Bool true) ; premise

(assert (<= 1 cap))

; A process that is followed: its stage and the total that its guess saw.
(declare-datatypes ((Stage 0)) (((begun) (guessed) (claimed) (ended))))
(declare-datatypes ((Process 0)) (((process (stage Stage) (saw Int)))))
(declare-datatypes ((State 0)) (((state (counter Int) (since Int) (one Process) (two Process)))))

(define-fun start ((s State)) Bool (= s (state 0 0 (process begun 0) (process begun 0))))
(define-fun less ((total Int) (amount Int)) Int (ite (>= total amount) (- total amount) 0))

(define-fun step-of ((p Process) (q Process) (a State) (b State)) Bool
  (or (and (= (stage p) begun) (<= (+ (counter a) 1) cap)
           (= q (process guessed (+ (counter a) 1)))
           (= (counter b) (+ (counter a) 1)) (= (since b) (+ (since a) 1)))
      (and (= (stage p) guessed)
           (= (since b) 0)
           (ite claim-clears-at-once
                (and (= q (process ended (saw p))) (= (counter b) (less (counter a) (saw p))))
                (and (= q (process claimed (saw p))) (= (counter b) (counter a)))))
      (and (= (stage p) claimed)
           (= q (process ended (saw p)))
           (= (counter b) (less (counter a) (saw p))) (= (since b) (since a)))))

; Others: a guess, and where claim and clearing are one, a win that takes back whatever it likes.
(define-fun crowd ((a State) (b State)) Bool
  (and (= (one b) (one a)) (= (two b) (two a))
       (or (and (<= (+ (counter a) 1) cap)
                (= (counter b) (+ (counter a) (ite charge-comes-first 1 0))) (= (since b) (+ (since a) 1)))
           (and claim-clears-at-once
                (<= 0 (counter b) (counter a)) (= (since b) 0)))))

(define-fun step ((a State) (b State)) Bool
  (or (and (step-of (one a) (one b) a b) (= (two b) (two a)))
      (and (step-of (two a) (two b) a b) (= (one b) (one a)))
      (crowd a b)))

(define-fun invariant ((s State)) Bool
  (and (<= 0 (since s) (counter s))
       (not (= (stage (one s)) claimed)) (not (= (stage (two s)) claimed))))

(define-fun safe ((s State)) Bool (>= (counter s) (since s)))

(declare-const a State)
(declare-const b State)

(push)
(assert (and (start a) (not (invariant a))))
(echo "proved: the invariant holds at the start")
(check-sat)
(pop)

(push)
(assert (and (invariant a) (step a b) (not (invariant b))))
(echo "proved: each step keeps the invariant")
(check-sat)
(pop)

(push)
(assert (and (invariant a) (not (safe a))))
(echo "proved: the invariant implies the theorem")
(check-sat)
(pop)

(declare-const s0 State) (declare-const s1 State) (declare-const s2 State) (declare-const s3 State) (declare-const s4 State)
(declare-const s5 State) (declare-const s6 State) (declare-const s7 State)
(define-fun go ((a State) (b State)) Bool (or (= a b) (step a b)))
(assert (and (start s0) (go s0 s1) (go s1 s2) (go s2 s3) (go s3 s4) (go s4 s5) (go s5 s6) (go s6 s7)))

(push)
(assert (not (safe s7)))
(echo "never: a failure after the last win forgotten within 7 steps")
(check-sat)
(pop)

(push)
(assert (and (= (stage (one s7)) ended) (= (stage (two s7)) ended) (= (counter s7) (since s7) 2)))
(echo "reached: two wins, then exactly two failures")
(check-sat)
(pop)
