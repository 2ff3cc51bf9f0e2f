# SPDX-License-Identifier: MIT
# The C library: newlib from Debian's package newlib-source, built once into
# $(BUILD)/newlib (include/, lib/libc.a, lib/libm.a), and mini-os's side of it.

newlib-dir     := $(abspath $(BUILD))/newlib
newlib-stamp   := $(newlib-dir)/stamp
newlib-package := /usr/src/newlib
newlib-jobs    ?= 2

# What every object of a program must agree on with the library: one struct _reent for
# each thread, that the system has clocks, and that read() is what POSIX says.
newlib-defines := -D__DYNAMIC_REENT__ -D_POSIX_TIMERS=1 -D_POSIX_MONOTONIC_CLOCK=200112L \
		   -D_READ_WRITE_RETURN_TYPE=_ssize_t

newlib-cflags := -O2 -g0 -std=gnu11 -ffreestanding -fno-pic -fno-pie -mcmodel=kernel -mno-red-zone \
		 -fno-stack-protector -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
		 -fcf-protection=none -ffunction-sections -fdata-sections -fno-common -w \
		 $(newlib-defines) -DREENTRANT_SYSCALLS_PROVIDED -D_COMPILING_NEWLIB

newlib-options := --target=x86_64-elf --prefix=/ --disable-multilib --disable-nls \
		  --disable-libgloss --disable-newlib-supplied-syscalls \
		  --enable-newlib-io-long-long --enable-newlib-io-long-double \
		  --enable-newlib-io-c99-formats \
		  --enable-newlib-reent-small --enable-newlib-global-stdio-streams \
		  --enable-newlib-retargetable-locking --enable-newlib-global-atexit \
		  --disable-newlib-wide-orient

newlib-tools := CC_FOR_TARGET='$(CC)' AR_FOR_TARGET='$(AR)' RANLIB_FOR_TARGET=ranlib \
		AS_FOR_TARGET=as LD_FOR_TARGET='$(LD)' NM_FOR_TARGET='$(NM)' \
		OBJCOPY_FOR_TARGET='$(OBJCOPY)' STRIP_FOR_TARGET=strip READELF_FOR_TARGET=readelf \
		CFLAGS_FOR_TARGET='$(newlib-cflags)' CC=gcc MAKEINFO=true

# A changed recipe builds anew. Another compiler needs a BUILD of its own, as everywhere.
$(newlib-stamp): mini-os/newlib/build.mk mini-os/newlib/build-newlib.sh
	$(call say,NEWLIB,$@)
	@mkdir -p $(@D)
	$(Q)env $(newlib-tools) JOBS=$(newlib-jobs) MAKEFLAGS= \
		mini-os/newlib/build-newlib.sh $(newlib-package) $(@D) $(newlib-options)
	@touch $@

.PHONY: newlib
newlib: $(newlib-stamp)
