"""The harness's own arithmetic: python3 -m unittest discover -s scripts/benchmark"""

import math
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

import attack
import figures
import report
import workload
from figures import Row
from machine import LOAD_CORE, Load


class FiguresTests(unittest.TestCase):
    def test_ratios_are_taken_within_a_round(self):
        self.assertEqual(figures.ratios([2, 9], [1, 3]), [2, 3])
        with self.assertRaises(ValueError):
            figures.ratios([1], [1, 2])

    def test_numbers_have_the_digits_that_tell_something(self):
        for value, text in ((1.0534, "1.053"), (1.5, "1.5"), (12.34, "12.3"), (1500.6, "1,501"), (0, "0"), (0.09, "0.09"),
                            (float("inf"), "never")):
            self.assertEqual(figures.number(value), text)
        self.assertEqual(figures.told([3, 1, 2]), "2 (1 to 3)")
        self.assertEqual(figures.told([2]), "2")

    def test_a_goal_holds_by_the_median_on_its_side(self):
        self.assertTrue(Row("g", "w", "≤ 2", 2, [1, 2, 9]).is_held)
        self.assertFalse(Row("g", "w", "≤ 2", 2, [1, 2.1, 9]).is_held)
        self.assertTrue(Row("g", "w", "≥ 2", 2, [1, 2, 9], at_least=True).is_held)
        self.assertFalse(Row("g", "w", "≥ 2", 2, [1, 1.9, 9], at_least=True).is_held)

    def test_a_goal_that_was_not_measured_fails_and_a_figure_without_goal_never_does(self):
        self.assertTrue(Row("g", "w", "≤ 2", 2, []).fails)
        self.assertTrue(report.not_measured("tcp", "why").fails)
        self.assertFalse(Row("g", "w", "", None, []).fails)
        self.assertFalse(Row("g", "w", "", None, [7]).fails)

    def test_a_table_has_a_cell_for_each_heading(self):
        lines = figures.table([Row("g", "what|ever", "≤ 2", 2, [3, 1], beside={"nsd": [1.5], "none": []}, note="a note")]).split("\n")
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines[2], "| what\\|ever | ≤ 2 | 2 (1 to 3) | yes | nsd 1.5; a note |")
        self.assertEqual([line.replace("\\|", "").count("|") for line in lines], [6, 6, 6])

    def test_the_page_counts_goals(self):
        facts = {"when": "now", "commit": "c", "processor": "p", "cores": 2, "kernel": "k", "rounds": 3, "seconds": 60,
                 "generator": "load", "left_out": []}
        rows = [Row("udp", "a", "≤ 2", 2, [1]), Row("udp", "b", "≤ 2", 2, [3]), Row("udp", "c", "", None, [3]),
                Row("attack", "d", "≤ 3 ×", 3, [1])]
        self.assertIn("2 of 3 goals hold", report.page(rows, facts))
        self.assertNotIn("left out", report.page(rows, facts))
        self.assertIn("This run left out: e; f.", report.page(rows, facts | {"left_out": ["e", "f"]}))

    def test_a_page_is_replaced_between_its_markers_only(self):
        page = f"before\n{figures.BEGIN}\nold\n{figures.END}\nafter\n"
        once = figures.replace_between(page, "new")
        self.assertEqual(once, f"before\n{figures.BEGIN}\n\nnew\n\n{figures.END}\nafter\n")
        self.assertEqual(figures.replace_between(once, "new"), once)
        for wrong in ("", figures.BEGIN, f"{figures.END}{figures.BEGIN}", page + page):
            with self.assertRaises(ValueError):
                figures.replace_between(wrong, "new")

    def test_the_page_of_the_docs_can_be_written(self):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "performance.md")
        with open(path, encoding="utf-8") as page:
            self.assertIn("\n\nnew\n\n", figures.replace_between(page.read(), "new"))

    def test_reports_of_other_programs_are_read(self):
        text = "  Queries sent:         300\n  Queries completed:    298 (99%)\n  Queries lost:         2 (1%)\n" \
               "  Response codes:       NOERROR 280 (93%), NXDOMAIN 18 (7%)\n  Run time (s):         2.0\n" \
               "  Queries per second:   149.0\n  Average Latency (s):  0.000250 (min 0.1, max 2)\n"
        read = figures.read_dnsperf(text)
        self.assertEqual((read["sent"], read["received"], read["lost"], read["qps"]), (300, 298, 2, 149.0))
        self.assertEqual(read["rcodes"], {"0": 280, "3": 18})
        self.assertAlmostEqual(read["average_us"], 250)
        self.assertEqual(figures.callgrind_total("events: Ir\nsummary: 0\ntotals: 12\n"), 12)
        with self.assertRaises(ValueError):
            figures.callgrind_total("summary: 0\ntotals: 0\n")


class WorkloadTests(unittest.TestCase):
    def test_a_service_has_four_and_a_half_records(self):
        count = sum(len(list(workload.records(number))) for number in range(1, 4001))
        self.assertAlmostEqual(count / 4000, 4.5, delta=0.1)

    def test_addresses_are_of_their_group(self):
        for group in range(4):
            for number in range(1, 500):
                for address in workload.addresses(number, group):
                    octets = list(map(int, address.split(".")))
                    self.assertEqual((octets[0], octets[1] >> 6), (10, group))
                    self.assertLess(max(octets), 256)

    def test_the_same_numbers_give_the_same_files(self):
        with tempfile.TemporaryDirectory() as folder:
            texts = []
            for name in "ab":
                path = os.path.join(folder, name)
                workload.write_queries(path, 100, 1000)
                with open(path, encoding="ascii") as file:
                    texts.append(file.read())
            self.assertEqual(*texts)
            self.assertEqual(len(texts[0].splitlines()), 1000)

    @unittest.skipUnless(shutil.which("cc"), "no C compiler")
    def test_names_that_collide_follow_the_hash_of_the_index(self):
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "collide")
            source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "collide.c")
            subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source], check=True)
            told = subprocess.run([program, "0x5eed0f7ab1e5", "s0000001.mesh.test"], capture_output=True, text=True, check=True)
            # NameKeyTests hold NameKey to the same number.
            self.assertEqual(told.stdout, "0x225ccd4d1e4b463d\n")
            names = attack.collide(folder, 7, 20, 10, "mesh.test")
            hashes = [int(subprocess.run([program, "7", name], capture_output=True, text=True, check=True).stdout, 16)
                      for name in names]
        self.assertEqual(len(set(names)), 20)
        self.assertEqual(len({value >> 54 for value in hashes}), 1)

    def test_names_of_attacks_are_names(self):
        deepest = "b." + attack.DEEP
        self.assertEqual(len(attack.wire_name(deepest)), 255)
        self.assertEqual(deepest.count(".") + 1, 127)


@unittest.skipUnless(shutil.which("cc"), "no C compiler")
@unittest.skipUnless(LOAD_CORE in os.sched_getaffinity(0), "the generator has no core")
class GeneratorTests(unittest.TestCase):
    """The C programs against each other: nothing is lost to an echo, and percentiles are in order."""

    def start_echo(self, folder, queries):
        """A port that is free may be another's when echo comes to bind it: then another port."""
        for _ in range(20):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            echo = subprocess.Popen([os.path.join(folder, "echo"), str(port), "60"], stderr=subprocess.DEVNULL)
            self.addCleanup(echo.wait)
            self.addCleanup(echo.kill)
            for _ in range(200):
                received = Load(folder).run(port, queries, count=64, seconds=1, timeout=50)["received"]
                if echo.poll() is not None:
                    break
                if received:
                    return port
        raise OSError("echo does not start")

    def test_an_echo_answers_everything(self):
        here = os.path.dirname(os.path.abspath(__file__))
        with tempfile.TemporaryDirectory() as folder:
            for name in ("load", "echo", "collide"):
                out = os.path.join(folder, name)
                subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", out, os.path.join(here, name + ".c"), "-lm"], check=True)
            queries = os.path.join(folder, "queries")
            workload.write_queries(queries, 100, 100)
            with open(queries, "a", encoding="ascii") as file:
                file.write(":" + attack.message("a.test").hex() + "\n")
            port = self.start_echo(folder, queries)
            # So few at once that no buffer overflows: nothing else loses datagrams on loopback.
            result = Load(folder).run(port, queries, count=5000, window=32, seconds=20, timeout=5000)
        self.assertEqual((result["sent"], result["received"], result["lost"], result["foul"]), (5000, 5000, 0, 0))
        self.assertEqual(result["rcodes"], {"0": 5000})
        self.assertLessEqual(result["p50_us"], result["p99_us"])
        self.assertLessEqual(result["p99_us"], result["max_us"])
        self.assertFalse(math.isnan(result["qps"]))


if __name__ == "__main__":
    unittest.main()
