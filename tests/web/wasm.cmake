# SPDX-License-Identifier: Apache-2.0
#
# Test programs as WebAssembly commands, from the same objects as the core: agree.sh runs them under node.
foreach(program tools/make_vectors web/random_logs)
    get_filename_component(name ${program} NAME)
    add_executable(${name} tests/${program}.c tests/lib/logbook.c tests/lib/logbook_scenarios.c
                   client/web/core/vfs.c client/web/core/replica_web.c)
    target_link_libraries(${name} PRIVATE passerelle_lib)
    link_wasm(${name} command)
endforeach()
