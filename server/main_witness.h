/* SPDX-License-Identifier: Apache-2.0
 *
 * main_witness: passerelle-witness, a C2SP witness (tlog-witness, tlog-cosignature): it sees the checkpoints of logs that
 * it knows, nothing else, and cosigns each that continues what it has seen before.
 *
 *   DIR/server.key     its keys and name (serverkey.h): what signs a log's checkpoints cosigns here
 *   DIR/logs           log NAME KEY       a log that it witnesses, all its spaces: origins NAME/<base32 space>
 *                      listen WHERE       ADDRESS:PORT or unix:/PATH [127.0.0.1:8788]
 *   DIR/seen-HEX       origin, size and root of the newest checkpoint of a log
 */
#ifndef SERVER_MAIN_WITNESS_H
#define SERVER_MAIN_WITNESS_H

int main_witness_init(int argc, char **argv);
int main_witness_serve(int argc, char **argv);

#endif
