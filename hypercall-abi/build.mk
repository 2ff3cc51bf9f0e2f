# SPDX-License-Identifier: MIT
# The contract has nothing to build but the manual's index of hypercalls.

abi-files := $(wildcard hypercall-abi/include/abi/*.* hypercall-abi/include/abi/*/*.*)

$(BUILD)/docs/hypercalls.md: hypercall-abi/index.md.in hypercall-abi/index.sed \
		hypercall-abi/index.awk hypercall-abi/users.txt $(abi-files)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x c -Ihypercall-abi/include -o $@.i $<
	$(Q)tr '\n' ' ' < $@.i | sed -f hypercall-abi/index.sed | \
		awk -v users=hypercall-abi/users.txt -f hypercall-abi/index.awk > $@
	@rm $@.i

.PHONY: docs
docs: $(BUILD)/docs/hypercalls.md
