# SPDX-License-Identifier: MIT
# The mini-os kernel: the core library as its foundation, the services, and the C
# library's system side, in one libmini-os.a; and how a program is compiled and linked.
#
#   $(app-cflags) $(app-cppflags)        to compile, after $(newlib-stamp) is there
#   $(call link-app,OBJECTS,OUTPUT)      to link; depends on $(app-libs)

compiler-include := $(shell $(CC) -print-file-name=include 2>/dev/null)
newlib-include   := $(newlib-dir)/include

app-defines  := -DMINI_OS_KERNEL $(newlib-defines)
app-machine  := -std=gnu11 -fno-pic -fno-pie -mcmodel=kernel -mno-red-zone \
		-fno-stack-protector -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
		-fno-common -fcf-protection=none -ffunction-sections -fdata-sections
app-cppflags := $(app-defines) -nostdinc -isystem $(compiler-include) \
		-isystem mini-os/newlib/include -isystem $(newlib-include) \
		-Imini-os/include -Ihypercall-abi/include
app-cflags   := $(cc-common) $(app-machine) -fno-strict-aliasing -fwrapv \
		-fno-optimize-sibling-calls

kernel-src := boot.c thread.c sync.c timeout.c upcall.c heap.c console.c tty.c tree.c \
	      files.c regular.c ramdisk.c words.c errno.c xenbus.c xenstore.c watch.c shutdown.c \
	      suspend.c p2m.c foreign.c bulk.c readiness.c
libc-src   := files.c poll.c dirent.c time.c locks.c process.c arith.c malloc.c

kernel-dir := $(BUILD)/mini-os/kernel
libc-dir   := $(BUILD)/mini-os/newlib
kcore-dir  := $(BUILD)/mini-os/kernel-core
kcore-out  := $(filter-out %/upcall.o,$(core-out:$(core-dir)/%=$(kcore-dir)/%))
kernel-out := $(kcore-out) $(kernel-src:%.c=$(kernel-dir)/%.o) $(kernel-dir)/switch.o \
	      $(libc-src:%.c=$(libc-dir)/%.o)
kernel-lib := $(BUILD)/mini-os/libmini-os.a
app-libs   := $(kernel-lib) $(guest-lds) $(newlib-stamp)

$(kcore-dir)/%.o: mini-os/core/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-cflags) -ffunction-sections -fdata-sections -DMINI_OS_KERNEL \
		$(guest-cppflags) -c $< -o $@

$(kcore-dir)/%.o: mini-os/core/%.S
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-asflags) $(guest-cppflags) -c $< -o $@

# The kernel interrupts programs: general registers only.
$(kernel-dir)/%.o: mini-os/kernel/%.c | $(newlib-stamp)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(app-cflags) -mgeneral-regs-only $(app-cppflags) -c $< -o $@

$(kernel-dir)/%.o: mini-os/kernel/%.S
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(guest-asflags) $(guest-cppflags) -c $< -o $@

# These are what the compiler would make its own built-in calls of.
$(libc-dir)/%.o: mini-os/newlib/%.c | $(newlib-stamp)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(app-cflags) -fno-builtin $(app-cppflags) -c $< -o $@

$(kernel-lib): $(kernel-out)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

link-app = $(LD) $(guest-ldflags) --gc-sections -T $(guest-lds) \
	   --whole-archive $(kernel-lib) --no-whole-archive $(1) \
	   --start-group $(newlib-dir)/lib/libc.a $(newlib-dir)/lib/libm.a --end-group -o $(2)

mini-os: $(kernel-lib)
