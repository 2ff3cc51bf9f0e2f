# SPDX-License-Identifier: MIT
# `make test-linux`: Debian's kernels, fetched through apt (about 70 MB).

.PHONY: test-linux
test-linux: install-deps
	$(Q)$(MAKE) --no-print-directory $(BUILD)/pavise.elf
	$(Q)$(PYTEST) tests/linux
