; Theorem: a window's counter of failures is below the number of wrong compares by at most one for each win that crossed its start.
;
; So within one window it never is below. A win crosses if its guess was charged before the window's end and its claim is made
; after it: it takes one back that the new window never had. That exactly one is forgotten is pinned.
; The same counting holds for the failures of a subject, a client and an audience.
;
; Assumes: charges are atomic, and a claim stands before what it gives back, so that a list that is made again is refused before
; it. Processes stop anywhere; any answer may be lost. A window may end at any time, so also when the counter comes to 0.
;
; Method: an inductive invariant over counts of processes, with `cap` as a parameter.
;
; Mirrors: plan.rs won, back.
; Mirrors: operations/verify.rs claim, guessed.
;
; Control: given-back = 2. A win takes back another's failure.
; Control: claim-stands-first = false. A list whose answer was lost is made again and clears again.
; Control: charge-comes-first = false. A failure whose process stops is not counted.

(declare-const cap Int)

(define-fun given-back () Int 1) ; premise
(define-fun claim-stands-first () Bool true) ; premise
(define-fun charge-comes-first () Bool true) ; premise

(assert (<= 1 cap))

; `paid` and `right` are as in challenge.smt2, of guesses charged in this window; `old-…` of guesses charged before it.
(declare-datatypes ((State 0)) (((state
  (counter Int) (failures Int) (paid Int) (right Int) (old-paid Int) (old-right Int) (crossed Int)))))

(define-fun start ((s State)) Bool (= s (state 0 0 0 0 0 0 0)))
(define-fun less ((total Int) (amount Int)) Int (ite (>= total amount) (- total amount) 0))

(define-fun guess ((a State) (b State)) Bool
  (and (<= (+ (counter a) 1) cap)
       (= b (state (+ (counter a) (ite charge-comes-first 1 0)) (failures a)
                   (+ (paid a) 1) (right a) (old-paid a) (old-right a) (crossed a)))))

; Without the premise a wrong guess would be charged after its compare, and a process that stops never charges it.
(define-fun compare ((a State) (b State)) Bool
  (or (and (> (paid a) 0)
           (or (= b (state (counter a) (+ (failures a) 1) (- (paid a) 1) (right a) (old-paid a) (old-right a) (crossed a)))
               (= b (state (counter a) (failures a) (- (paid a) 1) (+ (right a) 1) (old-paid a) (old-right a) (crossed a)))))
      (and (> (old-paid a) 0)
           (or (= b (state (counter a) (failures a) (paid a) (right a) (- (old-paid a) 1) (old-right a) (crossed a)))
               (= b (state (counter a) (failures a) (paid a) (right a) (- (old-paid a) 1) (+ (old-right a) 1) (crossed a)))))))

(define-fun claim ((a State) (b State)) Bool
  (or (and (> (right a) 0)
           (= b (state (less (counter a) given-back) (failures a)
                       (paid a) (- (right a) 1) (old-paid a) (old-right a) (crossed a))))
      (and (> (old-right a) 0)
           (= b (state (less (counter a) given-back) (failures a)
                       (paid a) (right a) (old-paid a) (- (old-right a) 1) (+ (crossed a) 1))))))

; A crash, a lost answer, or a refused claim: the failure stays.
(define-fun stop ((a State) (b State)) Bool
  (or (and (> (paid a) 0)
           (= b (state (counter a) (failures a) (- (paid a) 1) (right a) (old-paid a) (old-right a) (crossed a))))
      (and (> (right a) 0)
           (= b (state (counter a) (failures a) (paid a) (- (right a) 1) (old-paid a) (old-right a) (crossed a))))
      (and (> (old-paid a) 0)
           (= b (state (counter a) (failures a) (paid a) (right a) (- (old-paid a) 1) (old-right a) (crossed a))))
      (and (> (old-right a) 0)
           (= b (state (counter a) (failures a) (paid a) (right a) (old-paid a) (- (old-right a) 1) (crossed a))))))

; A list is made again. One that charges is another guess that stops; one that claims is refused at its head.
(define-fun repeat ((a State) (b State)) Bool
  (or (and (<= (+ (counter a) 1) cap)
           (= b (state (+ (counter a) 1) (failures a) (paid a) (right a) (old-paid a) (old-right a) (crossed a))))
      (and (not claim-stands-first)
           (= b (state (less (counter a) given-back) (failures a)
                       (paid a) (right a) (old-paid a) (old-right a) (crossed a))))))

(define-fun end ((a State) (b State)) Bool
  (= b (state 0 0 0 0 (+ (old-paid a) (paid a)) (+ (old-right a) (right a)) 0)))

(define-fun step ((a State) (b State)) Bool
  (or (guess a b) (compare a b) (claim a b) (stop a b) (repeat a b) (end a b)))

(define-fun invariant ((s State)) Bool
  (and (<= 0 (counter s)) (<= 0 (failures s)) (<= 0 (crossed s))
       (<= 0 (paid s)) (<= 0 (right s)) (<= 0 (old-paid s)) (<= 0 (old-right s))
       (>= (+ (counter s) (crossed s)) (+ (failures s) (paid s) (right s)))))

(define-fun safe ((s State)) Bool (>= (counter s) (- (failures s) (crossed s))))

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
(echo "never: a failure forgotten without a crossing win within 7 steps")
(check-sat)
(pop)

(push)
(assert (and (= (crossed s7) 1) (= (counter s7) (- (failures s7) 1))))
(echo "reached: one crossing win forgets one failure")
(check-sat)
(pop)

(push)
(assert (and (= (crossed s7) 0) (= (counter s7) (failures s7) 2)))
(echo "reached: the counter is exactly the number of failures")
(check-sat)
(pop)
