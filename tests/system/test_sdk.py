# SPDX-License-Identifier: MIT
"""The guest SDK: a program outside of the tree is compiled with it and boots."""

import os
import shutil
import subprocess

import pytest

from machine import Machine, default_build

BUILD = default_build()
SDK = BUILD / "sdk"
SECONDS = 60

PROGRAM = """
#include <math.h>
#include <stdio.h>
#include <unistd.h>
#include <mini-os/thread.h>
#include "greeting.h"

static void other(void *name)
{
    printf("%s in thread %s\\n", GREETING, (const char *)name);
}

int main(int argc, char **argv)
{
    thread_join(thread_create("second", other, "second"));
    usleep(1000);
    printf("%s %d %.3f\\n", argv[1], argc, sqrt(argc));
    return 0;
}
"""


@pytest.fixture
def project(tmp_path):
    """A folder of a user's own, with a moved copy of the SDK."""
    shutil.copytree(SDK, tmp_path / "kit")
    (tmp_path / "main.c").write_text(PROGRAM)
    (tmp_path / "greeting.h").write_text('#define GREETING "good morning"\n')
    return tmp_path


def compile_program(project, *arguments, compiler="gcc"):
    return subprocess.run([project / "kit" / "bin" / "pavise-cc", *arguments], cwd=project,
                          env={**os.environ, "PAVISE_CC": compiler}, text=True,
                          capture_output=True, check=False)


def assert_runs(elf):
    with Machine("pavise", elf, args="outside tree", memory=256, build=BUILD) as machine:
        machine.wait_for(r"^good morning in thread second$", SECONDS)
        machine.wait_for(r"^outside 3 1.732$", SECONDS)
        machine.wait_for(r"powered the machine off", SECONDS)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_compile_and_boot(project, compiler):
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    done = compile_program(project, "-O2", "-Wall", "-Wextra", "-Werror", "-o", "guest.elf",
                           "main.c", compiler=compiler)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert_runs(project / "guest.elf")


def test_separate_steps(project):
    assert compile_program(project, "-c", "main.c", "-o", "main.o").returncode == 0
    done = compile_program(project, "main.o", "-o", "guest.elf")
    assert done.returncode == 0, done.stderr
    assert_runs(project / "guest.elf")


def test_errors_are_the_compilers(project):
    (project / "bad.c").write_text("int main(void) { return x; }\n")
    done = compile_program(project, "bad.c", "-o", "bad.elf")
    assert done.returncode == 1 and "bad.c:1" in done.stderr
    assert "no input files" in compile_program(project).stderr


def test_host_headers_are_out_of_reach(project):
    (project / "host.c").write_text("#include <sys/epoll.h>\nint main(void) { return 0; }\n")
    assert "sys/epoll.h" in compile_program(project, "host.c").stderr
