# SPDX-License-Identifier: MIT
# Unpacking by other people's libraries. The host has zlib, bzip2, lz4 and zstd from -dev packages;
# for mini-os the parts that unpack are built from their sources. Of 7-Zip, whose source is
# the library, both are built, and only files that are in the public domain.
unpack-src := $(addprefix unpack/,payload.c unpack.c cache.c repack.c gzip.c bzip2.c lz4.c \
	      zstd.c xz.c lzo.c lzo1x.c)
ts-src += $(unpack-src)

7zip-src := $(addprefix C/,Xz XzDec XzCrc64 XzCrc64Opt 7zCrc 7zCrcOpt Lzma2Dec LzmaDec Bra \
	    Bra86 BraIA64 Delta Sha256 Sha256Opt CpuArch)
7zip-cflags := -DZ7_ST

zlib-src := inflate inftrees inffast zutil adler32 crc32
bzip2-src := bzlib decompress huffman crctable randtable
bzip2-cflags := -DBZ_NO_STDIO
lz4-src  := lib/lz4
libzstd-src := $(addprefix lib/,common/entropy_common common/error_private \
	    common/fse_decompress common/zstd_common common/xxhash common/debug \
	    decompress/huf_decompress decompress/zstd_ddict decompress/zstd_decompress \
	    decompress/zstd_decompress_block)
libzstd-cflags := -DZSTD_DISABLE_ASM -DDYNAMIC_BMI2=0 -DZSTD_LEGACY_SUPPORT=0 \
		  -DZSTD_NO_INTRINSICS

unpack-libraries := 7zip zlib bzip2 lz4 libzstd
$(foreach l,$(unpack-libraries),$(eval $(call third-party-rules,$(l),$($(l)-src))))
$(foreach l,$(unpack-libraries),$(eval ts-app-others += \
	$($(l)-src:%=$(third-party-out)/$(l)/%.o)))

# For the host: the objects become part of libtoolstack.a. The linker is not told to leave
# out functions that nobody calls, and one of them wants Alloc.
7zip-host := $(patsubst %,$(BUILD)/toolstack/third-party/7zip/%.o,$(7zip-src) C/Alloc)
ts-host-others += $(7zip-host)
ts-host-libs += -lz -lbz2 -llz4 -lzstd

$(7zip-host): $(BUILD)/toolstack/third-party/7zip/%.o: $(third-party)/7zip.stamp
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(cc-common) -fPIE -w $(7zip-cflags) -c $(third-party)/7zip/$*.c -o $@

# Tests that compile the sources anew link this.
$(BUILD)/toolstack/lib7zip.a: $(7zip-host)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

7zip-include := -isystem $(third-party)/7zip/C
$(BUILD)/toolstack/unpack/xz.o: ts-cppflags += $(7zip-include)
$(BUILD)/toolstack/unpack/xz.o: | $(third-party)/7zip.stamp
$(BUILD)/mini-os/toolstack/unpack/%.o: app-cppflags += $(7zip-include) \
	-isystem $(third-party)/zlib -isystem $(third-party)/bzip2 -isystem $(third-party)/lz4/lib \
	-isystem $(third-party)/libzstd/lib
$(unpack-src:%.c=$(BUILD)/mini-os/toolstack/%.o): | $(unpack-libraries:%=$(third-party)/%.stamp)
