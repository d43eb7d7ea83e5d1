"""Asks Ambit, NSD, Knot and BIND the same questions about the same zones, and says where Ambit differs from most of them.

usage: run [--seed N] [--worlds N] [--questions N] [--subject ambit|nsd|knot|bind] [--world N] [--ask 'NAME TYPE …'] [-v]
  --seed N        what the zones and questions are made from (default 2026)
  --worlds N      how many worlds of generated zones (default 250)
  --questions N   how many questions of each (default 200)
  --short         40 worlds with 120 questions each
  --subject S     who is compared with the others (default: ambit)
  --world N       only this world, all its questions; a number, "root", or a zone of zones/ here
  --zones DIR     only the zones in DIR, a file NAME.zone each
  --ask QUESTION  only this question, as the report prints it; shows the zones and everybody's response
  -v              also says which worlds were left out, and why
  --peers LIST    the peers to ask (default: nsd,knot,bind, where they are installed)

worlds.py makes the zones and the questions, servers.py starts the servers, asking.py asks, responses.py and verdicts.py
compare, accepted.py has the differences that are accepted, and why. A peer that does not load a world has no voice there.
"""

import argparse
import collections
import glob
import os
import random
import sys
import tempfile
import time

import dns.name

import servers
import signing
import worlds
from accepted import ACCEPTED
from asking import ask_all
from responses import Question, Response
from verdicts import acceptance, judge

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--worlds", type=int, default=250)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--subject", default="ambit")
    parser.add_argument("--peers", default=",".join(servers.PEERS))
    parser.add_argument("--world")
    parser.add_argument("--zones")
    parser.add_argument("--ask")
    parser.add_argument("-v", "--verbose", action="store_true")
    given = parser.parse_args()
    if given.zones:
        given.world = "written"  # and nothing else
    if given.short:
        given.worlds, given.questions = 40, 120
    return given


class Run:
    """One run: what was asked, and what came of it."""

    def __init__(self, given):
        self.given = given
        self.peers = [p for p in given.peers.split(",") if p != given.subject and p in servers.installed()]
        self.asked = self.over_tcp = self.truncated = self.split = 0
        self.kinds, self.accepted = collections.defaultdict(list), collections.Counter()
        self.refused_worlds, self.left_out, self.apexes = {}, [], set()

    def batch(self, made, work):
        """Serves these worlds together and asks about each."""
        data = os.path.join(work, "data")
        os.makedirs(data)
        for world in made:
            world.write(data)
        universe = frozenset().union(*(world.digests() for world in made))
        self.apexes = {apex.to_digestable() for world in made for apex in world.read()}
        for world in made:
            world.universe = universe
        zones = [apex for world in made for apex in world.zones]
        everyone = [self.given.subject, *self.peers]
        with servers.running(everyone, work, zones, data) as running:
            asked = [world for world in made if self.is_served(world, running)]
            if self.given.ask and asked:
                self.show(asked[0], self.questions(asked[0])[0], running)
                return
            while asked:  # some worlds at a time, for the memory
                questions = []
                while asked and len(questions) < 4000:
                    questions += self.questions(asked.pop())
                self.compare(questions, running)

    def is_served(self, world, running):
        """Whether two peers have all zones of a world, and the subject too, which is told where it has not."""
        world.peers = [peer for peer in self.peers if all(running[peer].serves(apex) for apex in world.zones)]
        for peer in set(self.peers) - set(world.peers):
            said = [running[peer].said(f"{apex or 'root'}", 2) for apex in world.zones]
            self.left_out.append((world.title, peer, "".join(said)))
        if len(world.peers) < 2:
            return False
        for apex in world.zones:
            if not running[self.given.subject].serves(apex):
                self.refused_worlds[world.title] = running[self.given.subject].said(f"{apex or 'root'}", 3)
                return False
        return True

    def questions(self, world):
        if self.given.ask:
            name, kind, *words = self.given.ask.split()
            edns = next((int(word[5:]) for word in words if word.startswith("edns=")), None)
            name = dns.name.from_text(name)
            return [Question(world, name, kind, edns, "do" in words, "rd" in words, "tcp" in words)]
        chance = random.Random(f"{self.given.seed}/{world.title}")
        is_whole = self.given.world or world.is_written and not self.given.short
        most = None if is_whole and not self.given.zones else self.given.questions
        found = []
        for name, kind in worlds.questions(world, chance, most):
            edns = chance.choice((None, 1232, 1232, 512, 4096))
            is_signed = edns is not None and chance.random() < 0.6
            found.append(Question(world, name, kind, edns, is_signed, chance.random() < 0.3, chance.random() < 0.12))
        return found

    def compare(self, questions, running):
        names, ports = list(running), [server.port for server in running.values()]

        def ask(some, over_tcp):
            got = ask_all(ports, [question.octets for question in some], over_tcp)
            return [
                {name: Response(octets[at], question) for name, octets in zip(names, got)} for at, question in enumerate(some)
            ]

        over_udp = [question for question in questions if not question.over_tcp]
        replies = list(zip(over_udp, ask(over_udp, False)))
        cut = [question for question, got in replies if any(response.tc for response in got.values())]
        full = {id(question): got for question, got in zip(cut, ask(cut, True))}
        over_tcp = [question for question in questions if question.over_tcp]
        replies += zip(over_tcp, ask(over_tcp, True))
        self.asked += len(replies)
        self.over_tcp += len(over_tcp) + len(cut)
        self.truncated += len(cut)
        subject = self.given.subject
        judged = []
        for question, got in replies:
            whole = full.get(id(question), {})
            got = {name: got[name] for name in (subject, *question.world.peers)}
            votes = {name: whole[name] if response.tc and whole else response for name, response in got.items()}
            judged.append((question, got[subject], votes.pop(subject), votes))
        self.follow_chains(judged, {name: running[name].port for name in self.peers})
        for question, ours, full_ours, votes in judged:
            for difference in judge(question, ours, full_ours, votes):
                difference.shown = votes
                row = acceptance(difference)
                if row:
                    self.accepted[row] += 1
                else:
                    self.kinds[difference.kind].append(difference)

    def follow_chains(self, judged, ports):
        """Peers that leave a chain of aliases where it enters another of their zones are asked for the rest of it."""
        known = {}
        for _ in range(12):
            ends = collections.defaultdict(dict)
            for question, _, _, votes in judged:
                for peer, response in votes.items():
                    name = response.end_of_chain(question, self.apexes)
                    if name is not None and is_served(name, self.apexes):
                        rest = Question(question.world, dns.name.from_wire(name, 0)[0], question.kind, question.edns, question.do)
                        ends[peer].setdefault((rest.octets, question.rd), []).append((rest, question, votes))
            if not ends:
                return
            for peer, rests in ends.items():
                new = [key for key in rests if (peer, key) not in known]
                (got,) = ask_all([ports[peer]], [rests[key][0][0].octets for key in new], True)
                for key, octets in zip(new, got):
                    known[peer, key] = Response(octets, rests[key][0][0])
                for key, places in rests.items():
                    for _, _, votes in places:
                        votes[peer] = votes[peer].continued(known[peer, key])

    def show(self, world, question, running):
        for apex, lines in world.zones.items():
            print(f"--- {apex}.\n{lines}")
        names, ports = list(running), [server.port for server in running.values()]
        for name, (octets,) in zip(names, ask_all(ports, [question.octets], question.over_tcp)):
            print(f"--- {name}: {question}\n{Response(octets, question)}")

    def report(self):
        subject = self.given.subject
        for row, count in self.accepted.items():
            print(f"# accepted {count} times: {row.title}: {row.why}")
        if self.asked > 50_000:
            for row in ACCEPTED:
                if row not in self.accepted:
                    print(f"# accepted no time: {row.title}; is it still needed?")
        if self.left_out:
            counts = collections.Counter(peer for _, peer, _ in self.left_out)
            print("# worlds that were not loaded: " + ", ".join(f"{count} by {peer}" for peer, count in counts.items()))
            if self.given.verbose:
                print("\n".join(map(str, self.left_out)))
        for title, said in list(self.refused_worlds.items())[:5]:
            print(f"FAILED {subject} loads world {title}\n   expected: as {', '.join(self.peers)} do\n   got:      {said}")
        if len(self.refused_worlds) > 5:
            print(f"# and {len(self.refused_worlds) - 5} more worlds")
        for kind, found in sorted(self.kinds.items(), key=lambda item: -len(item[1])):
            example = min(found, key=lambda d: (sum(map(len, d.question.world.zones.values())), len(d.question.octets)))
            self.explain(kind, len(found), example)
        count = f"{self.asked} questions ({self.over_tcp} over TCP, {self.truncated} truncated)"
        if not self.kinds and self.asked:
            print(f"ok {count} get the same from {subject} as from most of {', '.join(self.peers)}")
        else:
            print(f"# {count}: {sum(map(len, self.kinds.values()))} differences of {len(self.kinds)} kinds")
        return 1 if self.kinds or self.refused_worlds or not self.asked else 0

    def explain(self, kind, count, example):
        question = example.question
        world = question.world.title.split()[0]
        number = world.removeprefix("w") if world[1:].isdigit() else world
        print(f"FAILED {count} times {kind}; for example {question} of world {question.world.title}")
        for name, response in {self.given.subject: example.subject, **example.shown}.items():
            print("   " + f"{name}: {response}"[:1500].replace("\n", "\n     "))
        where = f"--zones {self.given.zones}" if self.given.zones else f"--seed {self.given.seed} --world {number}"
        print(f"   replay: scripts/differential/run {where} --ask '{question}'")


def is_served(name, apexes):
    """Whether a name in wire format is in one of the zones."""
    while name not in apexes and len(name) > 1:
        name = name[1 + name[0] :]
    return name in apexes


def main():
    given = arguments()
    run = Run(given)
    if len(run.peers) < 2:
        print(f"skipped: the comparison: of {', '.join(servers.PEERS)} there are only: {', '.join(run.peers) or 'none'}")
        return 0
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ambit-differential.") as work:
        signers = os.path.join(work, "keys")
        os.mkdir(signers)
        if given.world is None and not signing.is_possible():
            print("skipped: signed zones: no ldns-signzone here")
        numbers = range(1, given.worlds + 1) if given.world is None else [int(given.world)] if given.world.isdigit() else []
        made = [world for number in numbers if (world := worlds.generated(given.seed, number, signers))]
        if given.world is None or not numbers:
            folders = [given.zones] if given.zones else [os.path.join(root, "zones"), os.path.join(here, "zones")]
            files = [file for folder in folders for file in sorted(glob.glob(os.path.join(folder, "*.zone")))]
            made += [world for world in worlds.written(files) if given.world in (None, world.title) or given.zones]
        if made:
            os.mkdir(os.path.join(work, "main"))
            run.batch(made, os.path.join(work, "main"))
        if given.world in (None, "root"):
            os.mkdir(os.path.join(work, "root"))
            try:
                run.batch(worlds.rooted(given.seed, signers), os.path.join(work, "root"))
            except servers.DoesNotStart as failure:
                print("skipped: the root zone: {} does not start: {}".format(*failure.args))
        code = run.report()
    print(f"# seed {given.seed}, {time.monotonic() - start:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main())
