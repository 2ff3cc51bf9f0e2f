# SPDX-License-Identifier: MIT
# `make fuzz`: libFuzzer on everything that parses foreign bytes, each target for
# FUZZ_SECONDS. A target is tests/fuzz/fuzz_NAME.c plus the sources it feeds:
#   fuzz-targets += NAME
#   fuzz-NAME-src := hypervisor/boot/multiboot.c ...
# tests/fuzz/seeds.py makes the first corpus, $(BUILD)/fuzz/seeds/NAME/. A find is left
# as $(BUILD)/fuzz/NAME-crash-*.

FUZZ_SECONDS ?= 60

fuzz-targets += multiboot
fuzz-multiboot-src := hypervisor/boot/multiboot.c hypervisor/boot/memory_map.c

fuzz-targets += cmdline
fuzz-cmdline-src := hypervisor/boot/cmdline.c hypervisor/lib/parse.c

fuzz-targets += elf_image
fuzz-elf_image-src := hypervisor/pv/elf_image.c

fuzz-targets += decode
fuzz-decode-src := hypervisor/pv/decode.c hypervisor/pv/mmu_ptwr_decode.c

fuzz-targets += cpio
fuzz-cpio-src := mini-os/kernel/ramdisk.c

fuzz-targets += ts_config
fuzz-ts_config-src := $(addprefix toolstack/,hv/err.c $(addprefix config/,config.c keys.c \
	lexer.c parser.c pool.c sets.c) cpuid/names.c cpuid/parse.c)

fuzz-targets += xenstore
fuzz-xenstore-src := $(wildcard toolstack/xenstore/*.c)

fuzz-targets += ts_image
fuzz-ts_image-src := $(addprefix toolstack/,hv/err.c $(addprefix build/,image.c notes.c \
	guest_string.c verdict.c layout.c))

fuzz-targets += ts_relay
fuzz-ts_relay-src := toolstack/remote/relay.c toolstack/remote/frame.c

fuzz-targets += ts_unpack
fuzz-ts_unpack-src := $(addprefix toolstack/,hv/err.c $(addprefix unpack/,payload.c unpack.c \
	gzip.c bzip2.c lz4.c zstd.c xz.c lzo.c lzo1x.c))
fuzz-ts_unpack-libs := $(BUILD)/toolstack/lib7zip.a -lz -lbz2 -llz4 -lzstd

fuzz-targets += ts_core
fuzz-ts_core-src := $(addprefix toolstack/,hv/err.c dump/view.c)

fuzz-targets += ts_remote
fuzz-ts_remote-src := $(addprefix toolstack/,hv/err.c digest/blake2b.c $(addprefix remote/,client.c \
	frame.c link.c message.c server.c session.c wire.c))

fuzz-cflags := $(cc-common) -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	       -fno-strict-aliasing -DHV_HOST_BUILD -DDEBUG -D__PAVISE__ \
	       -Ihypervisor/include -Ihypercall-abi/include -Itoolstack/include -Itests/fuzz \
	       -isystem $(BUILD)/third-party/7zip/C

$(BUILD)/fuzz/seeds.made: tests/fuzz/seeds.py tests/lib/kernel_image.py
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(PYTHON) $< $(@D)/seeds
	@touch $@

# $(1) target: the program, and its run
define fuzz-rules
$(BUILD)/fuzz/$(1): tests/fuzz/fuzz_$(1).c tests/fuzz/fuzz_host.c $$(fuzz-$(1)-src) \
		$$(filter %.a,$$(fuzz-$(1)-libs))
	$$(call say,FUZZCC,$$@)
	@mkdir -p $$(@D)
	$$(Q)clang $$(filter-out -MMD -MP,$$(fuzz-cflags)) $$(filter %.c,$$^) \
		$$(fuzz-$(1)-libs) -o $$@
.PHONY: fuzz-$(1)
fuzz-$(1): $(BUILD)/fuzz/$(1) $(BUILD)/fuzz/seeds.made
	$$(call say,FUZZ,$$<)
	@mkdir -p $$<.corpus
	$$(Q)$$< -max_total_time=$$(FUZZ_SECONDS) -max_len=8192 -print_final_stats=0 -verbosity=0 \
		-artifact_prefix=$$<- $$<.corpus $(BUILD)/fuzz/seeds/$(1) >$$<.log 2>&1 || \
		{ tail -n 40 $$<.log; exit 1; }
endef
$(foreach t,$(fuzz-targets),$(eval $(call fuzz-rules,$(t))))

fuzz: $(fuzz-targets:%=fuzz-%)
