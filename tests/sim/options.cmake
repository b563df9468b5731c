# SPDX-License-Identifier: Apache-2.0
#
# Links the programs of this folder so that calls for files (sim_posix.c), and the functions that sim_break.c breaks
# or sim_fault.c lets fail on purpose, pass through the simulator. The libraries themselves are the ones of the product, unchanged.
set(sim_wrapped open close read write fsync flock rename link unlink access mkdir stat crypto_pwhash
    leaf_verify randombytes_buf fold_effective note_verify tree_root seal_body open_body
    outbox_leaf_replace replica_delete outbox_count dossier_forget space_alarm seals_start
    sqlite3_exec sq_keys_chore store_sqlite_open
    malloc calloc realloc strdup sodium_malloc msgpack_zone_new msgpack_zone_malloc_expand msgpack_zone_push_finalizer_expand
    msgpack_unpack_next ZSTD_createCCtx ZSTD_createDCtx ZSTD_createCDict ZSTD_createDDict)
list(TRANSFORM sim_wrapped PREPEND -Wl,--wrap=)
target_link_options(sim_shared INTERFACE ${sim_wrapped})
# The simulator itself never runs out of memory (sim_fault.h).
target_compile_definitions(sim_shared PRIVATE malloc=sim_own_malloc calloc=sim_own_calloc
                                              realloc=sim_own_realloc)
target_link_libraries(sim_shared PUBLIC PkgConfig::msgpack PkgConfig::libzstd)
# Requests and responses in which every part is present.
target_link_libraries(sim_test_memory PRIVATE unit_shared)
