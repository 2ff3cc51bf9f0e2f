# SPDX-License-Identifier: MIT
# The ring-0 image. Each sub-folder's build.mk appends to hv-objs.

hv-dirs := boot hypercall control pv evtchn grant rights trace domain sched time mm x86 sync lib
hv-objs :=
include $(foreach d,$(hv-dirs),$(wildcard hypervisor/$(d)/build.mk))
hv-out  := $(patsubst %,$(BUILD)/hypervisor/%,$(hv-objs))

hv-cppflags := -Ihypervisor/include -Ihypercall-abi/include -I$(BUILD)/hypervisor/include -D__PAVISE__
hv-cflags := $(cc-common) -ffreestanding -fpie -fvisibility=hidden -fno-stack-protector \
	     -mno-red-zone -mgeneral-regs-only -fno-asynchronous-unwind-tables \
	     -fno-omit-frame-pointer -momit-leaf-frame-pointer -fno-strict-aliasing \
	     -fno-common -fno-jump-tables -fwrapv -fcf-protection=none -fstack-usage \
	     -Wframe-larger-than=2048 $(if $(DEBUG),-DDEBUG) \
	     -include hypervisor/include/hv/compiler.h
hv-asflags := -g -D__ASSEMBLY__ -MMD -MP -fcf-protection=none

$(BUILD)/hypervisor/%.o: hypervisor/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(hv-cflags) $(hv-cppflags) -Ihypervisor/$(firstword $(subst /, ,$*)) -c $< -o $@

$(BUILD)/hypervisor/%.o: hypervisor/%.S $(BUILD)/hypervisor/include/hv/asm-offsets.h
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(hv-asflags) $(hv-cppflags) -c $< -o $@

# Structure offsets for assembly: the compiler's own figures, extracted from its output.
$(BUILD)/hypervisor/include/hv/asm-offsets.h: hypervisor/x86/asm_offsets.c
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -g -MMD -MP,$(hv-cflags)) $(hv-cppflags) -MMD -MT $@ -MF $@.d -S $< -o $@.s
	$(Q)sed -n 's/^.*->\([A-Za-z0-9_]*\) [$$]*\(-*[0-9]*\)\(.*\)$$/#define \1 \2/p' $@.s > $@

.PHONY: hypervisor hv-objects
hv-objects: $(hv-out)
hypervisor: $(BUILD)/pavise.elf
all: hypervisor
-include $(BUILD)/hypervisor/include/hv/asm-offsets.h.d
