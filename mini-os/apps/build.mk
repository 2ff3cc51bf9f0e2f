# SPDX-License-Identifier: MIT
# Applications: a file NAME.c here, and its line below, make $(BUILD)/guests/NAME.elf.

apps += hello
apps += echo
apps += stress

app-elfs := $(apps:%=$(BUILD)/guests/%.elf)

$(BUILD)/mini-os/apps/%.o: mini-os/apps/%.c | $(newlib-stamp)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(app-cflags) $(app-cppflags) -c $< -o $@

$(app-elfs): $(BUILD)/guests/%.elf: $(BUILD)/mini-os/apps/%.o $(app-libs)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(call link-app,$<,$@)

.PHONY: apps
apps: $(app-elfs)
all: apps

include mini-os/apps/control-domain/build.mk
