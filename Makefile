# SPDX-License-Identifier: MIT
#
# Pavise's one Makefile. Every folder has a build.mk that adds its objects and
# targets; nothing recurses and all output is below $(BUILD).
#
#: make TARGET, in Pavise's top folder:
#:   all            hypervisor, mini-os and its applications (what `make` alone builds)
#:   sdk            build/sdk: write guests outside of this tree
#:   run            boot the ISO in QEMU by BIOS, console in this terminal; Ctrl-a x ends
#:   run-uefi       the same by UEFI
#:   debug          boot without GRUB and wait for gdb; prints how to attach
#:   iso            build/pavise.iso, for BIOS and UEFI
#:   test           every test, in QEMU too; the last line counts them
#:   check          host tests, ABI comparison, page-type model, lint; no QEMU
#:   test-linux     boot Debian's own kernels, as domain 0 and as guests (fetches 700 MB)
#:   conformance    guest tests on Debian's Xen 4.17 and on Pavise, a row each
#:   coverage       rows of the ABI tables without a guest test
#:   bench          both of the following: Pavise beside Debian's Xen 4.17, by instructions
#:   bench-hypervisor  hypercalls, faults, page tables; start-up and memory
#:   bench-tool     guests made and ended: the control domain and xl (4 minutes)
#:   bench-linux    Debian's Linux as a guest, likewise (4 minutes)
#:   model          10 million random operations on the page-type machine
#:   fuzz           libFuzzer on whatever parses foreign bytes, FUZZ_SECONDS=60 each
#:   lint           format, licence lines, headers, layers, documentation
#:   report         largest functions, files, stack frames; sizes of sections
#:   docs           build/docs: index of the hypercalls
#:   install        the tool, what it boots, man pages; PREFIX=/usr/local DESTDIR=
#:   install-deps   apt-get whatever is missing on Debian 12
#:   clean          remove build/
#:   help           this list
#: Settings, for example `make run QEMU_SMP=4`:
#:   BUILD=build                 output folder
#:   CC=gcc                      or clang
#:   DEBUG=1                     check lock order and assertions (use a BUILD of its own)
#:   V=1                         show whole commands
#:   QEMU_SMP=2 QEMU_MEMORY=1024 the machine of run and debug; also QEMU_CPU, QEMU_ARGS
#:   ISO_KERNEL=FILE             domain 0; also ISO_KERNEL_ARGS, ISO_RAMDISK
#:   ISO_OPTIONS='...'           boot options of the hypervisor
#:   TESTS=tests/host JOBS=2     what `make test` runs, and how many at a time

BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
LD      ?= ld
NM      ?= nm
OBJCOPY ?= objcopy
PYTHON  ?= /usr/bin/python3
export BUILD CC

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n' "$(1)" "$(patsubst $(BUILD)/%,%,$(2))"
endif

warnings := -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wstrict-prototypes \
	    -Wmissing-prototypes -Wpointer-arith
cc-common := -std=gnu11 -g -O2 $(warnings) -MMD -MP

.DEFAULT_GOAL := all
.PHONY: all run run-uefi test check debug bench lint report clean fuzz conformance install-deps help

all:

include $(sort $(wildcard */build.mk tests/*/build.mk tests/build.mk))

clean:
	$(Q)rm -rf $(BUILD)

-include $(shell find $(BUILD) -path $(BUILD)/debian -prune -o -name '*.d' -type f -print 2>/dev/null)
