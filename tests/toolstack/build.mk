# SPDX-License-Identifier: MIT
# The toolstack at work: tests/toolstack/NAME.c becomes $(BUILD)/tests/toolstack/NAME.elf, a
# program on mini-os that runs as domain 0 and makes other domains; domain0.c is part of
# each, and so are the control domain's hypercalls. test_toolstack.py boots them.

tst-common := $(BUILD)/tests/toolstack/domain0.o \
	      $(BUILD)/mini-os/apps/control-domain/hypercalls.o
tst-elfs := $(patsubst %.c,$(BUILD)/%.elf,\
	$(filter-out %/domain0.c,$(wildcard tests/toolstack/*.c)))

$(BUILD)/tests/toolstack/%.o: tests/toolstack/%.c | $(newlib-stamp)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(app-cflags) $(app-cppflags) -Itoolstack/include -Itests/apps \
		-Imini-os/apps/control-domain -c $< -o $@

$(tst-elfs): %.elf: %.o $(tst-common) $(test-app-check) $(app-libs) \
		$(BUILD)/mini-os/libtoolstack.a
	$(call say,LD,$@)
	$(Q)$(call link-app,$< $(tst-common) $(test-app-check) \
		$(BUILD)/mini-os/libtoolstack.a,$@)

.PHONY: toolstack-tests
toolstack-tests: $(tst-elfs)
test-build: toolstack-tests
