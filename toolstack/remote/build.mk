# SPDX-License-Identifier: MIT
ts-src += $(addprefix remote/,client.c frame.c link.c message.c relay.c server.c session.c wire.c)
