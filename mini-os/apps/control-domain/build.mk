# SPDX-License-Identifier: MIT
# The control domain: $(BUILD)/control-domain.elf, to be started as domain 0 with the
# ramdisk $(BUILD)/control-domain.cpio, which has guests and their configurations.

control-src  := main.c prompt.c editor.c line_display.c terminal.c service.c hypercalls.c \
		remote.c sessions.c commands.c images.c files.c heap.c machine.c chance.c
control-elf  := $(BUILD)/control-domain.elf
control-cpio := $(BUILD)/control-domain.cpio
control-dir  := $(BUILD)/mini-os/apps/control-domain
control-objs := $(control-src:%.c=$(control-dir)/%.o) $(BUILD)/mini-os/third-party/jimtcl/linenoise.o \
		$(BUILD)/mini-os/libtoolstack.a
control-root := $(BUILD)/control-domain.files
control-data := $(wildcard mini-os/apps/control-domain/files/*)

# Linenoise is a part of the source package jimtcl. utf8.h asks for a configuration of that,
# and without one takes characters for bytes.
jimtcl-cflags := -DCOMPILING_LINENOISE -include mini-os/apps/control-domain/linenoise-system.h \
		 -I$(control-dir) -I$(BUILD)/third-party/jimtcl
$(BUILD)/mini-os/third-party/jimtcl/linenoise.o: $(control-dir)/jim-config.h \
		mini-os/apps/control-domain/linenoise-system.h

$(control-dir)/jim-config.h:
	@mkdir -p $(@D)
	$(Q)touch $@

$(control-dir)/%.o: mini-os/apps/control-domain/%.c | $(newlib-stamp) $(BUILD)/third-party/jimtcl.stamp
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(app-cflags) $(app-cppflags) -Itoolstack/include \
		-isystem $(BUILD)/third-party/jimtcl -c $< -o $@

# heap.c goes in between the library and those who use its memory.
control-wraps := $(patsubst %,--wrap=_%_r,malloc calloc realloc memalign free)

$(control-elf): $(control-objs) $(app-libs)
	$(call say,LD,$@)
	$(Q)$(call link-app,$(control-wraps) $(control-objs),$@)

# Guests go in without what only a debugger reads.
$(control-cpio): $(control-data) $(app-elfs) mini-os/apps/control-domain/build.mk
	$(call say,CPIO,$@)
	$(Q)rm -rf $(control-root) && mkdir -p $(control-root)
	$(Q)cp $(control-data) $(control-root)
	$(Q)for elf in $(app-elfs); do \
		$(OBJCOPY) --strip-all $$elf $(control-root)/$${elf##*/} || exit 1; done
	$(Q)cd $(control-root) && find . -mindepth 1 | LC_ALL=C sort | \
		cpio --quiet --reproducible -o -H newc > $(abspath $@)

.PHONY: control-domain
control-domain: $(control-elf) $(control-cpio)
all: control-domain
