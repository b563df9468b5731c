// SPDX-License-Identifier: Apache-2.0
//
// Membres et appareils: who waits (name, code to compare), who is in, who was removed. Admitting, refusing, removing wait
// for the next sending, which is started at once when there is a network.
import { useEffect, useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { instant } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { can, status, syncNow } from "../lib/state.js";
import { Badge, Button, Empty, Fold, Group, Head, LinkButton, List, Note, Row, Waiting } from "../ui/basic.jsx";
import { Dialog } from "../ui/dialog.jsx";
import { failed, toast } from "../ui/toast.jsx";

export const rolesText = (roles) => (roles ?? []).map((role) => t(`role.${role}`)).join(", ");

/** Members of several spaces are one line: {device, name, spaces: [...]}. */
function byDevice(rows) {
  const made = new Map();
  for (const row of rows) {
    if (!made.has(row.device)) made.set(row.device, { device: row.device, name: row.name, spaces: [] });
    made.get(row.device).spaces.push(row);
    if (row.name) made.get(row.device).name = row.name;
  }
  return [...made.values()];
}

export function Membres() {
  const proposals = useRun(["member", "proposals"])?.json ?? [];
  const [chosen, setChosen] = useState(null);
  const rows = useRun(["member", "list"])?.json;
  // Somebody may be waiting beside us: requests to join are looked for while this screen is open.
  useEffect(() => {
    if (!can("admin") && !can("steward")) return undefined;
    const look = () => navigator.onLine && !document.hidden && syncNow();
    look();
    const timer = setInterval(look, 6000);
    return () => clearInterval(timer);
  }, []);
  if (!rows) return <><Head title={t("members.title")} /><Waiting /></>;
  const waiting = rows.filter((row) => row.state === "waiting" && row.device !== status.value?.device);
  const active = byDevice(rows.filter((row) => row.state === "active"));
  const gone = byDevice(rows.filter((row) => row.state === "revoked"));
  const line = (one) => <li key={one.device}><Row onClick={() => setChosen(one)} face={one.name} line={one.name || one.device.slice(0, 8)}
    under={one.spaces.map((row) => row.space_name).join(", ")} badge={one.device === status.value?.device ? <Badge tone="key">{t("members.me")}</Badge> : null} /></li>;
  return <>
    <Head title={t("members.title")}>{can("admin") && <LinkButton main icon="plus" to={["inviter"]}>{t("members.invite")}</LinkButton>}</Head>
    {rows.length === 0 && <Empty><p>{t("members.none")}</p></Empty>}
    {waiting.length > 0 && <Group title={`${t("members.waiting")} (${waiting.length})`}>
      <p class="soft">{t("members.check")}</p>
      <ul class="group">{waiting.map((one) => <Waits key={one.space + one.device} one={one} />)}</ul>
    </Group>}
    {proposals.length > 0 && <Group title={t("members.proposals")}><ul class="group">{proposals.map((one) => <Proposal key={one.hash} one={one} />)}</ul></Group>}
    <Group title={t("members.active")}><List>{active.map(line)}</List></Group>
    {gone.length > 0 && <Fold title={`${t("members.gone")} (${gone.length})`}><List>{gone.map(line)}</List></Fold>}
    {chosen && <Member one={chosen} onClose={() => setChosen(null)} />}
  </>;
}

function Waits({ one }) {
  const answer = async (word, text) => {
    const result = await run([word, one.device, "--space", one.space_name]);
    if (failed(result)) return;
    toast(text);
    if (navigator.onLine) syncNow();
  };
  return (
    <li class="card" data-waits={one.device}>
      <p class="strong">{one.name}</p>
      <p class="soft small">{one.space_name} · {rolesText(one.roles)}</p>
      <p class="code compare" aria-label={t("members.compare")}>{one.compare}</p>
      <div class="buttons">
        <Button main icon="check" class="grow" onClick={() => answer("approve", t("members.approved", one.name))}>{t("members.approve")}</Button>
        <Button icon="close" class="grow" onClick={() => answer("refuse", t("members.refusedOne", one.name))}>{t("members.refuse")}</Button>
      </div>
    </li>
  );
}

function Proposal({ one }) {
  const confirm = async () => {
    const result = await run(["member", "confirm", one.hash]);
    if (failed(result)) return;
    toast(t("members.confirmed"));
    if (navigator.onLine) syncNow();
  };
  return (
    <li class="card">
      <p class="strong">{one.name} – {one.kind}</p>
      <p class="soft small">{one.space_name} · {one.author_name} · {instant(one.proposed_at)}</p>
      {!one.mine && <div><Button icon="check" onClick={confirm}>{t("members.confirm")}</Button></div>}
    </li>
  );
}

function Member({ one, onClose }) {
  const [sure, setSure] = useState(null);
  const mine = one.device === status.value?.device;
  const guard = (can("admin") || can("guardian")) && !mine && one.spaces.some((row) => row.state === "active");
  const revoke = async () => {
    const result = await run(["revoke", one.device, ...(sure === "lost" ? ["--lost"] : [])]);
    onClose();
    if (failed(result)) return;
    toast(result.json?.some?.((row) => row.state === "proposed") ? t("members.proposed") : t("members.revoked", one.name));
    if (navigator.onLine) syncNow();
  };
  return (
    <Dialog title={one.name || one.device.slice(0, 8)} onClose={onClose}>
      {one.spaces.map((row) => <p key={row.space}><span class="strong">{row.space_name}</span><br /><span class="soft">{rolesText(row.roles)}</span></p>)}
      <p class="soft small code">{one.device}</p>
      <LinkButton full icon="eye" to={["exposition", [one.device]]}>{t("members.exposure")}</LinkButton>
      {guard && !sure && <>
        <Button full danger icon="alarm" onClick={() => setSure("lost")}>{t("members.lost")}</Button>
        <Button full danger icon="close" onClick={() => setSure("leave")}>{t("members.revoke")}</Button>
      </>}
      {sure && <Note tone="bad" icon="alarm"><p>{t(`members.sure.${sure}`, one.name)}</p>
        <div class="buttons"><Button danger onClick={revoke}>{t(sure === "lost" ? "members.lost" : "members.revoke")}</Button><Button onClick={() => setSure(null)}>{t("cancel")}</Button></div></Note>}
    </Dialog>
  );
}
