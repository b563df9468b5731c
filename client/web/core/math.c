/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's mathematical functions are JavaScript's own: the C library's would be fetched by every phone, and their tables
 * do not compress. Nothing that devices must agree on is computed with them.
 */
#include <math.h>

#define FROM_JAVASCRIPT(name) __attribute__((import_module("math"), import_name(#name)))

#define ONE(name)                                                                                  \
    FROM_JAVASCRIPT(name) double math_##name(double x);                                            \
    double name(double x)                                                                          \
    {                                                                                              \
        return math_##name(x);                                                                     \
    }
#define TWO(name)                                                                                  \
    FROM_JAVASCRIPT(name) double math_##name(double x, double y);                                  \
    double name(double x, double y)                                                                \
    {                                                                                              \
        return math_##name(x, y);                                                                  \
    }

ONE(acos)
ONE(acosh)
ONE(asin)
ONE(asinh)
ONE(atan)
ONE(atanh)
ONE(cos)
ONE(cosh)
ONE(exp)
ONE(log)
ONE(sin)
ONE(sinh)
ONE(tan)
ONE(tanh)
TWO(atan2)
TWO(pow)
