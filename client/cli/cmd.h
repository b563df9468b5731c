/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd: the commands' functions, one per row of the table in commands.c. The device is open when they are called,
 * except for those marked `alone`.
 */
#ifndef CLIENT_CLI_CMD_H
#define CLIENT_CLI_CMD_H

#include "client/cli/cli.h"

/* cmd_device.c */
int cmd_init(struct cli *cli, const struct args *args);
int cmd_version(struct cli *cli, const struct args *args);

/* cmd_help.c */
int cmd_help(struct cli *cli, const struct args *args);

/* cmd_space.c */
int cmd_space_create(struct cli *cli, const struct args *args);
int cmd_space_succeed(struct cli *cli, const struct args *args);
int cmd_space_list(struct cli *cli, const struct args *args);
int cmd_invite(struct cli *cli, const struct args *args);
int cmd_join(struct cli *cli, const struct args *args);
int cmd_approve(struct cli *cli, const struct args *args);
int cmd_refuse(struct cli *cli, const struct args *args);
int cmd_member_list(struct cli *cli, const struct args *args);

/* cmd_record.c */
int cmd_new(struct cli *cli, const struct args *args);
int cmd_set(struct cli *cli, const struct args *args);
int cmd_resolve(struct cli *cli, const struct args *args);
int cmd_undo(struct cli *cli, const struct args *args);
int cmd_mistake(struct cli *cli, const struct args *args);
int cmd_merge(struct cli *cli, const struct args *args);

/* cmd_read.c */
int cmd_show(struct cli *cli, const struct args *args);
int cmd_list(struct cli *cli, const struct args *args);
int cmd_find(struct cli *cli, const struct args *args);
int cmd_history(struct cli *cli, const struct args *args);
int cmd_conflicts(struct cli *cli, const struct args *args);
int cmd_kinds(struct cli *cli, const struct args *args);
int cmd_fields(struct cli *cli, const struct args *args);
int cmd_sql(struct cli *cli, const struct args *args);

/* cmd_sync.c */
int cmd_sync(struct cli *cli, const struct args *args);
int cmd_status(struct cli *cli, const struct args *args);

/* cmd_audit.c */
int cmd_audit_verify(struct cli *cli, const struct args *args);
int cmd_audit_log(struct cli *cli, const struct args *args);
int cmd_audit_grant(struct cli *cli, const struct args *args);
int cmd_audit_grants(struct cli *cli, const struct args *args);
int cmd_audit_close(struct cli *cli, const struct args *args);
int cmd_audit_read(struct cli *cli, const struct args *args);
int cmd_server_key(struct cli *cli, const struct args *args);
int cmd_witness_set(struct cli *cli, const struct args *args);
int cmd_witness_list(struct cli *cli, const struct args *args);
int cmd_export_person(struct cli *cli, const struct args *args);
int cmd_audit_report(struct cli *cli, const struct args *args);
int cmd_audit_checkpoint(struct cli *cli, const struct args *args);

/* cmd_pack.c */
int cmd_pack_show(struct cli *cli, const struct args *args);
int cmd_pack_check(struct cli *cli, const struct args *args);
int cmd_pack_publish(struct cli *cli, const struct args *args);
int cmd_batch(struct cli *cli, const struct args *args);

/* cmd_member.c */
int cmd_revoke(struct cli *cli, const struct args *args);
int cmd_role(struct cli *cli, const struct args *args);
int cmd_member_proposals(struct cli *cli, const struct args *args);
int cmd_member_confirm(struct cli *cli, const struct args *args);
int cmd_audit_exposure(struct cli *cli, const struct args *args);
int cmd_erase(struct cli *cli, const struct args *args);
int cmd_erased(struct cli *cli, const struct args *args);
int cmd_mentions(struct cli *cli, const struct args *args);
int cmd_refused(struct cli *cli, const struct args *args);
int cmd_adopt(struct cli *cli, const struct args *args);
/* Says what work of others waits for a decision, if any does. */
void cli_say_parcels(struct cli *cli);
/* After a sync: ends a device that is in no space any more, and closes it. EXIT_REFUSED if so. */
int cli_gone(struct cli *cli);
/* Around a sync: how much of this device's work was too late for an erased dossier, and what is new of it. */
size_t cli_late_count(struct cli *cli);
void cli_say_late(struct cli *cli, size_t before);
/* After a sync: says of which spaces this device is out since `before` (pas_spaces; NULL: of all it is out of), or of all
 * when no other is left. EXIT_REFUSED if there are any. */
int cli_removed(struct cli *cli, const struct pas_table *before);

/* cmd_carry.c */
int cmd_bundle_export(struct cli *cli, const struct args *args);
int cmd_bundle_import(struct cli *cli, const struct args *args);
int cmd_transfer(struct cli *cli, const struct args *args);
int cmd_attach(struct cli *cli, const struct args *args);
int cmd_attachment_list(struct cli *cli, const struct args *args);
int cmd_attachment_get(struct cli *cli, const struct args *args);

/* cmd_recover.c */
int cmd_recovery_sheet(struct cli *cli, const struct args *args);
int cmd_recover(struct cli *cli, const struct args *args);
int cmd_renew(struct cli *cli, const struct args *args);

/* cmd_domain.c */
int cmd_agenda(struct cli *cli, const struct args *args);
int cmd_done(struct cli *cli, const struct args *args);
int cmd_skip(struct cli *cli, const struct args *args);
int cmd_postpone(struct cli *cli, const struct args *args);
int cmd_tick(struct cli *cli, const struct args *args);
int cmd_suggest(struct cli *cli, const struct args *args);
int cmd_match(struct cli *cli, const struct args *args);
int cmd_duplicates(struct cli *cli, const struct args *args);
int cmd_report(struct cli *cli, const struct args *args);
int cmd_print(struct cli *cli, const struct args *args);
int cmd_import(struct cli *cli, const struct args *args);
int cmd_demo_data(struct cli *cli, const struct args *args);
/* Writes a file that leaves the system: noted first, then written, with a warning. */
int cli_let_out(struct cli *cli, bool print, const char *what, const char *record, const char *path,
                const char *text);
/* Says that something left: `noted` in the history or not; `file`: as a file of this device, to be handled with care. */
void cli_left(struct cli *cli, bool noted, bool file);
/* After a record was saved: does what the pack does by itself, says what it proposes, and warns of words that had
 * better not stand there and, of a fresh one, of records that may be the same. */
void cli_after_save(struct cli *cli, const char *record, bool fresh);

/* cmd_retention.c */
int cmd_retention_review(struct cli *cli, const struct args *args);
int cmd_retention_apply(struct cli *cli, const struct args *args);
int cmd_retention_archive(struct cli *cli, const struct args *args);
int cmd_retention_open(struct cli *cli, const struct args *args);

#endif
