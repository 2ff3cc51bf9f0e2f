# SPDX-License-Identifier: MIT
# The library under every guest, the linker script, and how a guest is compiled.

guest-cppflags := -Imini-os/include -Ihypercall-abi/include
guest-cflags := $(cc-common) -ffreestanding -fno-pic -fno-pie -mcmodel=kernel \
		-mno-red-zone -mgeneral-regs-only -fno-stack-protector \
		-fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
		-fno-optimize-sibling-calls -fno-strict-aliasing -fno-common -fwrapv \
		-fcf-protection=none
guest-asflags := -g -D__ASSEMBLY__ -MMD -MP
guest-ldflags := -static -nostdlib -z max-page-size=4096 -z noexecstack --build-id=none \
		 --no-warn-rwx-segments

core-src := boot.c traps.c user.c paging.c pages.c space.c events.c grants.c time.c \
	    smp.c lock.c console.c printf.c string.c panic.c upcall.c
core-asm := notes.S start.S entry.S
core-dir := $(BUILD)/mini-os/core
core-out := $(core-src:%.c=$(core-dir)/%.o) $(core-asm:%.S=$(core-dir)/%.o)
core-lib := $(BUILD)/mini-os/libcore.a
guest-lds := $(BUILD)/mini-os/guest.lds

$(core-dir)/%.o: mini-os/core/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-cflags) $(guest-cppflags) -c $< -o $@

$(core-dir)/%.o: mini-os/core/%.S
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-asflags) $(guest-cppflags) -c $< -o $@

$(core-lib): $(core-out)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(guest-lds): mini-os/core/guest.lds.S
	$(call say,CPP,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -D__ASSEMBLY__ $(guest-cppflags) -MMD -MT $@ -MF $@.d $< -o $@

# $(call link-guest,objects,output): core first, whole, since nothing refers to its notes.
link-guest = $(LD) $(guest-ldflags) -T $(guest-lds) --whole-archive $(core-lib) \
	     --no-whole-archive $(1) -o $(2)

.PHONY: mini-os
mini-os: $(core-lib) $(guest-lds)
all: mini-os
