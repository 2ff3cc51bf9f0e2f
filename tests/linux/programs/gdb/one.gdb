# SPDX-License-Identifier: MIT
set pagination off
set width 0
set confirm off
break step
run
watch watched
continue
rwatch other
continue
delete
hbreak step
continue
info breakpoints
delete
stepi 300
echo stepped\n
continue
