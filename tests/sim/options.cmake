# SPDX-License-Identifier: Apache-2.0
#
# Links the programs of this folder so that calls for files (sim_posix.c), and the functions that sim_break.c breaks
# on purpose, pass through the simulator. The libraries themselves are the ones of the product, unchanged.
set(sim_wrapped open close read write fsync flock rename link unlink access mkdir stat crypto_pwhash
    leaf_verify randombytes_buf fold_effective note_verify tree_root seal_body open_body
    outbox_leaf_replace replica_delete outbox_count dossier_forget space_alarm seals_start
    sqlite3_exec sq_keys_chore store_sqlite_open)
list(TRANSFORM sim_wrapped PREPEND -Wl,--wrap=)
target_link_options(sim_shared INTERFACE ${sim_wrapped})
