; Theorem: a start that is refused anywhere on its plan, or surely not sent, changes no counter, whatever others do meanwhile.
;
; For each plan of up to 6 planned charges with any weights, looks among them, and each place of the refusal: what the list made and
; what is given back for it cancel out, counter by counter, beside the changes of others between the two.
;
; Assumes: no answer is lost and no list made twice; no window ends between charge and giving back (caps.smt2 says what
; happens there); others take back only what they added.
;
; Mirrors: plan.rs message, back.
; Mirrors: operations/dispatch.rs charge, back.
; Mirrors: guard.rs Outcome, check_totals.
;
; Control: given-to = (+ refused-at 1). The refused charge, which was never made, is given back as well.
; Control: given-to = (- refused-at 1). The last charge that was made is not given back.
; Control: back-by-weight = false. A call, which weighs more than a message, gives back one message.

(declare-const refused-at Int)

(define-fun given-to () Int refused-at) ; premise
(define-fun back-by-weight () Bool true) ; premise

; A planned charge: its weight (0 looks), its limit, what its counter held, and by how much others changed it until the giving back.
(declare-datatypes ((PlannedCharge 0)) (((planned (weight Int) (limit Int) (held Int) (others Int)))))

(define-fun fit ((r PlannedCharge)) Bool
  (and (<= 0 (weight r)) (<= 0 (limit r)) (<= 0 (held r)) (<= 0 (+ (held r) (others r)))))
(define-fun refuses ((r PlannedCharge)) Bool (> (+ (held r) (weight r)) (limit r)))
(define-fun less ((total Int) (amount Int)) Int (ite (>= total amount) (- total amount) 0))

(define-fun charged ((r PlannedCharge) (index Int)) Int (+ (held r) (ite (< index refused-at) (weight r) 0)))
(define-fun given ((r PlannedCharge) (index Int)) Int
  (ite (and (< index given-to) (> (weight r) 0)) (ite back-by-weight (weight r) 1) 0))
(define-fun after ((r PlannedCharge) (index Int)) Int (less (+ (charged r index) (others r)) (given r index)))
(define-fun changed ((r PlannedCharge) (index Int)) Bool (not (= (after r index) (+ (held r) (others r)))))

(declare-const a PlannedCharge) (declare-const b PlannedCharge) (declare-const c PlannedCharge)
(declare-const d PlannedCharge) (declare-const e PlannedCharge) (declare-const f PlannedCharge)
(assert (and (fit a) (fit b) (fit c) (fit d) (fit e) (fit f)))

; The list stops at its first refusal, or all of it was made and nothing was sent.
(define-fun stops ((r PlannedCharge) (index Int)) Bool (= (refuses r) (= refused-at index)))
(assert (and (<= 0 refused-at 6)
             (=> (<= 0 refused-at) (stops a 0)) (=> (<= 1 refused-at) (stops b 1)) (=> (<= 2 refused-at) (stops c 2))
             (=> (<= 3 refused-at) (stops d 3)) (=> (<= 4 refused-at) (stops e 4)) (=> (<= 5 refused-at) (stops f 5))))

(push)
(assert (or (changed a 0) (changed b 1) (changed c 2) (changed d 3) (changed e 4) (changed f 5)))
(echo "never: a counter that a refused start changed")
(check-sat)
(pop)

(push)
(assert (and (= refused-at 4) (= (weight a) 0) (= (weight b) 5) (< (others b) 0)))
(echo "reached: a refusal in the middle, while others give back")
(check-sat)
(pop)

(push)
(assert (= refused-at 6))
(echo "reached: all charged and not sent")
(check-sat)
(pop)
