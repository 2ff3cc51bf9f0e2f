# SPDX-License-Identifier: MIT
# Devices of domain 0: part of libmini-os.a, and of those programs that use them.

devices-src := channel.c io.c line.c pci.c virtqueue.c virtio_pci.c virtio_console.c \
	       virtio_control.c virtio_bytes.c uart.c
devices-out := $(devices-src:%.c=$(BUILD)/mini-os/devices/%.o)

# Like the kernel, they interrupt programs: general registers only.
$(BUILD)/mini-os/devices/%.o: mini-os/devices/%.c | $(newlib-stamp)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(app-cflags) -mgeneral-regs-only $(app-cppflags) -c $< -o $@

$(kernel-lib): $(devices-out)
