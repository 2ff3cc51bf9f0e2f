# SPDX-License-Identifier: MIT
# What a bare Debian 12 lacks: to build and run, and to test and compare besides.

deps-build := gcc binutils libc6-dev gawk newlib-source xz-utils cpio dpkg-dev libcjson-dev \
	      zlib1g-dev libbz2-dev liblz4-dev libzstd-dev
deps-run   := qemu-system-x86 ovmf grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools
deps-test  := git gdb g++ clang clang-format libclang-rt-14-dev universal-ctags libcmocka-dev \
	      libxen-dev python3-pytest python3-pytest-xdist python3-jsonschema \
	      xen-hypervisor-4.17-amd64 grub-xen-host man-db bzip2 lz4 zstd lzop \
	      busybox-static

include tools/third-party.mk

install-deps:
	$(Q)tools/install-deps.sh $(deps-build) $(deps-run) $(deps-test)

.PHONY: install-run-deps
install-run-deps:
	$(Q)tools/install-deps.sh $(deps-build) $(deps-run)

report: $(BUILD)/pavise.elf
	$(Q)$(PYTHON) tools/report.py --build $(BUILD)

# The lines of the Makefile that begin with "#:".
help:
	@sed -n 's/^#: \{0,1\}//p' Makefile
