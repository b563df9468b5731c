// SPDX-License-Identifier: Apache-2.0
//
// Envoyer et recevoir: what waits, when each space was last covered by a checkpoint and confirmed by its witnesses, the button,
// and the ways by file.
import { instant } from "../lib/dates.js";
import { run, useRun } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { saveFile } from "../lib/share.js";
import { status, syncError, syncing, syncNow, waitingSpaces } from "../lib/state.js";
import { stateSentence } from "../app/stateline.jsx";
import { Badge, Button, Empty, Facts, Group, Head, LinkButton, Note } from "../ui/basic.jsx";
import { Icon } from "../ui/icon.jsx";
import { failed, toast } from "../ui/toast.jsx";

export function Synchro() {
  const spaces = status.value?.spaces ?? [];
  const members = useRun(["member", "list"]);
  const mine = (members?.json ?? []).filter((one) => one.device === status.value?.device && one.compare);
  const [tone, icon, sentence] = stateSentence();
  const refused = useRun(["refused"])?.json ?? [];
  const rescue = async () => {
    const answer = await run(["bundle", "export", "passerelle-a-envoyer.bin"]);
    if (failed(answer)) return;
    const [name] = Object.keys(answer.files);
    if (name) saveFile(name, answer.files[name]);
    toast(t("sync.rescued"));
  };
  // A file that somebody carried here, from whatever device of the team: what is known already is not taken twice.
  const take = async (event) => {
    const [file] = event.currentTarget.files;
    if (!file) return;
    const bytes = new Uint8Array(await file.arrayBuffer());
    event.target.value = "";
    const answer = await run(["bundle", "import", "paquet.bin"], { files: { "paquet.bin": bytes } });
    if (!answer.json) return failed(answer);
    toast([t("sync.taken", answer.json.entries, answer.json.leaves, answer.json.known), answer.error].filter(Boolean).join(" "), [], 0);
  };
  const witnesses = useRun(["witness", "list"])?.json ?? [];
  return <>
    <Head title={t("plus.synchro")} />
    <Note tone={tone} icon={icon}><p class="strong" role="status">{sentence}</p>
      {syncError.value && <p>{syncError.value.text}</p>}</Note>
    {syncing.value && <progress aria-label={t("sync.running")} />}
    {spaces.length > 0 && <Button main full icon="sync" disabled={Boolean(syncing.value)} onClick={syncNow}>{syncing.value ? t("sync.running") : t("sync.now")}</Button>}
    {waitingSpaces.value.length > 0 && <Note icon="clock"><p>{t("join.compare")}</p>
      {mine.map((one) => <p key={one.space} class="code strong">{one.space_name} : {one.compare}</p>)}</Note>}
    {spaces.length === 0 && <Empty><p>{t("agenda.alone")}</p><LinkButton main to={["rejoindre"]}>{t("join.title")}</LinkButton></Empty>}
    {spaces.map((space) => (
      <section class="card" key={space.id}>
        <div class="group-head"><h2>{space.name || space.id.slice(0, 8)}</h2><Badge tone={space.alarm ? "bad" : space.unsent ? "late" : "good"}>{space.alarm ? t("state.alarmShort") : space.unsent ? t("sync.waiting", space.unsent) : t("sync.ok")}</Badge></div>
        <Facts facts={[[t("space.level"), t(`level.${space.level}`)], [t("space.checkpoint"), space.checkpoint_time ? instant(space.checkpoint_time) : t("space.never")],
          [t("space.since"), instant(space.unsent_since)], [t("space.roles"), (space.roles ?? []).map((role) => t(`role.${role}`)).join(", ")], [t("space.server"), space.url]]} />
        {witnesses.filter((one) => [space.name, space.id].includes(one.space)).map((one) => <div class="group-head" key={one.key}><p><Icon name="eye" /> {t("witness.name", one.name)}</p>
          <Badge tone={{ fresh: "good", amber: "late", red: "bad" }[one.level]}>{one.confirmed_at ? t("witness.seen", instant(one.confirmed_at)) : t("witness.never")}</Badge></div>)}
      </section>
    ))}
    {refused.length > 0 && <Note tone="late" icon="alarm"><p>{t("work.some", refused.length)}</p><div><LinkButton to={["reprises"]}>{t("plus.reprises")}</LinkButton></div></Note>}
    <Group title={t("sync.rescue")}><p class="soft">{t("sync.rescueText")}</p><div><Button icon="share" onClick={rescue}>{t("sync.rescueSave")}</Button></div>
      <div class="field"><label for="bundle">{t("sync.take")}</label><input class="input" id="bundle" type="file" onChange={take} /><span class="help">{t("sync.takeHelp")}</span></div></Group>
  </>;
}
