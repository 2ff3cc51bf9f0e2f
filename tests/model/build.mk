# SPDX-License-Identifier: MIT
# The page-type machine against its reference model, under ASan and UBSan. `make check`
# runs a part of it, `make model` 10 million operations and as many by several threads.

model-types   := $(patsubst %,hypervisor/mm/page_%.c,type pin entry validate mod desc)
model-common  := tests/model/env.c tests/model/model.c tests/model/pick.c $(model-types)
model-cflags  := $(cc-common) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
		 -fno-omit-frame-pointer -fno-strict-aliasing -DHV_HOST_BUILD -DDEBUG \
		 -D__PAVISE__ -Ihypervisor/include -Ihypercall-abi/include
model-objs     = $(patsubst %.c,$(BUILD)/model/%.o,$(1) $(model-common))
model-programs := $(BUILD)/model/random_ops $(BUILD)/model/threads

$(BUILD)/model/%.o: %.c
	$(call say,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(model-cflags) -c $< -o $@

$(BUILD)/model/random_ops: $(call model-objs,tests/model/random_ops.c)
$(BUILD)/model/threads: $(call model-objs,tests/model/threads.c)
$(model-programs):
	$(call say,HOSTLD,$@)
	$(Q)$(CC) -fsanitize=address,undefined -pthread $^ -o $@

$(BUILD)/model/passed: $(model-programs)
	$(call say,TEST,$(BUILD)/model/random_ops)
	$(Q)timeout 120 $(BUILD)/model/random_ops 1000000
	$(call say,TEST,$(BUILD)/model/threads)
	$(Q)timeout 120 $(BUILD)/model/threads 1000000 4
	$(Q)touch $@

.PHONY: check-model model
check-model: $(BUILD)/model/passed
check: check-model

model: $(model-programs)
	$(Q)timeout 3000 $(BUILD)/model/random_ops 10000000 7
	$(Q)timeout 3000 $(BUILD)/model/threads 10000000 4 7
