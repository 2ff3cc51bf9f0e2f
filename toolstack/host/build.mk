# SPDX-License-Identifier: MIT
# $(BUILD)/bin/pavise: the tool on the user's machine.

host-tool     := $(BUILD)/bin/pavise
host-tool-src := main.c complete.c say.c endpoint.c files.c create.c local.c session.c session_loop.c \
		 terminal.c progress.c machine.c qemu.c supervise.c relay.c up.c down.c \
		 machines.c
host-tool-obj := $(host-tool-src:%.c=$(BUILD)/toolstack/host/%.o)

# $(ts-lib) is named where its rule is: this file is read before that.
$(host-tool): $(host-tool-obj) $(BUILD)/toolstack/libtoolstack.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -pie $^ $(ts-host-libs) -o $@

.PHONY: host-tool
host-tool: $(host-tool)
all: host-tool
