# SPDX-License-Identifier: Apache-2.0
#
# The one .wasm: the library, the terminal's commands, and the browser's side of what touches the world.
sources_of(core_sources client/web/core)
add_executable(core ${cli_sources} ${core_sources})
target_link_libraries(core PRIVATE passerelle_lib)
link_wasm(core reactor)
# Smaller, not slower; what clang 14 may use.
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/passerelle.wasm
    COMMAND ${WASM_OPT} -Os --enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int
            --enable-mutable-globals --strip-producers --strip-debug -o ${CMAKE_BINARY_DIR}/passerelle.wasm
            $<TARGET_FILE:core>
    DEPENDS core VERBATIM)
add_custom_target(wasm ALL DEPENDS ${CMAKE_BINARY_DIR}/passerelle.wasm)
