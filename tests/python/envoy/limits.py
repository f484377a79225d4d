"""What is counted is counted exactly, over two workers and many connections at once."""

import collections
from concurrent.futures import ThreadPoolExecutor

from client import Answer, form, request
from court import Court
from person import PASS, Person
from world import World


def together(world: World, who: list[Person], action: str, fields: list[dict[str, str]]) -> list[Answer]:
    """Sends all forms at once, each on a connection of its own."""

    def one(person: Person, own: dict[str, str]) -> Answer:
        headers = [*person.headers(), *world.own_page(), ("accept", "application/json")]
        return request(world.port, "POST", f"/.2fa/{action}", headers, form(csrf=person.csrf, **own))

    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(one, who, fields))


def errors(answers: list[Answer]) -> collections.Counter[str]:
    return collections.Counter(str(answer.json().get("error", answer.json().get("step"))) for answer in answers)


def compared(answers: list[Answer]) -> list[int]:
    """The guesses left, of the challenge or until the lock, one for each PIN that was compared and was wrong."""
    told = (answer.json().get("guesses_left") for answer in answers)
    return sorted(left for left in told if left is not None)


def guesses(court: Court) -> None:
    """Five compares for a challenge, however many guesses come at once."""
    world = court.world
    for turn in range(6):
        person = world.person()
        person.start()
        right = int(person.pin())
        wrong = [{"pin": f"{(right + 1 + at) % 1_000_000:06}"} for at in range(40)]
        answers = together(world, [person] * 40, "verify", wrong)
        told = errors(answers)
        exact = compared(answers) == [0, 1, 2, 3, 4] and set(told) == {"wrong-pin", "exhausted"}
        court.hold(f"guesses {turn}", exact, (compared(answers), told))
        late = person.verify(person.pin())
        court.attack(f"right PIN after them {turn}", late, 400, 401, 403, 409, 410, 422, 429)
        court.hold(f"no pass after them {turn}", PASS not in late.cookies(), late)


def both_workers(court: Court) -> None:
    """What comes at once goes to both workers, or nothing here would show anything."""
    stats = court.world.envoy.statistics("listener.")
    served = {
        name: count for name, count in stats.items() if ".worker_" in name and name.endswith("downstream_cx_total")
    }
    own = [count for name, count in served.items() if str(court.world.port) in name]
    court.hold("both workers", len(own) == 2 and min(own) > 0, served)


def one_winner(court: Court) -> None:
    """One pass for a challenge, however often the right PIN comes at once."""
    world = court.world
    for turn in range(6):
        person = world.person()
        person.start()
        answers = together(world, [person] * 24, "verify", [{"pin": person.pin()}] * 24)
        passes = [answer for answer in answers if PASS in answer.cookies()]
        court.hold(f"passes {turn}", len(passes) == 1, errors(answers))


def one_message(court: Court) -> None:
    """One message in a cooldown, however many starts and resends come at once."""
    world = court.world
    for turn in range(4):
        person = world.person()
        person.step()
        answers = together(world, [person] * 24, "start", [{}] * 24)
        court.hold(
            f"starts {turn}", world.inbox_size(person.phone) == 1, (world.inbox_size(person.phone), errors(answers))
        )
    same = [world.person(subject="one-subject") for _ in range(12)]
    for person in same:
        person.step()
    phones = {person.phone for person in same}
    together(world, same, "start", [{}] * len(same))
    sent = sum(world.inbox_size(phone) for phone in phones)
    court.hold("one subject with many phones", sent == 4, sent)


def failures(court: Court) -> None:
    """The soft limit, over many challenges at once: exactly so many compares."""
    world = court.world
    people = []
    first = world.person()
    for _ in range(3):
        person = world.person(subject=first.subject, phone=first.phone)
        people.append(person)
    answers: list[Answer] = []
    for person in people:
        if cooled(person) == "locked":
            break
        right = int(person.pin())
        wrong = [{"pin": f"{(right + 1 + at) % 1_000_000:06}"} for at in range(20)]
        answers += together(world, [person] * 20, "verify", wrong)
    told = errors(answers)
    exact = compared(answers) == [0, 0, 1, 1, 2, 3, 4] and told["locked"] > 0
    court.hold("compares within the soft limit", exact, (compared(answers), told))
    late = world.person(subject=first.subject, phone=first.phone)
    late.step()
    answer = late.press("start")
    court.attack("start when locked", answer, 403, 429, error="locked")
    court.hold("when it ends", answer.json().get("retry_after_seconds", 0) > 0, answer)
    court.hold("nothing sent when locked", world.inbox_size(first.phone) == 2, world.inbox_size(first.phone))
    other = world.signed_in()
    world.reach(other, "/account")


def cooled(person: Person) -> str:
    """Starts as soon as the cooldown of a second is over; gives what came of it."""
    person.step()
    answer = person.press("start")
    while answer.json().get("error") == "cooldown":
        answer = person.press("start")
    return str(answer.json().get("error") or answer.json()["step"])


def addresses(court: Court) -> None:
    """A client's address is that of its connection: nobody gets fresh guesses by X-Forwarded-For."""
    world = court.world
    told: collections.Counter[str] = collections.Counter()
    for at in range(12):
        person = world.person()
        person.step()
        own = [
            *world.own_page(),
            ("x-forwarded-for", f"203.0.113.{at}"),
            ("x-envoy-external-address", f"203.0.113.{at}"),
            ("x-2fa-client", f"203.0.113.{at}"),
            ("forwarded", f"for=203.0.113.{at}"),
        ]
        told += errors([person.ask("POST", "/.2fa/start", own, form(csrf=person.csrf))])
    court.hold("starts of one client", told["code"] == 4, told)


ALL = (guesses, one_winner, one_message, both_workers)
FEW = {"two_factor": {"sends": {"cooldown_seconds": 60, "per_subject": {"count": 4}}}}
LOCK = {"two_factor": {"failures": {"soft": {"count": 7}}}}
CLIENT = {"two_factor": {"sends": {"per_client": {"count": 4, "seconds": 3600}}}}
