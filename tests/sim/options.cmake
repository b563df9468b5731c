# SPDX-License-Identifier: Apache-2.0
#
# Links the programs of this folder so that calls for files, and the functions that sim_break.c breaks on purpose,
# pass through the simulator. The libraries themselves are the ones of the product, unchanged.
set(sim_wrapped open close read write fsync flock rename link unlink access mkdir stat crypto_pwhash)
set(sim_wrap_options "")
foreach(function ${sim_wrapped})
    list(APPEND sim_wrap_options -Wl,--wrap=${function})
endforeach()
target_link_options(sim_shared INTERFACE ${sim_wrap_options})
