// Theorem: in every order of three starts and resends, no cap and no cooldown is exceeded by what is sent, and at the end each counter
// holds exactly what was sent.
//
// The lists are those of `start` and `resend`, cut into groups: each group is one atomic step, groups come one after the other, and a
// list stops at its first refusal. What was charged before a refusal, or for what was surely not sent, is given back group by group.
// The tightest cap, the state of the challenge, numbers, weights and what becomes of each message are chosen freely.
// A resend may be a call, which weighs 2.
//
// Left out: the range, which is counted like the client; looks at failures, attempts and the breaker, which refuse like the look at the
// challenge, and what is counted of attempts and the breaker after an answer, in counters of their own.
// Assumes: no answer is lost, no list is made twice, no window ends; a cooldown ends only while no message to its number is undecided.
//
// Mirrors: plan.rs message, back.
// Mirrors: operations/dispatch.rs charge, back, unknown, go_on.
//
// Reached: -DREACH_CAP. As much is sent as the cap of the audience allows.
// Reached: -DREACH_LAST_CHARGE. A start is refused at its last charge, after looking in vain.
// Reached: -DREACH_UNKNOWN. A start is refused by the cooldown after `unknown`.
//
// Control: -DNO_LIMIT. Only looks carry the caps of client and audience, and the charges none.
// Control: -DBACK_TWICE. A list that gives back is made again after its answer was lost.
// Control: -DBACK_REFUSED. The charge that was refused is given back as well.
// Control: -DBACK_SENT. A message of which nothing is known is given back.

#define PROCESSES 3
#define GUESSES 2
#define PASSES 1

// What is counted. Numbers are two; all else is shared by all.
byte challenge, subject, cooldown[2], unknown[2], number[2], client, audience;
byte most_subject, most_number, most_client, most_audience;

// What is true.
byte sent, sent_to[2], since[2], held[2], done;

#define less(counter, amount) counter = (counter > (amount) -> counter - (amount) : 0)
#define sound (sent <= most_subject && sent <= most_client && sent <= most_audience \
  && sent_to[0] <= most_number && sent_to[1] <= most_number && since[0] <= 1 && since[1] <= 1)

#ifdef NO_LIMIT
#define over(counter, most) false
#else
#define over(counter, most) (counter + weight > most)
#endif

proctype start(bit which; bit again; byte weight) {
  byte made;

  // Looks, one group after the other.
  if
  :: client + weight > most_client -> goto ended
  :: else
  fi;
  if
  :: audience + weight > most_audience -> goto ended
  :: else
  fi;

  // The subject's group.
  atomic {
    if
    :: again && challenge + 1 > GUESSES -> goto ended
    :: else
    fi;
    if
    :: subject + weight > most_subject -> goto ended
    :: else
    fi;
    subject = subject + weight;
    held[which]++
  };

  // The number's group. A refusal within it leaves what was made before it.
  atomic {
    made = 1;
    if
    :: unknown[which] + 1 > 1 ->
#ifdef REACH_UNKNOWN
       assert(false);
#endif
       goto back
    :: else
    fi;
    if
    :: cooldown[which] + 1 > 1 -> goto back
    :: else -> cooldown[which]++
    fi;
    made = 2;
    if
    :: number[which] + weight > most_number -> goto back
    :: else -> number[which] = number[which] + weight
    fi;
    made = 3
  };

  atomic {
    if
    :: over(client, most_client) -> goto back
    :: else -> client = client + weight; made = 4
    fi
  };
  atomic {
    if
    :: over(audience, most_audience) ->
#ifdef REACH_LAST_CHARGE
       assert(false);
#endif
       goto back
    :: else -> audience = audience + weight; made = 5
    fi
  };

  // Sent, perhaps sent, or surely not.
  if
  :: atomic {
       sent = sent + weight; sent_to[which] = sent_to[which] + weight; since[which]++; held[which]--;
#ifdef REACH_CAP
       assert(sent < most_audience);
#endif
       assert(sound);
       goto ended
     }
  :: atomic {
       sent = sent + weight; sent_to[which] = sent_to[which] + weight; since[which]++;
       assert(sound)
     };
#ifdef BACK_SENT
     goto back;
#endif
     atomic {
       if
       :: unknown[which] == 0 -> unknown[which] = 1
       :: else
       fi;
       held[which]--;
       goto ended
     }
  :: goto back
  fi;

back:
  // The subject's group, the number's, and one after the other the rest.
#ifdef BACK_REFUSED
  if
  :: made < 5 -> made++
  :: else
  fi;
#endif
repeated:
  less(subject, weight);
  atomic {
    if
    :: made >= 2 -> less(cooldown[which], 1)
    :: else
    fi;
    if
    :: made >= 3 -> less(number[which], weight)
    :: else
    fi
  };
  if
  :: made >= 4 -> less(client, weight)
  :: else
  fi;
  if
  :: made >= 5 -> less(audience, weight)
  :: else
  fi;
#ifdef BACK_TWICE
  if
  :: again -> again = 0; goto repeated
  :: true
  fi;
#endif
  held[which]--;

ended:
  atomic { weight = 0; made = 0; which = 0; again = 0; done++ }
}

// The cooldowns of a number end while nothing to it is undecided.
proctype time() {
  byte passes;
  bit which;

  do
  :: passes < PASSES ->
     atomic {
       select(which : 0 .. 1);
       if
       :: held[which] == 0 -> cooldown[which] = 0; unknown[which] = 0; since[which] = 0
       :: else
       fi;
       passes++
     }
  :: break
  od
}

init {
  byte at, kind;

  atomic {
    // The first or the last of the wide caps is the tightest.
    most_subject = 3;
    most_number = 2;
    select(at : 2 .. 3);
    most_client = at;
    most_audience = 5 - at;
    select(challenge : 1 .. 2);
    // Processes are alike, so that their order stands for all others, and the first number for the second.
    kind = 0;
    for (at : 1 .. PROCESSES) {
      do
      :: kind < 5 && at > 1 -> kind++
      :: kind < 2 && at == 1 -> kind++
      :: break
      od;
      run start(kind / 3, kind % 3 > 0, (kind % 3 == 2 -> 2 : 1))
    };
    run time()
  };
  d_step {
    done == PROCESSES ->
    assert(subject == sent && client == sent && audience == sent);
    assert(number[0] == sent_to[0] && number[1] == sent_to[1]);
    assert(cooldown[0] == since[0] && cooldown[1] == since[1])
  }
}
