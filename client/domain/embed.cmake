# SPDX-License-Identifier: Apache-2.0
#
# Turns a file into a C file, so that a program without files has it too:
#   cmake -DIN=mediation-emploi.json -DOUT=pack_default.c -DNAME=pack -P embed.cmake
file(READ "${IN}" bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR len "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${OUT}.part" "/* Made by client/domain/embed.cmake. */
#include <stddef.h>

extern const unsigned char ${NAME}_embedded[];
extern const size_t ${NAME}_embedded_len;

const unsigned char ${NAME}_embedded[] = {
${bytes}0x00};
const size_t ${NAME}_embedded_len = ${len};
")
file(RENAME "${OUT}.part" "${OUT}")
