"""Whether a round trip is network + queue + residence: `ambit measure` sees the first, the server the last two.

On loopback a capture tells what the network took: from each query's sending to the kernel's getting it, and from the
response's leaving to its coming. Over an emulated link the network is what the link was told to take each way and the
lateness it counted itself; what else it costs to go through (devices, two wake-ups) is known from a link without delay.
"""

import datetime
import json
import os
import statistics
import subprocess
import time

import capture
import exposition
import link

ZONE = "@ 300 IN SOA ns hostmaster 1 3600 600 86400 60\n@ 300 IN NS ns\nns 300 IN A 192.0.2.1\norders 300 IN A 192.0.2.2\n"
DELAY = 0.010


def nanoseconds(text):
    """A moment of a singleton since 1970."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    moment = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return int(moment.timestamp()) * 1_000_000_000 + int(fraction.ljust(9, "0"))


def measure(ambit, server, name, folder, words, within=()):
    """- Returns: the singletons of a measurement, each query of which was answered; and the instrument's own part, in nanoseconds."""
    path = f"{folder}/singletons"
    done = subprocess.run([*within, ambit, "measure", f"@{server}", name, *map(str, words), "--json", "--output", path],
                          capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise OSError(f"ambit measure: {done.stderr.strip()[-500:]}")
    with open(path, encoding="utf-8") as lines:
        singletons = [one for one in map(json.loads, lines) if not one["calibration"]]
    if any(one["Logical"] or one["dT"] is None for one in singletons):
        raise OSError("ambit measure: a query was lost")
    calibration = json.loads(done.stdout)["calibration"]
    return singletons, (calibration["systematic"] + calibration["random"]) * 1e9


class LoopbackFigures:
    """Means in nanoseconds, and of each query what lies between T and the captured query, the captured response and T + dT.

    - Parameter instrument: the calibration's systematic and random error together.
    """

    def __init__(self, trip, network, server, sending, before, after, instrument):
        self.trip, self.network, self.server, self.sending = trip, network, server, sending
        self.before, self.after, self.instrument, self.count = before, after, instrument, len(before)


def on_loopback(ambit, address, page, folder, source, count):
    """- Returns: LoopbackFigures."""
    def sums():
        now = exposition.scrape(page)
        return [now.sum("ambit_residence_seconds_count", transport="udp")] + [
            now.sum(name, transport="udp") * 1e9 for name in ("ambit_residence_seconds_sum", "ambit_queue_seconds_sum")
        ] + [now.sum("ambit_send_span_seconds_total") * 1e9]

    watcher = capture.Capture(int(address.rpartition(":")[2]), folder)
    before = sums()
    singletons, instrument = measure(ambit, address, "s0001.mesh.test", folder, ["--count", count, "--rate", 400, "--source", source])
    time.sleep(0.1)
    after, seen = sums(), watcher.end()
    answered, residence, queue, sending = (late - early for late, early in zip(after, before))
    if answered != len(singletons):
        raise OSError(f"{len(singletons)} queries were sent, the server answered {answered:.0f}")
    trips, before, after_response = [], [], []
    for one in singletons:
        pairs = seen.get((source, one["port"], one["id"]), [])
        if len(pairs) != 1 or pairs[0][1] is None:
            raise OSError(f"the capture does not have query {one['id']} once, with its response")
        ((query, response),), sent, trip = pairs, nanoseconds(one["T"]), round(one["dT"] * 1e9)
        trips.append(trip)
        before.append(query - sent)
        after_response.append(sent + trip - response)
    network = statistics.mean(early + late for early, late in zip(before, after_response))
    return LoopbackFigures(statistics.mean(trips), network, (residence + queue) / answered, sending / answered, before,
                           after_response, instrument)


class LinkFigures:
    """Means in nanoseconds, of a measurement over a link."""

    def __init__(self, trip, server, sending, late, error):
        """- Parameter error: of the mean round trip, as a sample: 999 of 1000 come nearer to that of all."""
        self.trip, self.server, self.sending, self.late, self.error = trip, server, sending, late, error

    @property
    def rest(self):
        """What is neither the server's nor the link's lateness."""
        return self.trip - self.server - self.late


def over_link(ambit, folder, delay, count):
    """- Throws: link.Missing where there can be no link."""
    zones = f"{folder}/linked-{delay}"
    os.makedirs(zones)
    with open(f"{zones}/mesh.test.zone", "w", encoding="ascii") as zone:
        zone.write(ZONE)
    with link.Link(delay=delay, port=53) as wire:
        with open(f"{folder}/linked.txt", "wb") as log:
            server = subprocess.Popen(
                wire.server_command(ambit, "serve", zones, "--workers", "1", "--listen", f"{wire.server}:53", "--http",
                                    "127.0.0.1:8053"), stdout=log, stderr=log)
        try:
            def scrape():
                """The page is in the server's namespace."""
                for _ in range(100):
                    done = subprocess.run(wire.server_command("curl", "-sS", "http://127.0.0.1:8053/metrics"),
                                          capture_output=True, text=True)
                    if done.returncode == 0:
                        return exposition.Exposition(done.stdout)
                    time.sleep(0.05)
                raise OSError(f"the server at the link's end does not answer: {done.stderr.strip()}")

            scrape()
            singletons, _ = measure(ambit, f"{wire.server}:53", "orders.mesh.test", folder, ["--count", count, "--rate", 100],
                                 within=wire.client_command())
            time.sleep(0.1)
            now = scrape()
        finally:
            server.terminate()
            server.wait()
    answered = now.sum("ambit_residence_seconds_count", transport="udp")
    if answered != len(singletons):
        raise OSError(f"{len(singletons)} queries were sent over the link, the server answered {answered:.0f}")
    own = (now.sum("ambit_residence_seconds_sum") + now.sum("ambit_queue_seconds_sum")) / answered
    trips = [one["dT"] for one in singletons]
    late = statistics.mean(wire.to_server.late) + statistics.mean(wire.to_client.late)
    return LinkFigures(
        statistics.mean(trips) * 1e9, own * 1e9, now.sum("ambit_send_span_seconds_total") / answered * 1e9, late * 1e9,
        3.29 * statistics.stdev(trips) / len(trips) ** 0.5 * 1e9)
