# SPDX-License-Identifier: MIT
# `make bench`: one bench guest as domain 0 of Pavise and of Debian's Xen, side by side.

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

.PHONY: bench bench-guest
bench-guest: $(BUILD)/tests/bench/bench.elf
bench: bench-guest $(BUILD)/pavise.elf
	$(Q)$(PYTHON) tests/bench/run.py --build $(BUILD)
