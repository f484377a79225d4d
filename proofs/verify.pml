// Theorem: in every order of three processes with four guesses, three challenges of one subject are compared at most so often, won
// once each at most, no failure is forgotten, and nobody waits for ever.
//
// The lists are those of `verify`, cut into groups: each group is one atomic step, groups come one after the other, and a list
// stops at its first refusal. Any answer may be lost after its charges were made, which also stands for a process that stops.
//
// Assumes: no window ends. What is right or wrong is chosen freely for each guess, so that all three may be right at once.
//
// Mirrors: plan.rs guess, won.
// Mirrors: operations/verify.rs begin, claim, guessed, accept.
//
// Reached: -DREACH_THREE_WON. All challenges are won.
// Reached: -DREACH_SPENT. A challenge is compared as often as it may be.
// Reached: -DREACH_LOCKED. A guess is refused by the consecutive failures.
//
// Control: -DNO_CLAIM_LIMIT. Two processes win one challenge.
// Control: -DCOMPARE_FIRST. Guesses at once outrun the count.
// Control: -DSPLIT_CLAIM. Claim and clearing are two steps: after two wins at once a failure is forgotten.
// Control: -DSPLIT_GUESS. The guess looks at its total and charges it in two steps.

#define PROCESSES 3
// The first process guesses twice, the others once.
#define TRIES (_pid == 0 -> 2 : 1)
#define GUESSES 2
#define CLAIM 16
#define SOFT 4
#define HARD 3
#define SUBJECT 4
#define CLIENT 3

byte challenge[3], soft, hard, subject, client, audience, cooldown = 1;

// What is true, beside what is counted.
byte compares[3], won[3], failures, since;

#define less(counter, amount) counter = (counter > (amount) -> counter - (amount) : 0)

inline judge() {
  assert(compares[0] <= GUESSES && compares[1] <= GUESSES && compares[2] <= GUESSES);
  assert(won[0] <= 1 && won[1] <= 1 && won[2] <= 1);
  // Failures that are counted, and consecutive ones, are never fewer than the true ones.
  assert(soft >= failures && subject >= failures && client >= failures && audience >= failures);
  assert(hard >= since)
}

active [PROCESSES] proctype verify() {
  byte tries, saw, which;

again:
  atomic {
    saw = 0;
    which = 0;
    if
    :: tries == TRIES -> goto end
    :: else -> tries++
    fi;
    // Challenges are alike, so that the first stands for any.
    if
    :: _pid == 0 && tries == 1
    :: else -> select(which : 0 .. 2)
    fi
  };

  // The client's group: a look.
  if
  :: client >= CLIENT -> goto again
  :: else
  fi;

#ifdef COMPARE_FIRST
  if
  :: challenge[which] + 1 > GUESSES -> goto again
  :: else
  fi;
  d_step { compares[which]++; judge() };
#endif

  // The subject's group.
#ifdef SPLIT_GUESS
  if
  :: challenge[which] + 1 > GUESSES -> goto again
  :: else
  fi;
#endif
  atomic {
    if
    :: subject >= SUBJECT -> goto again
    :: else
    fi;
#ifndef SPLIT_GUESS
    if
    :: challenge[which] + 1 > GUESSES -> goto again
    :: else
    fi;
#endif
    challenge[which]++;
    if
    :: soft + 1 > SOFT -> goto again
    :: else -> soft++
    fi;
    if
    :: hard + 1 > HARD ->
#ifdef REACH_LOCKED
       assert(false);
#endif
       goto again
    :: else -> hard++; since++; saw = hard
    fi;
    if
    :: subject + 1 > SUBJECT -> goto again
    :: else -> subject++
    fi;
    judge()
  };

  atomic {
    if
    :: client + 1 > CLIENT -> goto again
    :: else -> client++
    fi
  };
  audience++;
  if
  :: goto again // Lost, or the process stops.
  :: true
  fi;

  // Compared.
  atomic {
#ifndef COMPARE_FIRST
    compares[which]++;
#endif
#ifdef REACH_SPENT
    assert(compares[which] < GUESSES);
#endif
    if
    :: failures++; judge(); goto again
    :: judge()
    fi
  };

  // The subject's group: claim, and what it clears.
  atomic {
#ifndef NO_CLAIM_LIMIT
    if
    :: challenge[which] + CLAIM > CLAIM + GUESSES -> goto again
    :: else
    fi;
#endif
    challenge[which] = challenge[which] + CLAIM;
    since = 0;
#ifdef SPLIT_CLAIM
    judge()
  };
  atomic {
#endif
    less(soft, 1);
    less(hard, saw);
    less(subject, 1);
    judge()
  };
  atomic { less(client, 1); judge() };
  atomic { less(audience, 1); judge() };
  less(cooldown, 1);
  if
  :: goto again
  :: true
  fi;

  // Accepted.
  atomic {
    won[which]++;
#ifdef REACH_THREE_WON
    assert(!(won[0] && won[1] && won[2]));
#endif
    judge();
    goto again
  };

end:
  skip
}
