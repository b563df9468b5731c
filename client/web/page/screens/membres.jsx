// SPDX-License-Identifier: Apache-2.0
//
// Membres et appareils: who waits (name, code to compare or to scan), who is in, who was removed. Admitting, refusing wait
// for the next sending, which is started at once when there is a network.
import { useEffect, useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { instant } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { codeOf, readCode, rolesText } from "../lib/members.js";
import { can, status, syncNow } from "../lib/state.js";
import { Badge, Button, Empty, Fold, Group, Head, LinkButton, List, Note, Row, Waiting } from "../ui/basic.jsx";
import { Scanner } from "../ui/scan.jsx";
import { failed, toast } from "../ui/toast.jsx";
import { Member } from "./membre.jsx";

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
  const [scan, setScan] = useState(false);
  const [matched, setMatched] = useState(null);
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
  const waiting = byDevice(rows.filter((row) => row.state === "waiting" && row.device !== status.value?.device));
  const active = byDevice(rows.filter((row) => row.state === "active"));
  const gone = byDevice(rows.filter((row) => row.state === "revoked"));
  // The newcomer's screen holds its code as a picture: the camera compares it with what the server sent.
  const found = (text) => {
    setScan(false);
    const read = readCode(text);
    const same = read && waiting.some((one) => one.device === read.device && codeOf(one.spaces) === read.compare);
    setMatched(same ? read.device : null);
    if (!same) toast(t("members.unmatched"), [], 0);
  };
  const line = (one) => <li key={one.device}><Row onClick={() => setChosen(one)} face={one.name} line={one.name || one.device.slice(0, 8)}
    under={one.spaces.map((row) => row.space_name).join(", ")} badge={one.device === status.value?.device ? <Badge tone="key">{t("members.me")}</Badge> : null} /></li>;
  return <>
    <Head title={t("members.title")}>{can("admin") && <LinkButton main icon="plus" to={["inviter"]}>{t("members.invite")}</LinkButton>}</Head>
    {rows.length === 0 && <Empty><p>{t("members.none")}</p></Empty>}
    {waiting.length > 0 && <Group title={`${t("members.waiting")} (${waiting.length})`}>
      <p class="soft">{t("members.check")}</p>
      <ul class="group">{waiting.map((one) => <Waits key={one.device} one={one} matched={matched === one.device} />)}</ul>
      <div><Button icon="camera" onClick={() => setScan(true)}>{t("members.scan")}</Button></div>
      {scan && <Scanner onFound={found} onClose={() => setScan(false)} />}
    </Group>}
    {proposals.length > 0 && <Group title={t("members.proposals")}><ul class="group">{proposals.map((one) => <Proposal key={one.hash} one={one} />)}</ul></Group>}
    <Group title={t("members.active")}><List>{active.map(line)}</List></Group>
    {gone.length > 0 && <Fold title={`${t("members.gone")} (${gone.length})`}><List>{gone.map(line)}</List></Fold>}
    {chosen && <Member one={chosen} rows={rows} onClose={() => setChosen(null)} />}
  </>;
}

function Waits({ one, matched }) {
  const answer = async (word, text) => {
    const result = await run([word, one.device]);
    if (failed(result)) return;
    toast(text);
    if (navigator.onLine) syncNow();
  };
  return (
    <li class="card" data-waits={one.device}>
      <p class="strong">{one.name}</p>
      {one.spaces.map((row) => <p class="soft small" key={row.space}>{row.space_name} · {rolesText(row.roles)}</p>)}
      {matched ? <Note tone="good" icon="check"><p>{t("members.matched")}</p></Note> : <p class="code compare" aria-label={t("members.compare")}>{codeOf(one.spaces)}</p>}
      <div class="buttons">
        <Button main icon="check" class="grow" aria-label={t("members.approveName", one.name)} onClick={() => answer("approve", t("members.approved", one.name))}>{t("members.approve")}</Button>
        <Button icon="close" class="grow" aria-label={t("members.refuseName", one.name)} onClick={() => answer("refuse", t("members.refusedOne", one.name))}>{t("members.refuse")}</Button>
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
      <p class="strong">{one.name} – {t(`leaf.${one.kind}`)}{one.roles?.length > 0 && ` : ${rolesText(one.roles)}`}</p>
      <p class="soft small">{one.space_name} · {one.author_name} · {instant(one.proposed_at)}</p>
      {Boolean(one.mine) && <div><Button icon="check" onClick={confirm}>{t("members.confirm")}</Button></div>}
    </li>
  );
}
