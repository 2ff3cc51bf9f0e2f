# SPDX-License-Identifier: MIT
# Every directory with a main.c becomes $(BUILD)/tests/guest/NAME.elf.

gt-cppflags := $(guest-cppflags) -Itests/guest/lib -Imini-os/devices
gt-tests := $(patsubst tests/guest/%/main.c,%,$(wildcard tests/guest/*/main.c))
gt-elfs := $(gt-tests:%=$(BUILD)/tests/guest/%.elf)
gt-src = $(wildcard tests/guest/$(1)/*.c tests/guest/$(1)/*.S)
gt-objs = $(patsubst %,$(BUILD)/%.o,$(basename $(call gt-src,$(1))))
gt-lib := $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/guest/lib/*.c))

# For tests that use a device: PCI, ports, device memory, virtio.
gt-devices := $(patsubst %,$(BUILD)/tests/guest/devices/%.o,io pci virtio_pci virtqueue)

$(gt-devices): $(BUILD)/tests/guest/devices/%.o: mini-os/devices/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-cflags) $(guest-cppflags) -c $< -o $@

$(BUILD)/tests/guest/libdevices.a: $(gt-devices)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/tests/guest/%.o: tests/guest/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-cflags) $(gt-cppflags) -c $< -o $@

$(BUILD)/tests/guest/%.o: tests/guest/%.S
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-asflags) $(gt-cppflags) -c $< -o $@

define gt-rule
$(BUILD)/tests/guest/$(1).elf: $(call gt-objs,$(1)) $(gt-lib) $(BUILD)/tests/guest/libdevices.a \
		$(core-lib) $(guest-lds)
	$$(call say,LD,$$@)
	$$(Q)$$(call link-guest,$(call gt-objs,$(1)) $(gt-lib) \
		$(BUILD)/tests/guest/libdevices.a,$$@)
endef
$(foreach t,$(gt-tests),$(eval $(call gt-rule,$(t))))

.PHONY: guest-tests
guest-tests: $(gt-elfs)
