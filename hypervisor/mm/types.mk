# SPDX-License-Identifier: MIT
# The page-type machine.
hv-objs += mm/page_type.o mm/page_pin.o mm/page_entry.o mm/page_validate.o mm/page_mod.o \
	   mm/page_desc.o mm/page_env.o
