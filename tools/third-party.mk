# SPDX-License-Identifier: MIT
# Other people's libraries for programs on mini-os: source packages of Debian, fetched by
# apt when they are first needed, in $(third-party)/PACKAGE. The host's programs use
# Debian's -dev packages instead (deps-build).
#
#   $(call third-party-rules,PACKAGE,FILES)  FILES of the package, relative to its folder,
#       without .c, are compiled as $(third-party-out)/PACKAGE/FILE.o; further flags in
#       PACKAGE-cflags
#   | $(third-party)/PACKAGE.stamp           before anything that includes its headers

third-party     := $(BUILD)/third-party
third-party-out := $(BUILD)/mini-os/third-party

.PRECIOUS: $(third-party)/%.stamp
$(third-party)/%.stamp: tools/apt-source.sh
	$(call say,SOURCE,$@)
	@mkdir -p $(@D)
	$(Q)tools/apt-source.sh $* $(@D)
	@touch $@

# The stamp first: what it brings is not there when make looks for it. Their warnings are
# not ours.
define third-party-rules
$(2:%=$(third-party-out)/$(1)/%.o): $(third-party-out)/$(1)/%.o: $(third-party)/$(1).stamp \
		| $(newlib-stamp)
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(app-cflags) $$(app-cppflags) -w $$($(1)-cflags) \
		-c $(third-party)/$(1)/$$*.c -o $$@
endef

$(eval $(call third-party-rules,cjson,cJSON))
$(eval $(call third-party-rules,jimtcl,linenoise))
