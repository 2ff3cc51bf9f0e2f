# SPDX-License-Identifier: MIT
# Programs on mini-os that test it: tests/apps/NAME.c becomes $(BUILD)/tests/apps/NAME.elf.
# They are booted by tests/system/test_apps.py.

test-apps := $(patsubst tests/apps/%.c,%,$(filter-out %/check.c,$(wildcard tests/apps/*.c)))
test-app-elfs := $(test-apps:%=$(BUILD)/tests/apps/%.elf)
test-app-check := $(BUILD)/tests/apps/check.o

$(BUILD)/tests/apps/%.o: tests/apps/%.c | $(newlib-stamp)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(app-cflags) $(app-cppflags) -Imini-os/kernel -c $< -o $@

$(test-app-elfs): %.elf: %.o $(test-app-check) $(app-libs)
	$(call say,LD,$@)
	$(Q)$(call link-app,$< $(test-app-check),$@)

.PHONY: test-apps
test-apps: $(test-app-elfs)
test-build: test-apps sdk
