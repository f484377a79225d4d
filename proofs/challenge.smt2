; Theorem: at most `guesses` compares and at most one acceptance come of one challenge, whatever number of processes try.
;
; It also proves that an honest total of a claim is always above CLAIM, so that refusing a lower one refuses no honest store.
;
; Assumes: each charge of the challenge is atomic, and its counter is not forgotten while a guess can be accepted
; (mark.smt2). Processes stop anywhere, and any answer may be lost after its charge was made. A list that is made twice
; only adds to the counter, so that nothing here rests on lists not being repeated.
;
; Method: an inductive invariant over counts of processes, with `guesses` as a parameter.
;
; Mirrors: guard.rs CLAIM, check_totals.
; Mirrors: plan.rs guess, spent.
; Mirrors: operations/verify.rs claim, guessed.
;
; Control: claim-has-limit = false. Two processes that compared right both win.
; Control: charge-comes-first = false. Processes that looked at one total all compare.
; Control: guesses-below-claim = false. A used challenge takes guesses.
; Control: counter-is-kept = false. A store makes room by forgetting the counter.

(declare-const CLAIM Int) ; read CLAIM guard.rs
(declare-const MOST Int) ; read guesses.1 settings.rs
(declare-const guesses Int)

(define-fun claim-has-limit () Bool true) ; premise
(define-fun charge-comes-first () Bool true) ; premise
(define-fun guesses-below-claim () Bool true) ; premise
(define-fun counter-is-kept () Bool true) ; premise

(assert (and (<= 1 guesses) (=> guesses-below-claim (< guesses CLAIM))))

; `paid` guesses are charged and not compared, `right` ones compared right and not claimed, `won` ones claimed and not told.
(declare-datatypes ((State 0)) (((state
  (counter Int) (charges Int) (claims Int)
  (paid Int) (right Int) (won Int)
  (compares Int) (accepted Int)))))

(define-fun start ((s State)) Bool (= s (state 0 0 0 0 0 0 0 0)))

(define-fun guess ((a State) (b State)) Bool
  (and (<= (+ (counter a) 1) guesses)
       (= b (state (+ (counter a) (ite charge-comes-first 1 0)) (+ (charges a) (ite charge-comes-first 1 0)) (claims a)
                   (+ (paid a) 1) (right a) (won a) (compares a) (accepted a)))))

(define-fun compare ((a State) (b State)) Bool
  (and (> (paid a) 0)
       (let ((late (ite charge-comes-first 0 1)))
         (or (= b (state (+ (counter a) late) (+ (charges a) late) (claims a)
                         (- (paid a) 1) (right a) (won a) (+ (compares a) 1) (accepted a)))
             (= b (state (+ (counter a) late) (+ (charges a) late) (claims a)
                         (- (paid a) 1) (+ (right a) 1) (won a) (+ (compares a) 1) (accepted a)))))))

(define-fun claim ((a State) (b State)) Bool
  (and (> (right a) 0)
       (=> claim-has-limit (<= (+ (counter a) CLAIM) (+ CLAIM guesses)))
       (= b (state (+ (counter a) CLAIM) (charges a) (+ (claims a) 1)
                   (paid a) (- (right a) 1) (+ (won a) 1) (compares a) (accepted a)))))

(define-fun accept ((a State) (b State)) Bool
  (and (> (won a) 0)
       (= b (state (counter a) (charges a) (claims a)
                   (paid a) (right a) (- (won a) 1) (compares a) (+ (accepted a) 1)))))

; A crash, a lost answer, a refusal further on in the list, or a refused claim.
(define-fun stop ((a State) (b State)) Bool
  (or (and (> (paid a) 0)
           (= b (state (counter a) (charges a) (claims a) (- (paid a) 1) (right a) (won a) (compares a) (accepted a))))
      (and (> (right a) 0)
           (= b (state (counter a) (charges a) (claims a) (paid a) (- (right a) 1) (won a) (compares a) (accepted a))))
      (and (> (won a) 0)
           (= b (state (counter a) (charges a) (claims a) (paid a) (right a) (- (won a) 1) (compares a) (accepted a))))))

; A host makes a list again whose answer was lost: a charge that nobody waits for.
(define-fun repeat ((a State) (b State)) Bool
  (or (and (<= (+ (counter a) 1) guesses)
           (= b (state (+ (counter a) 1) (+ (charges a) 1) (claims a)
                       (paid a) (right a) (won a) (compares a) (accepted a))))
      (and (> (claims a) 0)
           (=> claim-has-limit (<= (+ (counter a) CLAIM) (+ CLAIM guesses)))
           (= b (state (+ (counter a) CLAIM) (charges a) (+ (claims a) 1)
                       (paid a) (right a) (won a) (compares a) (accepted a))))))

(define-fun forget ((a State) (b State)) Bool
  (and (not counter-is-kept)
       (= b (state 0 (charges a) (claims a) (paid a) (right a) (won a) (compares a) (accepted a)))))

(define-fun step ((a State) (b State)) Bool
  (or (guess a b) (compare a b) (claim a b) (accept a b) (stop a b) (repeat a b) (forget a b)))

(define-fun invariant ((s State)) Bool
  (and (= (counter s) (+ (charges s) (* CLAIM (claims s))))
       (<= 0 (charges s) guesses) (<= 0 (claims s) 1)
       (<= 0 (paid s)) (<= 0 (right s)) (<= 0 (won s)) (<= 0 (compares s)) (<= 0 (accepted s))
       (<= (+ (paid s) (compares s)) (charges s))
       (<= (right s) (compares s))
       (<= (+ (won s) (accepted s)) (claims s))))

(define-fun safe ((s State)) Bool (and (<= (compares s) guesses) (<= (accepted s) 1)))

(declare-const a State)
(declare-const b State)

(push)
(assert (> MOST (- CLAIM 1)))
(echo "proved: settings allow fewer guesses than CLAIM")
(check-sat)
(pop)

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

(push)
(assert (and (invariant a) (claim a b) (<= (counter b) CLAIM)))
(echo "proved: the total of an honest claim is above CLAIM")
(check-sat)
(pop)

(declare-const s0 State) (declare-const s1 State) (declare-const s2 State) (declare-const s3 State) (declare-const s4 State)
(declare-const s5 State) (declare-const s6 State) (declare-const s7 State) (declare-const s8 State)
(define-fun go ((a State) (b State)) Bool (or (= a b) (step a b)))
(assert (and (start s0) (go s0 s1) (go s1 s2) (go s2 s3) (go s3 s4) (go s4 s5) (go s5 s6) (go s6 s7) (go s7 s8)))

(push)
(assert (not (safe s8)))
(echo "never: a compare or an acceptance too many within 8 steps")
(check-sat)
(pop)

(push)
(assert (and (= guesses 3) (= (compares s8) guesses) (= (accepted s8) 1)))
(echo "reached: all guesses compared and one accepted")
(check-sat)
(pop)
