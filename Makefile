# SPDX-License-Identifier: MIT
#
# Pavise's one Makefile. Every folder has a build.mk that adds its objects and
# targets; nothing recurses and all output is below $(BUILD).
#
#   make            hypervisor, example guests, control library
#   make run        boot the ISO in QEMU, console in this terminal
#   make test       every test       make check   host tests and lint, no QEMU
#   make V=1        show whole commands

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

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
