# SPDX-License-Identifier: MIT
# `make bench` is bench-hypervisor and bench-tool.
#
# `make bench-hypervisor`: one bench guest as domain 0 of Pavise and of Debian's Xen, side
# by side.

bench-cppflags := $(guest-cppflags) -Imini-os/core
bench-objs := $(patsubst tests/bench/guest/%.c,$(BUILD)/tests/bench/%.o,\
		$(wildcard tests/bench/guest/*.c)) $(BUILD)/tests/bench/entries.o

$(BUILD)/tests/bench/%.o: tests/bench/guest/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-cflags) $(bench-cppflags) -c $< -o $@

$(BUILD)/tests/bench/%.o: tests/bench/guest/%.S
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-asflags) $(guest-cppflags) -c $< -o $@

$(BUILD)/tests/bench/bench.elf: $(bench-objs) $(core-lib) $(guest-lds)
	$(call say,LD,$@)
	$(Q)$(call link-guest,$(bench-objs),$@)

.PHONY: bench bench-guest bench-hypervisor
bench-guest: $(BUILD)/tests/bench/bench.elf
bench-hypervisor: bench-guest $(BUILD)/pavise.elf
	$(Q)$(PYTHON) tests/bench/run.py --build $(BUILD)
bench:
	$(Q)$(MAKE) --no-print-directory bench-hypervisor
	$(Q)$(MAKE) --no-print-directory bench-tool

# `make bench-tool`: guests made and ended by the control domain, beside xl on Debian's Xen
# with Linux as domain 0. Its parts: the smallest guest, xenstore from a guest, and what
# measures in the Linux.

tiny-objs := $(BUILD)/tests/bench/tiny/start.o $(BUILD)/tests/bench/tiny/main.o

$(BUILD)/tests/bench/tiny/%.o: tests/bench/tiny/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-cflags) $(guest-cppflags) -c $< -o $@

$(BUILD)/tests/bench/tiny/%.o: tests/bench/tiny/%.S
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-asflags) $(guest-cppflags) -c $< -o $@

$(BUILD)/tests/bench/tiny.elf: $(tiny-objs) $(core-dir)/notes.o $(guest-lds)
	$(call say,LD,$@)
	$(Q)$(LD) $(guest-ldflags) -s -T $(guest-lds) $(tiny-objs) $(core-dir)/notes.o -o $@

$(BUILD)/tests/bench/store.o: tests/bench/store.c | $(newlib-stamp)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(app-cflags) $(app-cppflags) -c $< -o $@

$(BUILD)/tests/bench/store.elf: $(BUILD)/tests/bench/store.o $(app-libs)
	$(call say,LD,$@)
	$(Q)$(call link-app,-s $<,$@)

$(BUILD)/tests/bench/ticks $(BUILD)/tests/bench/rows: $(BUILD)/tests/bench/%: tests/bench/linux/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(cc-common) -static $< -o $@ -lxenstore -lxentoolcore

# The control domain with a list of commands in the place of its prompt.
tool-objs := $(BUILD)/tests/bench/tool/main.o $(filter-out %/main.o,$(control-objs))

$(BUILD)/tests/bench/tool/main.o: tests/bench/tool/main.c | $(newlib-stamp)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(app-cflags) $(app-cppflags) -Itoolstack/include \
		-Imini-os/apps/control-domain -c $< -o $@

$(BUILD)/tests/bench/tool.elf: $(tool-objs) $(app-libs)
	$(call say,LD,$@)
	$(Q)$(call link-app,-s $(tool-objs),$@)

tool-bench := $(addprefix $(BUILD)/tests/bench/,tool.elf tiny.elf store.elf)
test-build: $(tool-bench)

.PHONY: bench-tool bench-linux
bench-tool: $(BUILD)/pavise.elf $(tool-bench) $(BUILD)/tests/bench/ticks
	$(Q)$(PYTHON) tests/bench/tool_bench.py --build $(BUILD)

bench-linux: all $(addprefix $(BUILD)/tests/bench/,tool.elf ticks rows)
	$(Q)$(PYTHON) tests/bench/linux_bench.py --build $(BUILD)
