# SPDX-License-Identifier: MIT
# Host unit tests: hypervisor and library code as ordinary programs under ASan and UBSan,
# built with every compiler of host-compilers and run by `make check`.
#
# A test is tests/host/test_NAME.c plus the sources it tests:
#   host-tests += NAME
#   host-NAME-src := hypervisor/mm/frame_set.c ...
# tests/host/hv_host.c (the machine) is linked to all of them.

host-tests += heap
host-heap-src := hypervisor/mm/heap.c

host-tests += slab
host-slab-src := hypervisor/mm/slab.c hypervisor/mm/hv_pages.c hypervisor/mm/heap.c

host-tests += frame_set
host-frame_set-src := hypervisor/mm/frame_set.c $(host-slab-src)

host-tests += page_ref
host-page_ref-src := hypervisor/mm/page_ref.c hypervisor/mm/domain_pages.c \
	hypervisor/mm/exchange.c hypervisor/mm/mem_part.c hypervisor/mm/owner.c \
	hypervisor/mm/ram.c $(host-frame_set-src)

host-tests += lib
host-lib-src :=

host-tests += console_ring
host-console_ring-src := hypervisor/x86/console_ring.c

host-tests += pqueue
host-pqueue-src := hypervisor/lib/pqueue.c

host-tests += timer
host-timer-src := hypervisor/time/timer.c hypervisor/lib/pqueue.c

host-tests += sched
host-sched-src := $(addprefix hypervisor/sched/,core.c runq.c wake.c balance.c affinity.c \
	runstate.c fair.c) hypervisor/lib/pqueue.c

host-tests += evtchn
host-evtchn-src := $(addprefix hypervisor/evtchn/,port.c bind.c close.c send.c virq.c pirq.c \
	status.c dump.c) $(host-slab-src)

host-tests += domain_table
host-domain_table-src := hypervisor/domain/table.c hypervisor/domain/reference.c \
	hypervisor/mm/ram.c $(host-slab-src)

host-tests += boot_info
host-boot_info-src := hypervisor/boot/multiboot.c hypervisor/boot/memory_map.c

host-tests += cmdline
host-cmdline-src := hypervisor/boot/cmdline.c hypervisor/lib/parse.c

host-tests += acpi
host-acpi-src := hypervisor/x86/acpi_tables.c

host-tests += grant
host-grant-src := $(addprefix hypervisor/grant/,table.c entry.c maptrack.c map.c unmap.c \
	copy.c query.c dump.c) $(host-page_ref-src)

host-tests += dispatch
host-dispatch-src := hypervisor/hypercall/dispatch.c hypervisor/hypercall/restart.c

host-tests += trace_ring
host-trace_ring-src := hypervisor/trace/ring.c

host-tests += iomem
host-iomem-src := hypervisor/rights/iomem.c hypervisor/mm/ram.c $(host-slab-src)

host-tests += elf_image
host-elf_image-src := hypervisor/pv/elf_image.c

host-tests += decode
host-decode-src := hypervisor/pv/decode.c hypervisor/pv/mmu_ptwr_decode.c

host-tests += virtqueue
host-virtqueue-src := mini-os/devices/virtqueue.c
$(BUILD)/host/%/mini-os/devices/virtqueue.o $(BUILD)/host/%/tests/host/test_virtqueue.o: \
	host-cflags += -Imini-os/include

host-tests += xs_wire xs_local xs_model xs_hostile xs_turns
host-xs_wire-src := $(wildcard toolstack/xenstore/*.c)
host-xs_local-src := $(host-xs_wire-src)
host-xs_model-src := $(host-xs_wire-src)
host-xs_hostile-src := $(host-xs_wire-src)
host-xs_turns-src := $(host-xs_wire-src)

# The toolstack on a model hypervisor; its allocations can be made to fail (ts_alloc.h).
host-ts-src := $(wildcard $(addprefix toolstack/,hv/*.c build/*.c unpack/*.c console/*.c \
	cpuid/*.c manage/*.c)) \
	tests/host/ts_fake_hv.c tests/host/ts_fake_env.c \
	$(wildcard toolstack/xenstore/*.c)

host-tests += ts_build
host-ts_build-src := $(host-ts-src)

host-tests += ts_unpack ts_packed
host-ts_unpack-src := $(host-ts-src)
host-ts_packed-src := $(host-ts-src)

host-tests += ts_console
host-ts_console-src := $(host-ts-src)

host-tests += ts_manage
host-ts_manage-src := $(host-ts-src)

host-tests += ts_store
host-ts_store-src := $(host-ts-src)

host-tests += ts_config
host-ts_config-src := $(addprefix toolstack/,hv/err.c $(addprefix config/,config.c keys.c \
	lexer.c parser.c pool.c sets.c) cpuid/names.c cpuid/parse.c)

host-tests += ts_cpuid
host-ts_cpuid-src := $(addprefix toolstack/,hv/err.c $(addprefix cpuid/,names.c parse.c apply.c))

host-tests += cpu_policy
host-cpu_policy-src := hypervisor/pv/cpu_policy.c hypervisor/pv/cpu_policy_leaves.c

# Commands, and a user who gives them.
host-cli-src := $(host-ts-src) tests/host/cli_user.c \
	$(wildcard $(addprefix toolstack/,cli/*.c dump/*.c trace/*.c out/*.c config/*.c))

host-tests += ts_cli ts_cli_console ts_cli_fail
host-ts_cli-src := $(host-cli-src)
host-ts_cli_console-src := $(host-cli-src)
host-ts_cli_fail-src := $(host-cli-src)

host-tests += ts_dump
host-ts_dump-src := $(host-cli-src)

host-tests += ts_trace
host-ts_trace-src := $(host-cli-src)

host-tests += images
host-images-src := mini-os/apps/control-domain/images.c toolstack/hv/err.c

host-tests += line_display
host-line_display-src := mini-os/apps/control-domain/line_display.c

host-tests += ts_digest
host-ts_digest-src := toolstack/digest/blake2b.c

host-tests += ts_relay
host-ts_relay-src := toolstack/remote/relay.c toolstack/remote/frame.c

host-tests += ts_remote
host-ts_remote-src := $(addprefix toolstack/,hv/err.c digest/blake2b.c $(addprefix remote/,client.c \
	frame.c link.c message.c server.c session.c wire.c))

host-compilers ?= gcc clang
host-cflags := $(cc-common) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	       -fno-omit-frame-pointer -fno-strict-aliasing -DHV_HOST_BUILD -DDEBUG \
	       -D__PAVISE__ -Ihypervisor/include -Ihypercall-abi/include -Itests/host \
	       -Itoolstack/include

$(foreach c,$(host-compilers),$(addprefix $(BUILD)/host/$(c)/toolstack/,\
	cli/%.o cpuid/%.o dump/%.o hv/%.o build/%.o unpack/%.o config/%.o console/%.o manage/%.o out/%.o)): host-cflags += -include tests/host/ts_alloc.h

# What toolstack/unpack and toolstack/out need of others (their build.mk).
host-libs := -Wl,--as-needed -lcjson -lz -lbz2 -llz4 -lzstd
host-7zip := $(BUILD)/toolstack/lib7zip.a
host-xz-objs := $(host-compilers:%=$(BUILD)/host/%/toolstack/unpack/xz.o)
$(host-xz-objs): host-cflags += -isystem $(BUILD)/third-party/7zip/C
$(host-xz-objs): | $(BUILD)/third-party/7zip.stamp

# $(1) compiler: its objects. The flags are in this file, so it counts as a source.
define host-compiler-rules
$(BUILD)/host/$(1)/%.o: %.c tests/host/build.mk
	$$(call say,HOSTCC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(1) $$(host-cflags) -c $$< -o $$@
endef

# $(1) compiler, $(2) test: the program, and its run (a log that exists when it passed)
define host-test-rules
$(BUILD)/host/$(1)/test_$(2): $(patsubst %.c,$(BUILD)/host/$(1)/%.o,\
		tests/host/test_$(2).c tests/host/hv_host.c $(host-$(2)-src)) \
		$(if $(filter toolstack/unpack/xz.c,$(host-$(2)-src)),$(host-7zip))
	$$(call say,HOSTLD,$$@)
	$$(Q)$(1) -fsanitize=address,undefined $$^ -lcmocka $(host-libs) -o $$@
$(BUILD)/host/$(1)/test_$(2).passed: $(BUILD)/host/$(1)/test_$(2)
	$$(call say,TEST,$$<)
	$$(Q)timeout 300 $$< >$$@.log 2>&1 || { cat $$@.log; exit 1; }
	$$(Q)mv $$@.log $$@
host-passed += $(BUILD)/host/$(1)/test_$(2).passed
endef

$(foreach c,$(host-compilers),$(eval $(call host-compiler-rules,$(c))))
$(foreach c,$(host-compilers),$(foreach t,$(host-tests),\
	$(eval $(call host-test-rules,$(c),$(t)))))

.PHONY: check-host
check-host: $(host-passed)
check: check-host
