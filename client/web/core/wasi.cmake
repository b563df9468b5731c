# SPDX-License-Identifier: Apache-2.0
#
# CMake toolchain: the client's core as WebAssembly, with Debian's clang 14, lld and wasi-libc.
#
#   cmake -S . -B build/wasm -G Ninja -DCMAKE_TOOLCHAIN_FILE=client/web/core/wasi.cmake
set(CMAKE_SYSTEM_NAME WASI)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
# Not a platform that CMake knows: this folder's Platform/WASI.cmake says what there is to say.
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})

find_program(WASI_CLANG clang-14 REQUIRED)
set(CMAKE_C_COMPILER ${WASI_CLANG})
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_AR llvm-ar-14)
set(CMAKE_RANLIB llvm-ranlib-14)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# Not --sysroot=/usr: clang would then find this machine's own headers first. Thread-local storage of a single thread is
# plain memory; clang 14 dies without being told.
set(CMAKE_C_FLAGS_INIT "-Wno-unused-command-line-argument -nostdlibinc -isystem /usr/include/wasm32-wasi -mbulk-memory -msign-ext -mnontrapping-fptoint -ftls-model=local-exec -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_MMAN")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=/usr/bin/wasm-ld-14 -nostdlib -L/usr/lib/wasm32-wasi -Wl,--gc-sections")
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE MinSizeRel CACHE STRING "Build type")
endif()
set(CMAKE_C_FLAGS_MINSIZEREL "-Oz" CACHE STRING "Bytes are what a phone waits for")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
