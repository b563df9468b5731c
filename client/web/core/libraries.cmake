# SPDX-License-Identifier: Apache-2.0
#
# The libraries of others, built from source for WebAssembly; under the names that pkg-config's have in a native build.
set(LIBRARY_SOURCES ${CMAKE_SOURCE_DIR}/build/sources CACHE PATH "Where core/sources puts them")
execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/sources ${LIBRARY_SOURCES}
                COMMAND_ERROR_IS_FATAL ANY)
set(made ${CMAKE_BINARY_DIR}/libraries)

function(add_library_of_others name include)
    add_library(${name} STATIC ${ARGN})
    target_include_directories(${name} SYSTEM PUBLIC ${include})
    target_compile_options(${name} PRIVATE -w)
    add_library(PkgConfig::${name} ALIAS ${name})
endfunction()

# ---- libsodium: no threads, no mmap; HAVE_TI_MODE would halve the speed of Ed25519 here
set(sodium ${LIBRARY_SOURCES}/libsodium/src/libsodium)
file(GLOB_RECURSE sodium_sources ${sodium}/*.c)
set(VERSION 1.0.18)
set(SODIUM_LIBRARY_VERSION_MAJOR 10)
set(SODIUM_LIBRARY_VERSION_MINOR 3)
configure_file(${sodium}/include/sodium/version.h.in ${made}/sodium/version.h @ONLY)
add_library_of_others(libsodium ${sodium}/include ${sodium_sources})
# The generated headers stand beside the others by being looked for in both places.
target_include_directories(libsodium SYSTEM PUBLIC ${made} ${sodium}/include/sodium PRIVATE ${made}/sodium)
target_compile_definitions(libsodium PRIVATE CONFIGURED=1 SODIUM_STATIC=1 NATIVE_LITTLE_ENDIAN=1
    HAVE_STDINT_H=1 HAVE_INTTYPES_H=1 HAVE_WEAK_SYMBOLS=1 HAVE_C11_MEMORY_FENCES=1)
target_compile_options(libsodium PRIVATE -O2 -include ${CMAKE_CURRENT_LIST_DIR}/entropy.h)

# ---- msgpack-c
set(MSGPACK_ENDIAN_BIG_BYTE 0)
set(MSGPACK_ENDIAN_LITTLE_BYTE 1)
foreach(header sysdep pack_template)
    configure_file(${LIBRARY_SOURCES}/msgpack/cmake/${header}.h.in ${made}/msgpack/${header}.h @ONLY)
endforeach()
file(GLOB msgpack_sources ${LIBRARY_SOURCES}/msgpack/src/*.c)
add_library_of_others(msgpack ${LIBRARY_SOURCES}/msgpack/include ${msgpack_sources})
target_include_directories(msgpack SYSTEM PUBLIC ${made} ${made}/msgpack)

# ---- zstd, one thread
file(GLOB zstd_sources ${LIBRARY_SOURCES}/zstd/lib/common/*.c ${LIBRARY_SOURCES}/zstd/lib/compress/*.c
     ${LIBRARY_SOURCES}/zstd/lib/decompress/*.c)
add_library_of_others(libzstd ${LIBRARY_SOURCES}/zstd/lib ${zstd_sources})
# Bytes are worth more than speed here: what it works on is small. The same output as anywhere.
target_compile_definitions(libzstd PRIVATE ZSTD_NO_INLINE=1 HUF_FORCE_DECOMPRESS_X1=1 DYNAMIC_BMI2=0
    ZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT=1 ZSTD_STRIP_ERROR_STRINGS=1 ZSTD_LEGACY_SUPPORT=0)
target_compile_options(libzstd PRIVATE -Oz)

# ---- SQLite: files through core/vfs.c, nothing ever in a temporary file
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/sqlite.options left_out REGEX "^SQLITE_")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/sqlite.options)
add_library_of_others(sqlite3 ${LIBRARY_SOURCES}/sqlite ${LIBRARY_SOURCES}/sqlite/sqlite3.c)
target_compile_definitions(sqlite3 PRIVATE SQLITE_OS_OTHER=1 SQLITE_THREADSAFE=0 SQLITE_TEMP_STORE=3
    SQLITE_ENABLE_FTS5 SQLITE_ENABLE_MATH_FUNCTIONS SQLITE_MAX_MMAP_SIZE=0 ${left_out}
    # as Debian builds it, so that a query means the same in both
    SQLITE_SECURE_DELETE SQLITE_DEFAULT_RECURSIVE_TRIGGERS SQLITE_LIKE_DOESNT_MATCH_BLOBS SQLITE_SOUNDEX
    SQLITE_MAX_VARIABLE_NUMBER=250000)

find_program(WASM_OPT wasm-opt REQUIRED)
file(GLOB WASI_BUILTINS /usr/lib/llvm-14/lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a)
set(WASI_LIBC /usr/lib/wasm32-wasi)

# Links a module: `start` is reactor (exports, no main) or command (a program with main).
function(link_wasm target start)
    target_link_options(${target} PRIVATE ${WASI_LIBC}/crt1-${start}.o -Wl,-z,stack-size=1048576
                        -Wl,--stack-first)
    if(start STREQUAL reactor)
        target_link_options(${target} PRIVATE -Wl,--no-entry -Wl,--entry=_initialize)
    endif()
    target_link_libraries(${target} PRIVATE ${WASI_LIBC}/libc.a ${WASI_BUILTINS})
endfunction()
