; Theorem: the check of totals is exact, charge by charge: it reads every honest answer rightly and believes no other.
;
; For each list of up to 3 charges and each answer of up to 4 totals: what an honest store answers is accepted, with the meaning
; that it has (all made, or refused at which charge); and for what is accepted there are counters for which an honest
; store answers exactly so, with the same meaning.
;
; Assumes: totals are between 0 and 2^32 - 1, where stores saturate. Other lists may come between any two charges, so that each charge
; finds a counter of its own; this covers every cut into groups.
;
; It cannot see, and the last checks show each:
;   - charges of one key in one group, whose totals do not follow from each other;
;   - a total after giving back that is so high that more than 2^32 - 1 must have been there;
;   - a counter that was forgotten and has since been charged again by others;
;   - the own charge of an earlier list forgotten: a claim's total of exactly CLAIM, which `verify` refuses by itself.
; Nor is it told the end of a counter, which settings of before may have set.
;
; Mirrors: guard.rs check_totals, Outcome, CLAIM.
;
; Control: forgotten-is-refused = false. A total below what was just added is believed.
; Control: refusal-is-last = false. Charges after a refused one are believed.
; Control: all-are-answered = false. A list that breaks off is believed.
; Control: limit-is-allowed = false. An honest total that reaches the limit is taken for a refusal.

(declare-const CLAIM Int) ; read CLAIM guard.rs
(define-fun TOP () Int 4294967295)

(define-fun forgotten-is-refused () Bool true) ; premise
(define-fun refusal-is-last () Bool true) ; premise
(define-fun all-are-answered () Bool true) ; premise
(define-fun limit-is-allowed () Bool true) ; premise

(declare-datatypes ((Charge 0)) (((charge (amount Int) (limit Int)))))
(define-fun one ((c Charge)) Bool (and (<= (- 2147483648) (amount c) 2147483647) (<= 0 (limit c) TOP)))
(define-fun u32 ((n Int)) Bool (<= 0 n TOP))

; What a list came to, as the engine reads it or as it was.
(declare-datatypes ((Outcome 0)) (((lie) (made) (refused (at Int)))))
; An answer: how many totals, and which.
(declare-datatypes ((Answer 0)) (((answer (length Int) (first Int) (second Int) (third Int)))))

; The store, as wit/guard.wit has it.
(define-fun new ((c Charge) (found Int)) Int
  (let ((sum (+ found (amount c)))) (ite (< sum 0) 0 (ite (> sum TOP) TOP sum))))
(define-fun refuses ((c Charge) (found Int)) Bool (and (>= (amount c) 0) (> (new c found) (limit c))))

; An honest answer to the first `n` of three charges that find x, y and z; totals that are not given are 0.
(define-fun honest ((n Int) (c Charge) (d Charge) (e Charge) (x Int) (y Int) (z Int)) Answer
  (ite (= n 0) (answer 0 0 0 0)
  (ite (or (= n 1) (refuses c x)) (answer 1 (new c x) 0 0)
  (ite (or (= n 2) (refuses d y)) (answer 2 (new c x) (new d y) 0)
       (answer 3 (new c x) (new d y) (new e z))))))
(define-fun truth ((n Int) (c Charge) (d Charge) (e Charge) (x Int) (y Int) (z Int)) Outcome
  (ite (= n 0) made
  (ite (refuses c x) (refused 0)
  (ite (= n 1) made
  (ite (refuses d y) (refused 1)
  (ite (= n 2) made
  (ite (refuses e z) (refused 2) made)))))))

; The engine, loop by loop: what it says at a charge, or `made` to go on.
(define-fun judged ((c Charge) (total Int) (index Int) (answered Int)) Outcome
  (ite (and forgotten-is-refused (< total (amount c))) lie
  (ite (and (>= (amount c) 0) (ite limit-is-allowed (> total (limit c)) (>= total (limit c))))
       (ite (or (not refusal-is-last) (= (+ index 1) answered)) (refused index) lie)
       made)))
(define-fun then ((said Outcome) (rest Outcome)) Outcome (ite (= said made) rest said))
(define-fun judge ((n Int) (c Charge) (d Charge) (e Charge) (a Answer)) Outcome
  (let ((m (length a)))
  (let ((end (ite (or (= m n) (not all-are-answered)) made lie)))
  (ite (> m n) lie
  (ite (= m 0) end
  (then (judged c (first a) 0 m)
  (ite (= m 1) end
  (then (judged d (second a) 1 m)
  (ite (= m 2) end
  (then (judged e (third a) 2 m) end))))))))))

(declare-const n Int)
(declare-const c Charge) (declare-const d Charge) (declare-const e Charge)
(declare-const x Int) (declare-const y Int) (declare-const z Int)
(declare-const a Answer)
(assert (and (<= 0 n 3) (one c) (one d) (one e)))
(assert (and (<= 0 (length a) 4) (u32 (first a)) (u32 (second a)) (u32 (third a))))
(assert (and (=> (< (length a) 1) (= (first a) 0)) (=> (< (length a) 2) (= (second a) 0)) (=> (< (length a) 3) (= (third a) 0))))

(push)
(assert (and (u32 x) (u32 y) (u32 z)))
(assert (not (= (judge n c d e (honest n c d e x y z)) (truth n c d e x y z))))
(echo "never: an honest answer that is refused or misread")
(check-sat)
(pop)

; Counters that explain an accepted answer.
(define-fun found ((c Charge) (total Int)) Int (- total (amount c)))
(define-fun seen ((index Int) (c Charge) (total Int)) Bool (=> (< index (length a)) (u32 (found c total))))
(define-fun explained () Bool (and (seen 0 c (first a)) (seen 1 d (second a)) (seen 2 e (third a))))
; What gives back leaves room for what it gave back.
(define-fun low ((c Charge) (total Int)) Bool (=> (< (amount c) 0) (<= (found c total) TOP)))
(define-fun room () Bool (and (low c (first a)) (low d (second a)) (low e (third a))))

(push)
(assert (and room (not (= (judge n c d e a) lie))))
(assert (let ((x (found c (first a))) (y (found d (second a))) (z (found e (third a))))
  (not (and explained (= (honest n c d e x y z) a) (= (truth n c d e x y z) (judge n c d e a))))))
(echo "never: an accepted answer that no honest store gives, or means otherwise")
(check-sat)
(pop)

(push)
(assert (and (= n 3) (= (judge n c d e a) (refused 1))))
(echo "reached: a refusal in the middle")
(check-sat)
(pop)

; What it cannot see: accepted, though no honest store answers so.
(push)
(assert (and (= n 2) (= (amount c) (amount d) 1) (= (first a) (second a) 5) (= (judge n c d e a) made)))
(echo "reached: one key twice in one group, with totals of two counters")
(check-sat)
(assert (and (u32 x) (= (honest n c d e x (new c x) 0) a)))
(echo "proved: no store answers so")
(check-sat)
(pop)

(push)
(assert (and (= n 1) (= (amount c) (- 5)) (= (first a) TOP) (= (judge n c d e a) made)))
(echo "reached: more given back than a counter can have held")
(check-sat)
(assert (and (u32 x) (= (honest n c d e x 0 0) a)))
(echo "proved: no store answers so")
(check-sat)
(pop)

; And accepted, though the store forgot what it had.
(push)
(assert (and (= n 1) (= (amount c) 1) (= (limit c) 5) (= x 5) (refuses c x) (= (judge n c d e a) made)))
(echo "reached: a counter at its limit forgotten and taken for another total")
(check-sat)
(pop)

(push)
(assert (and (= n 1) (= (amount c) CLAIM) (= (limit c) (+ CLAIM 5)) (= (first a) CLAIM) (= (judge n c d e a) made)))
(echo "reached: a claim whose guess is forgotten")
(check-sat)
(pop)
