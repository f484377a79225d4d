//! The engine's own operations in every order that a store may make their lists in: up to three at once, group by group, each answer also
//! lost. What becomes of them is held against a model that knows only what was compared, accepted and sent.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use xoxzo_2fa_core::{
    Answer, AskLimits, Charge, Claimed, Code, Dispatch, Ended, Failure, NoAnswer, Operation,
    Sending, Suspended, Total, Totals, Turn, Verify,
};
use xoxzo_2fa_tests::{Counters, Counting, LOGIN, World, audited, charge, other_than, said, taken};

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    /// A right or wrong guess at one of three challenges of a user.
    Right(usize),
    Wrong(usize),
    /// Another message of the first challenge, or a new one: taken, refused by Xoxzo, or maybe taken.
    Resend,
    Start,
    Refused,
    Unknown,
}

use Deed::{Refused, Resend, Right, Start, Unknown, Wrong};

/// Three challenges of one user, the first with one guess spent.
struct Stage {
    world: World,
    challenges: [(String, String); 3],
    /// Failures and messages that are counted already.
    failures: u32,
    messages: u32,
}

impl Stage {
    fn new() -> Self {
        let cap = |count: u32| json!({"count": count, "seconds": 86_400});
        let mut world = World::with(&json!({
            "pin": {"guesses": 3},
            "sends": {"per_number": cap(MESSAGES), "per_subject": cap(MESSAGES)},
        }));
        let first = world.challenge();
        world.now += 61;
        let second = world.challenge();
        world.now += 61;
        let third = world.challenge();
        let wrong = world.verify(&first.0, LOGIN, other_than(&first.1));
        assert_eq!(
            wrong.err().map(|failure| failure.code),
            Some(Code::WrongPin)
        );
        world.now += 61;
        let now = world.now;
        world.counters.retain(|_, (_, ends)| *ends > now);
        Self {
            world,
            challenges: [first, second, third],
            failures: 1,
            messages: 3,
        }
    }

    fn begin(&self, deed: Deed) -> Result<Turn<Suspended>, Failure> {
        let World { settings, now, .. } = &self.world;
        let guess = |at: usize, pin: &str| {
            let token = &self.challenges[at].0;
            audited(
                settings,
                Verify::begin(settings, *now, token, LOGIN, pin, None),
            )
        };
        match deed {
            Right(at) => guess(at, &self.challenges[at].1),
            Wrong(at) => guess(at, other_than(&self.challenges[at].1)),
            Resend => {
                let token = &self.challenges[1].0;
                let sending = Sending::default();
                audited(
                    settings,
                    Dispatch::resend(settings, *now, token, LOGIN, sending),
                )
            }
            Start | Refused | Unknown => {
                let login = Claimed { ..LOGIN };
                let mut random = Counting::default();
                let sending = Sending::default();
                audited(
                    settings,
                    Dispatch::start(settings, *now, login, sending, &mut random),
                )
            }
        }
    }

    fn reply(deed: Deed) -> Answer {
        match deed {
            Refused => said(400, None, ""),
            Unknown => Answer::Unanswered(NoAnswer::Unknown, String::new()),
            _ => taken(),
        }
    }
}

/// Messages that a number and a user may have.
const MESSAGES: u32 = 5;

/// The life of the counter of consecutive failures.
const LASTING: u32 = 315_360_000;

/// An operation on its way.
#[derive(Clone)]
struct Process {
    deed: Deed,
    waiting: Option<(Vec<Charge>, Suspended)>,
    made: Vec<Total>,
    lists: u32,
    /// What it was told so far: what it does next follows from that.
    told: Vec<Option<u32>>,
    end: Option<Result<bool, Code>>,
}

/// What the model knows. Whatever is compared and not accepted is a failure, among it a right guess that came second.
#[derive(Clone, Default)]
struct Model {
    compares: [u32; 3],
    wins: [u32; 3],
    /// Claims that a store made, whether their answers arrived or not.
    claims: u32,
    /// Guesses that were charged after the last of them.
    since_win: u32,
    /// Guesses whose answers are lost: charged, perhaps, and never compared.
    lost: u32,
    sent: u32,
    /// Requests that Xoxzo refused, and those of starts of which nothing is known.
    refused: u32,
    unknown: u32,
}

impl Process {
    fn new(stage: &Stage, deed: Deed) -> Self {
        let mut process = Self {
            deed,
            waiting: None,
            made: Vec::new(),
            lists: 0,
            told: Vec::new(),
            end: None,
        };
        process.goes_on(stage, &mut Model::default(), stage.begin(deed));
        process
    }

    fn goes_on(
        &mut self,
        stage: &Stage,
        model: &mut Model,
        turn: Result<Turn<Suspended>, Failure>,
    ) {
        let World { settings, now, .. } = &stage.world;
        match turn {
            Ok(Turn::Count(charges, waiting)) => self.waiting = Some((charges, waiting)),
            Ok(Turn::Send(_, waiting)) => {
                model.sent += u32::from(self.deed != Refused);
                model.refused += u32::from(self.deed == Refused);
                model.unknown += u32::from(self.deed == Unknown);
                let reply = Stage::reply(self.deed);
                self.goes_on(stage, model, waiting.resume(settings, *now, reply));
            }
            Ok(Turn::Done(ended)) => {
                self.end = Some(Ok(matches!(ended.output, Ended::Accepted(_))));
            }
            Err(failure) => self.end = Some(Err(failure.code)),
        }
    }

    /// Makes the charges of one group, and goes on if that was the end of the list. With `lose`, the answer to the whole list is lost.
    fn step(&mut self, stage: &Stage, counters: &mut Counters, model: &mut Model, lose: bool) {
        let World { settings, now, .. } = &stage.world;
        let (charges, waiting) = self.waiting.take().expect("it waits");
        let rest = &charges[self.made.len()..];
        let run = rest
            .chunk_by(|one, next| one.group == next.group)
            .next()
            .expect("something is left");
        let mut refused = false;
        for one in run {
            let (total, over) = charge(counters, one, *now);
            self.made.push(total);
            self.told.push(Some(total.total));
            refused = over;
            if refused {
                break;
            }
        }
        let claims = run[0].amount == 1 << 20 && !refused;
        if claims {
            // From here on earlier failures are history, whether the answer arrives or not.
            model.since_win = 0;
            model.claims += 1;
        }
        let fails = run.iter().any(|it| it.ttl == LASTING && it.amount > 0);
        model.since_win += u32::from(fails && !refused);
        if !refused && self.made.len() < charges.len() {
            self.waiting = Some((charges, waiting));
            return;
        }
        let made = std::mem::take(&mut self.made);
        let first = self.lists == 0;
        self.lists += 1;
        if lose {
            self.told.push(None);
            model.lost += u32::from(first && matches!(self.deed, Right(_) | Wrong(_)));
            let lost = Answer::Unanswered(NoAnswer::GuardUnreachable, String::new());
            self.goes_on(stage, model, waiting.resume(settings, *now, lost));
            return;
        }
        if first
            && !refused
            && let Right(at) | Wrong(at) = self.deed
        {
            model.compares[at] += 1;
        }
        let totals = Answer::Totals(Totals {
            totals: made,
            now: None,
        });
        self.goes_on(stage, model, waiting.resume(settings, *now, totals));
        if let (Right(at), Some(Ok(true))) = (self.deed, self.end) {
            model.wins[at] += 1;
        }
    }
}

/// The counters by what they are for, found by how they live.
struct Seen {
    soft: u32,
    hard: u32,
    messages: u32,
    attempts: u32,
    failing: u32,
}

/// What is counted under this name.
fn named(stage: &Stage, counters: &Counters, name: &str) -> u32 {
    let World { settings, now, .. } = &stage.world;
    let Ok(Turn::Count(charges, look)) =
        AskLimits::begin(settings, LOGIN.subject, LOGIN.recipient, None)
    else {
        panic!("a look counts")
    };
    let mut counters = counters.clone();
    let totals = charges.iter().map(|it| charge(&mut counters, it, *now).0);
    let totals = Answer::Totals(Totals {
        totals: totals.collect(),
        now: None,
    });
    let Ok(Turn::Done(limits)) = look.resume(settings, *now, totals) else {
        panic!("a look is done")
    };
    let mut limits = limits.0.into_iter().filter(|it| it.setting == name);
    limits.next().expect("it is looked at").total
}

fn seen(stage: &Stage, counters: &Counters) -> Seen {
    let World { settings, now, .. } = &stage.world;
    let look = |charges: Vec<Charge>, ttl: u32, from: usize| {
        let charge = charges.iter().filter(|charge| charge.ttl == ttl).nth(from);
        let key = &charge.expect("it is charged").counter;
        counters.get(key).map_or(0, |(total, _)| *total)
    };
    let guess = || match stage.begin(Wrong(0)) {
        Ok(Turn::Count(charges, _)) => charges,
        _ => panic!("a guess counts first"),
    };
    let start = || {
        let random = &mut Counting::default();
        let start = Dispatch::start(settings, *now, LOGIN, Sending::default(), random);
        match start {
            Ok(Turn::Count(charges, _)) => charges.into_iter().filter(|it| it.amount > 0).collect(),
            _ => panic!("a start counts first"),
        }
    };
    Seen {
        // Behind the look at the failures over all numbers, which live as long.
        soft: look(guess(), 86_400, 1),
        hard: look(guess(), LASTING, 0),
        messages: look(start(), 86_400, 0),
        attempts: named(stage, counters, "attempts per audience"),
        failing: named(stage, counters, "provider failures"),
    }
}

/// Walks every order of these deeds, judges every end, and gives how many there are.
fn explore(stage: &Stage, deeds: &[Deed], losses: bool) -> u32 {
    struct At {
        processes: Vec<Process>,
        counters: Counters,
        model: Model,
        lost: u32,
    }
    let begun = deeds
        .iter()
        .map(|deed| Process::new(stage, *deed))
        .collect();
    let mut open = vec![At {
        processes: begun,
        counters: stage.world.counters.clone(),
        model: Model::default(),
        lost: 0,
    }];
    let (mut ends, mut known) = (0, BTreeSet::new());
    while let Some(at) = open.pop() {
        let sorted: BTreeMap<_, _> = at.counters.iter().collect();
        let told: Vec<_> = at.processes.iter().map(|process| &process.told).collect();
        let Model { since_win, .. } = at.model;
        if !known.insert(format!("{told:?} {sorted:?} {since_win} {}", at.lost)) {
            continue;
        }
        let waiting = (0..deeds.len()).filter(|who| at.processes[*who].end.is_none());
        let waiting: Vec<_> = waiting.collect();
        if waiting.is_empty() {
            ends += 1;
            judge(
                stage,
                deeds,
                &at.processes,
                &at.counters,
                &at.model,
                at.lost,
            );
        }
        for who in waiting {
            for lose in [false, true] {
                if lose && (!losses || at.lost > 0) {
                    continue;
                }
                let mut next = At {
                    processes: at.processes.clone(),
                    counters: at.counters.clone(),
                    model: at.model.clone(),
                    lost: at.lost,
                };
                let lists = next.processes[who].lists;
                next.processes[who].step(stage, &mut next.counters, &mut next.model, lose);
                if lose {
                    // Only where the list was at its end.
                    if next.processes[who].lists == lists {
                        continue;
                    }
                    next.lost += 1;
                }
                open.push(next);
            }
        }
    }
    ends
}

fn judge(
    stage: &Stage,
    deeds: &[Deed],
    processes: &[Process],
    counters: &Counters,
    model: &Model,
    lost: u32,
) {
    let ended: Vec<_> = processes
        .iter()
        .map(|process| (process.deed, process.end))
        .collect();
    let told = || format!("{deeds:?}: {ended:?}, lost {lost}");
    // One of the first challenge's three guesses was spent before.
    assert!(
        model.compares[0] <= 2 && model.compares[1] <= 3 && model.compares[2] <= 3,
        "{}",
        told()
    );
    assert!(model.wins.iter().all(|wins| *wins <= 1), "{}", told());
    assert!(model.sent <= MESSAGES - stage.messages, "{}", told());
    for (deed, end) in &ended {
        let possible: &[Result<bool, Code>] = match deed {
            Right(_) => &[
                Ok(true),
                Err(Code::Used),
                Err(Code::Exhausted),
                Err(Code::Guard),
            ],
            Wrong(_) => &[
                Err(Code::WrongPin),
                Err(Code::Used),
                Err(Code::Exhausted),
                Err(Code::Guard),
            ],
            Resend => &[
                Ok(false),
                Err(Code::Cooldown),
                Err(Code::TooManySends),
                Err(Code::Used),
                Err(Code::Guard),
            ],
            Start | Unknown => &[
                Ok(false),
                Err(Code::Cooldown),
                Err(Code::TooManySends),
                Err(Code::Guard),
            ],
            Refused => &[
                Err(Code::Provider),
                Err(Code::Cooldown),
                Err(Code::TooManySends),
                Err(Code::Guard),
            ],
        };
        let end = end.expect("it has ended");
        assert!(possible.contains(&end), "{}", told());
    }
    let all = seen(stage, counters);
    let before = stage.failures;
    let failed = model.compares.iter().sum::<u32>() - model.claims;
    assert!(all.failing <= model.unknown, "{}", told());
    if lost == 0 {
        assert_eq!(all.attempts, model.refused, "{}", told());
        let answered = model.refused > 0 || model.sent > model.unknown;
        assert!(
            answered || all.failing == model.unknown,
            "an answer alone ends a row of failures: {}",
            told()
        );
        assert_eq!(all.soft, before + failed, "{}", told());
        assert_eq!(all.messages, stage.messages + model.sent, "{}", told());
        let won = model.wins.iter().sum::<u32>() > 0;
        let most = failed + if won { 0 } else { before };
        assert!(
            (model.since_win..=most).contains(&all.hard) || !won && all.hard == most,
            "{}: {}",
            told(),
            all.hard
        );
    } else {
        // A lost answer costs a failure or a message that was not; it never saves one.
        assert!(all.soft >= before + failed, "{}", told());
        assert!(all.hard >= model.since_win, "{}", told());
        assert!(all.messages >= stage.messages + model.sent, "{}", told());
        // Of a lost list that gives back it is not known whether it was made.
        assert!(all.attempts <= model.refused, "{}", told());
    }
}

/// Every choice of so many deeds, whatever their order.
fn choices(count: usize) -> Vec<Vec<Deed>> {
    const ALL: [Deed; 8] = [
        Right(0),
        Wrong(0),
        Right(1),
        Wrong(1),
        Resend,
        Start,
        Refused,
        Unknown,
    ];
    let mut choices = vec![Vec::new()];
    for _ in 0..count {
        choices = choices
            .into_iter()
            .flat_map(|begun: Vec<Deed>| {
                let from = begun.last().copied();
                let next = ALL
                    .into_iter()
                    .filter(move |deed| from.is_none_or(|from| from <= *deed));
                next.map(move |deed| [begun.as_slice(), &[deed]].concat())
            })
            .collect();
    }
    choices
}

#[test]
fn one_or_two_operations_in_every_order_with_every_lost_answer() {
    let stage = Stage::new();
    let mut ends = 0;
    for deeds in [choices(1), choices(2)].concat() {
        ends += explore(&stage, &deeds, true);
    }
    println!("{ends} ends");
    assert!(ends > 500, "{ends}");
}

#[test]
fn three_operations_in_every_order() {
    let stage = Stage::new();
    let mut ends = 0;
    // Wins at once, with a failure between, also of a challenge that neither of them uses up; the last guess of a challenge; messages beside
    // a win.
    for deeds in [
        [Right(0), Right(1), Wrong(2)],
        [Right(0), Right(1), Wrong(1)],
        [Right(0), Wrong(0), Wrong(0)],
        [Right(1), Resend, Start],
    ] {
        ends += explore(&stage, &deeds, false);
    }
    println!("{ends} ends");
    assert!(ends > 100, "{ends}");
}
