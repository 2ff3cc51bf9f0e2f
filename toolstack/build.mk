# SPDX-License-Identifier: MIT
# The toolstack's portable library. A folder's build.mk names its files in ts-src
# (relative to toolstack/): compiled here for the host as $(BUILD)/toolstack/
# libtoolstack.a (with objects of others in ts-host-others), and by whatever else wants
# the library with a C library of its own.
# Programs of the host have rules of their own in their folder's build.mk.

include $(wildcard toolstack/*/build.mk)

ts-cppflags := -Itoolstack/include -Ihypercall-abi/include
ts-cflags := $(cc-common) -fPIE
ts-dir := $(BUILD)/toolstack
ts-lib := $(ts-dir)/libtoolstack.a

$(ts-dir)/%.o: toolstack/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ts-cflags) $(ts-cppflags) -c $< -o $@

$(ts-lib): $(ts-src:%.c=$(ts-dir)/%.o) $(ts-host-others)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# The same for programs on mini-os: $(ts-app-lib), linked before $(app-libs). What others
# have written is in it, too: objects of tools/third-party.mk in ts-app-others.
ts-app-dir := $(BUILD)/mini-os/toolstack
ts-app-lib := $(BUILD)/mini-os/libtoolstack.a

$(ts-app-dir)/%.o: toolstack/%.c | $(newlib-stamp)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(app-cflags) $(app-cppflags) -Itoolstack/include -I$(third-party) -c $< -o $@

$(ts-app-lib): $(ts-src:%.c=$(ts-app-dir)/%.o) $(ts-app-others)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

.PHONY: toolstack
toolstack: $(ts-lib)
all: toolstack
