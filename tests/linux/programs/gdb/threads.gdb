# SPDX-License-Identifier: MIT
set pagination off
set width 0
watch watched
commands
continue
end
run threads
