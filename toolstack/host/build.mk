# SPDX-License-Identifier: MIT
# $(BUILD)/bin/pavise: the tool on the user's machine.

host-tool     := $(BUILD)/bin/pavise
host-tool-src := main.c complete.c say.c endpoint.c files.c create.c instead.c local.c session.c session_loop.c \
		 terminal.c progress.c machine.c qemu.c supervise.c relay.c up.c down.c \
		 machines.c save.c collect.c
host-tool-obj := $(host-tool-src:%.c=$(BUILD)/toolstack/host/%.o)

# $(ts-lib) is named where its rule is: this file is read before that.
$(host-tool): $(host-tool-obj) $(BUILD)/toolstack/libtoolstack.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -pie $^ $(ts-host-libs) -o $@

.PHONY: host-tool
host-tool: $(host-tool)
all: host-tool

# make install [PREFIX=/usr/local] [DESTDIR=]: the tool, what it boots, pages, completion.
PREFIX  ?= /usr/local
DESTDIR ?=

install-dir   := $(DESTDIR)$(PREFIX)
install-files := $(addprefix $(install-dir)/,bin/pavise lib/pavise/pavise.elf \
	lib/pavise/control-domain.elf lib/pavise/control-domain.cpio \
	share/man/man1/pavise.1 share/man/man5/pavise.cfg.5 \
	share/bash-completion/completions/pavise)

.PHONY: install uninstall
install: all
	$(Q)install -d $(sort $(dir $(install-files)))
	$(Q)install $(host-tool) $(install-dir)/bin/pavise
	$(Q)install -m 644 $(BUILD)/pavise.elf $(BUILD)/control-domain.elf \
		$(BUILD)/control-domain.cpio $(install-dir)/lib/pavise/
	$(Q)install -m 644 toolstack/man/pavise.1 $(install-dir)/share/man/man1/
	$(Q)install -m 644 toolstack/man/pavise.cfg.5 $(install-dir)/share/man/man5/
	$(Q)install -m 644 toolstack/completion/pavise \
		$(install-dir)/share/bash-completion/completions/

uninstall:
	$(Q)rm -f $(install-files)
	$(Q)rmdir $(install-dir)/lib/pavise
