# SPDX-License-Identifier: MIT
# `make sdk`: $(BUILD)/sdk, with which guests are built outside of this tree. It holds no
# absolute paths and may be moved or copied.
#
#   bin/pavise-cc           compiler driver
#   include/                <mini-os/...>, <abi/...>;  include/libc/: the C library's
#   lib/                    libraries, linker script, compiler flags
#   share/doc/README.md     how to write a guest

sdk-dir := $(BUILD)/sdk
sdk-own := mini-os/sdk/build.mk mini-os/sdk/pavise-cc mini-os/README.md \
	   $(wildcard mini-os/include/mini-os/*.h mini-os/newlib/include/sys/*.h) $(abi-files)

$(sdk-dir)/stamp: $(app-libs) $(sdk-own)
	$(call say,SDK,$(sdk-dir))
	@rm -rf $(sdk-dir)
	@mkdir -p $(sdk-dir)/bin $(sdk-dir)/include/libc $(sdk-dir)/lib $(sdk-dir)/share/doc
	$(Q)cp -R mini-os/include/mini-os hypercall-abi/include/abi $(sdk-dir)/include
	$(Q)cp -R $(newlib-dir)/include/. mini-os/newlib/include/. $(sdk-dir)/include/libc
	$(Q)cp $(kernel-lib) $(newlib-dir)/lib/libc.a $(newlib-dir)/lib/libm.a $(guest-lds) \
		$(sdk-dir)/lib
	$(Q)echo '$(app-machine) $(app-defines)' > $(sdk-dir)/lib/cflags
	$(Q)cp mini-os/sdk/pavise-cc $(sdk-dir)/bin
	$(Q)cp mini-os/README.md $(sdk-dir)/share/doc
	@touch $@

.PHONY: sdk
sdk: $(sdk-dir)/stamp
