# SPDX-License-Identifier: MIT
ts-src += out/text.c out/json.c

# Programs of the host that are linked with libtoolstack.a need these, too.
ts-host-libs += -lcjson
ts-app-others += $(BUILD)/mini-os/third-party/cjson/cJSON.o
$(BUILD)/mini-os/toolstack/out/json.o: | $(BUILD)/third-party/cjson.stamp
