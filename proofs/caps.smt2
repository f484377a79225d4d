; Theorem: in one window no more is sent than a cap allows, and starts that were refused or not sent leave the counter as it was.
;
; It holds for each counter of messages: per subject, number, client, range and audience, whatever stands beside it. Over a window's
; end a start that was charged before it and is given back after it takes its weight from the new window; the counter is then too
; low by at most those weights, and that this is reached is pinned.
;
; Assumes: charges are atomic and carry the cap (`sends.monitor` off); no list is made twice. A process that stops and an answer that
; is lost leave their charge, which exceeds no cap but stays as a trace. A message counts as sent also where nothing is known of it.
; A decoy is charged like a message and counts as one.
;
; Method: an inductive invariant over weights, for any number of processes, with `cap` and all weights as parameters.
;
; Mirrors: plan.rs message, back.
; Mirrors: operations/dispatch.rs charge, back, unknown.
;
; Control: charge-has-limit = false. Starts that looked at one total are all charged.
; Control: given-back = 2. A list whose answer was lost is made again and gives back twice.
; Control: sent-stays = false. What was sent is given back.

(declare-const cap Int)

(define-fun charge-has-limit () Bool true) ; premise
(define-fun given-back () Int 1) ; premise
(define-fun sent-stays () Bool true) ; premise

(assert (<= 1 cap))

; `looked`, `held`: weight of the starts that looked and were charged in this window; `old` the latter of those charged before it.
(declare-datatypes ((State 0)) (((state (counter Int) (looked Int) (held Int) (sent Int) (lost Int) (old Int) (crossed Int)))))

(define-fun start ((s State)) Bool (= s (state 0 0 0 0 0 0 0)))
(define-fun less ((total Int) (amount Int)) Int (ite (>= total amount) (- total amount) 0))
(define-fun room ((s State) (weight Int)) Bool (<= (+ (counter s) weight) cap))

(define-fun look ((a State) (b State) (weight Int)) Bool
  (and (room a weight)
       (= b (state (counter a) (+ (looked a) weight) (held a) (sent a) (lost a) (old a) (crossed a)))))

(define-fun charge ((a State) (b State) (weight Int)) Bool
  (and (<= weight (looked a))
       (=> charge-has-limit (room a weight))
       (= b (state (+ (counter a) weight) (- (looked a) weight) (+ (held a) weight) (sent a) (lost a) (old a) (crossed a)))))

(define-fun send ((a State) (b State) (weight Int)) Bool
  (or (and (<= weight (held a))
           (= b (state (ite sent-stays (counter a) (less (counter a) weight))
                       (looked a) (- (held a) weight) (+ (sent a) weight) (lost a) (old a) (crossed a))))
      (and (<= weight (old a))
           (= b (state (counter a) (looked a) (held a) (sent a) (lost a) (- (old a) weight) (crossed a))))))

; Refused further on, or surely not sent.
(define-fun back ((a State) (b State) (weight Int)) Bool
  (or (and (<= weight (held a))
           (= b (state (less (counter a) (* given-back weight))
                       (looked a) (- (held a) weight) (sent a) (lost a) (old a) (crossed a))))
      (and (<= weight (old a))
           (= b (state (less (counter a) (* given-back weight))
                       (looked a) (held a) (sent a) (lost a) (- (old a) weight) (+ (crossed a) weight))))))

; A crash or a lost answer: the charge stays.
(define-fun stop ((a State) (b State) (weight Int)) Bool
  (or (and (<= weight (held a))
           (= b (state (counter a) (looked a) (- (held a) weight) (sent a) (+ (lost a) weight) (old a) (crossed a))))
      (and (<= weight (old a))
           (= b (state (counter a) (looked a) (held a) (sent a) (lost a) (- (old a) weight) (crossed a))))))

(define-fun end ((a State) (b State)) Bool (= b (state 0 (looked a) 0 0 0 (+ (old a) (held a)) 0)))

(define-fun step ((a State) (b State) (weight Int)) Bool
  (and (<= 1 weight)
       (or (look a b weight) (charge a b weight) (send a b weight) (back a b weight) (stop a b weight) (end a b))))

(define-fun invariant ((s State)) Bool
  (and (<= 0 (counter s) cap) (<= 0 (looked s)) (<= 0 (held s)) (<= 0 (sent s)) (<= 0 (lost s)) (<= 0 (old s)) (<= 0 (crossed s))
       (<= (counter s) (+ (held s) (sent s) (lost s)) (+ (counter s) (crossed s)))))

; In one window: at most the cap is sent, and once nobody holds anything and nothing was lost, the counter is what was sent.
(define-fun safe ((s State)) Bool
  (and (<= (sent s) (+ cap (crossed s)))
       (=> (= (crossed s) 0) (and (<= (sent s) cap) (=> (= (held s) (lost s) 0) (= (counter s) (sent s)))))))

(declare-const a State)
(declare-const b State)
(declare-const w Int)

(push)
(assert (and (start a) (not (invariant a))))
(echo "proved: the invariant holds at the start")
(check-sat)
(pop)

(push)
(assert (and (invariant a) (step a b w) (not (invariant b))))
(echo "proved: each step keeps the invariant")
(check-sat)
(pop)

(push)
(assert (and (invariant a) (not (safe a))))
(echo "proved: the invariant implies the theorem")
(check-sat)
(pop)

(declare-const s0 State) (declare-const s1 State) (declare-const s2 State) (declare-const s3 State) (declare-const s4 State)
(declare-const s5 State) (declare-const s6 State)
(declare-const w1 Int) (declare-const w2 Int) (declare-const w3 Int) (declare-const w4 Int) (declare-const w5 Int)
(declare-const w6 Int)
(define-fun go ((a State) (b State) (weight Int)) Bool (or (= a b) (step a b weight)))
(assert (and (start s0) (go s0 s1 w1) (go s1 s2 w2) (go s2 s3 w3) (go s3 s4 w4) (go s4 s5 w5) (go s5 s6 w6)))

(push)
(assert (and (= (crossed s6) 0) (not (safe s6))))
(echo "never: a message too many, or a trace of a refused start, within 6 steps")
(check-sat)
(pop)

(push)
(assert (and (= cap 5) (= (crossed s6) 0) (= (sent s6) cap)))
(echo "reached: as much sent as the cap allows")
(check-sat)
(pop)

(push)
(assert (and (= (crossed s6) 5) (= (sent s6) (+ (counter s6) 5))))
(echo "reached: a start given back over the window's end takes its weight from the new window")
(check-sat)
(pop)
