# SPDX-License-Identifier: MIT
# The bootable image and QEMU.
#
#   make run            boots it by BIOS, the serial console in this terminal (Ctrl-a x ends)
#   make run-uefi       by UEFI
#   make debug          without GRUB, waiting for gdb; prints how to attach
#
# ISO_KERNEL, ISO_KERNEL_ARGS, ISO_RAMDISK: domain 0; without them the control domain.
# ISO_OPTIONS: the hypervisor's options.

ISO_OPTIONS     ?= console=com1 com1=115200,8n1
ifndef ISO_KERNEL
ISO_KERNEL      := $(BUILD)/control-domain.elf
ISO_RAMDISK     ?= $(BUILD)/control-domain.cpio
ISO_OPTIONS     += dom0_mem=128M
endif
ISO_KERNEL_ARGS ?=
ISO_RAMDISK     ?=
QEMU            ?= qemu-system-x86_64
QEMU_CPU        ?= max,smap=off
QEMU_SMP        ?= 2
QEMU_MEMORY     ?= 1024
QEMU_ARGS       ?=
OVMF            ?= /usr/share/ovmf/OVMF.fd

, := ,
iso-dir := $(BUILD)/iso
qemu-machine = $(QEMU) -accel tcg -cpu $(QEMU_CPU) -smp $(QEMU_SMP) -m $(QEMU_MEMORY) \
	       -nodefaults -no-reboot -display none -serial mon:stdio $(QEMU_ARGS)

# The menu depends on variables: written anew each time, replaced when it differs.
.PHONY: force
$(iso-dir)/boot/grub/grub.cfg: force
	@mkdir -p $(@D)
	@{ echo 'serial --unit=0 --speed=115200'; \
	   echo 'terminal_input serial console'; \
	   echo 'terminal_output serial console'; \
	   echo 'set timeout=0'; \
	   echo 'menuentry "Pavise" {'; \
	   echo '    multiboot2 /boot/pavise.elf $(ISO_OPTIONS)'; \
	   echo '    module2 /boot/domain0.elf $(ISO_KERNEL_ARGS)'; \
	   $(if $(ISO_RAMDISK),echo '    module2 /boot/ramdisk';) \
	   echo '}'; } > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/pavise.iso: $(BUILD)/pavise.elf $(ISO_KERNEL) $(ISO_RAMDISK) $(iso-dir)/boot/grub/grub.cfg
	$(call say,ISO,$@)
	$(Q)cp $(BUILD)/pavise.elf $(iso-dir)/boot/pavise.elf
	$(Q)cp $(ISO_KERNEL) $(iso-dir)/boot/domain0.elf
	$(Q)$(if $(ISO_RAMDISK),cp $(ISO_RAMDISK) $(iso-dir)/boot/ramdisk,rm -f $(iso-dir)/boot/ramdisk)
	$(Q)grub-mkrescue --locales= --fonts= --themes= -o $@ $(iso-dir) >$@.log 2>&1 || \
		{ cat $@.log; exit 1; }

.PHONY: iso
iso: $(BUILD)/pavise.iso

run: install-run-deps
	$(Q)$(MAKE) -s --no-print-directory iso
	$(Q)$(qemu-machine) -cdrom $(BUILD)/pavise.iso

run-uefi: install-run-deps
	$(Q)$(MAKE) -s --no-print-directory iso
	$(Q)$(qemu-machine) -bios $(OVMF) -cdrom $(BUILD)/pavise.iso

# gdb: the hypervisor's symbols, domain 0's beside them, and a stop at the first C code.
$(BUILD)/pavise.gdb: force
	@mkdir -p $(@D)
	@printf '%s\n' 'file $(abspath $(BUILD)/pavise.elf)' \
		'add-symbol-file $(abspath $(ISO_KERNEL))' \
		'target remote localhost:1234' 'hbreak boot_main' 'continue' > $@

debug: install-run-deps
	$(Q)$(MAKE) -s --no-print-directory $(BUILD)/pavise.elf $(ISO_KERNEL) $(BUILD)/pavise.gdb
	@echo '  waiting: in another terminal, gdb -x $(BUILD)/pavise.gdb'
	$(Q)$(qemu-machine) -s -S -kernel $(BUILD)/pavise.elf -append '$(ISO_OPTIONS)' \
		-initrd '$(ISO_KERNEL) $(ISO_KERNEL_ARGS)$(if $(ISO_RAMDISK),$(,)$(ISO_RAMDISK))'
