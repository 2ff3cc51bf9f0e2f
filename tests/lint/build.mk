# SPDX-License-Identifier: MIT
# `make lint`: format, licence lines, every header alone, the layers of the hypervisor,
# and whether the READMEs say what is true.

lint-code := $(shell git ls-files --cached --others --exclude-standard \
	-- '*.c' '*.h' 2>/dev/null)
lint-headers := $(wildcard hypervisor/include/hv/*.h)
lint-clang-format ?= clang-format

.PHONY: lint lint-format lint-sources lint-headers lint-layers lint-docs
lint: lint-format lint-sources lint-headers lint-layers lint-docs

lint-format:
	$(call say,LINT,format)
	$(Q)$(lint-clang-format) --dry-run -Werror $(lint-code)

lint-sources:
	$(call say,LINT,sources)
	$(Q)$(PYTHON) tests/lint/sources.py

lint-layers:
	$(call say,LINT,layers)
	$(Q)$(PYTHON) tests/lint/layers.py

lint-docs:
	$(call say,LINT,docs)
	$(Q)$(PYTHON) tests/lint/docs.py

# Every header of the hypervisor compiles alone.
lint-headers: $(patsubst hypervisor/include/%,$(BUILD)/lint/%.ok,$(lint-headers))
$(BUILD)/lint/%.ok: hypervisor/include/%
	@mkdir -p $(@D)
	$(Q)echo '#include <$*>' | $(CC) $(filter-out -MMD -MP -g -fstack-usage,$(hv-cflags)) $(hv-cppflags) \
		-fsyntax-only -x c -
	@touch $@

check: lint
