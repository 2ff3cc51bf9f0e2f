# SPDX-License-Identifier: MIT
# The guest tests on real Xen and on Pavise, a row each.

conformance: guest-tests $(BUILD)/pavise.elf
	$(Q)$(PYTHON) tests/conformance/run.py --build $(BUILD)

.PHONY: conformance-xen
conformance-xen: guest-tests
	$(Q)$(PYTHON) tests/conformance/run.py --build $(BUILD) --only xen
