# SPDX-License-Identifier: MIT
# hypercall-abi against libxen-dev (Debian package), and its tables against its headers.
# The comparison asks GCC, whichever compiler builds the rest.

abi-check-src := $(wildcard tests/abi/*.py tests/abi/*.c tests/abi/*.h)

$(BUILD)/tests/abi.stamp: $(abi-check-src) $(abi-files) $(wildcard /usr/include/xen/xen.h)
	$(call say,CHECK,$@)
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tests/abi/compare.py --out $(BUILD)/tests/abi > $@.log
	$(Q)mv $@.log $@

.PHONY: abi-check
abi-check: $(BUILD)/tests/abi.stamp
check: abi-check
