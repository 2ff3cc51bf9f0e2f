#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Boots the guest tests as domain 0 on Debian's Xen and on Pavise and compares.

Prints a row for each test. "agree": both succeed (or skip). "differ": they do not, for the
reason that the test states in its "xen: differs" line, or "xen: hangs" if there is no
result in time. "DIFFER" and "FAIL" have no such reason; then the exit status is 1.
"""

import argparse
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import guest_test  # noqa: E402
from machine import MachineError, default_build  # noqa: E402


def reason_for(test, xen):
    """Why Xen does not do what is expected, or nothing."""
    return test.hangs if xen.result == "TIMEOUT" else test.differs


def compare(test, xen, pavise):
    """(word, remark) for the row of a test that ran on both."""
    if xen.result == pavise.result and xen.good:
        return "agree", pavise.detail
    if pavise.good and reason_for(test, xen):
        return "differ", reason_for(test, xen)
    if xen.result == pavise.result:
        return "FAIL", pavise.detail
    return "DIFFER", f"Xen: {xen.detail or xen.result}; Pavise: {pavise.detail or pavise.result}"


def single(test, hypervisor, verdict):
    """(word, remark) for the row of a test that ran on one hypervisor."""
    if verdict.good:
        return "ok", verdict.detail
    if hypervisor == "xen" and reason_for(test, verdict):
        return "differ", reason_for(test, verdict)
    return "FAIL", verdict.detail


def run_on(test, hypervisor, options):
    """The verdict on one hypervisor. Real Xen in QEMU's TCG now and then stops with all
    processors halted while a vCPU is due, until an interrupt comes: about one run in a
    hundred of vcpus_many. Whether Xen or the emulator loses the wake-up is not known. On a
    host that is too busy, its clock also differs between processors by more than a
    millisecond. So a test that failed there without a reason is run once more; on Pavise it
    is not. Limits of time are meant for Pavise, and for a host that has nothing else to
    do."""
    qemu = shlex.split(options.qemu)
    if hypervisor == "xen" and test.hangs:
        return guest_test.run(test, hypervisor, options.build, qemu)
    verdict = guest_test.run(test, hypervisor, options.build, qemu, options.patience)
    if hypervisor == "xen" and not verdict.good and not reason_for(test, verdict):
        verdict = guest_test.run(test, hypervisor, options.build, qemu, options.patience)
    return verdict


def run_test(name, hypervisors, options):
    """The verdicts of one test and its row."""
    test = guest_test.GuestTest.load(name)
    verdicts = [run_on(test, hypervisor, options) for hypervisor in hypervisors]
    if len(verdicts) == 2:
        word, remark = compare(test, *verdicts)
    else:
        word, remark = single(test, hypervisors[0], verdicts[0])
    return name, verdicts, word, remark


def print_row(row, verbose):
    name, verdicts, word, remark = row
    results = " ".join(f"{verdict.result:8}" for verdict in verdicts)
    print(f"{name:32} {results} {word:7} {remark}".rstrip(), flush=True)
    if verbose:
        for verdict in verdicts:
            print(verdict.output)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="tests; all without")
    parser.add_argument("--only", choices=("xen", "pavise"), help="run on one of them")
    parser.add_argument("--build", type=Path, default=default_build(), help="output folder")
    parser.add_argument("--jobs", type=int, default=2, help="machines at a time")
    parser.add_argument("--qemu", default="", help='QEMU arguments, such as "-cpu EPYC"')
    parser.add_argument("--patience", type=float, default=3, help="factor to limits of time")
    parser.add_argument("--verbose", action="store_true", help="print the consoles' text")
    options = parser.parse_args()
    unknown = set(options.names) - set(guest_test.names())
    if unknown:
        parser.error(f"no such test: {' '.join(sorted(unknown))}")
    return options


def main():
    options = parse_options()
    hypervisors = [options.only] if options.only else ["xen", "pavise"]
    print(f"{'test':32} {' '.join(f'{name:8}' for name in hypervisors)}")
    words = []
    with ThreadPoolExecutor(options.jobs) as pool:
        tests = options.names or guest_test.names()
        for row in pool.map(lambda name: run_test(name, hypervisors, options), tests):
            print_row(row, options.verbose)
            words.append(row[2])
    print(", ".join(f"{words.count(word)} {word}" for word in sorted(set(words))))
    return any(word.isupper() for word in words)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MachineError as error:
        sys.exit(f"conformance: {error}")
