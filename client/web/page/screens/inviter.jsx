// SPDX-License-Identifier: Apache-2.0
//
// Inviter: one touch on a role makes an invitation for one device, to the chosen spaces: a code to scan, a text to share.
import { useState } from "preact/hooks";
import { run } from "../lib/core.js";
import { instant } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { everywhere, roles } from "../lib/members.js";
import { shareText } from "../lib/share.js";
import { can, status, syncNow } from "../lib/state.js";
import { Button, Empty, Group, Head, LinkButton, List, Row } from "../ui/basic.jsx";
import { Icon } from "../ui/icon.jsx";
import { QR } from "../ui/qr.jsx";
import { failed, toast } from "../ui/toast.jsx";

export function Inviter() {
  const spaces = (status.value?.spaces ?? []).filter((one) => one.roles?.includes("admin") || one.roles?.includes("steward"));
  const teams = spaces.filter((one) => one.level === "team");
  const [chosen, setChosen] = useState(() => spaces.filter((one) => one.level !== "restricted" && (one.level !== "team" || one === teams[0])).map((one) => one.name));
  const [made, setMade] = useState([]);
  if (!spaces.length) return <><Head title={t("invite.title")} /><Empty><p>{t("members.none")}</p></Empty></>;
  const target = (role) => spaces.filter((one) => chosen.includes(one.name) || (teams.length < 2 && one.level === "restricted" && everywhere(role))).map((one) => one.name);
  const invite = async (role, words) => {
    const links = [];
    let expires;
    for (const space of target(role)) {
      const answer = await run(["invite", "--role", words, "--space", space]);
      if (failed(answer)) break;
      links.push(answer.json.link);
      expires = answer.json.expires;
    }
    if (!links.length) return;
    setMade([{ role, expires, text: links.join("\n") }, ...made]);
    scrollTo(0, 0);
    if (navigator.onLine) syncNow();
  };
  const turn = (name) => setChosen(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return <>
    <Head title={t("invite.title")} under={t("invite.help")} />
    <div role="status" class="group">{made.map((one, i) => <Made key={made.length - i} one={one} n={made.length - i} />)}</div>
    {made.length > 0 && <LinkButton full icon="member" to={["membres"]}>{t("invite.then")}</LinkButton>}
    {spaces.length > 1 && <Group title={t("invite.space")}><div class="chips" role="group" aria-label={t("invite.space")}>
      {spaces.map((one) => <button type="button" class="chip" key={one.id} aria-pressed={chosen.includes(one.name)} onClick={() => turn(one.name)}>{one.name}</button>)}</div></Group>}
    <Group title={t("invite.role")}>
      <List label={t("invite.role")}>{roles.filter(([, , admin]) => !admin || can("admin")).map(([role, words]) => <li key={role}>
        <Row onClick={() => invite(role, words)} icon="member" line={t(`invite.${role}`)} under={`${t(`invite.${role}.under`)} · ${target(role).join(", ")}`} disabled={!target(role).length} aside={<Icon name="plus" />} /></li>)}</List>
    </Group>
  </>;
}

function Made({ one, n }) {
  const share = async () => { if ((await shareText(one.text)) === "copied") toast(t("message.copied"), [], 3); };
  return (
    <section class="card" aria-label={t("invite.made", n, t(`invite.${one.role}`))}>
      <h2>{t("invite.made", n, t(`invite.${one.role}`))}</h2>
      <QR text={one.text} label={t("invite.qr")} />
      <p class="soft small">{t("invite.expires", instant(one.expires))}</p>
      <details><summary class="soft small">{t("invite.text")}</summary><p class="code small" data-link>{one.text}</p></details>
      <div class="buttons"><Button main icon="share" class="grow" onClick={share}>{t("invite.copy")}</Button></div>
    </section>
  );
}
