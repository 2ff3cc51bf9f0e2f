# SPDX-License-Identifier: MIT
ts-src += $(addprefix manage/,manager.c config.c make.c nodes.c requests.c shutdown.c ended.c store.c)
