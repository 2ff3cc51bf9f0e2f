# SPDX-License-Identifier: MIT
# Start-up, and the image itself: two links, the second with the symbol table of the first.

hv-objs += boot/head.o boot/startup.o boot/multiboot.o boot/memory_map.o boot/cmdline.o \
	   boot/early_alloc.o boot/paging.o boot/percpu.o boot/symbols.o

hv-lds     := $(BUILD)/hypervisor/boot/pavise.lds
hv-symtab  := $(BUILD)/hypervisor/boot/symtab
hv-ldflags := -nostdlib -static --no-pie -z max-page-size=4096 -z noexecstack --build-id=none \
	      --orphan-handling=error --no-warn-rwx-segments

$(hv-lds): hypervisor/boot/pavise.lds.S hypervisor/include/hv/layout.h
	$(call say,LDS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x assembler-with-cpp -D__ASSEMBLY__ $(hv-cppflags) $< -o $@

# hv-out is complete only after all build.mk files have been read.
.SECONDEXPANSION:

$(hv-symtab)0.S: hypervisor/boot/symtab.awk
	@mkdir -p $(@D)
	$(Q)awk -f $< </dev/null > $@

$(hv-symtab)1.S: $(BUILD)/hypervisor/boot/pavise.pass1 hypervisor/boot/symtab.awk
	$(Q)$(NM) -n $< | awk -f hypervisor/boot/symtab.awk > $@

$(hv-symtab)%.o: $(hv-symtab)%.S
	$(Q)$(CC) $(hv-asflags) -c $< -o $@

$(BUILD)/hypervisor/boot/pavise.pass1: $$(hv-out) $(hv-symtab)0.o $(hv-lds)
	$(Q)$(LD) $(hv-ldflags) -T $(hv-lds) $(hv-out) $(hv-symtab)0.o -o $@

$(BUILD)/pavise.elf: $$(hv-out) $(hv-symtab)1.o $(hv-lds)
	$(call say,LD,$@)
	$(Q)$(LD) $(hv-ldflags) -T $(hv-lds) $(hv-out) $(hv-symtab)1.o -o $@
include hypervisor/boot/image.mk
